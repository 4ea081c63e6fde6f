"""Tables u(r) that a campaign file names: read into the file's data, so that the campaign's record needs no other file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from glassdask.errors import InvalidInput

_COLUMNS = {"r": "x", "u": "u", "f": "f"}
_MOST_ROWS = 100_000


def named_tables(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """Of each file of a table that a campaign file names: the key's path, what holds the name, under which key, and the name."""
    liquids = data.get("liquid", {})
    for name, section in liquids.items() if isinstance(liquids, dict) else ():
        table = section.get("table") if isinstance(section, dict) else None
        if isinstance(table, str):
            yield f"liquid.{name}.table", section, "table", table
        elif isinstance(table, dict):
            yield from (
                (f"liquid.{name}.table.{pair}", table, pair, file)
                for pair, file in table.items()
                if isinstance(file, str)
            )


def read_tables(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The campaign file's data with the columns of each table in place of the file's name.

    Parameters
    ----------
    data
        The campaign file; changed in place.
    folder
        From which relative names are counted.

    Raises
    ------
    InvalidInput
        If a file cannot be read or is no table ``r,u`` or ``r,u,f``.
    """
    for key, holder, place, file in list(named_tables(data)):
        holder[place] = _columns(folder / file, f"{key} = {file!r}")
    return data


def _columns(path: Path, key: str) -> dict[str, list[float]]:
    allowed = (
        "allowed: a CSV file with the columns r,u or r,u,f (f = -du/dr), in units of sigma and epsilon of the pair"
    )
    try:
        lines = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip() and line[0] != "#"]
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{key}: {getattr(error, 'strerror', None) or error}; {allowed}") from error
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines[: _MOST_ROWS + 2])]
    header = rows[0] if rows else []
    if header not in (["r", "u"], ["r", "u", "f"]):
        raise InvalidInput(
            f"{key}: its first line is {lines[0][:40]!r}; {allowed}" if lines else f"{key}: empty; {allowed}"
        )
    if len(rows) > _MOST_ROWS + 1:
        raise InvalidInput(f"{key}: more than {_MOST_ROWS} rows; {allowed}")
    columns: dict[str, list[float]] = {_COLUMNS[name]: [] for name in header}
    for number, row in enumerate(rows[1:], start=1):
        if len(row) != len(header):
            raise InvalidInput(f"{key}, row {number}: {len(row)} values; {allowed}")
        for name, cell in zip(header, row, strict=True):
            columns[_COLUMNS[name]].append(_number(cell, f"{key}, row {number}: {name}"))
    return columns


def _number(cell: str, where: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise InvalidInput(f"{where} is {cell!r}; allowed: a finite number") from None
