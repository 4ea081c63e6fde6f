"""Plain-text tables: columns as wide as their longest cell, numbers to the right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def text_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The rows under their header; None is shown as a dash.

    >>> print(text_table(["state", "T"], [["a", "1.0"], ["b", None]]))
    state    T
    a      1.0
    b        –
    """
    cells = [list(header), *[["–" if cell is None else str(cell) for cell in row] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    line = "  ".join([f"{{:<{widths[0]}}}", *(f"{{:>{width}}}" for width in widths[1:])])
    return "\n".join(line.format(*row).rstrip() for row in cells)
