"""How an attempt at a piece of work ended, in one word that means the same everywhere. Standard library only."""

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
