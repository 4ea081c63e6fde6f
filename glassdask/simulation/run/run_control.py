"""What a running simulation looks at between two chunks of steps: has it to stop, to checkpoint, to report?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from glassdask.outcome import StopReason
from glassdask.processes.child import StopSignals
from glassdask.processes.progress_file import ProgressFile

#: Wall-clock time of a chunk, for which the engine cannot be interrupted.
CHUNK_SECONDS = 0.5
#: Frames are kept in memory until a checkpoint; it comes early if they grow beyond this.
MAX_BUFFER_BYTES = 256 * 1024**2


class Stopped(Exception):
    """The run has to end now, in good order.

    Parameters
    ----------
    reason
        Why.
    """

    def __init__(self, reason: StopReason):
        super().__init__(reason)
        self.reason = reason


class RunControl:
    """The checkpoint clock, the speed and the progress file of one process, and what stops it.

    Parameters
    ----------
    folder
        Where ``progress.json`` goes.
    checkpoint_seconds
        Wall-clock time between checkpoints.
    stop
        What asks the process to end; by default nothing does.
    """

    def __init__(self, folder: Path, checkpoint_seconds: float, stop: StopSignals | None = None):
        self.stop = stop or StopSignals()
        self._progress = ProgressFile(folder)
        self._checkpoint_seconds = checkpoint_seconds
        self._rate_since: tuple[float, int] = (time.monotonic(), 0)
        self._last_checkpoint = time.monotonic()
        self._n_steps = 0
        #: How the current phase is called and how long it will be, for the progress file.
        self.describe: Callable[[], dict] = dict
        #: Steps per second of wall-clock time, over the last second or so.
        self.steps_per_second = 0.0
        #: Steps that take about half a second.
        self.chunk = 64

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
        if self._progress.is_due:
            self.report()
        if (reason := self.stop.reason()) is not None:
            raise Stopped(reason)
        return now - self._last_checkpoint >= self._checkpoint_seconds or n_buffered > MAX_BUFFER_BYTES

    def checkpoint_written(self) -> None:
        """Start the checkpoint clock again."""
        self._last_checkpoint = time.monotonic()

    def report(self) -> None:
        """Write ``progress.json``: phase, step, total_steps, fraction, steps_per_second, updated (Unix time), pid."""
        rate = {"steps_per_second": self.steps_per_second, "updated": time.time(), "pid": os.getpid()}
        self._progress.write({**self.describe(), **rate})

    def _measure(self, now: float) -> None:
        since, steps = self._rate_since
        if now - since >= CHUNK_SECONDS:
            self.steps_per_second = (self._n_steps - steps) / (now - since)
            self.chunk = max(1, int(self.steps_per_second * CHUNK_SECONDS))
            self._rate_since = (now, self._n_steps)
