"""Ensembles: mean and spread of their members, an error that covers what it says, and how far a state is from all known ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.data.features import Scaling, features, log_time_unit
from glassdask.learning.data.training_set import Floats
from glassdask.learning.models.ensemble import LEAST_SPREAD, NOMINAL, Ensemble, coverage, error_factor
from glassdask.learning.models.predictor import outside
from glassdask.learning.training.recipe import Recipe
from glassdask.learning.training.training import Trained
from tests.learning.synthetic import make_samples

SAMPLES = make_samples(4, n_times=7, n_wavenumbers=20)
SHAPE = (4000, 5, 2)


def line(n_columns: int, seed: int, view: str = "structure") -> Trained:
    """A network without hidden layers: F = W x + b."""
    random = np.random.default_rng(seed)
    W, b = random.standard_normal((2, n_columns)), random.standard_normal(2)
    weights = {"layers.0.weight": torch.from_numpy(W), "layers.0.bias": torch.from_numpy(b)}
    mean, factor = random.standard_normal(n_columns), random.uniform(0.5, 2.0, n_columns)
    recipe = Recipe("line", options={"layers": ()}, view=view, precision="float64")
    return Trained(recipe, seed, weights, Scaling(mean, factor, mean - 1, mean + 1))


def answer(member: Trained, row: Sequence[float]) -> Floats:
    W, b = (member.weights[f"layers.0.{name}"].numpy() for name in ("weight", "bias"))
    return W @ ((np.array(row) - member.scaling.mean) * member.scaling.factor) + b


# --- curves -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["structure", "coupling"])
@pytest.mark.parametrize("log_times", [None, np.array([0.5, 3.0])])
def test_curves_are_the_mean_and_the_spread_of_the_members(view: str, log_times: Floats | None) -> None:
    """Member by member, state by state, time by time; time in each state's own unit; the spread is that of a sample."""
    columns, unit = features(SAMPLES, view), log_time_unit(SAMPLES, view)
    members = [line(columns.shape[1] + 1, seed, view) for seed in range(3)]
    mean, spread = Ensemble(members).curves(SAMPLES, log_times)
    times = np.log(SAMPLES.lag_time) if log_times is None else log_times
    assert mean.shape == spread.shape == (4, times.size, 2)
    for i in range(4):
        for j, time in enumerate(times):
            given_by = np.array([answer(member, [*columns[i], time - unit[i]]) for member in members])
            np.testing.assert_allclose(mean[i, j], given_by.mean(axis=0), atol=1e-10)
            np.testing.assert_allclose(spread[i, j], given_by.std(axis=0, ddof=1), atol=1e-10)


def test_members_that_agree_are_not_believed_to_be_exact() -> None:
    """One member alone says nothing of its error either."""
    member = line(3, 1, "coupling")
    for members in ([member], [member] * 3):
        mean, spread = Ensemble(members).curves(SAMPLES)
        assert (spread == LEAST_SPREAD).all()
        np.testing.assert_allclose(mean, Ensemble([member]).curves(SAMPLES)[0], rtol=1e-12)


# --- calibration ------------------------------------------------------------------------------------------------------


def normal(factor: float, noise: float, seed: int = 1) -> tuple[Floats, Floats, Floats, Floats]:
    """Truth, mean, spread, error of the truth: deviations are normal, `factor` spreads and `noise` spreads wide together.

    Spreads of points differ by up to ten times.
    """
    random = np.random.default_rng(seed)
    spread = 10 ** random.uniform(-3, -2, SHAPE)
    mean = random.uniform(0, 1, SHAPE)
    truth = mean + spread * np.hypot(factor, noise) * random.standard_normal(SHAPE)
    return truth, mean, spread, noise * spread


def sampling_error(n: int) -> Floats:
    """Of a share of n independent points."""
    return np.sqrt(NOMINAL * (1 - NOMINAL) / n)


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_normal_errors_are_covered_as_often_as_they_should_be(factor: float, noise: float) -> None:
    """Within five sampling errors and the last digit of the half-widths, with the factor that is known."""
    found = coverage(*normal(factor, noise), factor)
    assert (np.abs(found - NOMINAL) < 5 * sampling_error(40_000) + 5e-4).all()


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_a_spread_that_is_wrong_is_told_by_its_coverage(factor: float, noise: float) -> None:
    found = coverage(*normal(factor, noise))
    assert (np.sign(found - NOMINAL) == (1 if factor < 1 else -1)).all()


@pytest.mark.parametrize("factor", [0.3, 1.0, 4.0])
def test_the_factor_of_normal_errors_is_found(factor: float) -> None:
    """To 3 %: 40000 points know a quantile to 1 %."""
    assert error_factor(*normal(factor, 0.0)) == pytest.approx(factor, rel=0.03)


@pytest.mark.parametrize("noise", [0.0, 0.5, 2.0])
def test_what_the_factor_makes_of_a_spread_holds_two_thirds_of_the_errors(noise: float) -> None:
    """By its definition, also where the data's own noise is larger; on other data to the sampling error."""
    made_from, others = normal(2.0, noise, seed=1), normal(2.0, noise, seed=2)
    factor = error_factor(*made_from)
    one = int(np.argmin(np.abs(NOMINAL - 0.683)))
    assert coverage(*made_from, factor)[one] == pytest.approx(0.683, abs=1e-3)
    assert coverage(*others, factor)[one] == pytest.approx(0.683, abs=7 * float(sampling_error(40_000)[one]))


def test_points_that_were_not_measured_do_not_count() -> None:
    truth, mean, spread, error = normal(2.0, 0.5)
    truth[::2] = np.nan
    mean[::2] = 1e9
    half = truth[1::2], mean[1::2], spread[1::2], error[1::2]
    assert error_factor(truth, mean, spread, error) == error_factor(*half)
    assert (coverage(truth, mean, spread, error) == coverage(*half)).all()


def test_a_perfect_prediction_keeps_an_error_above_0() -> None:
    truth, _, spread, error = normal(2.0, 0.5)
    assert error_factor(truth, truth, spread, error) == 1e-3


# --- distance ---------------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(seed=st.integers(0, 2**31), n=st.integers(2, 30))
def test_what_was_learned_from_has_no_distance(seed: int, n: int) -> None:
    """Nor has anything between: of a mixture of rows all columns lie inside; t is not counted."""
    random = np.random.default_rng(seed)
    rows = random.standard_normal((n, 5)) * 10.0 ** random.integers(-3, 4, 5)
    scaling = Scaling.of(rows)
    weights = random.dirichlet(np.ones(n), 4)
    found = outside(np.concatenate([rows, weights @ rows])[:, :-1], scaling.lowest[:-1], scaling.highest[:-1])
    assert found.shape == (n + 4, 4)
    assert found.max() < 1e-9


def test_distance_is_counted_in_widths_of_the_range() -> None:
    """Of a column that did not vary in units of its value, or of 1."""
    rows = np.array([[0.0, 10.0, 1.2, 0.0, 0.0], [2.0, 30.0, 1.2, 0.0, 5.0]])
    scaling = Scaling.of(rows)
    asked = np.array([[3.0, 10.0, 1.2, 0.0, 99.0], [-4.0, 35.0, 1.5, 1.0, -99.0]])
    np.testing.assert_allclose(
        outside(asked[:, :-1], scaling.lowest[:-1], scaling.highest[:-1]),
        [[0.5, 0, 0, 0], [2.0, 0.25, 0.25, 1.0]],
        atol=1e-12,
    )


def test_the_range_is_that_of_the_first_member() -> None:
    members = [line(3, seed, "coupling") for seed in (1, 2)]
    assert Ensemble(members).scaling is members[0].scaling
