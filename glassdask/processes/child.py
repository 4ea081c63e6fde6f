"""The child's side: what asks it to end in good order, what it reports meanwhile, and its last word.

A child lives in a process group of its own, out of reach of Ctrl-C and without a terminal. It ends by itself when its
parent has gone, and is asked to by SIGTERM or by the end of its batch job; it then writes a checkpoint.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from glassdask.files.atomic_write import write_text
from glassdask.outcome import StopReason
from glassdask.processes.answer import ANSWER, Answer

logger = logging.getLogger(__name__)


class StopSignals:
    """What ends a child before its work is done: SIGTERM, the Unix time `stop_at`, or a parent that is no longer
    `parent_pid`. To be made first of all: libraries take a while to load."""

    def __init__(self, stop_at: float | None = None, parent_pid: int | None = None):
        self.stop_at, self.parent_pid = stop_at, parent_pid
        self._is_terminated = False

    def listen(self) -> None:
        """Hears SIGTERM from now on. To be called again after a library has put its own handler there."""
        signal.signal(signal.SIGTERM, self._terminate)
        # what the system sends to a process that stands still when its parent goes; it looks for its parent by itself
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def reason(self) -> StopReason | None:
        """Why to stop now; None to go on."""
        if self._is_terminated:
            return StopReason.TERMINATED
        if self.parent_pid is not None and os.getppid() != self.parent_pid:
            return StopReason.ORPHANED
        if self.stop_at is not None and time.time() >= self.stop_at:
            return StopReason.DEADLINE
        return None

    def _terminate(self, *_: object) -> None:
        self._is_terminated = True


def deliver(answer: Answer, folder: Path | None = None) -> None:
    """Says how it ended where the parent looks: in a file of the folder and, without fail, as the last line of standard
    output. Children that share a request, as ranks may, have no file of their own."""
    print(answer.to_json(), flush=True)
    if folder is None:
        return
    try:
        write_text(folder / ANSWER, answer.to_json())
    except OSError:
        logger.exception("%s could not be written", ANSWER)


def leave(status: int = 0) -> NoReturn:
    """Ends at once: the clean-up at exit of MPI, CUDA and process groups has nothing to add, and crashes or hangs."""
    sys.stdout.flush()
    logging.shutdown()
    os._exit(status)
