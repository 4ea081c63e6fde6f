"""The states of a campaign: products of lists, CSV files of states, replicas; ragged grids are the rule."""

from __future__ import annotations

import csv
import difflib
import itertools
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from glassdask.campaign.definition.specification import GridSection, Specification
from glassdask.campaign.definition.used_liquids import Thermodynamic, check_liquids
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.catalogue import POTENTIALS, unknown_liquid
from glassdask.state_point import StatePoint

#: A campaign holds hundreds to 10,000 states; more is taken for a slip of the pen.
MOST_STATES = 100_000
_COLUMNS = {"potential": "potential", "rho": "density", "density": "density", "T": "temperature",
            "temperature": "temperature"}  # fmt: skip


def states_of(specification: Specification, folder: Path) -> tuple[StatePoint, ...]:
    """All states of a campaign, replicas included, in the order of the file; paths of CSV files are counted from
    `folder`."""
    _refuse_too_many(specification)
    known = (*POTENTIALS, *specification.liquid)
    points: list[Thermodynamic] = []
    sections: list[int] = []
    for number, section in enumerate(specification.grid):
        points += _from_csv(folder / section.states, number, known) if section.states else _product(section)
        sections += [number] * (len(points) - len(sections))
    _refuse_duplicates(points, sections)
    replicas = range(specification.campaign.replicas)
    if len(points) * len(replicas) > MOST_STATES:
        raise _too_many(len(points) * len(replicas))
    check_liquids(specification, points)
    return tuple(
        StatePoint(potential, temperature, density, replica)
        for potential, density, temperature in points
        for replica in replicas
    )


def _product(section: GridSection) -> Iterable[Thermodynamic]:
    return itertools.product(section.potential or [], section.density or [], section.temperature or [])


def _refuse_too_many(specification: Specification) -> None:
    """Counts before anything is built: a slip must not cost the memory of a million states."""
    total = sum(
        len(section.potential or []) * len(section.density or []) * len(section.temperature or [])
        for section in specification.grid
    )
    if total * specification.campaign.replicas > MOST_STATES:
        raise _too_many(total * specification.campaign.replicas)


def _too_many(count: int) -> InvalidInput:
    return InvalidInput(
        f"grid holds {count} states (replicas included); allowed: at most {MOST_STATES}. Make a list or range shorter."
    )


def _refuse_duplicates(points: list[Thermodynamic], sections: list[int]) -> None:
    twice = [point for point, count in Counter(points).items() if count > 1]
    if twice:
        potential, density, temperature = twice[0]
        homes = sorted({number for point, number in zip(points, sections, strict=True) if point == twice[0]})
        more = f" (and {len(twice) - 1} more)" if len(twice) > 1 else ""
        raise InvalidInput(
            f"{' and '.join(f'grid[{number}]' for number in homes)}: the state potential = {potential!r}, density = {density}, temperature = {temperature} "
            f"appears twice{more}; allowed: each state once. For independent copies set campaign.replicas."
        )


def _from_csv(path: Path, number: int, known: tuple[str, ...]) -> list[Thermodynamic]:
    key = f"grid[{number}].states = {str(path)!r}"
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            columns = _columns(reader.fieldnames or [], key)
            rows = itertools.islice(reader, MOST_STATES + 1)
            points = [_row(row, columns, f"{key}, line {reader.line_num}", known) for row in rows]
    except OSError as error:
        raise InvalidInput(f"{key}: {error.strerror}; allowed: a readable CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(
            f"{key} is no CSV file ({error}); allowed: text in UTF-8, columns potential,rho,T"
        ) from error
    if not 1 <= len(points) <= MOST_STATES:
        found = "no state" if not points else f"more than {MOST_STATES} states"
        raise InvalidInput(f"{key}: {found}; allowed: 1 to {MOST_STATES} lines below the header potential,rho,T")
    return points


def _columns(names: Iterable[str], key: str) -> dict[str, str]:
    columns: dict[str, str] = {}
    for name in names:
        word = _COLUMNS.get(name.strip())
        if word is None:
            near = difflib.get_close_matches(name.strip(), _COLUMNS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise InvalidInput(f"{key}: unknown column {name!r}{hint}; allowed: potential,rho,T")
        if word in columns:
            raise InvalidInput(
                f"{key}: two columns for {word}, {columns[word]!r} and {name!r}; allowed: potential,rho,T"
            )
        columns[word] = name
    missing = {"potential", "density", "temperature"} - set(columns)
    if missing:
        raise InvalidInput(f"{key}: no column for {', '.join(sorted(missing))}; allowed: potential,rho,T")
    return columns


def _row(row: dict[str, Any], columns: dict[str, str], where: str, known: tuple[str, ...]) -> Thermodynamic:
    if None in row or None in row.values():
        raise InvalidInput(
            f"{where}: it has not one value for each column; allowed: {len(columns)} values, no comma more"
        )
    values = {word: row[name].strip() for word, name in columns.items()}
    if values["potential"] not in known:
        raise InvalidInput(f"{where}: {unknown_liquid(values['potential'], known)}")
    temperature, density = (_number(values[word], word, where) for word in ("temperature", "density"))
    try:
        state = StatePoint(values["potential"], temperature, density)
    except InvalidInput as error:
        raise InvalidInput(f"{where}: {error}") from error
    return state.potential, state.density, state.temperature


def _number(text: str, word: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidInput(f"{where}: {word} is {text!r}; allowed: a finite number above 0") from None
