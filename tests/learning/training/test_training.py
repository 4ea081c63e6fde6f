"""Training: it fits, stops where it should, can be killed after any epoch, and what it makes depends on the seed alone."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.data.features import Points
from glassdask.learning.data.splits import random_split
from glassdask.learning.models.ensemble import Ensemble
from glassdask.learning.training.network import PaperNetwork
from glassdask.learning.training.recipe import PAPER, Recipe, decay_candidates
from glassdask.learning.training.training import MODEL_ERROR, Progress, Trained, train
from glassdask.learning.training.weights_file import read_weights
from tests.learning.synthetic import make_samples

SAMPLES = make_samples(8, n_times=15, n_wavenumbers=20)
POINTS = Points.of(SAMPLES, "structure")
ALL = np.arange(len(POINTS))
NONE = ALL[:0]
SPLIT = random_split(SAMPLES, 0.25, seed=1)
FITTED, VALIDATED = POINTS.of_rows(SPLIT.train), POINTS.of_rows(SPLIT.test)
SMALL = Recipe("small", options={"layers": (16, 8)}, epochs=8, batch_size=40, validation=0.0)
DECAY = replace(decay_candidates()[0], epochs=8)


def same(first: Trained, second: Trained) -> bool:
    """Bit by bit."""
    return all(first.weights[name].equal(second.weights[name]) for name in first.weights | second.weights)


def magnitude(trained: Trained) -> float:
    return float(sum(value.abs().sum() for value in trained.weights.values()))


class StopAfter:
    """Asks for a stop after some epochs, as the end of a job does."""

    def __init__(self, epochs: int):
        self.left = epochs

    def __call__(self) -> bool:
        self.left -= 1
        return self.left <= 0


@pytest.fixture(scope="module")
def undisturbed() -> Trained:
    return train(POINTS, FITTED, VALIDATED, SMALL, seed=3)


# --- what it learns ---------------------------------------------------------------------------------------------------


def test_the_papers_network_fits_a_smooth_family() -> None:
    """Mean |ΔF| of 1/40 after 180 steps, on curves that fall from 1 to 0: without training it is a half."""
    recipe = replace(SMALL, options={"layers": (32, 16)}, epochs=60, learning_rate=1e-2)
    found = train(POINTS, ALL, NONE, recipe, seed=1)
    assert found.history[0][0] > 0.2
    assert found.history[-1][0] < 0.025
    assert np.isnan([validation for _, validation in found.history]).all()
    F, spread = Ensemble([found]).curves(SAMPLES)
    assert np.abs(F - SAMPLES.scattering).mean() == pytest.approx(found.history[-1][0], abs=0.01)
    assert spread.shape == F.shape


def test_the_decay_network_begins_near_the_data_and_ends_nearer() -> None:
    """States that it has not seen, between those that it has: to 0.03 after one epoch, to 0.015 at the end."""
    points = Points.of(SAMPLES, DECAY.view)
    inside = np.array([2, 5])
    rows = np.delete(np.arange(8), inside)
    deviations = []
    for epochs in (1, 60):
        found = train(points, points.of_rows(rows), NONE, replace(DECAY, epochs=epochs))
        F, _ = Ensemble([found]).curves(SAMPLES.at(inside))
        deviations.append(np.sqrt(((F - SAMPLES.scattering[inside]) ** 2).mean()))
    assert deviations[0] < 0.03
    assert deviations[1] < 0.015


@pytest.mark.parametrize("recipe", [SMALL, replace(SMALL, loss="weighted"), DECAY], ids=["l1", "weighted", "decay"])
def test_the_loss_is_the_one_that_it_says(recipe: Recipe) -> None:
    """|ΔF|, or ΔF² in units of the data's error and the model's, a mean over points and species; of the last weights."""
    points = Points.of(SAMPLES, recipe.view)
    error = np.random.default_rng(1).uniform(1e-3, 0.1, points.error.shape)
    points = replace(points, error=error)
    found = train(points, FITTED, VALIDATED, replace(recipe, epochs=1), seed=2)
    deviation = found.predict(points.inputs(VALIDATED)) - points.target[VALIDATED]
    unit = np.ones(2) if recipe.loss == "l1" else np.sqrt(error[VALIDATED] ** 2 + MODEL_ERROR**2)
    expected = np.abs(deviation).mean() if recipe.loss == "l1" else ((deviation / unit) ** 2).mean()
    assert found.history[0][1] == pytest.approx(expected, rel=1e-4)


def test_a_column_that_never_varied_changes_no_prediction() -> None:
    """Of one potential and density nothing is known of others: the network gives the same, and does not guess."""
    found = train(POINTS, ALL, NONE, SMALL, seed=1)
    rows = POINTS.inputs(ALL[:50])
    other = rows.copy()
    other[:, -3:-1] = [1.6, 1.0]  # density, WCA
    assert (found.predict(other) == found.predict(rows)).all()
    other[:, -4] *= 1.2  # temperature
    assert (found.predict(other) != found.predict(rows)).any()


@pytest.mark.parametrize(
    "shrunk", [lambda s: replace(SMALL, lasso=s), lambda s: replace(SMALL, lasso=0, weight_decay=s)]
)
def test_a_penalty_shrinks_the_weights(shrunk: Callable[[float], Recipe]) -> None:
    """Lasso, or weight decay."""
    sizes = [magnitude(train(POINTS, ALL, NONE, shrunk(factor))) for factor in (0.0, 3e-2, 1.0)]
    assert sizes[0] > sizes[1] > sizes[2]


def test_weight_decay_leaves_the_offsets_alone() -> None:
    """Relaxation times are not drawn to 1: only slopes are."""
    points = Points.of(SAMPLES, DECAY.view)
    soft, hard = (train(points, ALL, NONE, replace(DECAY, epochs=1, weight_decay=s)).weights for s in (1e-6, 1e4))
    assert hard["linear.weight"].norm() < 1e-2 * soft["linear.weight"].norm()
    middle = soft["linear.bias"].mean()
    np.testing.assert_allclose(hard["linear.bias"].mean(), middle, atol=0.1)


def test_the_decay_network_needs_no_shrinkage() -> None:
    """Although columns that do not vary leave the slopes undetermined."""
    view = "coupling+thermodynamic"
    points = Points.of(SAMPLES, view)
    found = train(points, ALL, NONE, replace(DECAY, view=view, weight_decay=0.0))
    assert all(torch.isfinite(value).all() for value in found.weights.values())


# --- steps ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 7, 119, 120, 10_000])
@pytest.mark.parametrize("recipe", [SMALL, DECAY], ids=["paper", "decay"])
def test_batches_of_any_size_lead_down(recipe: Recipe, batch_size: int) -> None:
    """One point, a size that leaves a rest, all of the data, more than there are."""
    points = Points.of(SAMPLES, recipe.view)
    found = train(points, ALL, NONE, replace(recipe, batch_size=batch_size, epochs=4 if batch_size > 1 else 2))
    assert found.history[-1][0] < found.history[0][0]


def test_every_point_is_seen_once_an_epoch_in_another_order_each_time() -> None:
    """In batches of 40 of 120; what the network is given is looked at from outside."""
    batches: list[np.ndarray] = []

    def note(module: Any, rows: tuple) -> None:
        if isinstance(module, PaperNetwork):
            batches.append(rows[0].numpy())

    hook = torch.nn.modules.module.register_module_forward_pre_hook(note)
    try:
        train(POINTS, ALL, NONE, replace(SMALL, epochs=3))
    finally:
        hook.remove()
    assert [len(batch) for batch in batches] == [40] * 9
    epochs = np.concatenate(batches).reshape(3, 120, -1)
    places = [np.lexsort(epoch.T) for epoch in epochs]
    for epoch, place in zip(epochs[1:], places[1:], strict=True):
        assert (epoch[place] == epochs[0][places[0]]).all()
    assert len({tuple(place) for place in places}) == 3


def test_a_batch_larger_than_the_data_is_all_of_it() -> None:
    found = [train(POINTS, ALL, NONE, replace(SMALL, batch_size=size)) for size in (120, 121, 99_999)]
    assert same(found[0], found[1])
    assert same(found[0], found[2])


def test_double_precision_is_kept() -> None:
    found = train(POINTS, ALL, NONE, replace(SMALL, precision="float64", epochs=2))
    assert all(value.dtype == torch.float64 for value in found.weights.values())
    assert found.predict(POINTS.inputs(ALL)).dtype == np.float64


# --- seeds ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", [SMALL, replace(DECAY, batch_size=40)], ids=["paper", "decay"])
def test_a_seed_stands_for_one_set_of_weights(recipe: Recipe) -> None:
    points = Points.of(SAMPLES, recipe.view)
    first, again, other = (train(points, ALL, NONE, recipe, seed=seed) for seed in (1, 1, 2))
    assert same(first, again)
    np.testing.assert_array_equal(first.history, again.history)
    assert not same(first, other)


# --- its end ----------------------------------------------------------------------------------------------------------


def test_training_stops_where_states_set_apart_gain_nothing_more() -> None:
    """And keeps the weights that were best for them: F of eight states by heart helps no ninth."""
    noisy = replace(POINTS, target=POINTS.target + 0.3 * np.random.default_rng(1).standard_normal(POINTS.target.shape))
    recipe = replace(SMALL, epochs=500, patience=6, learning_rate=2e-2)
    found = train(noisy, FITTED, VALIDATED, recipe)
    losses = [validation for _, validation in found.history]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 6 < 500
    deviation = np.abs(found.predict(noisy.inputs(VALIDATED)) - noisy.target[VALIDATED]).mean()
    assert deviation == pytest.approx(losses[best], rel=1e-5)
    assert losses[-1] > losses[best]
    assert found.is_whole


def test_without_states_set_apart_all_epochs_are_done() -> None:
    seen: list[Progress] = []
    found = train(POINTS, ALL, NONE, replace(SMALL, patience=1), watch=seen.append)
    assert [progress.epoch for progress in seen] == list(range(1, 9))
    assert [progress.loss for progress in seen] == [loss for loss, _ in found.history]
    assert {progress.epochs for progress in seen} == {8}
    again = train(POINTS, ALL, NONE, replace(SMALL, epochs=9))
    assert not same(found, again), "the last weights are kept"


# --- killed and started again -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", [SMALL, replace(DECAY, batch_size=40)], ids=["paper", "decay"])
@pytest.mark.parametrize("epochs", [[1], [4, 2]])
def test_a_stopped_training_goes_on_to_the_same_weights(recipe: Recipe, epochs: list[int], tmp_path: Path) -> None:
    """Stopped once, or twice; the same bits, and the same history."""
    points = Points.of(SAMPLES, recipe.view)
    expected = train(points, FITTED, VALIDATED, recipe, seed=3)
    path = tmp_path / "training.pt"
    seen: list[int] = []
    for count in epochs:
        found = train(points, FITTED, VALIDATED, recipe, 3, path, should_stop=StopAfter(count))
        assert not found.is_whole
        assert path.exists()
    found = train(points, FITTED, VALIDATED, recipe, 3, path, watch=lambda told: seen.append(told.epoch))
    assert seen == list(range(sum(epochs) + 1, 9)), "no epoch was done twice"
    assert found.is_whole
    assert found.history == expected.history
    assert same(found, expected)


def test_the_best_weights_outlive_a_stop(tmp_path: Path) -> None:
    """Stopped after its best epoch: what is kept in the end is what the states set apart found best."""
    recipe = replace(SMALL, epochs=60, patience=5, learning_rate=2e-2)
    expected = train(POINTS, FITTED, VALIDATED, recipe, seed=3)
    done = len(expected.history)
    path = tmp_path / "training.pt"
    train(POINTS, FITTED, VALIDATED, recipe, 3, path, should_stop=StopAfter(done - 2))
    found = train(POINTS, FITTED, VALIDATED, recipe, 3, path)
    assert found.history == expected.history
    assert same(found, expected)


def test_a_checkpoint_is_written_when_it_is_due(tmp_path: Path) -> None:
    """At once where none is older than 0 s; not before an hour is over; none where nobody asked for one."""
    for seconds, count in [(0.0, 7), (3600.0, 0)]:
        path = tmp_path / f"{seconds:g}.pt"
        there: list[bool] = []

        def look(_: Progress, path: Path = path, there: list[bool] = there) -> None:
            there.append(path.exists())

        train(POINTS, ALL, NONE, SMALL, checkpoint=path, checkpoint_seconds=seconds, watch=look)
        assert sum(there) == count, "it is looked for before it is written"
    assert {path.name for path in tmp_path.iterdir()} == {"0.pt"}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a training that was stopped after five epochs of eight."""
    path = tmp_path_factory.mktemp("stopped") / "training.pt"
    train(POINTS, FITTED, VALIDATED, SMALL, 3, path, should_stop=StopAfter(5))
    return path


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    """One bit of a weight."""
    place = len(content) // 2
    return content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :]


@pytest.mark.parametrize(
    "damage",
    [cut, flipped, lambda _: b"", lambda _: b"{}", lambda content: content[1:]],
    ids=["cut", "flipped", "empty", "foreign", "beheaded"],
)
def test_a_damaged_checkpoint_counts_as_absent(
    damage: Callable[[bytes], bytes],
    checkpoint: Path,
    undisturbed: Trained,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All eight epochs are done again, to the same weights, and the file is said to be damaged."""
    path = tmp_path / "training.pt"
    path.write_bytes(damage(checkpoint.read_bytes()))
    seen: list[int] = []
    with caplog.at_level(logging.WARNING):
        found = train(POINTS, FITTED, VALIDATED, SMALL, 3, path, watch=lambda told: seen.append(told.epoch))
    assert "is damaged and taken for absent" in caplog.text
    assert seen == list(range(1, 9))
    assert same(found, undisturbed)


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": replace(SMALL, learning_rate=2e-3)},
        {"recipe": replace(SMALL, options={"layers": (8, 8)})},
        {"recipe": DECAY},
        {"seed": 4},
        {"fitted": FITTED[:-1]},
        {"points": replace(POINTS, target=0.9 * POINTS.target)},
    ],
    ids=["rate", "layers", "network", "seed", "rows", "data"],
)
def test_a_checkpoint_of_another_training_counts_as_absent(
    change: dict[str, Any], checkpoint: Path, tmp_path: Path
) -> None:
    path = tmp_path / "training.pt"
    shutil.copy(checkpoint, path)
    asked: dict[str, Any] = {"points": POINTS, "fitted": FITTED, "validated": VALIDATED, "recipe": SMALL, "seed": 3}
    asked |= change
    found = train(**asked, checkpoint=path)
    expected = train(**asked)
    assert found.history == expected.history
    assert same(found, expected)


def test_no_damage_goes_unnoticed(checkpoint: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Bits flipped, bytes overwritten, ends cut off, 200 times: a file is read as it was, or not at all."""
    caplog.set_level(logging.CRITICAL)
    content, random = checkpoint.read_bytes(), np.random.default_rng(1)
    whole = read_weights(checkpoint)
    assert whole is not None
    path, outcomes = tmp_path / "damaged.pt", []
    for number in range(200):
        damaged = bytearray(content)
        place = int(random.integers(len(content)))
        if number % 3 == 0:
            del damaged[place:]
        elif number % 3 == 1:
            damaged[place] ^= 1 << int(random.integers(8))
        else:
            damaged[place : place + 50] = random.bytes(50)
        path.write_bytes(damaged)
        found = read_weights(path)
        outcomes.append(found is None)
        if found is not None:
            assert found["identity"] == whole["identity"]
            assert found["history"] == whole["history"]
            for kept in ("network", "best"):
                assert all(found[kept][name].equal(value) for name, value in whole[kept].items())
    assert 0.8 < np.mean(outcomes) < 1, "only bytes that fill gaps do not matter"


def test_what_holds_no_weights_counts_as_absent(tmp_path: Path) -> None:
    assert read_weights(tmp_path / "nowhere.pt") is None
    torch.save([1, 2, 3], tmp_path / "list.pt")
    assert read_weights(tmp_path / "list.pt") is None


def test_the_papers_recipe_is_the_papers() -> None:
    """Section 4: L1 loss with a lasso penalty, Adam; a tenth of the states is set apart."""
    assert (PAPER.network, PAPER.view, PAPER.loss, PAPER.options) == ("paper", "structure", "l1", {})
    assert PAPER.lasso > 0
    assert PAPER.validation == 0.1
