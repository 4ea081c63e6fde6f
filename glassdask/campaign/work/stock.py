"""What there is of each state when a run begins, looked at once: not begun, finished as the campaign file asks for, or to be
looked at more closely."""

from __future__ import annotations

import json
import os
import time
from collections import Counter

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.failure import failure_path
from glassdask.campaign.files.folder import STATES_FOLDER, state_folder
from glassdask.campaign.files.products import record_path, whole_record
from glassdask.campaign.files.state_index import (
    IndexLine,
    StateIndex,
    add_to_index,
    at_once,
    folders_changed,
    write_index,
)
from glassdask.campaign.work.growth import growth
from glassdask.campaign.work.stage_inputs import basis_of_inputs, inputs_up_to
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.stages.simulate.marks import kind_of
from glassdask.state_point import StatePoint

#: A folder that was changed less than this ago may be changed again within one tick of its clock: it is not noted. [s]
_SETTLED_SECONDS = 60.0


class Stock:
    """The states of a campaign by what has to be asked of them.

    Finished states whose line in the index is believed cost a look at their folder and at the size of each product; others
    that are finished are read, and noted in the index, unless by a reader, who does not hold the campaign.
    """

    def __init__(self, campaign: Campaign, is_reader: bool = False):
        self._campaign = campaign
        self._basis = basis_of_inputs(campaign)
        self._changed = folders_changed(campaign.folder)
        #: Finished, with all products as the file asks for.
        self.finished: set[StatePoint] = set()
        #: Neither finished nor new.
        self.open: list[StatePoint] = []
        self._versions = Counter[tuple[str, str]]()
        index = StateIndex(campaign.folder)  # not kept: a kilobyte a state
        noted = self._take(index)
        if not is_reader:
            self._note(index, noted)

    def is_new(self, state: StatePoint) -> bool:
        """Whether the state has no folder."""
        return state.identifier not in self._changed

    def versions(self) -> Counter[tuple[str, str]]:
        """Number of finished states by version of glassdask, and engine with its version."""
        return Counter(self._versions)

    def _take(self, index: StateIndex) -> list[IndexLine]:
        """Looks at all; returns what is to be noted."""
        begun = [state for state in self._campaign.states if not self.is_new(state)]
        noted: list[IndexLine] = []
        for state, line in zip(begun, at_once(lambda state: self._line(index, state), begun), strict=True):
            is_new = line is not None and line != index.line(line.state)
            if line is not None and is_new and time.time() - int(line.latest) * 1e-9 > _SETTLED_SECONDS:
                noted.append(line)
            if line is None or not line.basis:
                self.open.append(state)
                continue
            self.finished.add(state)
            self._versions[line.version, line.engine] += 1
        return noted

    def _line(self, index: StateIndex, state: StatePoint) -> IndexLine | None:
        """What is noted, or now found, of a finished state; without a basis where it is not as the file asks for."""
        line, changed = index.line(state.identifier), self._changed[state.identifier]
        is_of_now = line is not None and line.changed == changed and self._basis and line.basis == self._basis
        if line is not None and is_of_now and self._is_whole(line):
            return line
        return finished_line(self._campaign, state, changed, self._basis)

    def _is_whole(self, line: IndexLine) -> bool:
        """Whether each file has its size and none was changed: what is truncated in its place moves no time of the folder."""
        home = f"{self._campaign.folder}/{STATES_FOLDER}/{line.state}"
        try:
            found = [(os.stat(f"{home}/{name}"), size) for name, size in line.sizes]  # noqa: PTH116
            is_same = all(file.st_size == size for file, size in found)
            return is_same and max(file.st_mtime_ns for file, _ in found) == int(line.latest)
        except (OSError, ValueError):
            return False

    def _note(self, index: StateIndex, lines: list[IndexLine]) -> None:
        """Adds lines; where most that are there are believed no more, the index is written anew without those."""
        believed = index.believed(self._changed)
        if len(index) - len(believed) > len(believed):
            write_index(self._campaign.folder, [*believed, *lines])
        else:
            add_to_index(self._campaign.folder, lines)


def finished_line(campaign: Campaign, state: StatePoint, changed: str, basis: str) -> IndexLine | None:
    """What the index is to say of a state that was changed then (`state_changed`); None where it is not finished and at rest."""
    folder = state_folder(campaign.folder, state.identifier)
    if any(failure_path(folder, stage.name).exists() for stage in STATE_STAGES) or (folder / "lease.json").exists():
        return None
    records = [whole_record(folder, stage.name) for stage in STATE_STAGES]
    whole = [record for record in records if record is not None]
    if len(whole) < len(records) or growth(campaign, state, whole[0]) is not None:
        return None
    expected = inputs_up_to(campaign, state, STATE_STAGES[-1])
    made, last = whole[0].provenance, whole[-1]
    asked, made_by = kind_of(last.summary, "")
    names = [name for record in whole for name in (record_path(folder, record.stage).name, *record.files)]
    files = {name: (folder / name).stat() for name in names}
    return IndexLine(
        state=state.identifier,
        changed=changed,
        latest=str(max(file.st_mtime_ns for file in files.values())),
        status=last.status,
        basis=basis if all(record.inputs == expected[record.stage] for record in whole) else "",
        version=str(made.get("glassdask", "unknown")),
        engine=f"{made.get('engine', 'engine')} {made.get('engine_version', 'unknown')}",
        asked=asked,
        made_by=made_by,
        files=",".join(f"{name}={file.st_size}" for name, file in files.items()),
        summary=json.dumps(last.summary),
    )
