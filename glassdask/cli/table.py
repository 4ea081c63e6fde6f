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
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        first, rest = (
            row[0].ljust(widths[0]),
            [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)],
        )
        lines.append("  ".join([first, *rest]).rstrip())
    return "\n".join(lines)
