"""The checkpoint of searches: the losses that each was sent, as JSON.

A search is its seed and those numbers; sent again, they bring it back to the same generation, with the same random numbers
to come, in a millisecond a generation and without solving anything. JSON keeps every bit of a float, and nothing is
unpickled.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from glassdask.files.atomic_write import write_json
from glassdask.files.checksum import bytes_sha256
from glassdask.files.reading import read_json
from glassdask.fits.target.target import Target

Floats = NDArray[np.float64]


class SearchCheckpoint:
    """Losses by the name of the search that they were sent to, kept in a file that is written every so many seconds.

    What is in the file is read if it belongs to the same problem (data and options), else it is left behind.
    """

    def __init__(self, path: Path, problem: str, seconds: float = 2.0):
        self.path, self.problem, self.seconds = path, problem, seconds
        self._kept: dict[str, list[list[float]]] = _read(path, problem)
        self._written = time.monotonic()

    def of(self, name: str) -> list[Floats]:
        """Losses that a search was sent, generation by generation."""
        return [np.array(losses) for losses in self._kept.get(name, [])]

    def add(self, name: str, losses: Floats) -> None:
        """Remembers a generation."""
        self._kept.setdefault(name, []).append(losses.tolist())

    def save_now_and_then(self) -> None:
        """Writes the file, if the last time was long enough ago."""
        if time.monotonic() - self._written >= self.seconds:
            self.save()

    def save(self) -> None:
        """Writes the file, whole."""
        content = {"problem": self.problem, "answers": self._kept}
        write_json(self.path, content, indent=None, durable=False)
        self._written = time.monotonic()


def problem_identity(targets: Mapping[str, Target], options: object) -> str:
    """A hash of data and of all else that the searches depend on, as plain data: losses are kept for those alone."""
    content = [json.dumps(options, sort_keys=True).encode()]
    for name, target in targets.items():
        content += [name.encode(), *(np.ascontiguousarray(x).tobytes() for x in (target.times, target.F, target.scale))]
    return bytes_sha256(b"".join(content))


def _read(path: Path, problem: str) -> dict[str, list[list[float]]]:
    """What is kept for this problem; nothing where there is no file, or it is damaged or another problem's."""
    content = read_json(path) or {}
    losses = content.get("answers") if content.get("problem") == problem else None
    return losses if _are_losses(losses) else {}


def _are_losses(kept: object) -> TypeGuard[dict[str, list[list[float]]]]:
    """Whether this is lists of lists of numbers by name."""
    return isinstance(kept, dict) and all(
        isinstance(generations, list)
        and all(isinstance(losses, list) and all(isinstance(x, float) for x in losses) for losses in generations)
        for generations in kept.values()
    )
