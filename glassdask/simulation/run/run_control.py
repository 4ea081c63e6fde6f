"""What a running simulation looks at between two chunks of steps: has it to stop, to checkpoint, to report?"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from glassdask.files.atomic_write import write_text

#: Wall-clock time of a chunk, for which the engine cannot be interrupted.
CHUNK_SECONDS = 0.5
PROGRESS_SECONDS = 1.0
#: Frames are kept in memory until a checkpoint; it comes early if they grow beyond this.
MAX_BUFFER_BYTES = 256 * 1024**2


class Stopped(Exception):
    """The run has to end now, in good order.

    Parameters
    ----------
    reason
        ``terminated`` (SIGTERM), ``deadline`` or ``orphaned`` (the parent process has gone).
    """

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class RunControl:
    """Stop conditions, the checkpoint clock and the progress file of one process.

    Parameters
    ----------
    folder
        Where ``progress.json`` goes.
    checkpoint_seconds
        Wall-clock time between checkpoints.
    stop_at
        Unix time at which to stop, or None.
    parent_pid
        Stop when this is no longer the parent process; None: do not look.
    """

    def __init__(
        self,
        folder: Path,
        checkpoint_seconds: float,
        stop_at: float | None = None,
        parent_pid: int | None = None,
    ):
        self._path = folder / "progress.json"
        self._checkpoint_seconds = checkpoint_seconds
        self._stop_at = stop_at
        self._parent_pid = parent_pid
        self._is_terminated = False
        self._progress_at = 0.0
        self._rate_since: tuple[float, int] = (time.monotonic(), 0)
        self._last_checkpoint = time.monotonic()
        self._n_steps = 0
        #: How the current phase is called and how long it will be, for the progress file.
        self.describe: Callable[[], dict] = dict
        #: Steps per second of wall-clock time, over the last second or so.
        self.steps_per_second = 0.0
        #: Steps that take about half a second.
        self.chunk = 64

    def terminate(self, *_: object) -> None:
        """Ask for an end at the next look; usable as a signal handler."""
        self._is_terminated = True

    def look(self, n_steps: int, n_buffered: int) -> bool:
        """Take note of `n_steps` steps done; say whether a checkpoint is due.

        Raises
        ------
        Stopped
            If the process was asked to end, its time is up or its parent has gone.
        """
        now = time.monotonic()
        self._n_steps += n_steps
        self._measure(now)
        if now - self._progress_at >= PROGRESS_SECONDS:
            self._progress_at = now
            self.report()
        if self._is_terminated:
            raise Stopped("terminated")
        if self._parent_pid is not None and os.getppid() != self._parent_pid:
            raise Stopped("orphaned")
        if self._stop_at is not None and time.time() >= self._stop_at:
            raise Stopped("deadline")
        return now - self._last_checkpoint >= self._checkpoint_seconds or n_buffered > MAX_BUFFER_BYTES

    def checkpoint_written(self) -> None:
        """Start the checkpoint clock again."""
        self._last_checkpoint = time.monotonic()

    def report(self) -> None:
        """Write ``progress.json``: phase, step, total_steps, fraction, steps_per_second, updated (Unix time), pid."""
        rate = {"steps_per_second": self.steps_per_second, "updated": time.time(), "pid": os.getpid()}
        progress = {**self.describe(), **rate}
        write_text(self._path, json.dumps(progress), durable=False)

    def _measure(self, now: float) -> None:
        since, steps = self._rate_since
        if now - since >= CHUNK_SECONDS:
            self.steps_per_second = (self._n_steps - steps) / (now - since)
            self.chunk = max(1, int(self.steps_per_second * CHUNK_SECONDS))
            self._rate_since = (now, self._n_steps)
