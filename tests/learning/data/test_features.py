"""What a network is told: the paper's 303 numbers and ln t, or g_c in a state's own time; columns that say nothing are out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.learning.data.features import VIEWS, Points, Scaling, features, log_time_unit
from glassdask.learning.data.training_set import TrainingSet
from tests.learning.synthetic import make_samples

SAMPLES = make_samples(4, potentials=("lj", "wca"), densities=(1.2, 1.4), n_replicas=2, n_times=6, noise=0.01)


# --- views ------------------------------------------------------------------------------------------------------------


def test_the_paper_is_told_303_numbers_and_the_time() -> None:
    """S_AA, S_AB, S_BB at 100 wavenumbers, T, ρ, the potential, ln t in tau_MD."""
    points = Points.of(SAMPLES, "structure")
    rows = points.inputs(np.arange(len(points)))
    assert rows.shape == (len(SAMPLES) * 6, 304)
    for row, i, j in zip(rows, points.row, points.time, strict=True):
        S = SAMPLES.structure_factor[i]
        state = [SAMPLES.temperature[i], SAMPLES.density[i], {"lj": 0.0, "wca": 1.0}[SAMPLES.potential[i]]]
        assert row.tolist() == [*S[0], *S[1], *S[2], *state, np.log(SAMPLES.lag_time[j])]


@pytest.mark.parametrize(("view", "count"), [("coupling", 2), ("coupling+density", 3), ("coupling+thermodynamic", 7)])
def test_the_coupling_comes_first_in_views_that_have_it(view: str, count: int) -> None:
    columns = features(SAMPLES, view)
    assert columns.shape == (len(SAMPLES), count)
    np.testing.assert_allclose(np.exp(columns[:, 0]), SAMPLES.critical_coupling)
    np.testing.assert_allclose(columns[:, 1], columns[:, 0] ** 2)


def test_atoms_of_one_coupling_differ_by_their_unit_of_time_alone() -> None:
    """Nature has no other scale: T → s² T makes all times 1/s of what they were, lengths × a with ρ → ρ/a³ make them a."""
    s, a = 1.7, 0.8
    faster = replace(SAMPLES, temperature=s**2 * SAMPLES.temperature, lag_time=SAMPLES.lag_time / s)
    larger = replace(SAMPLES, density=SAMPLES.density / a**3, lag_time=SAMPLES.lag_time * a)
    expected = Points.of(SAMPLES, "coupling")
    for scaled in (faster, larger):
        found = Points.of(scaled, "coupling")
        np.testing.assert_allclose(found.states, expected.states, rtol=1e-14)
        np.testing.assert_allclose(found.log_times, expected.log_times, rtol=0, atol=1e-13)


@pytest.mark.parametrize("view", VIEWS)
def test_only_the_paper_counts_time_in_tau_md(view: str) -> None:
    unit = np.exp(log_time_unit(SAMPLES, view))
    flight = SAMPLES.density ** (-1 / 3) / np.sqrt(SAMPLES.temperature)
    np.testing.assert_allclose(unit, 1.0 if view == "structure" else flight, rtol=1e-14)


def test_a_state_without_a_coupling_is_named_where_the_view_needs_it() -> None:
    coupling = SAMPLES.critical_coupling.copy()
    coupling[[5, 7]] = np.nan
    samples = replace(SAMPLES, critical_coupling=coupling)
    assert features(samples, "structure").shape == (len(samples), 303)
    for view in VIEWS:
        if view != "structure":
            with pytest.raises(InvalidInput) as caught:
                features(samples, view)
            assert str(caught.value).startswith(samples.name(5))
            assert str(caught.value).endswith("no critical coupling in its S(k); leave the state out")


def test_an_unknown_view_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"view is 'colour'; allowed: structure, coupling, coupling\+density"):
        features(SAMPLES, "colour")


# --- scaling ----------------------------------------------------------------------------------------------------------


@settings(max_examples=50)
@given(
    seed=st.integers(0, 2**31),
    n=st.integers(2, 40),
    offset=st.floats(-1e4, 1e4),
    width=st.floats(1e-4, 1e4),
    keeps_time=st.booleans(),
)
def test_columns_have_mean_0_and_spread_1(seed: int, n: int, offset: float, width: float, keeps_time: bool) -> None:
    """To the rounding of numbers that may be 10⁸ times their spread; the time stays where a network wants it.

    Numbers drawn by themselves can lie nearer than any width: two of them then make a column that does not vary.
    """
    random = np.random.default_rng(seed)
    spread = random.permuted(np.tile(np.linspace(-1.0, 1.0, n)[:, None], 4), axis=0)
    rows = spread * [width, width, width, 1.0] + [offset, offset, offset, 0.0]
    scaled = Scaling.of(rows, keeps_time)(rows)
    count = 3 if keeps_time else 4
    np.testing.assert_allclose(scaled[:, :count].mean(axis=0), 0.0, atol=1e-6)
    np.testing.assert_allclose(scaled[:, :count].std(axis=0), 1.0, rtol=1e-6)
    if keeps_time:
        assert (scaled[:, 3] == rows[:, 3]).all()


@pytest.mark.parametrize("value", [0.0, 1.2, 1e6])
def test_a_column_that_does_not_vary_is_taken_out(value: float) -> None:
    """Rounding in its last digits is no variation; what has another value later is not told of it."""
    random = np.random.default_rng(1)
    rows = random.standard_normal((30, 3))
    rows[:, 1] = value * (1 + 1e-13 * random.standard_normal(30))
    scaling = Scaling.of(rows)
    assert scaling.factor[1] == 0.0
    other = rows.copy()
    other[:, 1] = 7.0
    assert (scaling(rows) == scaling(other)).all()
    assert (scaling.lowest <= rows).all()
    assert (rows <= scaling.highest).all()


# --- points -----------------------------------------------------------------------------------------------------------


def with_gaps() -> TrainingSet:
    F = SAMPLES.scattering.copy()
    F[0, 4:], F[2], F[3, 1, 0] = np.nan, np.nan, np.nan
    return replace(SAMPLES, scattering=F)


@pytest.mark.parametrize("view", VIEWS)
def test_points_are_what_was_measured(view: str) -> None:
    """A loop over rows and times finds the same: in its order, with its target and its error."""
    samples = with_gaps()
    points = Points.of(samples, view)
    expected = [
        (row, time)
        for row in range(len(samples))
        for time in range(6)
        if np.isfinite(samples.scattering[row, time]).all()
    ]
    assert list(zip(points.row.tolist(), points.time.tolist(), strict=True)) == expected
    assert len(points) == len(expected) == len(samples) * 6 - 2 - 6 - 1
    for number, (row, time) in enumerate(expected):
        assert (points.target[number] == samples.scattering[row, time]).all()
        assert (points.error[number] == samples.weight_error[row, time]).all()
    np.testing.assert_allclose(
        points.inputs(np.arange(len(points)))[:, -1],
        [np.log(samples.lag_time[time]) - log_time_unit(samples, view)[row] for row, time in expected],
    )


def test_points_of_rows_are_theirs_alone() -> None:
    points = Points.of(with_gaps(), "coupling")
    chosen = points.of_rows(np.array([3, 0, 2]))
    assert points.row[chosen].tolist() == [0] * 4 + [3] * 5
    assert len(points.of_rows(np.array([], dtype=int))) == 0
