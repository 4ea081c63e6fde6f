"""Looks at a campaign again and again: what cannot have changed since the last look is not read again.

Every change of a state's status makes, replaces or removes a file in the state's own folder, and so moves that folder's
time of change. Times are compared with each other only, and are trusted once they have stood still for longer than a
file system's clock may be coarse. Standard library only.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from glassdask.campaign.files.folder import STATES_FOLDER
from glassdask.campaign.files.status import StateStatus, StatusReader, recorded_states, state_status
from glassdask.files.folder_rule import CAMPAIGN_RECORD
from glassdask.outcome import Status
from glassdask.state_point import StatePoint

#: Two changes closer than this may leave one time of change. [s]
_COARSE_SECONDS = 2.0
#: A folder last changed so long ago is settled at its first look, though the file system's clock may be wrong. [s]
_SURELY_OLD_SECONDS = 60.0
#: Where it is said which states may have changed, the others are looked at in turn, all of them within so many looks.
_LOOKS_A_ROUND = 60
#: Stands for the time of change of a folder that is not there.
_ABSENT = -1


@dataclass(slots=True)
class _Seen:
    """A state at its last look: its folder's time of change [ns], and since when that stands [s, monotonic]."""

    state: StatePoint
    home: str
    changed: int = 0
    since: float = 0.0
    is_settled: bool = False
    status: StateStatus | None = None


class StatusCache:
    """The status of every state of a campaign's folder, cheap to ask for again."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._record_changed = 0
        #: How often the names of the campaign's states were read.
        self.n_readings = 0
        self._seen: list[_Seen] = []
        self._place: dict[StatePoint, int] = {}
        self._statuses: list[StateStatus] = []
        self._unsettled: set[int] = set()
        self._next = 0
        #: Finished states that stand still and that the index says nothing of, with the time of change of their folders. [ns]
        self.to_be_noted: deque[tuple[StatePoint, int]] = deque()

    def look(self, touched: Collection[StatePoint] | None = None) -> list[StateStatus]:
        """What :func:`glassdask.campaign.files.status.campaign_status` gives, reading only states that may have
        changed. A status that is the same is the same object as at the last look.

        A state at work is read at every look, a settled one costs one look at its folder: some 0.03 s for 10,000. Whoever
        drives the campaign knows which states were `touched` since the last look, and is spared that of most others: each of
        them is looked at once in a minute or so, for what somebody else has done.
        """
        is_new = self._read_record()
        for i in range(len(self._seen)) if is_new or touched is None else self._may_have_changed(touched):
            self._statuses[i] = self._look_at(self._seen[i])
            (self._unsettled.discard if self._seen[i].is_settled else self._unsettled.add)(i)
        return list(self._statuses)

    def last(self, state: StatePoint) -> StateStatus | None:
        """The status of one state at the last look; None if the campaign has none such."""
        return self._statuses[self._place[state]] if state in self._place else None

    def _may_have_changed(self, touched: Collection[StatePoint]) -> Iterable[int]:
        step = -(-len(self._seen) // _LOOKS_A_ROUND)
        turn = range(self._next, min(self._next + step, len(self._seen)))
        self._next = turn.stop if turn.stop < len(self._seen) else 0
        named = {self._place[state] for state in touched if state in self._place}
        return self._unsettled | named | set(turn)

    def _read_record(self) -> bool:
        """The states, read again if the campaign's record was; what is known of those that stay is kept. Whether they are new."""
        changed = time_of_change(f"{self.folder}/{CAMPAIGN_RECORD}")
        if changed == self._record_changed != _ABSENT:
            return False
        known = {seen.state: seen for seen in self._seen}
        states = recorded_states(self.folder)
        reader = StatusReader(self.folder)
        self._seen = [known.get(state) or self._first_sight(state, reader) for state in states]
        self._place = {seen.state: i for i, seen in enumerate(self._seen)}
        self._statuses = [
            seen.status or StateStatus(seen.state, Status.WAITING) for seen in self._seen
        ]  # soon looked at
        self._unsettled, self._next = set(), 0
        self._record_changed = changed
        self.n_readings += 1
        return True

    def _first_sight(self, state: StatePoint, reader: StatusReader) -> _Seen:
        """What was noted of a finished state need not be read."""
        seen, line = _Seen(state, f"{self.folder}/{STATES_FOLDER}/{state.identifier}"), reader.line(state)
        if line:
            changed = int(line.changed.partition("/")[0])
            seen.changed, seen.is_settled, seen.status = changed, True, reader.status(state)
        return seen

    def _look_at(self, seen: _Seen) -> StateStatus:
        changed = time_of_change(seen.home)
        if seen.status is None or changed != seen.changed:
            seen.changed, seen.since, seen.is_settled = changed, time.monotonic(), changed == _ABSENT
        elif seen.is_settled:
            return seen.status
        # the time of change was read first: what changes from now on moves it, and is seen at the next look
        seen.status = state_status(self.folder, seen.state)
        if not seen.is_settled:
            is_at_work = seen.status.status == Status.RUNNING or seen.status.goes_on
            seen.is_settled = not is_at_work and _stands_still(seen) and not _may_awake(seen)
            if seen.is_settled and not seen.status.stage:
                self.to_be_noted.append((seen.state, seen.changed))
        return seen.status


def time_of_change(path: str | Path) -> int:
    """When a file or folder was changed last [ns]; a number of its own where there is none."""
    try:
        return os.stat(path).st_mtime_ns  # noqa: PTH116  Path costs more than the look
    except FileNotFoundError:
        return _ABSENT


def _stands_still(seen: _Seen) -> bool:
    stood = time.monotonic() - seen.since
    return stood > _COARSE_SECONDS or time.time() - seen.changed * 1e-9 > _SURELY_OLD_SECONDS


def _may_awake(seen: _Seen) -> bool:
    """Whether a silent owner's lease lies there: its next heartbeat would change no name in the folder."""
    return os.path.exists(f"{seen.home}/lease.json")  # noqa: PTH110
