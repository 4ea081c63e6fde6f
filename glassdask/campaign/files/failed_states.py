"""States that have failed: which they are, how they are made ready again, how a user makes one of a state. Standard
library only."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from glassdask.campaign.files import journal
from glassdask.campaign.files.failure import clear_failure, read_failure, write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.status import STAGE_FILES, state_status
from glassdask.outcome import FailureReason, Status
from glassdask.state_point import StatePoint

_REMEDY = "'glassdask retry' makes it ready again; a simulation goes on from its checkpoint"


def forget_failures(folder: Path, states: Iterable[StatePoint], reason: str | None = None) -> dict[StatePoint, int]:
    """Makes failed stages ready again, all or those that failed for a reason such as "diverged"; their tries count from
    nothing, their checkpoints stay. Returns how many stages, by state."""
    found: dict[StatePoint, int] = {}
    for state in states:
        home = state_folder(folder, state.identifier)
        for stage in STAGE_FILES:
            failure = read_failure(home, stage)
            if failure and reason in (None, failure.get("reason")):
                journal.record_event(home, stage, "sent_back", message=f"tried again after: {failure.get('reason')}")
                clear_failure(home, stage)
                found[state] = found.get(state, 0) + 1
    return found


def record_cancelled(folder: Path, state: StatePoint, by: str) -> bool:
    """Marks the next stage of a state as cancelled; whoever runs it must have stopped it.

    False, and nothing is changed, where nothing is left to do for the state or it has failed already.
    """
    status = state_status(folder, state)
    home = state_folder(folder, state.identifier)
    if not status.stage or status.status == Status.FAILED:
        return False
    home.mkdir(parents=True, exist_ok=True)
    journal.record_event(home, status.stage, FailureReason.CANCELLED, message=f"by {by}")
    write_failure(
        home, status.stage, FailureReason.CANCELLED, f"by {by}; {_REMEDY}", journal.attempts(home, status.stage)
    )
    return True
