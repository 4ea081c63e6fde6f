"""A table (CSV) of trajectories and their states: file, potential, T, rho and, if there are several of a state, replica."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from glassdask.errors import InvalidInput
from glassdask.operations.trajectories.imports import TrajectoryOfState
from glassdask.state_point import StatePoint

#: What a column may be called, and what it is.
_COLUMNS = {
    "file": "file",
    "trajectory": "file",
    "potential": "potential",
    "rho": "density",
    "density": "density",
    "T": "temperature",
    "temperature": "temperature",
    "replica": "replica",
}
_ALLOWED = "file,potential,rho,T and, if you like, replica"


def read_import_list(path: str | Path) -> list[TrajectoryOfState]:
    """The files and states of a table; names of files count from its folder.

    Raises
    ------
    InvalidInput
        With the line, if a column is missing or unknown, a value is no number, or two files are one state.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns = _columns(reader.fieldnames or [], path)
            rows = [_row(row, columns, path.parent, f"{path}, line {reader.line_num}") for row in reader]
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}; allowed: a readable CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} is no CSV file ({error}); allowed: text in UTF-8, columns {_ALLOWED}") from error
    if not rows:
        raise InvalidInput(f"{path} names no trajectory; allowed: a line for each below the header {_ALLOWED}")
    taken: dict[StatePoint, Path] = {}
    for row in rows:
        if row.state in taken:
            raise InvalidInput(
                f"{path}: {taken[row.state]} and {row.path} are both {row.state.identifier}; allowed: one file a state; "
                "number independent runs of one state in a column replica: 0, 1, …"
            )
        taken[row.state] = row.path
    return rows


def _columns(names: Sequence[str], path: Path) -> dict[str, str]:
    columns: dict[str, str] = {}
    for name in names:
        word = _COLUMNS.get(name.strip())
        if word is None:
            raise InvalidInput(f"{path}: unknown column {name!r}; allowed: {_ALLOWED}")
        columns[word] = name
    missing = [word for word in ("file", "potential", "density", "temperature") if word not in columns]
    if missing:
        raise InvalidInput(f"{path}: no column for {', '.join(missing)}; allowed: {_ALLOWED}")
    return columns


def _row(row: dict[str, str | None], columns: dict[str, str], folder: Path, where: str) -> TrajectoryOfState:
    values = {word: (row.get(name) or "").strip() for word, name in columns.items()}
    if not all(values.values()) or None in row:
        raise InvalidInput(f"{where}: it has not one value for each column; allowed: {len(columns)} values")
    try:
        numbers = float(values["temperature"]), float(values["density"]), int(values.get("replica", "0"))
        state = StatePoint(values["potential"], *numbers)
    except (ValueError, InvalidInput) as error:
        raise InvalidInput(f"{where}: {error}; allowed: numbers for rho and T, 0, 1, … for replica") from None
    return TrajectoryOfState(folder / values["file"], state)
