"""How far a campaign is: counts and one line a state, read from its files. Standard library only."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from glassdask.campaign.files.attempt_progress import attempt_progress
from glassdask.campaign.files.failure import read_failure
from glassdask.campaign.files.folder import STATES_FOLDER
from glassdask.campaign.files.lease import is_alive, read_lease
from glassdask.campaign.files.state_index import IndexLine, StateIndex, folders_changed
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import CAMPAIGN_RECORD
from glassdask.outcome import UNFINISHED, Status
from glassdask.stages.contract.registry import STAGES, STATE_STAGES
from glassdask.stages.simulate import IMPORT, asked_lengths
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.stages.simulate.marks import Marks, marks_of
from glassdask.state_point import StatePoint

#: Stages of a state in the order of work with the files that are there when they are done.
STAGE_FILES = {stage.name: (f"{stage.name}.json", *stage.products) for stage in STATE_STAGES}
_ALL_FILES = frozenset(name for names in STAGE_FILES.values() for name in names)
#: Of a state whose trajectory was imported: its file has an ending of its own, which the record says.
_FILES_OF_IMPORTED = {**STAGE_FILES, SIMULATE.name: (f"{SIMULATE.name}.json",)}
#: Files beside whole products that tell of a finished state that goes on to be longer.
_GOING_ON = frozenset(("lease.json", f"{SIMULATE.name}.failed.json"))
#: Potential, temperature, density and replica of a state.
StateRow = tuple[str, float, float, int]
#: Every status of a state, in the order in which counts are shown.
STATUSES = tuple(Status)


@dataclass(frozen=True)
class StateStatus:
    """Where one state stands.

    Parameters
    ----------
    status
        In a word.
    stage
        The stage that is running, failed, or comes next; empty where all is done. What lacks nothing but stages that a later
        version brought counts as done.
    progress
        Share of the running stage, 0 to 1, or None.
    summary
        Scalars that the latest finished stage has found (measured temperature, relaxation times, …).
    message
        Why it failed, or why a finished one did not become longer.
    """

    state: StatePoint
    status: Status
    stage: str = ""
    progress: float | None = None
    phase: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    message: str = ""

    @property
    def goes_on(self) -> bool:
        """Whether it is finished and at work to become longer."""
        return self.status not in UNFINISHED and self.stage == SIMULATE.name and not self.message

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "state": self.state.identifier,
            "potential": self.state.potential,
            "temperature": self.state.temperature,
            "density": self.state.density,
            "replica": self.state.replica,
            "status": self.status.value,
            "stage": self.stage,
            "phase": self.phase,
            "progress": self.progress,
            "message": self.message,
            "summary": self.summary,
        }


def recorded_states(folder: Path) -> list[StatePoint]:
    """The states of a campaign that was started; InvalidInput if it was not, or its record is damaged."""
    return states_of(recorded_rows(folder)[0], folder)


def states_of(rows: Iterable[StateRow], folder: Path) -> list[StatePoint]:
    """The states of rows of a campaign's record; errors as of `recorded_states`."""
    try:
        return [StatePoint(*row) for row in rows]
    except (ValueError, TypeError) as error:
        raise _damaged(folder, error) from error


def recorded_rows(folder: Path) -> tuple[list[StateRow], str]:
    """What makes each state of a campaign that was started, and its `recorded_lengths`; errors as of `recorded_states`."""
    try:
        record = json.loads((folder / CAMPAIGN_RECORD).read_bytes())
        rows = [(str(potential), float(T), float(rho), int(replica)) for potential, T, rho, replica in record["states"]]
        return rows, _lengths(record)
    except FileNotFoundError as error:
        raise InvalidInput(f"{folder} does not exist yet; 'glassdask run FILE.toml' starts the campaign") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> InvalidInput:
    path = folder / CAMPAIGN_RECORD
    return InvalidInput(f"{path} is damaged ({error}); run 'glassdask run FILE.toml' again to write it anew")


def recorded_lengths(folder: Path) -> str:
    """How long the campaign's record asks simulations to be, in words; empty where it does not say."""
    try:
        return _lengths(json.loads((folder / CAMPAIGN_RECORD).read_bytes()))
    except (OSError, ValueError):
        return ""


def _lengths(record: Any) -> str:
    try:
        return asked_lengths(record["specification"])
    except (ValueError, KeyError, TypeError):
        return ""


def status_marks(folder: Path, statuses: Sequence[StateStatus]) -> Marks:
    """Marks of states that are of other lengths than asked for, or made by other versions than most."""
    return marks_of([item.summary for item in statuses], recorded_lengths(folder))


def campaign_status(folder: Path) -> Iterator[StateStatus]:
    """The status of every state, in the order of the campaign file.

    One look into each state's folder and one small file of it are read, where what was noted of finished states is not
    enough.
    """
    reader = StatusReader(folder)
    for state in recorded_states(folder):
        yield reader.status(state)


class StatusReader:
    """The status of many states of a campaign: what was noted of finished ones is believed where their folders have not
    changed since, and what has no folder was not begun."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.index = StateIndex(folder)
        #: Times of change of each folder that was there at first.
        self.changed = folders_changed(folder)

    def line(self, state: StatePoint) -> IndexLine | None:
        """What was noted of a finished state; None where nothing was, or its folder has changed since."""
        found = self.index.line(state.identifier)
        return found if found and self.changed.get(found.state) == found.changed else None

    def status(self, state: StatePoint) -> StateStatus:
        """The status of one state."""
        if state.identifier not in self.changed:
            return waiting(state)
        line = self.line(state)
        if line:
            try:
                return StateStatus(state, Status(line.status), summary=line.numbers())
            except ValueError:
                pass  # not what was written
        return state_status(self._folder, state)


def waiting(state: StatePoint) -> StateStatus:
    """Of a state that was not begun."""
    return StateStatus(state, Status.WAITING, STATE_STAGES[0].name)


def counts(statuses: Iterable[StateStatus]) -> dict[str, int]:
    """Number of states by status."""
    found = Counter(item.status for item in statuses)
    return {name: found[name] for name in STATUSES}


def state_status(folder: Path, state: StatePoint) -> StateStatus:
    """The status of one state: a stage is done where its files are there (whether they are whole, `verify` says)."""
    home = f"{folder}/{STATES_FOLDER}/{state.identifier}"
    names = _names(home)
    is_whole = names.issuperset(_ALL_FILES)  # at once for most states of a large campaign
    done = list(STAGE_FILES) if is_whole else _done_stages(names)
    record = _json(f"{home}/{done[-1]}.json") if done else {}
    if record is None:
        done, record = done[:-1], {}
    summary = record.get("summary", {})
    if len(done) == len(STAGE_FILES):
        finished = StateStatus(state, Status(record.get("status", Status.DONE)), summary=summary)
        return finished if names.isdisjoint(_GOING_ON) else _going_on(Path(home), finished, names)
    found = _unfinished(Path(home), state, list(STAGE_FILES)[len(done)], names, summary)
    if found.status is Status.WAITING and record and _is_of_older_version(list(STAGE_FILES)[len(done) :], names):
        return replace(found, status=Status(record.get("status", Status.DONE)))
    return found


def _done_stages(names: set[str]) -> list[str]:
    files = _FILES_OF_IMPORTED if IMPORT in names else STAGE_FILES
    return list(itertools.takewhile(lambda stage: names.issuperset(files[stage]), files))


def _is_of_older_version(stages: list[str], names: set[str]) -> bool:
    """Whether these stages, all that a state lacks, are newer than the version that finished it."""
    return all(STAGES[stage].since and f"{stage}.json" not in names for stage in stages)


def _going_on(home: Path, finished: StateStatus, names: set[str]) -> StateStatus:
    now = _unfinished(home, finished.state, SIMULATE.name, names, finished.summary)
    if now.status is Status.WAITING:  # a lease that nobody holds any more
        return finished
    return replace(now, status=finished.status)


def _unfinished(home: Path, state: StatePoint, stage: str, names: set[str], summary: dict[str, Any]) -> StateStatus:
    if "lease.json" in names:
        lease = read_lease(home / "lease.json")
        if lease is not None and is_alive(home / "lease.json", lease):
            found = attempt_progress(home, stage)
            return StateStatus(
                state, Status.RUNNING, lease.purpose, found.get("fraction"), str(found.get("phase", "")), summary
            )
    if f"{stage}.failed.json" in names:
        failure = read_failure(home, stage) or {}
        message = f"{failure.get('reason', '?')}: {failure.get('message', '')}"
        return StateStatus(state, Status.FAILED, stage, None, "", summary, message)
    return StateStatus(state, Status.WAITING, stage, summary=summary)


def _names(home: str) -> set[str]:
    try:
        return set(os.listdir(home))  # noqa: PTH208  Path costs as much as reading the file
    except FileNotFoundError:
        return set()


def _json(path: str | Path) -> dict[str, Any] | None:
    """A small file of plain data; of a record, status and summary: half of it, and all that is shown."""
    try:
        with open(path, "rb", buffering=0) as stream:  # noqa: PTH123  without a buffer to allocate: half the time
            text = stream.read()
        head, mark, _ = text.rpartition(b',\n "provenance"')
        start = head.find(b'\n "status"') if mark and text.endswith(b'"\n}') else -1
        found = json.loads(b"{" + head[start:] + b"}" if start >= 0 else text)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
