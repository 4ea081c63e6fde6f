"""Who trains: this process, or a gang of ranks on workers; and what is shown of it."""

from __future__ import annotations

import math
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassdask.files.atomic_write import write_json
from glassdask.files.reading import read_json
from glassdask.learning.training.process_group import world_size
from glassdask.learning.training.rank import RankRequest
from glassdask.learning.training.study import run_study
from glassdask.operations.progress import tell
from glassdask.processes.answer import PROGRESS, REQUEST
from glassdask.stages.train.run import SAMPLES

if TYPE_CHECKING:
    from glassdask.operations.site import Where
    from glassdask.stages.train.run import Trainer

#: Between two lines of progress where the terminal is none. [s]
_LINE_SECONDS, _TERMINAL_SECONDS = 15.0, 0.5


class TrainingDisplay:
    """One line of progress: rewritten on a terminal, now and then elsewhere."""

    def __init__(self, is_silent: bool):
        self._is_terminal = sys.stderr.isatty()
        self._seconds = float("inf") if is_silent else _TERMINAL_SECONDS if self._is_terminal else _LINE_SECONDS
        self._last = time.monotonic() if self._is_terminal else float("-inf")

    def __call__(self, number: int, total: int, name: str, progress: dict[str, Any]) -> None:
        """Shows where training stands."""
        if time.monotonic() - self._last < self._seconds:
            return
        self._last = time.monotonic()
        validation = progress["validation"]
        also = f", of states set apart {validation:.4g}" if math.isfinite(validation) else ""
        line = (
            f"training {number + 1} of {total} ({name}): epoch {progress['epoch']}, loss {progress['loss']:.4g}{also}"
        )
        if self._is_terminal:
            print(f"\r{line:<110}", end="", file=sys.stderr, flush=True)
        else:
            tell(line)

    def end(self) -> None:
        """Ends the line."""
        if self._is_terminal and self._seconds < float("inf"):
            tell("")


def here(show: TrainingDisplay) -> Trainer:
    """In this process, on all its cores, or as one rank of a world."""

    def train_here(samples: Any, trainings: Any, folder: Path) -> None:
        names = [training.name for training in trainings]
        run_study(
            samples,
            trainings,
            folder,
            lambda training, progress: show(names.index(training.name), len(names), training.name, vars(progress)),
            threads=max(1, len(os.sched_getaffinity(0)) // world_size()),
        )
        show.end()

    return train_here


def gang(folder: Path, where: Where, n_ranks: int, show: TrainingDisplay) -> Trainer:
    """On workers, one rank each; keys and logs of batch jobs lie in the campaign's folder."""

    def train_together(samples: Any, trainings: Any, learning: Path) -> None:
        from glassdask.cluster.pools.launch import start_workers
        from glassdask.cluster.ranks.training_gang import Gang

        home = learning.resolve()
        samples.write(home / SAMPLES)
        asked = RankRequest(str(home / SAMPLES), str(home), [training.plain() for training in trainings])
        write_json(home / REQUEST, vars(asked))

        def on_poll() -> None:
            if progress := read_json(home / PROGRESS):
                show(progress["number"], progress["of"], progress["training"], progress)

        site, count = where.or_this_machine(), n_ranks if where.path is None else None
        with start_workers(site, folder, count, dashboard=False, is_secure=where.is_secure) as (workers, lines):
            for line in lines:
                tell(line)
            Gang(workers, n_ranks, tell).run(home / REQUEST, on_poll)
        show.end()

    return train_together
