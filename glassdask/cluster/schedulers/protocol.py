"""What a batch system has to be able to do: a handful of duties. Each system is one file beside this one, and adding one
touches no other: `glassdask.cluster.schedulers.registry` finds it there.

A scheduler only knows words: what to type, and what printed text means. Commands are run by
`glassdask.cluster.schedulers.jobs`, so that every file here is tested as text.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from glassdask.outcome import Word


class Refusal(Word):
    """Why a job was not taken."""

    #: Too many jobs of this user: another one is taken when one of them has ended.
    LIMIT = "limit"
    #: The batch system is busy, down, or closed for now.
    PASSING = "passing"
    #: The job cannot be had as it is asked for.
    FINAL = "final"
    #: Words of the site's own.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class QueuedJob:
    """A job that waits or runs, as seen in the list of all jobs."""

    is_running: bool
    is_suspended: bool = False


@dataclass(frozen=True)
class QueueState:
    """What is known of one job.

    ``text``: state and reason as a user of the batch system knows them. ``is_alive``: still to run, or running.
    ``has_run``: whether it was ever given a node; None where that is no longer known. ``was_taken``: it did not end by
    itself, but was deleted, preempted, or its node lost.
    """

    text: str
    is_alive: bool
    has_run: bool | None = None
    was_taken: bool = False


#: Of a job that the batch system knows no more.
GONE = QueueState("no longer in the queue", False)


class PoolRequest(Protocol):
    """What a job of a pool asks for (`glassdask.cluster.site.site.Pool`)."""

    @property
    def queue(self) -> str | None: ...
    @property
    def account(self) -> str | None: ...
    @property
    def cores(self) -> int: ...
    @property
    def memory(self) -> str: ...
    @property
    def gpus(self) -> int: ...
    @property
    def walltime_seconds(self) -> int: ...
    @property
    def resources(self) -> str | None: ...
    @property
    def directives(self) -> Sequence[str]: ...


#: Words that all batch systems share, or their Unix does, in the order in which kinds are looked for: a word about a limit
#: of jobs may be followed by one about a policy.
_WORDS: Mapping[Refusal, str] = {
    Refusal.LIMIT: (
        r"maximum number of (queued |submitted )?jobs|too many (queued |submitted )?jobs|submit limit (reached|exceeded)"
    ),
    Refusal.PASSING: (
        r"timed? ?out|try again|retry|temporar(y|ily)|busy|overloaded|standby|shutting down|not responding"
        r"|unable to contact|(cannot|could not|unable to|failed to) connect|connection|communication|no route to host"
        r"|end of file|zero bytes|zero length|broken pipe|protocol error|unreachable"
        r"|not enabled|disabled|down state|\(inactive|\(down|not available now|not usable now|currently not|maintenance"
        r"|credential|authentication"  # of a service that hiccups
        r"|internal error|system error"
    ),
    Refusal.FINAL: (
        r"\binvalid|\bunknown|\billegal|\bunrecogni[sz]ed|\bundefined|unsupported|not support"
        r"|unauthori[sz]ed|not authori[sz]ed|not permitted|not allowed|(permission|access)\b.*\bdenied|not a member"
        r"|violates (?!accounting)|exceeds|exceeded|more \w+ (requested )?than|can ?not be (satisfied|used)|out of range"
        r"|(configuration|task) is not available|does not exist|doesn't exist|not found|no such|bad (uid|gid)|not in this"
        r"|mutually exclusive|duplicate|must \w+|required, but|rejected by all|too long"
    ),
}


class Scheduler(ABC):
    """A batch system.

    Attributes
    ----------
    submit_command, cancel_command, queue_command
        What submits a script (``reads_input``: from standard input, else as the last argument), cancels jobs whose
        identifiers follow, and lists all jobs of this user. ``environment``: variables that the commands need.
    identifier_lines
        What a line with a job's identifier is as a whole, the likeliest first; the number is the first group.
    job_class
        Module and name of dask-jobqueue's class of jobs.
    queue_row
        A row of that list, with the number of a job and its state as groups; ``alive_states`` are those of jobs that wait
        or run, and ``running_states`` and ``suspended_states`` some of them.
    complaint_line, refusal_words, gone_words, empty_words
        How a complaint of its own begins, among lines of wrappers; what it says when it refuses a job, besides the words
        that all systems share; when it knows a job no more; and in place of the list where this user has no job.
    job_variable, end_variable, rank_variables
        Environment variables of a job: its identifier, its end as Unix time, and rank and number of processes where its
        launcher of parallel programs sets them; "" where there are none.
    launch_hint
        How that launcher starts an MPI world.
    log_pattern
        Names of the files of a job's output; ``{number}`` stands for its identifier.
    """

    submit_command: ClassVar[tuple[str, ...]]
    cancel_command: ClassVar[tuple[str, ...]]
    queue_command: ClassVar[tuple[str, ...]]
    job_class: ClassVar[tuple[str, str]]
    queue_row: ClassVar[str]
    alive_states: ClassVar[frozenset[str]]
    running_states: ClassVar[frozenset[str]]
    suspended_states: ClassVar[frozenset[str]]
    reads_input: ClassVar[bool] = False
    environment: ClassVar[Mapping[str, str]] = {}
    identifier_lines: ClassVar[tuple[str, ...]]
    complaint_line: ClassVar[str]
    refusal_words: ClassVar[Mapping[Refusal, str]]
    gone_words: ClassVar[str]
    empty_words: ClassVar[str] = "(?!)"
    job_variable: ClassVar[str]
    end_variable: ClassVar[str] = ""
    rank_variables: ClassVar[tuple[str, str]] = ("", "")
    launch_hint: ClassVar[str] = ""
    log_pattern: ClassVar[str]

    # --- a job's script -----------------------------------------------------------------------------------------------

    @abstractmethod
    def job_options(self, pool: PoolRequest) -> dict[str, Any]:
        """What dask-jobqueue's class is told of a pool: queue, account, walltime, cores, GPUs and further directives."""

    @abstractmethod
    def check_pool(self, name: str, pool: PoolRequest) -> None:
        """Raises ValueError for directives that the system would drop, or that the pool's own keys already make."""

    # --- what commands print ------------------------------------------------------------------------------------------

    def identifier(self, printed: str) -> str | None:
        """The number of a job in what its submission has printed; None if no line holds one.

        What a wrapper of the command prints before and after it is passed over.
        """
        lines = [line.strip() for line in printed.splitlines()]
        found = (
            match for form in self.identifier_lines for line in reversed(lines) if (match := re.fullmatch(form, line))
        )
        match = next(found, None)
        return match and match.group(1)

    def queued(self, printed: str) -> dict[str, QueuedJob]:
        """The jobs that wait or run, by number, in what ``queue_command`` prints."""
        rows = re.findall(self.queue_row, printed, re.MULTILINE)
        alive = {number: state for number, state in rows if state in self.alive_states}
        return {
            number: QueuedJob(state in self.running_states, state in self.suspended_states)
            for number, state in alive.items()
        }

    @abstractmethod
    def state_commands(self, identifier: str) -> list[list[str]]:
        """What asks for a job's state; a later one where the one before knows the job no more."""

    @abstractmethod
    def state(self, printed: str) -> QueueState:
        """The state in what such a command prints; `GONE` if there is none."""

    @abstractmethod
    def end_command(self, identifier: str) -> list[str]:
        """What asks when a job will be ended."""

    @abstractmethod
    def end(self, printed: str) -> float | None:
        """The Unix time in what it prints; None without a limit."""

    # --- refusals -----------------------------------------------------------------------------------------------------

    def complaint(self, printed: str) -> str:
        """What a command has complained of, on one line, without what a wrapper or the site prints around it."""
        lines = [line.strip() for line in printed.splitlines() if line.strip()]
        return "; ".join([line for line in lines if re.match(self.complaint_line, line)] or lines)

    def refusal(self, printed: str) -> Refusal:
        """What a command's complaint means: will another try go better, and when?"""
        complaint = self.complaint(printed)
        for kind, shared in _WORDS.items():
            own = self.refusal_words.get(kind)
            if re.search(f"{own}|{shared}" if own else shared, complaint, re.IGNORECASE):
                return kind
        return Refusal.UNKNOWN


def refuse_resources(pool: PoolRequest, name: str, scheduler: str, instead: str) -> None:
    """Raises ValueError where a pool sets ``resources`` and the batch system knows no chunks."""
    if pool.resources is not None:
        raise ValueError(
            f"pool.{name}.resources = {pool.resources!r} has no meaning with scheduler = {scheduler!r}; allowed: no such "
            f"key, and directives such as {instead}"
        )


def clock(seconds: int) -> str:
    """Hours:minutes:seconds.

    >>> clock(90005)
    '25:00:05'
    """
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def clock_seconds(text: str) -> int:
    """Seconds of ``hours:minutes:seconds``.

    >>> clock_seconds("01:30:05")
    5405
    """
    seconds = 0
    for part in text.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds
