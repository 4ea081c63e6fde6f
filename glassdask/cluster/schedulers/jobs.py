"""Jobs of a batch system, whichever it is: submitted, asked about, cancelled, with a time limit on every command."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glassdask.cluster.back_off import back_off
from glassdask.cluster.schedulers.protocol import GONE, QueuedJob, QueueState, Refusal, Scheduler
from glassdask.errors import GlassdaskError

_TAIL_CHARACTERS = 1500
#: What is told of a command's complaint.
_GIST_CHARACTERS = 500
#: How often the batch system is asked for the end of a job where it does not answer, the first and longest pause between,
#: and the time for each answer. [s]
_TRIES, _PAUSE, _LONGEST_PAUSE, _END_SECONDS = 3, 2.0, 4.0, 30.0


class BatchSystemError(GlassdaskError):
    """A command of the batch system failed or hung; `refusal` says whether another try may go better."""

    def __init__(self, message: str, refusal: Refusal = Refusal.UNKNOWN):
        super().__init__(message)
        self.refusal = refusal


def submit(system: Scheduler, job: Any, timeout: float) -> str:
    """Submits a job of dask-jobqueue; returns its identifier. The message of a failure holds what the command
    printed."""
    with job.job_file() as path:
        script = Path(path).read_text(encoding="utf-8") if system.reads_input else None
        printed = run(system, [*system.submit_command, *([] if system.reads_input else [path])], timeout, script)
    identifier = system.identifier(printed)
    if identifier is None:
        gist = _gist(system, printed)
        raise BatchSystemError(
            f"{system.submit_command[0]} has printed no line that is a job's identifier, but {gist!r}", Refusal.FINAL
        )
    job.job_id = identifier
    return identifier


def queued_jobs(system: Scheduler, identifiers: Sequence[str], timeout: float) -> dict[str, QueuedJob]:
    """Which of these jobs are waiting or running, in one query; what has ended is left out."""
    if not identifiers:
        return {}
    try:
        found = system.queued(run(system, system.queue_command, timeout))
    except BatchSystemError as error:
        if not _says(error, system.empty_words):
            raise
        found = {}
    return {name: found[_number(name)] for name in identifiers if _number(name) in found}


def queue_state(system: Scheduler, identifier: str, timeout: float) -> QueueState:
    """State and reason of a job; a batch system that does not answer leaves it alive."""
    states: list[QueueState] = []
    for command in system.state_commands(identifier):
        try:
            state = system.state(run(system, command, timeout))
        except BatchSystemError as error:
            state = GONE if _says(error, system.gone_words) else QueueState(f"unknown: {error}", True)
        if state.is_alive:
            return states[-1] if states else state
        states.append(state)
    return states[-1]


def job_end(system: Scheduler, identifier: str) -> float | None:
    """Unix time at which a job, in which this process runs, will be ended; None where it has no limit."""
    end = os.environ.get(system.end_variable, "")
    if end.isdigit():
        return float(end)
    for n in range(1, _TRIES + 1):
        try:
            return system.end(run(system, system.end_command(identifier), _END_SECONDS))
        except BatchSystemError:
            time.sleep(back_off(n, _PAUSE, _LONGEST_PAUSE))
    return None


def cancel(system: Scheduler, identifiers: Sequence[str], timeout: float) -> list[str]:
    """Cancels jobs; those that have ended are no error. Returns those of which it is not known that they were cancelled
    or have ended: the batch system does not answer."""
    if not identifiers or _succeeds(system, identifiers, timeout):
        return []
    try:
        alive = queued_jobs(system, identifiers, timeout)
    except BatchSystemError:
        return list(identifiers)
    # one that has ended makes the command fail, and some commands then leave out the others
    return [identifier for identifier in alive if not _succeeds(system, [identifier], timeout)]


def _succeeds(system: Scheduler, identifiers: Sequence[str], timeout: float) -> bool:
    try:
        run(system, [*system.cancel_command, *identifiers], timeout)
    except BatchSystemError:
        return False
    return True


def log_tail(system: Scheduler, logs: Path, identifier: str) -> str:
    """The end of what a job has printed into a folder."""
    texts = (path.read_text(encoding="utf-8", errors="replace") for path in log_files(system, logs, identifier))
    return "".join(text[-_TAIL_CHARACTERS:] for text in texts).strip() or f"(nothing in {logs})"


def log_files(system: Scheduler, logs: Path, identifier: str) -> list[Path]:
    """Files of what a job has printed."""
    named = re.compile(system.log_pattern.format(number=re.escape(_number(identifier))))
    return sorted(path for path in logs.glob("*") if named.fullmatch(path.name))


def run(system: Scheduler, command: Sequence[str], timeout: float, text: str | None = None) -> str:
    """What a command of the batch system prints; `text` is its standard input. Given up after `timeout` seconds."""
    try:
        done = subprocess.run(
            command,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            env={**os.environ, **system.environment},
            process_group=0,  # out of reach of Ctrl-C, which would end it in the middle of what it does
            check=False,
        )
    except OSError as error:
        raise BatchSystemError(
            f"{command[0]} cannot be started ({error.strerror}); allowed: a login node of the cluster, with the commands of "
            "its batch system on PATH",
            Refusal.FINAL,
        ) from None
    except subprocess.TimeoutExpired as error:
        raise _hangs(system, command[0], timeout, error.stderr) from None
    if done.returncode:
        complaint = done.stderr.strip() or done.stdout
        raise BatchSystemError(f"{command[0]} failed: {_gist(system, complaint)}", system.refusal(complaint))
    return done.stdout


def _hangs(system: Scheduler, program: str, timeout: float, printed: bytes | str | None) -> BatchSystemError:
    """Some systems keep a user who has too many jobs waiting, and say so meanwhile."""
    text = printed.decode(errors="replace") if isinstance(printed, bytes) else printed or ""
    is_limit = system.refusal(text) is Refusal.LIMIT
    message = f"{program} has not answered for {timeout:g} s" + (f": {_gist(system, text)}" if is_limit else "")
    return BatchSystemError(message, Refusal.LIMIT if is_limit else Refusal.PASSING)


def _number(identifier: str) -> str:
    """Without the name of a server, which some systems add behind a dot."""
    return identifier.split(".", maxsplit=1)[0]


def _says(error: BatchSystemError, words: str) -> bool:
    return re.search(words, str(error), re.IGNORECASE) is not None


def _gist(system: Scheduler, printed: str) -> str:
    return system.complaint(printed)[-_GIST_CHARACTERS:] or "it has said nothing"
