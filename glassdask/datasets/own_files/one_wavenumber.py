"""Tables k,t,F of several wavenumbers below each other, as atooms-pp writes them: one wavenumber is taken, or asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from glassdask.datasets.tables.number_table import NumberTable
from glassdask.errors import InvalidInput


def is_by_wavenumber(table: NumberTable) -> bool:
    """Whether three columns without names can only be k,t,F: k stays while t grows, so neither order is another's."""
    if table.n_columns != 3 or len(table.rows) < 4:
        return False
    k, t, _ = (replace(table, names=["k", "t", "F"]).numbers(may_be_empty=("k", "t", "F"))).values()
    stays = np.diff(k) == 0
    is_block = 2 * stays.sum() >= len(stays) and (np.diff(t)[stays] > 0).all()
    return bool(is_block and (np.diff(t)[~stays] < 0).all() and np.unique(k).size == 1 + (~stays).sum())


def at_one_wavenumber(table: NumberTable, wavenumber: float | None) -> NumberTable:
    """The rows of one wavenumber, without the column k; a table without such a column as it is.

    Raises
    ------
    InvalidInput
        If the wavenumber is not in the table, or several are and none is asked for.
    """
    names = table.names or []
    if "k" not in names:
        if wavenumber is not None:
            raise InvalidInput(
                f"--wavenumber is {wavenumber:g}, but {table.path} has no column k beside {', '.join(names)}; allowed: for a "
                "table k,t,F; leave it out"
            )
        return table
    place = names.index("k")
    k = table.numbers(may_be_empty=set(names) - {"k"})["k"]
    there = np.unique(k)
    if wavenumber is None and there.size != 1:
        raise InvalidInput(
            f"{table.path} holds F at k = {_listed(there)}; allowed: one; give --wavenumber {there[0]:g}"
        )
    wanted = there[0] if wavenumber is None else wavenumber
    chosen = np.flatnonzero(np.isclose(k, wanted, rtol=1e-6, atol=0))
    if chosen.size == 0:
        raise InvalidInput(
            f"--wavenumber is {wanted:g}, but {table.path} holds k = {_listed(there)}; allowed: one of them"
        )
    return replace(
        table,
        names=[*names[:place], "_", *names[place + 1 :]],
        rows=[table.rows[i] for i in chosen],
        places=[table.places[i] for i in chosen],
        notes=(*table.notes, f"F at k = {wanted:g}, of {there.size} wavenumbers") if there.size > 1 else table.notes,
    )


def _listed(values: np.ndarray) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:12])
    return shown + (f" … {values[-1]:g} ({values.size} of them)" if values.size > 12 else "")
