"""The state of NumPy's global generator, which belongs to nobody."""

from __future__ import annotations

from typing import Any

import numpy as np


def global_state() -> list[object]:
    """As lists and numbers, that are equal if no number was drawn in between."""
    parts: Any = np.random.get_state()  # noqa: NPY002
    return [part.tolist() if isinstance(part, np.ndarray) else part for part in parts]
