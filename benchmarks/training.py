"""Training of the paper's network: rows a second beside a plain torch loop and scikit-learn, one and two ranks, and the time
to the validation loss that the paper's thousand full-batch iterations reach.

    python benchmarks/training.py --output benchmarks/results/training.md

All on the states of benchmarks/data/workstation.npz (LJ and WCA, rho = 1.2 and 1.4, ten temperatures each), one thread.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from sklearn.neural_network import MLPRegressor
from torch.utils.data import DataLoader, TensorDataset

from glassdask.learning.data.features import Points, Scaling
from glassdask.learning.data.splits import random_split
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.training.network import PAPER_LAYERS, PaperNetwork
from glassdask.learning.training.recipe import PAPER, Recipe
from glassdask.learning.training.study import Training
from glassdask.learning.training.training import train

DATA = Path(__file__).parent / "data" / "workstation.npz"
#: Epochs of a measurement of speed, and iterations of the paper.
EPOCHS, PAPER_ITERATIONS = 3, 1000
#: States of the paper, whose hour this is set beside.
PAPER_STATES = 355


@dataclass(frozen=True, eq=False)
class Data:
    """Points and which of them are fitted and set apart."""

    samples: TrainingSet
    points: Points
    fitted: np.ndarray
    validated: np.ndarray

    @classmethod
    def of(cls, samples: TrainingSet) -> Data:
        split = random_split(samples, 0.15, seed=3)
        points = Points.of(samples, "structure")
        return cls(samples, points, points.of_rows(split.train), points.of_rows(split.test))

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Scaled rows and F, float32."""
        rows = self.points.inputs(self.fitted)
        return Scaling.of(rows)(rows).astype(np.float32), self.points.target[self.fitted].astype(np.float32)


def main() -> None:
    arguments = side_by_side.arguments(__doc__, rounds=3)
    torch.set_num_threads(1)
    data = Data.of(TrainingSet.read(DATA))
    parts = [
        "# Training of the paper's network",
        side_by_side.circumstances(["torch", "scikit-learn"]),
        *speeds(data, arguments.rounds),
        *ranks(data, arguments.rounds),
        *to_the_same_loss(data),
    ]
    side_by_side.publish("\n\n".join(parts), arguments.output)


def speeds(data: Data, rounds: int) -> list[str]:
    """Rows a second of three implementations of the same network, batches and optimiser, interleaved."""
    recipe = replace(PAPER, epochs=EPOCHS, patience=EPOCHS)
    cases: dict[str, Callable[[], object]] = {
        "glassdask": lambda: train(data.points, data.fitted, data.validated[:0], recipe),
        "plain torch, DataLoader": lambda: plain_torch(data, recipe),
        "scikit-learn, MLPRegressor": lambda: scikit_learn(data, recipe),
    }
    seconds = side_by_side.median_seconds(cases, rounds)
    rows = [
        [name, f"{EPOCHS * len(data.fitted) / median:.0f}", f"{median / seconds['glassdask']:.2f}"]
        for name, median in seconds.items()
    ]
    return [
        f"## Rows a second: {len(data.fitted)} rows of 304 numbers, batches of {recipe.batch_size}, float32",
        side_by_side.table(["implementation", "rows a second", "their time / ours"], rows),
        "scikit-learn has no L1 loss and minimises squares; the work is the same.",
    ]


def plain_torch(data: Data, recipe: Recipe) -> None:
    """What a tutorial would write."""
    rows, F = (torch.from_numpy(array) for array in data.arrays())
    network = PaperNetwork(rows.shape[1])
    optimiser = torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
    loader = DataLoader(TensorDataset(rows, F), batch_size=recipe.batch_size, shuffle=True)
    for _ in range(recipe.epochs):
        for x, y in loader:
            loss = torch.nn.functional.l1_loss(network(x), y)
            loss = loss + recipe.lasso * sum(w.abs().sum() for w in network.parameters())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()


def scikit_learn(data: Data, recipe: Recipe) -> None:
    """The library that a user would reach for without torch."""
    rows, F = data.arrays()
    model = MLPRegressor(hidden_layer_sizes=PAPER_LAYERS, batch_size=recipe.batch_size, alpha=recipe.lasso, max_iter=1)
    for _ in range(recipe.epochs):
        model.partial_fit(rows, F)


def ranks(data: Data, rounds: int) -> list[str]:
    """Seconds an epoch of one process and of two ranks (gloo), one thread each, from epochs of one run."""
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for size, seconds in found.items():
            seconds.append(_epoch_seconds(data.samples, size))
    one, two = (statistics.median(seconds) for seconds in found.values())
    return [
        "## Ranks",
        (
            f"An epoch takes {one:.3f} s in one process and {two:.3f} s in two ranks (gloo, one thread each): {one / two:.2f} times "
            f"as fast. The gradients of 0.72 million weights are exchanged {-(-len(data.fitted) // PAPER.batch_size)} times an epoch."
        ),
    ]


def _epoch_seconds(samples: TrainingSet, size: int, few: int = 5, many: int = 25) -> float:
    """Difference of a long and a short run over the difference of their epochs: starting up is in both."""
    times = []
    for epochs in (few, many):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            samples.write(folder / "samples.npz")
            recipe = replace(PAPER, epochs=epochs, patience=epochs)
            training = Training("speed", tuple(range(len(samples))), recipe, 0)
            request = {"samples": str(folder / "samples.npz"), "folder": name, "trainings": [training.plain()]}
            (folder / "request.json").write_text(json.dumps(request))
            begin = time.perf_counter()
            _run_ranks(folder / "request.json", size)
            times.append(time.perf_counter() - begin)
    return (times[1] - times[0]) / (many - few)


def _run_ranks(request: Path, size: int) -> None:
    port = str(29000 + os.getpid() % 900)
    common = {**os.environ, "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    command = [sys.executable, "-m", "glassdask.learning.training.rank", str(request)]
    running = [
        subprocess.Popen(command, env={**common, "RANK": str(rank)}, stdout=subprocess.DEVNULL) for rank in range(size)
    ]
    if any(process.wait() for process in running):
        raise RuntimeError("a rank has failed")


def to_the_same_loss(data: Data) -> list[str]:
    """Time until the validation loss that the paper's way ends with."""
    wanted, reference = full_batch(data, PAPER_ITERATIONS)
    begin = time.perf_counter()
    reached: list[tuple[int, float]] = []

    def watch(progress) -> None:
        if progress.validation <= wanted and not reached:
            reached.append((progress.epoch, time.perf_counter() - begin))

    train(data.points, data.fitted, data.validated, PAPER, watch=watch, should_stop=lambda: bool(reached))
    n_states = len(set(data.samples.state))
    lines = [
        f"## To the same validation loss, {n_states} states",
        (
            f"Full batches, Adam, {PAPER_ITERATIONS} iterations, as the paper says of its training: mean |ΔF| {wanted:.4f} on states "
            f"set apart, after {reference:.0f} s."
        ),
    ]
    if not reached:
        return [*lines, "Ours did not reach it."]
    epochs, seconds = reached[0]
    large = _seconds_at_paper_size(data)
    return [
        *lines,
        (
            f"Ours (batches of {PAPER.batch_size}, cosine schedule): the same after {epochs} epochs, {seconds:.1f} s: "
            f"{reference / seconds:.1f} times as fast."
        ),
        (
            f"At the paper's size ({PAPER_STATES} states of {len(data.fitted) / n_states:.0f} times; our rows repeated) a full-batch "
            f"iteration takes {large:.2f} s, {PAPER_ITERATIONS} of them {PAPER_ITERATIONS * large / 60:.0f} min on one thread "
            '(extrapolated), where the paper says "one hour on an i7"; how many times the authors\' curves have is not known.'
        ),
    ]


def full_batch(data: Data, iterations: int) -> tuple[float, float]:
    """Validation loss and seconds of full-batch Adam."""
    rows, F = (torch.from_numpy(array) for array in data.arrays())
    scaling = Scaling.of(data.points.inputs(data.fitted))
    apart = torch.from_numpy(scaling(data.points.inputs(data.validated)).astype(np.float32))
    truth = torch.from_numpy(data.points.target[data.validated].astype(np.float32))
    torch.manual_seed(0)
    network = PaperNetwork(rows.shape[1])
    optimiser = torch.optim.Adam(network.parameters(), lr=PAPER.learning_rate)
    begin = time.perf_counter()
    for _ in range(iterations):
        loss = torch.nn.functional.l1_loss(network(rows), F)
        loss = loss + PAPER.lasso * sum(w.abs().sum() for w in network.parameters())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    seconds = time.perf_counter() - begin
    with torch.no_grad():
        return float(torch.nn.functional.l1_loss(network(apart), truth)), seconds


def _seconds_at_paper_size(data: Data, iterations: int = 3) -> float:
    """Seconds of a full-batch iteration with rows repeated to the paper's number of states."""
    n_states = len(set(data.samples.state))
    repeated = replace(data, fitted=np.tile(data.fitted, round(PAPER_STATES / n_states)))
    return full_batch(repeated, iterations)[1] / iterations


if __name__ == "__main__":
    main()
