"""Training of one network: mini-batches, Adam, early stopping by states set apart, checkpoints that go on to the same weights.

Several ranks share each batch (DDP): rank r takes every n-th point of it from the r-th on, and gradients are averaged, so
that the weights are those of one process up to rounding.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from glassdask.learning.data.features import Points, Scaling
from glassdask.learning.data.level_times import level_times, linear_levels
from glassdask.learning.training.network import DecayNetwork, network
from glassdask.learning.training.process_group import any_rank, as_rank_0, device, from_rank_0, rank, world_size
from glassdask.learning.training.recipe import Recipe, identity
from glassdask.learning.training.weights_file import weights_bytes, weights_of, write_weights

logger = logging.getLogger(__name__)
Rows = NDArray[np.int64]
#: What no model of F resolves; added to the errors of the data in the weighted loss.
MODEL_ERROR = 3e-3
#: Share of the first learning rate that is left at the end of the cosine.
_LAST_RATE = 0.01


@dataclass(frozen=True)
class Progress:
    """Where training stands: passes done, and the losses of this one; NaN for validation without states set apart."""

    epoch: int
    epochs: int
    loss: float
    validation: float


@dataclass
class Trained:
    """A network, as weights with the scaling of its rows, and how it came about: recipe, seed, loss and validation loss
    of each epoch. It is not whole where training was stopped before its end: the checkpoint goes on."""

    recipe: Recipe
    seed: int
    weights: dict[str, Tensor]
    scaling: Scaling
    history: list[tuple[float, float]] = field(default_factory=list)
    is_whole: bool = True

    @property
    def n_species(self) -> int:
        """How many species it speaks of: the last layer has an offset for each, or for each level of each."""
        offsets = next(value for name, value in reversed(self.weights.items()) if name.endswith("bias"))
        if self.recipe.network == "decay":
            return self.weights["linear.bias"].numel() // self.weights["levels"].numel()
        return offsets.numel()

    def network(self) -> nn.Module:
        """The network itself, for evaluation."""
        made = network(self.recipe.network, len(self.scaling.mean), self.n_species, **self.recipe.options)
        made.to(getattr(torch, self.recipe.precision)).load_state_dict(self.weights)
        return made.eval()

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """F of each species, shape (n, n_species), from rows of features with ln t last, not scaled, shape (n, n_columns)."""
        dtype = getattr(torch, self.recipe.precision)
        with torch.no_grad():
            return self.network()(torch.tensor(self.scaling(rows), dtype=dtype)).double().numpy()


def train(
    points: Points,
    fitted: Rows,
    validated: Rows,
    recipe: Recipe,
    seed: int = 0,
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 30.0,
    watch: Callable[[Progress], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Trains a network; on several ranks, each of which has all the data, where the process is one of a group.

    `fitted` and `validated` are the numbers of the points to fit, and of those to stop by (may be none). The seed sets
    first weights and the order of points. Rank 0 writes the checkpoint and all ranks read it. `watch` is called, and
    `should_stop` asked, after each epoch; where any rank says yes, all write their state and stop. The weights are
    those of the lowest validation loss, or the last ones without states set apart.
    """
    run = _Run(points, fitted, validated, recipe, seed)
    if checkpoint is not None:
        run.resume(checkpoint)
    saved = time.monotonic()
    stopped = False
    while not run.is_over() and not stopped:
        run.epoch()
        watch(run.progress())
        stopped = any_rank(should_stop())
        is_due = stopped or time.monotonic() - saved > checkpoint_seconds
        if checkpoint is not None and as_rank_0(is_due):
            run.save(checkpoint)
            saved = time.monotonic()
    return run.result(is_whole=run.is_over())


class _Run:
    """The state of one training: network, optimiser, schedule, and the best weights so far."""

    def __init__(self, points: Points, fitted: Rows, validated: Rows, recipe: Recipe, seed: int):
        self.recipe, self.seed, self.dtype = recipe, seed, getattr(torch, recipe.precision)
        raw = points.inputs(fitted)
        self.scaling = Scaling.of(raw, keeps_time=recipe.network == "decay")
        self.has_gaps = bool(np.isnan(points.target).any())
        self.fitted = self._tensors(points, fitted)
        self.validated = self._tensors(points, validated)
        torch.manual_seed(seed)
        self.network = network(recipe.network, raw.shape[1], points.target.shape[1], **recipe.options)
        if isinstance(self.network, DecayNetwork):
            _start_near_data(self.network, points, fitted, self.scaling, recipe.weight_decay)
        self.network.to(device(), self.dtype)
        self.stepped: nn.Module = DistributedDataParallel(self.network) if world_size() > 1 else self.network
        self.optimiser = torch.optim.AdamW(_decayed(self.network, recipe.weight_decay), lr=recipe.learning_rate)
        self.history: list[tuple[float, float]] = []
        self.best, self.best_loss, self.best_epoch = self._weights(), math.inf, 0
        self.identity = identity(recipe.plain(), seed, vars(points), fitted, validated)

    def _tensors(self, points: Points, chosen: Rows) -> tuple[Tensor, Tensor, Tensor]:
        """Scaled rows, F, and what a deviation is divided by."""
        unit = (
            np.ones(points.target[chosen].shape)
            if self.recipe.loss == "l1"
            else np.hypot(points.error[chosen], MODEL_ERROR)
        )
        rows = self.scaling(points.inputs(chosen))
        arrays = (rows, points.target[chosen], unit)
        rows_t, target, units = (torch.tensor(array, dtype=self.dtype, device=device()) for array in arrays)
        return rows_t, target, units

    # --- one epoch ----------------------------------------------------------------------------------------------------

    def epoch(self) -> None:
        """One pass over the data, and the validation loss after it."""
        n, number = len(self.fitted[0]), len(self.history)
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate(number)
        order = torch.randperm(n, generator=torch.Generator().manual_seed(1_000_003 * self.seed + number)).to(device())
        total = torch.zeros((), device=device())
        for batch in order.split(self.recipe.batch_size):
            mine = batch[rank() :: world_size()]
            deviation = self._loss(self.stepped, tuple(part[mine] for part in self.fitted))
            loss = deviation * (
                world_size() / self._count(self.fitted[1][batch])
            )  # DDP averages over ranks what is summed
            if self.recipe.lasso:
                loss = loss + self.recipe.lasso * sum(w.abs().sum() for w in self.network.parameters())
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self.optimiser.step()
            total += deviation.detach()
        validation = self.validation_loss()
        self.history.append((float(total) * world_size() / self._count(self.fitted[1]), validation))
        if not len(self.validated[0]) or validation < self.best_loss:
            self.best, self.best_loss, self.best_epoch = self._weights(), validation, len(self.history)

    def _rate(self, number: int) -> float:
        share = 0.5 * (1 + math.cos(math.pi * number / self.recipe.epochs))
        return self.recipe.learning_rate * (_LAST_RATE + (1 - _LAST_RATE) * share)

    def _loss(self, model: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        rows, target, unit = batch
        deviation = (model(rows) - target) / unit
        if self.has_gaps:  # of a species that a liquid has not
            deviation = deviation[target.isfinite()]
        return deviation.abs().sum() if self.recipe.loss == "l1" else deviation.square().sum()

    def validation_loss(self) -> float:
        """Mean loss of the points to stop by; NaN without any."""
        if not len(self.validated[0]):
            return math.nan
        with torch.no_grad():
            return float(self._loss(self.network, self.validated)) / self._count(self.validated[1])

    def _count(self, target: Tensor) -> int:
        """Numbers of F among these."""
        return int(target.isfinite().sum()) if self.has_gaps else target.numel()

    def is_over(self) -> bool:
        """Whether all epochs are done, or none of the last ones was better; as rank 0 sees it."""
        done = len(self.history)
        has_stalled = bool(len(self.validated[0])) and done - self.best_epoch >= self.recipe.patience
        return as_rank_0(done >= self.recipe.epochs or has_stalled)

    # --- what is kept -------------------------------------------------------------------------------------------------

    def progress(self) -> Progress:
        loss, validation = self.history[-1]
        return Progress(len(self.history), self.recipe.epochs, loss, validation)

    def result(self, is_whole: bool) -> Trained:
        return Trained(self.recipe, self.seed, self.best, self.scaling, self.history, is_whole)

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().cpu().clone() for name, value in self.network.state_dict().items()}

    def save(self, path: Path) -> None:
        """Writes everything that the rest of the training depends on, whole; rank 0 alone."""
        if rank() != 0:
            return
        state: dict[str, Any] = {
            "identity": self.identity,
            "network": self._weights(),
            "optimiser": self.optimiser.state_dict(),
            "history": [list(losses) for losses in self.history],
            "best": self.best,
            "best_loss": self.best_loss,
            "best_epoch": self.best_epoch,
        }
        write_weights(path, state)

    def resume(self, path: Path) -> None:
        """Goes on from a checkpoint of the same training; one of another or a damaged one counts as absent.

        Rank 0 reads and judges it for all: one that does not see the file yet would go on from other weights.
        """
        content = from_rank_0(weights_bytes(path) if rank() == 0 else None)
        state = None if content is None else weights_of(content, path)
        is_ours = as_rank_0(state is not None and state.get("identity") == self.identity)
        if state is None or not is_ours:
            return
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.history = [(loss, validation) for loss, validation in state["history"]]
        self.best, self.best_loss, self.best_epoch = state["best"], state["best_loss"], state["best_epoch"]
        logger.info("going on from epoch %d", len(self.history))


def _decayed(made: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameters with the decay of each: offsets are not drawn to zero."""
    named = list(made.named_parameters())
    return [
        {"params": [value for name, value in named if not name.endswith("bias")], "weight_decay": weight_decay},
        {"params": [value for name, value in named if name.endswith("bias")], "weight_decay": 0.0},
    ]


def _start_near_data(made: DecayNetwork, points: Points, fitted: Rows, scaling: Scaling, shrinkage: float) -> None:
    """Linear functions through the level times of the fitted rows' own curves."""
    rows = np.unique(points.row[fitted])
    n_species = points.target.shape[1]
    F = np.full((*points.log_times.shape, n_species), np.nan)
    F[points.row[fitted], points.time[fitted]] = points.target[fitted]
    levels = made.levels.double().numpy()
    times = np.stack(
        [[level_times(points.log_times[row], F[row, :, a], levels) for a in range(n_species)] for row in rows]
    )
    columns = np.concatenate([points.states[rows], np.zeros((len(rows), 1))], axis=1)
    made.start(*linear_levels(scaling(columns)[:, :-1], times, shrinkage))
