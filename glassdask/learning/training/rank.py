"""The process of one rank: ``python -m glassdask.learning.training.rank REQUEST.json``, with torchrun's variables in its environment.

A request names the samples, the trainings and the folder. The process always ends with an answer
(:mod:`glassdask.processes.child`). SIGTERM, the end of its batch job and the death of its parent end it after the current
epoch, with a checkpoint.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassdask.outcome import Outcome
from glassdask.processes.answer import Answer
from glassdask.processes.child import StopSignals, deliver, leave
from glassdask.processes.progress_file import ProgressFile

#: Between two looks for the parent. [s]
_LOOK_SECONDS = 1.0
#: How long an orphan may take to end its epoch and write a checkpoint. [s]
_ORPHAN_SECONDS = 20.0


@dataclass(frozen=True)
class RankRequest:
    """What every rank of a gang is told: the file of the samples, the folder of weights and checkpoint, the trainings
    as plain data (:class:`glassdask.learning.training.study.Training`), torch's threads in each rank; and the Unix time
    and the parent's death that stop it, where given."""

    samples: str
    folder: str
    trainings: list[dict[str, Any]]
    threads: int = 1
    checkpoint_seconds: float = 30.0
    stop_at: float | None = None
    parent_pid: int | None = None


def main(path: str) -> None:
    """Runs one rank, and answers whatever happens."""
    stop = StopSignals()
    stop.listen()
    try:
        request = RankRequest(**json.loads(Path(path).read_text(encoding="utf-8")))
        stop.stop_at, stop.parent_pid = request.stop_at, request.parent_pid
        if request.parent_pid is not None:
            threading.Thread(target=_end_after, args=[request.parent_pid], daemon=True).start()
        answer = _run(request, lambda: stop.reason() is not None)
    except Exception as error:
        logging.getLogger(__name__).exception("training failed")
        answer = Answer(Outcome.FAILED, type(error).__name__, str(error))
    deliver(answer)  # a launcher gives all ranks one request


def _end_after(parent_pid: int) -> None:
    """Ends this process a while after its parent: one that waits for other ranks, who may never come, ends no epoch."""
    while os.getppid() == parent_pid:
        time.sleep(_LOOK_SECONDS)
    time.sleep(_ORPHAN_SECONDS)
    os._exit(1)


def _run(request: RankRequest, should_stop: Callable[[], bool]) -> Answer:
    from glassdask.learning.data.training_set import TrainingSet
    from glassdask.learning.training.process_group import process_group
    from glassdask.learning.training.study import Training, run_study

    trainings = [Training.from_plain(values) for values in request.trainings]
    folder = Path(request.folder)
    report = _Report(ProgressFile(folder), [training.name for training in trainings])
    with process_group():
        samples = TrainingSet.read(Path(request.samples))
        is_whole = run_study(
            samples, trainings, folder, report, should_stop, request.checkpoint_seconds, request.threads
        )
    return Answer(Outcome.DONE) if is_whole else Answer(Outcome.PARTIAL, "stopped", "stopped with a checkpoint")


class _Report:
    """Writes rank 0's progress for whoever watches."""

    def __init__(self, file: ProgressFile, names: list[str]):
        self._file, self._names = file, names

    def __call__(self, training: Any, progress: Any) -> None:
        from glassdask.learning.training.process_group import rank

        if rank() == 0 and self._file.is_due:
            done = self._names.index(training.name)
            self._file.write({"training": training.name, "number": done, "of": len(self._names), **vars(progress)})


if __name__ == "__main__":
    main(sys.argv[1])
    leave()
