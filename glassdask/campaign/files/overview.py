"""A campaign of more states than anybody reads line by line: how far each liquid at each density is. Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from glassdask.campaign.files.state_index import first_words, folders_touched
from glassdask.campaign.files.status import STATUSES, StateRow, StateStatus, state_status, waiting
from glassdask.outcome import Status
from glassdask.stages.simulate.marks import Kind, kind_of, signs_of
from glassdask.state_point import StatePoint, identifier_of


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


def overview(folder: Path, rows: Sequence[StateRow], asked: str) -> Overview:
    """Sums the statuses of the states of these rows (`recorded_rows`), of which the campaign asks for such lengths (`recorded_lengths`); what was noted of
    finished ones is hardly taken apart, and believed where the folder was not touched since."""
    index, touched = first_words(folder), folders_touched(folder)
    words = {status.value.encode(): status for status in Status}
    cells: dict[tuple[str, float], Cell] = {}
    failed, kinds, seen = [], Counter[Kind](), Counter[tuple[bytes, ...]]()
    for potential, T, density, replica in rows:
        name = identifier_of(potential, T, density, replica)
        when = touched.get(name)
        noted = index.get(name.encode())
        if noted and int(noted[0]) == when and noted[1] in words:
            status = words[noted[1]]
            seen[noted[2:]] += 1
        else:
            state = StatePoint(potential, T, density, replica)
            item = state_status(folder, state) if when is not None else waiting(state)
            status = item.status
            kinds[kind_of(item.summary, asked)] += 1
            if status is Status.FAILED:
                failed.append(item)
        place = (potential, density)
        cell = cells.get(place)
        if cell is None:
            cell = cells[place] = Cell(T, T)
        if cell.coldest > T:
            cell.coldest = T
        elif cell.hottest < T:
            cell.hottest = T
        cell.counts[status] += 1
    for (lengths, version), count in seen.items():
        kinds[lengths.decode(errors="replace") or asked, version.decode(errors="replace")] += count
    return Overview(cells, failed, signs_of(kinds, asked)[1])
