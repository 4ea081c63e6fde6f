"""Critical temperatures from S(k) at several temperatures: noise is averaged, errors are honest, one side is not enough."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.mode_coupling.critical_point import critical_point
from glassdask.physics.mode_coupling.critical_temperature import WINDOW, critical_temperature
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick

K = bipolar_wavenumbers(0.4, 60)
DENSITY = percus_yevick(K, 0.52).density


def partials(temperature: float) -> np.ndarray:
    """A liquid whose S(k) hardens on cooling: hard spheres of packing 0.52 at T = 1, at one density."""
    return percus_yevick(K, 0.52 - 0.05 * (temperature - 1.0)).structure_factor[0]


@pytest.fixture(scope="module")
def exact() -> float:
    """T_mct of that liquid without noise and without smoothing in T."""

    def structure(temperature: float):
        hard = percus_yevick(K, 0.52 - 0.05 * (temperature - 1.0))
        return type(hard)(K, hard.structure_factor, DENSITY, hard.composition)

    return critical_point(structure, liquid=1.6, glass=0.5).control


def runs(temperatures: np.ndarray, noise: float, seed: int = 1) -> np.ndarray:
    """S of each run with relative noise, independent between wavenumbers."""
    rng = np.random.default_rng(seed)
    S = np.array([partials(T) for T in temperatures])
    return S * (1.0 + noise * rng.standard_normal(S.shape))


def test_without_noise_it_is_the_critical_point(exact: float) -> None:
    """What is left is the curvature of S in T over the window."""
    T = exact * np.linspace(0.94, 1.06, 5)
    found = critical_temperature(T, runs(T, 0.0), K, DENSITY, [1.0])
    assert (found.verdict, found.n_runs, found.degree) == ("found", 5, 1)
    assert found.temperature == pytest.approx(exact, rel=1e-3)
    assert found.point is not None
    assert 0.5 < found.point.exponent_parameter < 1.0
    assert found.temperatures == tuple(T.tolist())


def test_the_error_bar_covers_the_scatter_over_seeds(exact: float) -> None:
    """Seven repetitions of ten noisy runs: their scatter is the mean error bar within a factor 2 (χ², 6 degrees)."""
    T = np.repeat(exact * np.linspace(0.94, 1.06, 5), 2)
    found = [critical_temperature(T, runs(T, 0.01, seed), K, DENSITY, [1.0]) for seed in range(7)]
    values, errors = (np.array([getattr(f, name) for f in found]) for name in ("temperature", "standard_error"))
    assert np.all(errors > 0)
    assert 0.5 < values.std(ddof=1) / np.sqrt((errors**2).mean()) < 2.0
    assert abs(values.mean() - exact) < 4 * values.std(ddof=1) / np.sqrt(7) + 1e-3 * exact


@pytest.mark.parametrize(("factors", "verdict", "words"), [
    ((1.1, 1.2, 1.3), "all_liquid", "T_mct lies below"),
    ((0.7, 0.8, 0.9), "all_glass", "T_mct lies above"),
])  # fmt: skip
def test_temperatures_that_do_not_bracket_it_say_where_to_look(exact, factors, verdict, words) -> None:
    T = exact * np.array(factors)
    found = critical_temperature(T, runs(T, 0.0), K, DENSITY, [1.0])
    assert found.verdict == verdict
    assert words in found.message
    assert "add temperatures" in found.message
    assert np.isnan(found.temperature)
    assert found.point is None


def test_one_temperature_is_too_few() -> None:
    T = np.array([1.0, 1.0])
    assert critical_temperature(T, runs(T, 0.0), K, DENSITY, [1.0]).verdict == "too_few_temperatures"


def test_far_runs_are_left_out_where_there_are_enough_near(exact: float) -> None:
    near = exact * np.linspace(1 - 0.9 * WINDOW, 1 + 0.9 * WINDOW, 6)
    T = np.concatenate([near, exact * np.array([0.6, 1.5, 2.5])])
    found = critical_temperature(T, runs(T, 0.0), K, DENSITY, [1.0])
    assert found.temperatures == tuple(near.tolist())


def test_where_few_are_near_the_nearest_four_are_used(exact: float) -> None:
    """Between the coldest liquid at 1.2 and the hottest glass at 0.95, in ln T."""
    T = exact * np.array([0.4, 0.5, 0.8, 0.95, 1.2, 1.5])
    assert critical_temperature(T, runs(T, 0.0), K, DENSITY, [1.0]).temperatures == tuple(T[2:].tolist())


def test_all_runs_at_a_temperature_tell_its_state(exact: float) -> None:
    """Of the two that were meant to be at 1.02 T_mct the first is a glass, their mean a liquid."""
    nominal, measured = exact * np.array([0.94, 0.94, 1.02, 1.02]), exact * np.array([0.94, 0.94, 0.97, 1.07])
    found = critical_temperature(measured, runs(measured, 0.0), K, DENSITY, [1.0], nominal.tolist())
    assert found.verdict == "found"
    assert found.temperature == pytest.approx(exact, rel=3e-3)


def test_over_a_wide_range_S_is_a_parabola_in_T(exact: float) -> None:
    """Four temperatures from 0.8 to 1.7 T_mct: the curvature would shift a straight line's answer by percents."""
    T = exact * np.array([0.8, 1.1, 1.4, 1.7])
    found = critical_temperature(T, runs(T, 0.0), K, DENSITY, [1.0])
    assert found.degree == 2
    assert found.temperature == pytest.approx(exact, rel=0.02)
    assert np.isnan(found.standard_error)  # no run can be left out


def test_measured_temperatures_count_not_the_nominal_ones(exact: float) -> None:
    nominal = exact * np.linspace(0.94, 1.06, 5)
    measured = nominal * 1.01
    S = runs(measured, 0.0)
    found = critical_temperature(measured, S, K, DENSITY, [1.0], nominal.tolist())
    assert found.temperature == pytest.approx(exact, rel=1e-3)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="allowed: \\(n_runs,\\), \\(n_runs, n_pairs, N_k\\)"):
        critical_temperature([1.0, 2.0], np.ones((3, 1, 60)), K, DENSITY, [1.0])
