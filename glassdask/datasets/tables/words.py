"""How a table was understood, in a line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.tables.number_table import SKIPPED, NumberTable

Floats = NDArray[np.float64]


def with_their_names(table: NumberTable, written: list[str] | None) -> NumberTable:
    """With a note of what the file calls the columns, where that is something else."""
    if written == table.names:
        return table
    note = "no names in the file" if written is None else f"called {', '.join(written)}"
    return replace(table, notes=(note, *table.notes))


def table_in_words(table: NumberTable) -> str:
    """Rows, columns and separator, such as: 100 rows of k,AA, separator: blanks."""
    names = ",".join("_" if name in SKIPPED else name for name in table.names or ())
    how = "arrays" if table.layout is None else f"separator: {table.layout.in_words()}"
    return "; ".join([f"{len(table.rows)} rows of {names}, {how}", *table.notes])


def resolution_in_words(resolution: dict[str, Floats], name: str) -> str:
    """From which size on single wrong values would have been seen, such as: single wrong values show from 1e-4 (largest 0.04)."""
    limits = resolution[name][np.isfinite(resolution[name])]
    if limits.size == 0:
        return "single wrong values would not show (too few rows, or too many)"
    return f"single wrong values show from {np.median(limits):.1g} on (at worst {limits.max():.1g})"


def grid_in_words(name: str, values: Floats) -> str:
    """Ends and spacing of a grid, such as: k = 0.2 … 39.8 in steps of 0.4."""
    if values.size < 3:
        return f"{name} = {', '.join(f'{value:g}' for value in values)}"
    ends = f"{name} = {values[0]:.5g} … {values[-1]:.5g}"
    steps = np.diff(values)
    if np.ptp(steps) <= 1e-4 * abs(steps).max():
        return f"{ends} in steps of {steps.mean():.4g}"
    positive = values[values > 0]
    ratios = positive[1:] / positive[:-1]
    if ratios.size and np.ptp(ratios) <= 1e-3:
        return f"{ends} in factors of {ratios.mean():.4g}"
    return f"{ends} in steps of {steps.min():.3g} to {steps.max():.3g}"
