"""Many trainings on the same samples, one after the other: members of ensembles, folds, splits. What is whole is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from glassdask.learning.data.features import Points, Scaling
from glassdask.learning.data.splits import validation_split
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.training.process_group import as_rank_0, rank
from glassdask.learning.training.recipe import Recipe, identity
from glassdask.learning.training.training import Progress, Trained, train
from glassdask.learning.training.weights_file import read_weights, write_weights

CHECKPOINT = "training.pt"


@dataclass(frozen=True)
class Training:
    """One training of a study, as plain data can say it: the name of its file of weights, the rows of the samples that
    it may learn from, those to stop by included, and how."""

    name: str
    rows: tuple[int, ...]
    recipe: Recipe
    seed: int

    def plain(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {"name": self.name, "rows": list(self.rows), "recipe": self.recipe.plain(), "seed": self.seed}

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Training:
        """From what `plain` gave."""
        recipe = Recipe.from_plain(values["recipe"])
        return cls(values["name"], tuple(values["rows"]), recipe, values["seed"])


def run_study(
    samples: TrainingSet,
    trainings: Sequence[Training],
    folder: Path,
    watch: Callable[[Training, Progress], None] = lambda *_: None,
    should_stop: Callable[[], bool] = lambda: False,
    checkpoint_seconds: float = 30.0,
    threads: int = 1,
) -> bool:
    """Trains, in this order, what has no whole file ``NAME.pt`` in the folder yet; on several ranks, which all see the
    folder and have the same samples, where the process is one of a group.

    `watch` is called after each epoch; `should_stop` and `checkpoint_seconds` are as for `train`. Torch's `threads` are
    for the paper's network; the decay network's small steps are done before a second thread has begun. Returns whether
    all of them are whole; False after a stop.
    """
    points: dict[str, Points] = {}
    for training in trainings:
        path = folder / f"{training.name}.pt"
        made_from = study_identity(samples, training)
        if as_rank_0(load_trained(path, made_from) is not None):
            continue
        torch.set_num_threads(threads if training.recipe.network == "paper" else 1)
        view = training.recipe.view
        points.setdefault(view, Points.of(samples, view))
        trained = _train(samples, points[view], training, folder, watch, should_stop, checkpoint_seconds)
        if not trained.is_whole:
            return False
        if rank() == 0:
            write_trained(path, trained, made_from)
            (folder / CHECKPOINT).unlink(missing_ok=True)
    return as_rank_0(True)  # every rank finds the last file, which rank 0 has written by now


def _train(
    samples: TrainingSet,
    points: Points,
    training: Training,
    folder: Path,
    watch: Callable[[Training, Progress], None],
    should_stop: Callable[[], bool],
    checkpoint_seconds: float,
) -> Trained:
    recipe, rows = training.recipe, np.array(training.rows)
    fitted, validated = rows, rows[:0]
    if recipe.validation:
        fitted, validated = validation_split(samples, rows, recipe.validation, training.seed)
    return train(
        points,
        points.of_rows(fitted),
        points.of_rows(validated),
        recipe,
        training.seed,
        folder / CHECKPOINT,
        checkpoint_seconds,
        lambda progress: watch(training, progress),
        should_stop,
    )


def study_identity(samples: TrainingSet, training: Training) -> str:
    """Hash of what a training's weights depend on."""
    return identity(training.plain(), vars(samples))


def write_trained(path: Path, trained: Trained, made_from: str) -> None:
    """Weights, scaling and history, whole; tensors and plain data only."""
    scaling = {name: torch.from_numpy(np.asarray(value)) for name, value in vars(trained.scaling).items()}
    state = {
        "glassdask": "trained network",
        "made_from": made_from,
        "recipe": trained.recipe.plain(),
        "seed": trained.seed,
        "weights": trained.weights,
        "scaling": scaling,
        "history": [list(losses) for losses in trained.history],
    }
    write_weights(path, state)


def load_trained(path: Path, made_from: str | None = None) -> Trained | None:
    """What `write_trained` wrote; None where it is absent, damaged, foreign, or made from something else."""
    state = read_weights(path)
    if not isinstance(state, dict) or state.get("glassdask") != "trained network":
        return None
    if made_from is not None and state["made_from"] != made_from:
        return None
    scaling = Scaling(**{name: value.numpy() for name, value in state["scaling"].items()})
    history = [(loss, validation) for loss, validation in state["history"]]
    return Trained(Recipe.from_plain(state["recipe"]), state["seed"], state["weights"], scaling, history)
