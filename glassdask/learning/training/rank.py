"""The process of one rank: ``python -m glassdask.learning.training.rank REQUEST.json``, with torchrun's variables in its environment.

A request names the samples, the trainings and the folder. The process always ends with an outcome as the last line of its
standard output: ``{"outcome": "done" | "partial" | "failed", "reason": …, "message": …}``. SIGTERM, the end of its batch job
and the death of its parent end it after the current epoch, with a checkpoint.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRESS = "progress.json"
#: Between two reports of progress. [s]
_REPORT_SECONDS = 1.0
#: How long an orphan may take to end its epoch and write a checkpoint. [s]
_ORPHAN_SECONDS = 20.0


@dataclass(frozen=True)
class RankRequest:
    """What every rank of a gang is told.

    Parameters
    ----------
    samples
        File of the samples.
    folder
        Where weights and the checkpoint go.
    trainings
        As plain data (:class:`glassdask.learning.training.study.Training`).
    threads
        Of torch in each rank.
    checkpoint_seconds
        Between two checkpoints.
    stop_at
        Unix time at which training stops, or None.
    parent_pid
        Process whose death stops it, or None.
    """

    samples: str
    folder: str
    trainings: list[dict[str, Any]]
    threads: int = 1
    checkpoint_seconds: float = 30.0
    stop_at: float | None = None
    parent_pid: int | None = None


def main(path: str) -> int:
    """Runs one rank; the exit status is 0 whenever an outcome was given."""
    was_terminated: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: was_terminated.append(number))
    signal.signal(
        signal.SIGHUP, signal.SIG_IGN
    )  # of one that stands still when its parent goes: it looks for that itself
    try:
        request = RankRequest(**json.loads(Path(path).read_text(encoding="utf-8")))
        if request.parent_pid is not None:
            threading.Thread(target=_end_after, args=[request.parent_pid], daemon=True).start()

        def should_stop() -> bool:
            is_late = request.stop_at is not None and time.time() > request.stop_at
            is_orphan = request.parent_pid is not None and os.getppid() != request.parent_pid
            return bool(was_terminated) or is_late or is_orphan

        result = _run(request, should_stop)
    except Exception as error:
        logging.getLogger(__name__).exception("training failed")
        result = {"outcome": "failed", "reason": type(error).__name__, "message": str(error)}
    print(json.dumps(result), flush=True)
    return 0


def _end_after(parent_pid: int) -> None:
    """Ends this process a while after its parent: one that waits for other ranks, who may never come, ends no epoch."""
    while os.getppid() == parent_pid:
        time.sleep(_REPORT_SECONDS)
    time.sleep(_ORPHAN_SECONDS)
    os._exit(1)


def _run(request: RankRequest, should_stop: Any) -> dict[str, str]:
    from glassdask.learning.data.training_set_file import read_samples
    from glassdask.learning.training.process_group import joined
    from glassdask.learning.training.study import Training, run_study

    trainings = [Training.from_plain(values) for values in request.trainings]
    folder = Path(request.folder)
    report = _Report(folder / PROGRESS, [training.name for training in trainings])
    with joined():
        samples = read_samples(Path(request.samples))
        is_whole = run_study(
            samples, trainings, folder, report, should_stop, request.checkpoint_seconds, request.threads
        )
    return (
        {"outcome": "done", "reason": "", "message": ""}
        if is_whole
        else {
            "outcome": "partial",
            "reason": "stopped",
            "message": "stopped with a checkpoint",
        }
    )


class _Report:
    """Writes rank 0's progress for whoever watches."""

    def __init__(self, path: Path, names: list[str]):
        self._path, self._names, self._last = path, names, float("-inf")

    def __call__(self, training: Any, progress: Any) -> None:
        from glassdask.files.atomic_write import write_text
        from glassdask.learning.training.process_group import rank

        if rank() == 0 and time.monotonic() - self._last > _REPORT_SECONDS:
            done = self._names.index(training.name)
            told = {"training": training.name, "number": done, "of": len(self._names), **vars(progress)}
            write_text(self._path, json.dumps(told), durable=False)
            self._last = time.monotonic()


if __name__ == "__main__":
    status = main(sys.argv[1])
    sys.stdout.flush()
    os._exit(status)  # a process group whose other ranks have died can hang in its own clean-up
