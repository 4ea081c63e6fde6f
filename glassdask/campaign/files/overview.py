"""A campaign of more states than anybody reads line by line: how far each liquid at each density is. Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from glassdask.campaign.files.status import STATUSES, StateStatus, StatusReader, recorded_lengths
from glassdask.outcome import Status
from glassdask.stages.simulate.marks import Kind, kind_of, signs_of
from glassdask.state_point import StatePoint


@dataclass
class Cell:
    """States of one liquid at one density, by their status, and between which temperatures they are."""

    coldest: float
    hottest: float
    counts: Counter[Status] = field(default_factory=Counter)


@dataclass(frozen=True)
class Overview:
    """Sums over all states.

    Parameters
    ----------
    cells
        By liquid and density, in the order of the campaign.
    failed
        States that have failed.
    notes
        What is to be said of states of other lengths or versions.
    """

    cells: Mapping[tuple[str, float], Cell]
    failed: Sequence[StateStatus]
    notes: Sequence[str]

    @property
    def counts(self) -> dict[str, int]:
        """Number of states by status."""
        found = sum((cell.counts for cell in self.cells.values()), Counter[Status]())
        return {status: found[status] for status in STATUSES}


def overview(folder: Path, states: Sequence[StatePoint]) -> Overview:
    """Sums the statuses of these states; what was noted of finished ones is hardly taken apart."""
    reader, asked = StatusReader(folder), recorded_lengths(folder)
    words = {status.value: status for status in Status}
    cells: dict[tuple[str, float], Cell] = {}
    failed, kinds = [], Counter[Kind]()
    for state in states:
        name = state.identifier
        noted = reader.index.first_words(name, reader.changed.get(name))
        if noted and noted[0] in words:
            status = words[noted[0]]
            kinds[noted[1] or asked, noted[2]] += 1
        else:
            item = reader.status(state)
            status = item.status
            kinds[kind_of(item.summary, asked)] += 1
            if status is Status.FAILED:
                failed.append(item)
        T, place = state.temperature, (state.potential, state.density)
        cell = cells.get(place)
        if cell is None:
            cell = cells[place] = Cell(T, T)
        cell.coldest, cell.hottest = min(cell.coldest, T), max(cell.hottest, T)
        cell.counts[status] += 1
    return Overview(cells, failed, signs_of(kinds, asked)[1])
