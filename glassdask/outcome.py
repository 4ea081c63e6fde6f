"""The words in which it is said how work ended, where a state stands and what was found: each vocabulary once. Standard
library only."""

from __future__ import annotations

from enum import StrEnum
from typing import Self, SupportsInt


class Word(StrEnum):
    """A word of a vocabulary: in JSON, journals, files and messages, quoted or not, it is the plain string."""

    def __repr__(self) -> str:
        return repr(self.value)

    @property
    def flag(self) -> int:
        """Its place in the vocabulary: the value of a variable of flags, as CF's conventions have them."""
        return list(type(self)).index(self)

    @classmethod
    def flagged(cls, flag: SupportsInt) -> Self:
        """The word with this place; the inverse of `flag`."""
        return list(cls)[int(flag)]


class Outcome(Word):
    """How an attempt ended."""

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


class Status(Word):
    """Where a state stands, in the order in which counts are shown."""

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


class FailureReason(Word):
    """Why an attempt failed, as stored with the state; a signal that ended a process is named by its number besides."""

    #: Particles have flown apart: the time step is too large.
    DIVERGED = "diverged"
    #: The engine is missing, or has ended with an error.
    ENGINE = "engine"
    #: Not enough memory, of the machine or of a GPU.
    MEMORY = "memory"
    #: No room on the disk, or no right to write there.
    DISK = "disk"
    #: Another trouble with a file.
    FILES = "files"
    #: A value that the user gave.
    INPUT = "input"
    #: A product that the stage reads is damaged; it is made again.
    CORRUPT = "corrupt"
    #: An error that nobody has foreseen.
    CODE = "code"
    #: Its processes or workers were lost again and again.
    LOST = "lost"
    #: The user has asked for it.
    CANCELLED = "cancelled"


class StopReason(Word):
    """Why work ended in good order before it was done, to be gone on with."""

    #: By SIGTERM.
    TERMINATED = "terminated"
    #: The process that had asked for it has gone.
    ORPHANED = "orphaned"
    #: The worker's job ends.
    DEADLINE = "deadline"
    #: The driver leaves.
    STOPPED = "stopped"


class ModeCouplingState(Word):
    """What mode-coupling theory makes of a structure; of replicas that differ the last of them counts."""

    MISSING = "missing"
    #: The theory cannot take this S(k).
    UNUSABLE = "unusable"
    #: F(k,t) decays to 0.
    LIQUID = "liquid"
    #: F(k,t) keeps a part of itself for ever.
    GLASS = "glass"
    #: Iterations were spent before either was sure. Never taken for a glass.
    NOT_CONVERGED = "not_converged"


class CriticalVerdict(Word):
    """What became of the search for a critical temperature."""

    MISSING = "missing"
    FOUND = "found"
    #: Liquid, or glass, at every temperature: they do not bracket it.
    ALL_LIQUID = "all_liquid"
    ALL_GLASS = "all_glass"
    TOO_FEW_TEMPERATURES = "too_few_temperatures"
    NOT_CONVERGED = "not_converged"


class MemoryVerdict(Word):
    """What the data say of a parameter of a memory, from good to bad."""

    MISSING = "missing"
    DETERMINED = "determined"
    #: K is not told from 0, or the value lies on a bound of the search.
    BOUNDED = "bounded"
    #: Others can make up for it: its logarithm is uncertain by more than 1, or its direction leaves no trace in F.
    DEGENERATE = "degenerate"
    #: F is not that of the memory: no grid of times can follow it.
    UNRESOLVED = "unresolved"
    #: The memory's F is not that of the data.
    NOT_REPRODUCED = "not_reproduced"
