"""Fencing leases: who works on a folder, since when, and whether they are still alive.

A lease is a small JSON file. Its owner touches it (heartbeat); whoever finds it untouched for longer than its term, or
whose owner is a dead process of this machine, may take it over. Acquiring, renewing and committing happen under a short
file lock, so an owner that was paused and comes back cannot commit after it was replaced (fencing).
Ages are measured by the file system's own clock: the clocks of two nodes may differ.
"""

from __future__ import annotations

import fcntl
import os
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from glassdask.errors import GlassdaskError, LeaseLost
from glassdask.files.atomic_write import write_json
from glassdask.files.reading import read_json


class LeaseHeld(GlassdaskError):
    """Somebody else holds the lease and is alive."""


@dataclass(frozen=True)
class LeaseRecord:
    """Who holds a lease."""

    token: str
    host: str
    pid: int
    process_started: str
    since: str
    term_seconds: float
    purpose: str
    attempt: int


class Lease:
    """A lease on a folder, held by this process.

    Use :meth:`acquire`; call :meth:`renew` several times a term; do what must be fenced inside :meth:`fence`.
    """

    def __init__(self, path: Path, record: LeaseRecord):
        self.path = path
        self.record = record

    @classmethod
    def acquire(cls, path: Path, purpose: str, term_seconds: float, attempt: int = 1) -> Lease:
        """Take the lease at `path`, or take it over from an owner that is dead or silent; LeaseHeld, with host, process
        and since when, if somebody else holds it."""
        with _locked(path):
            holder = read_lease(path)
            if holder is not None and is_alive(path, holder):
                raise LeaseHeld(
                    f"{holder.purpose} of {path.parent} is held by process {holder.pid} on {holder.host} "
                    f"since {holder.since}{suspended(holder)}"
                )
            lease = cls(path, _own_record(purpose, term_seconds, attempt))
            # not flushed to disk: a machine that loses power loses the owner, too
            write_json(path, asdict(lease.record), indent=None, durable=False)
        return lease

    def renew(self) -> None:
        """Heartbeat; LeaseLost if somebody has taken the lease over."""
        with self.fence():
            os.utime(self.path)

    @contextmanager
    def fence(self) -> Iterator[None]:
        """Nobody can take the lease over inside this block; keep it short. LeaseLost if somebody has before."""
        with _locked(self.path):
            holder = read_lease(self.path)
            if holder is None or holder.token != self.record.token:
                raise LeaseLost(f"{self.record.purpose} of {self.path.parent} was taken over by another worker")
            yield

    def release(self) -> None:
        """Give the lease back; nothing happens where it was taken over."""
        try:
            with self.fence():
                self.path.unlink(missing_ok=True)
        except (LeaseLost, OSError):
            return


@contextmanager
def heartbeat(lease: Lease) -> Iterator[Callable[[], None]]:
    """Renews a lease from a thread, five times a term. Yields a function to be called now and then, which raises
    LeaseLost if the lease was found taken over."""
    stop = threading.Event()
    lost: list[LeaseLost] = []

    def beat() -> None:
        while not stop.wait(lease.record.term_seconds / 5):
            try:
                lease.renew()
            except LeaseLost as error:
                lost.append(error)
                return
            except OSError as error:
                import logging  # `status` reads leases and does without

                logging.getLogger(__name__).warning("lease of %s not renewed: %s", lease.path.parent, error)

    def check() -> None:
        if lost:
            raise lost[0]

    thread = threading.Thread(target=beat, name="glassdask-heartbeat", daemon=True)
    thread.start()
    try:
        yield check
    finally:
        stop.set()
        thread.join()


def read_lease(path: Path) -> LeaseRecord | None:
    """Who holds the lease, or None; a damaged file counts as none."""
    try:
        return LeaseRecord(**(read_json(path) or {}))
    except TypeError:
        return None


def is_alive(path: Path, record: LeaseRecord) -> bool:
    """Whether the owner may still be at work: not a dead process of this machine, and heard of within the term."""
    if record.host == platform.node() and _process_started(record.pid) != record.process_started:
        return False
    return seconds_since_heartbeat(path) < record.term_seconds


def suspended(record: LeaseRecord) -> str:
    """Words for an owner on this machine that is suspended, as by Ctrl-Z; empty for any other."""
    if record.host != platform.node() or _process_state(record.pid) not in ("T", "t"):
        return ""
    return f", which is suspended (as by Ctrl-Z: 'fg' or 'kill -CONT {record.pid}' lets it go on)"


def seconds_since_heartbeat(path: Path) -> float:
    """Age of the last heartbeat by the file system's clock; infinite if there is no lease."""
    try:
        lock = _lock_path(path)
        os.utime(lock)
        return max(0.0, lock.stat().st_mtime - path.stat().st_mtime)
    except OSError:
        return float("inf")


def _own_record(purpose: str, term_seconds: float, attempt: int) -> LeaseRecord:
    return LeaseRecord(
        token=os.urandom(16).hex(),
        host=platform.node(),
        pid=os.getpid(),
        process_started=_process_started(os.getpid()) or "",
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        term_seconds=term_seconds,
        purpose=purpose,
        attempt=attempt,
    )


def _process_started(pid: int) -> str | None:
    """Start time of a process in ticks since boot: tells a process from a later one with the same number."""
    fields = _process_facts(pid)
    return None if not fields or fields[0] == "Z" else fields[19]


def _process_state(pid: int) -> str | None:
    """R, S, D, T (stopped), Z …, as proc(5) has it; None without such a process."""
    return next(iter(_process_facts(pid)), None)


def _process_facts(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the third on; none without such a process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return []
    return stat.rpartition(")")[2].split()


def _lock_path(path: Path) -> Path:
    return path.with_name(f".{path.stem}.lock")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with _lock_path(path).open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
