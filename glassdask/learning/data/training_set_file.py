"""Samples as a file that child processes and other nodes read: arrays only, nothing that could run code."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from glassdask.files.atomic_write import atomic_write
from glassdask.learning.data.training_set import Samples


def write_samples(samples: Samples, path: Path) -> None:
    """Writes a .npz file, whole."""
    with atomic_write(path) as temporary:
        np.savez_compressed(temporary, **{f.name: getattr(samples, f.name) for f in fields(Samples)})


def read_samples(path: Path) -> Samples:
    """Reads what `write_samples` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        return Samples(**{f.name: stored[f.name] for f in fields(Samples)})
