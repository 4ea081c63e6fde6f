"""Resampled data give the errors that the covariance gives, where that is right."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassdask.fits.fit_options import FitOptions
from glassdask.fits.fitting import fit_memories
from glassdask.fits.refinement.bootstrap import bootstrap, resampled, resamplings
from glassdask.fits.refinement.identifiability import uncertainty
from glassdask.fits.refinement.memory_fit import accurate_solution
from glassdask.fits.refinement.polish import polished
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.target import Target
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory

T = np.geomspace(1e-4, 1e4, 80)
GLASS = StretchedMemory.from_invariants(0.5, [5.0, 4.0], [0.3, 100.0], [1.0, 0.7])
NOISE, N_BLOCKS, N_REPLICAS = 2e-3, 10, 60
EXACT, _ = accurate_solution(GLASS, 1.0, T, "overdamped")
#: Of a fit, in standard errors, white.
RESIDUALS = np.random.default_rng(9).standard_normal(T.size)
SOLVER = CandidateSolver(T, "overdamped", 64, 0.005)


def measured(seed: int, has_error: bool = True, has_blocks: bool = False) -> Target:
    """The mean of ten independent blocks, of noise 2e-3."""
    of_blocks = np.sqrt(N_BLOCKS) * NOISE * np.random.default_rng(seed).standard_normal((N_BLOCKS, T.size))
    blocks = EXACT + of_blocks
    return Target(T, blocks.mean(axis=0), np.full(T.size, NOISE) if has_error else None, blocks if has_blocks else None)


def minimum_of(target: Target) -> tuple[Objective, np.ndarray]:
    objective = Objective(target, SearchSpace.of(target, 2, "overdamped", 1.0, False), SOLVER)
    return objective, polished(objective, objective.space.coordinates(GLASS)).x


@pytest.mark.parametrize(
    ("kind", "tolerance"),
    [({}, 0.35), ({"has_error": False}, 0.35), ({"has_blocks": True}, 1.0)],
    ids=["errors", "residuals", "blocks"],
)
def test_deviations_are_those_of_the_covariance(kind, tolerance):
    """Of 60 replicas a deviation is known to 9 %, so that noise from the errors or residuals agrees to 35 %, four times that.

    Ten blocks know their own variance to 24 % at each time (and make it 5 % too small), and each parameter hangs on a few
    times only: a factor of two. Measured: 0.89–1.20, and 0.5–1.4 for blocks.
    """
    objective, x = minimum_of(measured(1, **kind))
    points, _ = bootstrap(objective, x, resamplings(objective, x, N_REPLICAS, seed=1))
    deviation = objective.space.candidates(points)[:, 1:].std(axis=0, ddof=1)
    ratio = deviation / uncertainty(objective, x).standard_error
    assert (ratio < 1.0 + tolerance).all()
    assert (ratio > 1.0 / (1.0 + tolerance)).all()


@pytest.mark.parametrize("has_blocks", [False, True])
def test_resampled_data_scatter_as_the_data_do(has_blocks):
    """Mean deviation over 80 times and 200 replicas: 2e-3, 5 % less for ten blocks; 10 % of what ten blocks know."""
    target = measured(1, has_blocks=has_blocks)
    rng = np.random.default_rng(1)
    F = np.array([resampled(target, RESIDUALS, rng).F for _ in range(200)])
    expected = NOISE * np.sqrt((N_BLOCKS - 1) / N_BLOCKS) if has_blocks else NOISE
    assert np.sqrt(F.var(axis=0).mean()) == pytest.approx(expected, rel=0.1)
    assert_allclose(F.mean(axis=0), target.F, rtol=0, atol=5 * 1.5 * NOISE / np.sqrt(200))


def test_blocks_without_a_value_at_some_time_are_left_out_there():
    """One block knows the last times alone: they keep their value, and no NaN reaches a fit."""
    target = measured(1, has_blocks=True)
    assert target.blocks is not None
    target.blocks[1:, -5:] = np.nan
    target.blocks[:, -1] = np.nan
    rng = np.random.default_rng(2)
    F = np.array([resampled(target, RESIDUALS, rng).F for _ in range(20)])
    assert np.isfinite(F).all()
    assert_allclose(F[:, -5:], np.tile(target.F[-5:], (20, 1)), rtol=0, atol=1e-15)
    assert F[:, 0].std() > 0


def test_three_blocks_are_too_few_to_be_resampled():
    """Errors are used instead: with three equal blocks nothing would vary."""
    target = Target(T, EXACT, np.full(T.size, NOISE), np.tile(EXACT, (3, 1)))
    assert np.std(resampled(target, RESIDUALS, np.random.default_rng(1)).F - EXACT) == pytest.approx(NOISE, rel=0.3)


def test_errors_below_the_floor_are_not_believed():
    target = Target(T, EXACT, np.full(T.size, 1e-9))
    assert np.std(resampled(target, RESIDUALS, np.random.default_rng(1)).F - EXACT) == pytest.approx(1e-3, rel=0.3)


def test_the_seed_decides_alone():
    objective, x = minimum_of(measured(1))
    before = objective.evaluations
    one, two, other = (bootstrap(objective, x, resamplings(objective, x, 3, seed))[0] for seed in (1, 1, 2))
    assert one.tolist() == two.tolist()
    assert one.tolist() != other.tolist()
    assert one.shape == (3, 7)
    assert objective.evaluations > before + 9 * 8  # at least one Jacobian a replica, and counted


def test_no_replicas_are_no_points():
    objective, x = minimum_of(measured(1))
    assert bootstrap(objective, x, [])[0].shape == (0, 7)


def test_a_fit_reports_deviations_of_its_parameters():
    """K, A, τ, b, and Ω where it is fitted, in the order of the uncertainty; within a factor of two of its errors, for
    thirty replicas know a deviation to 13 %."""
    for fits_omega in (False, True):
        options = FitOptions((2,), "overdamped", fits_omega=fits_omega, n_bootstrap=30)
        (fit,) = fit_memories({"A": measured(1)}, {"A": 1.0}, options)["A"]
        assert fit.bootstrap_error is not None
        assert fit.bootstrap_error.size == len(fit.uncertainty.names) == 7 + fits_omega
        is_determined = np.array(fit.uncertainty.verdicts) == "determined"
        if not fits_omega:
            ratio = (fit.bootstrap_error / fit.uncertainty.standard_error)[is_determined]
            assert (ratio < 2).all()
            assert (ratio > 0.5).all()
    assert fit_memories({"A": measured(1)}, {"A": 1.0}, FitOptions((1,), "overdamped"))["A"][0].bootstrap_error is None


def test_noise_that_is_resampled_is_as_correlated_as_the_residuals():
    """Residuals of first order, φ = 0.8: neighbours of resampled noise go together by 0.8 less what the ends of blocks cut, of the size
    of the errors all the same; white residuals give white noise."""
    noise = np.random.default_rng(3).standard_normal(T.size + 50)
    for i in range(1, noise.size):
        noise[i] += 0.8 * noise[i - 1]
    target = Target(T, EXACT, np.full(T.size, NOISE))
    for missed, low, high in ((0.4 * noise[50:], 0.5, 0.9), (RESIDUALS, -0.2, 0.2)):
        rng = np.random.default_rng(1)
        made = np.array([resampled(target, missed, rng).F - EXACT for _ in range(100)]) / NOISE
        assert low < float((made[:, 1:] * made[:, :-1]).mean() / (made**2).mean()) < high
        assert (made**2).mean() == pytest.approx(1.0, rel=0.1)
