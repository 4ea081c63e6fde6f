"""The one reader of tables of numbers that users bring: S(k), F(t), as text of any layout or as arrays of NumPy.

In order: what the bytes are (`table_source`), comments off, how lines divide (`table_layout`), where the names are, rows of
cells. What the names mean is for the reader of S(k) or F(t) to say (`column_names`); then cells become numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.tables.layout import Layout
from glassdask.datasets.tables.number_arrays import table_of_arrays
from glassdask.datasets.tables.number_cells import is_missing, last_digits, number
from glassdask.datasets.tables.source import NUMPY, contents, text_of
from glassdask.datasets.tables.text import counts, table_of_text
from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]
#: Names of a column that only counts rows.
_COUNTERS = frozenset(("", "index", "row", "id", "unnamed: 0", "no", "nr", "#"))
#: Placeholders of a column that --columns leaves out.
SKIPPED = frozenset(("_", "-", ""))


@dataclass(frozen=True)
class TableOptions:
    """What a user says of a table, where the table itself leaves it open.

    Parameters
    ----------
    columns
        Names in the file's order, "_" for a column that is left out.
    separator
        Between cells: a sign, or comma, semicolon, tab, blanks.
    decimal
        Of numbers: comma or point.
    """

    columns: tuple[str, ...] | None = None
    separator: str | None = None
    decimal: str | None = None


@dataclass(frozen=True, eq=False)
class NumberTable:
    """The cells of a table, not yet read as numbers, so that its names can be judged first.

    Parameters
    ----------
    path
        The file.
    names
        Of the columns, as the file or the user has them; None where nobody says them.
    rows
        Cells of each row.
    places
        Words for the place of each row, for messages.
    layout
        How the file divides its lines; None for arrays.
    notes, doubts
        What was left out; what looks odd, in words.
    """

    path: Path
    names: list[str] | None
    rows: list[list[str]]
    places: list[str]
    layout: Layout | None = None
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def n_columns(self) -> int:
        """Of a row, or of the names where there is no row."""
        return len(self.rows[0]) if self.rows else len(self.names or ())

    def numbers(self, may_be_empty: Collection[str] = ()) -> dict[str, Floats]:
        """The named columns, each of shape (n_rows,); those called "_" are left out.

        Parameters
        ----------
        may_be_empty
            Columns in which an empty cell stands for a missing value (NaN).

        Raises
        ------
        InvalidInput
            If a cell is no number.
        """
        return {
            name: self._column(place, name, name in may_be_empty)
            for place, name in enumerate(self.names or ())
            if name not in SKIPPED
        }

    def last_digits(self, name: str) -> Floats:
        """The unit of the last printed digit of each value of a column, shape (n_rows,)."""
        place = (self.names or []).index(name)
        cells = [row[place] for row in self.rows]
        values = self.numbers(may_be_empty=self.names or ())[name]
        return last_digits(cells, values, self._decimal) if self.layout else 2e-16 * np.abs(values)

    @property
    def _decimal(self) -> str:
        return self.layout.decimal if self.layout else "."

    def _column(self, place: int, name: str, may_be_empty: bool) -> Floats:
        return np.array([
            self._number(name, row[place], where, may_be_empty) for row, where in zip(self.rows, self.places, strict=True)
        ])  # fmt: skip

    def _number(self, name: str, cell: str, where: str, may_be_empty: bool) -> float:
        if may_be_empty and is_missing(cell):
            return float("nan")
        value = number(cell, self._decimal)
        if value is not None:
            return value
        remedy = "mend or remove it"
        if cell.replace(",", "").replace(".", "").strip("+-").isdigit():
            other = "comma" if self._decimal == "." else "point"
            remedy = f"write all decimals alike and nothing between thousands, or give --decimal {other}"
        raise InvalidInput(f"{where}: {name} is {cell!r}; allowed: a finite number; {remedy}")


def read_number_table(
    path: Path, allowed: str, is_known: Callable[[str], bool], options: TableOptions | None = None
) -> NumberTable:
    """Names and cells of a user's table.

    Parameters
    ----------
    path
        Text, gzip, bzip2 or xz of text, ``.npy`` or ``.npz``; what it is, its bytes say, not its name.
    allowed
        What messages say is allowed: the columns.
    is_known
        Whether a text is the name of a column: it tells names in a comment from other comments.
    options
        What the user says.

    Raises
    ------
    InvalidInput
        If the file cannot be read, its layout has two meanings, or a row has more or fewer cells than there are columns.
    """
    options = options or TableOptions()
    data = contents(path)
    if data.startswith(NUMPY):
        names, rows, notes = table_of_arrays(data, path, is_known)
        places = [f"{path}, row {i + 1}" for i in range(len(rows))]
        table = NumberTable(path, names, rows, places, None, notes)
    else:
        text = table_of_text(text_of(data, path), path, allowed, is_known, options.separator, options.decimal)
        places = [f"{path}, line {place}" for place, _ in text.rows]
        cells = [row for _, row in text.rows]
        table = NumberTable(path, text.names, cells, places, text.layout, text.notes, text.doubts)
    table = _without_counter(_without_empty_ends(table))
    return table if options.columns is None else _renamed(table, options.columns)


# --- columns --------------------------------------------------------------------------------------------------------


def _without_empty_ends(table: NumberTable) -> NumberTable:
    """Without columns at the end that hold nothing: lines that end in a separator."""
    names, rows = table.names, table.rows
    while rows and len(rows[0]) > 1 and all(row[-1] == "" for row in rows) and (names is None or not names[-1]):
        rows, names = [row[:-1] for row in rows], names and names[:-1]
    return replace(table, rows=rows, names=names)


def _without_counter(table: NumberTable) -> NumberTable:
    """Without a first column that only counts rows, which pandas writes; its name says so, or it has none."""
    names, rows = table.names, table.rows
    if not rows or len(rows[0]) < 3:
        return table
    is_counter = counts([row[0] for row in rows])
    is_named = names is not None and names[0].strip().lower() in _COUNTERS
    if not (is_counter and (is_named or names is None)):
        return table
    note = f"{'the column ' + names[0] if names and names[0] else 'a first column'} of row numbers was left out"
    return replace(table, names=names and names[1:], rows=[row[1:] for row in rows], notes=(*table.notes, note))


def _renamed(table: NumberTable, columns: Sequence[str]) -> NumberTable:
    """With the names that the user says, in the file's order."""
    if len(columns) != table.n_columns:
        kept = f" ({'; '.join(table.notes)})" if table.notes else ""
        raise InvalidInput(
            f"--columns has {len(columns)} names ({','.join(columns)}), but {table.path} has {table.n_columns} columns{kept}; "
            "allowed: one name for each, _ for one that is to be left out"
        )
    return replace(table, names=[name.strip() for name in columns])
