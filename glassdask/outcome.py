"""How work ended and where a state stands, in words that mean the same everywhere. Standard library only."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How an attempt ended; in JSON, journals and messages it is its own value."""

    #: The product is there, whole.
    DONE = "done"
    #: Checkpointed before its end, to be gone on with.
    PARTIAL = "partial"
    #: Its process or worker is gone, to be gone on with from the last checkpoint.
    LOST = "lost"
    #: Failed, with tries left.
    RETRY = "retry"
    #: Failed for a reason of physics, input or code; not tried again by itself once its tries are spent.
    FAILED = "failed"
    #: Not begun: another worker holds the state.
    BUSY = "busy"
    #: Ended without a product: another worker has taken the state over.
    FENCED = "fenced"


class Status(StrEnum):
    """Where a state stands, in the order in which counts are shown; in files and messages it is its own value."""

    #: All stages are done, and the run was in equilibrium.
    DONE = "done"
    #: All stages are done; the run was too short, or still changing.
    NOT_EQUILIBRATED = "not_equilibrated"
    #: All stages are done; the run is of a crystal.
    CRYSTALLISED = "crystallised"
    #: A stage has spent its tries.
    FAILED = "failed"
    #: Somebody works at it.
    RUNNING = "running"
    #: A stage is to be done.
    WAITING = "waiting"


#: A state that is not done with: it has no verdict yet.
UNFINISHED = (Status.FAILED, Status.RUNNING, Status.WAITING)
