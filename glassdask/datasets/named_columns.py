"""Text files of named columns of numbers (CSV) that users bring: every row has its place, every mistake its line."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class NamedColumns:
    """The cells of a text file, not yet read as numbers, so that its names can be judged first.

    Parameters
    ----------
    names
        Of the columns, as the header spells them.
    rows
        Cells of each row, stripped of blanks and quotes.
    places
        Words for the place of each row, for messages.
    """

    names: list[str]
    rows: list[list[str]]
    places: list[str]

    def numbers(self, may_be_empty: Collection[str] = ()) -> dict[str, Floats]:
        """The columns by name, each of shape (n_rows,).

        Parameters
        ----------
        may_be_empty
            Columns in which an empty cell stands for a missing value (NaN).

        Raises
        ------
        InvalidInput
            If a row has too few or too many cells, or a cell is no number.
        """
        table = [self._row(cells, place, may_be_empty) for cells, place in zip(self.rows, self.places, strict=True)]
        columns = np.reshape(table, (-1, len(self.names))).T
        return dict(zip(self.names, columns, strict=True))

    def _row(self, cells: list[str], place: str, may_be_empty: Collection[str]) -> list[float]:
        if len(cells) != len(self.names):
            raise InvalidInput(
                f"{place}: {len(cells)} values for the columns {','.join(self.names)}; allowed: {len(self.names)}; "
                "write decimals with a point, not with a comma"
            )
        return [_number(name, cell, place, name in may_be_empty) for name, cell in zip(self.names, cells, strict=True)]


def read_named_columns(path: Path, allowed: str) -> NamedColumns:
    """Names and cells of a text file: one header, lines beginning with # left out.

    Parameters
    ----------
    path
        The file, in UTF-8.
    allowed
        What messages say is allowed: the columns.

    Raises
    ------
    InvalidInput
        If the file cannot be read, is no text, or has no header.
    """
    lines = enumerate(map(str.strip, _text(path).split("\n")), 1)
    rows = [(number, _cells(line)) for number, line in lines if line and not line.startswith("#")]
    header = rows[0][1] if rows else []
    _refuse_no_header(header, path, allowed)
    return NamedColumns(header, [cells for _, cells in rows[1:]], [f"{path}, line {number}" for number, _ in rows[1:]])


def refuse_unknown_names(
    names: Sequence[str], known: Collection[str], spellings: Mapping[str, str], path: Path, kind: str, allowed: str
) -> None:
    """Each name must be known and be there once.

    Parameters
    ----------
    names
        As the file has them.
    known
        Those that a reader understands.
    spellings
        What people also write, in lower case, and which known name it stands for: hints for messages.
    path, kind, allowed
        The file, what its names are names of ("column"), and what is allowed, for messages.
    """
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name.lower(), spellings, n=1)
            hint = f"; did you mean {spellings[near[0]]!r}?" if near else ""
            raise InvalidInput(f"{path}: unknown {kind} {name!r}{hint}; {allowed}")
        if list(names).count(name) > 1:
            raise InvalidInput(
                f"{path}: {list(names).count(name)} times the {kind} {name!r}; allowed: once; keep one of them"
            )


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; allowed: a readable CSV or netCDF file") from error
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidInput(f"{path} is no text in UTF-8; allowed: CSV; give a netCDF file the ending .nc")
    return text


def _cells(line: str) -> list[str]:
    return [cell.strip(' \t"') for cell in line.split(",")]


def _refuse_no_header(header: list[str], path: Path, allowed: str) -> None:
    try:
        [float(cell) for cell in header]
    except ValueError:
        return
    found = f"no header (its first line is {','.join(header)})" if header else "no line that does not begin with #"
    raise InvalidInput(f"{path} has {found}; {allowed}; write the names, without #, above the numbers")


def _number(name: str, cell: str, place: str, may_be_empty: bool) -> float:
    if may_be_empty and not cell:
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        raise InvalidInput(f"{place}: {name} is {cell!r}; allowed: a finite number; mend or remove it") from None
