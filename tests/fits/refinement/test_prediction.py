"""A second measurement tells a memory that is right from one that only follows the noise of the first."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.fits.fit_options import FitOptions
from glassdask.fits.fitting import fit_memories
from glassdask.fits.refinement.memory_fit import accurate_solution, best
from glassdask.fits.refinement.prediction import halves, prediction
from glassdask.fits.target.target import Target
from glassdask.physics.memory.memory_kernels import StretchedMemory

T = np.geomspace(0.03, 1000.0, 30)
TWO_MODES = StretchedMemory.from_invariants(0.0, [40.0, 20.0], [0.3, 30.0], [1.8, 0.7])
EXACT = accurate_solution(TWO_MODES, 0.9, T, "newtonian")[0]
NOISE = 1e-3
#: Waves over the whole curve, as F of few particles errs: neighbours err together.
_COVARIANCE = np.exp(-np.abs(np.subtract.outer(np.arange(30), np.arange(30))) / 5.0)


def measured(seed: int, n_blocks: int = 10) -> Target:
    """The mean of ten blocks of correlated noise, with the error of each time."""
    noise = np.random.default_rng(seed).multivariate_normal(np.zeros(30), _COVARIANCE, n_blocks)
    blocks = EXACT + NOISE * np.sqrt(n_blocks) * noise
    return Target(T, blocks.mean(axis=0), np.full(30, NOISE), blocks)


@pytest.fixture(scope="module")
def fits() -> dict[int, list]:
    """One to three modes of six measurements, with resampled data."""
    targets = {f"{seed}": measured(seed) for seed in range(6)}
    found = fit_memories(targets, dict.fromkeys(targets, 0.9), FitOptions((1, 2, 3), "newtonian", n_bootstrap=20))
    return {int(name): of_name for name, of_name in found.items()}


def test_chi2_per_point_is_far_below_1_for_two_modes_and_for_three(fits):
    """Correlated noise is followed by the fit: 0.4 or so, which "at most 1.2" does not test."""
    for of_seed in fits.values():
        assert of_seed[1].chi2_per_point < 0.9
        assert of_seed[2].chi2_per_point < 0.9


def test_one_mode_misses_a_second_measurement_and_two_do_not(fits):
    """The check can fail, and does where it should: one mode is off by many errors in every case, two in none."""
    for seed, (one, two, _) in fits.items():
        other = measured(100 + seed)
        assert prediction(one.F, measured(seed), other).is_missed
        assert not prediction(two.F, measured(seed), other).is_missed
        assert prediction(one.F, measured(seed), other).excess > 1.0


def test_the_number_of_modes_is_found_with_its_probability(fits):
    """Two in every case; the shares of resampled data add up to 1, and two modes have most of them."""
    for of_seed in fits.values():
        assert best(of_seed).n_exp == 2
        shares = [fit.probability for fit in of_seed]
        assert sum(shares) == pytest.approx(1.0)
        assert shares[0] == 0.0
        assert shares[1] >= 0.5


def test_points_of_correlated_noise_do_not_all_count(fits):
    """exp(−|i − j|/5): 30²/Σ ρ² is 6.4; ten blocks say so to a factor of two in the median, and it is common to all fits."""
    exact = 30**2 / float((_COVARIANCE**2).sum())
    counted = [of_seed[0].independent_points for of_seed in fits.values()]
    assert exact / 2 < np.median(counted) < 2 * exact
    for of_seed in fits.values():
        assert len({fit.independent_points for fit in of_seed}) == 1


def test_a_run_is_its_own_second_measurement_by_halves():
    """Blocks of time: each half with √2 of the error, and as far from each other as two measurements are, 1 ± 0.9 with 6 points."""
    scores = []
    for seed in range(40):
        early, late = halves(measured(seed))
        assert early.error == pytest.approx(np.sqrt(2.0) * NOISE)
        scores.append(prediction(early.F, early, late).of_data)
    assert np.mean(scores) == pytest.approx(1.0, abs=0.35)  # 0.56/√40, four times


def test_what_cannot_be_compared_is_refused():
    target = measured(0)
    with pytest.raises(InvalidInput, match="targets of 30 and 20 times; allowed: the same times in both"):
        prediction(EXACT, target, Target(T[:20], EXACT[:20], target.scale[:20]))
    with pytest.raises(InvalidInput, match="a target without errors; allowed"):
        prediction(EXACT, target, Target(T, EXACT))
    with pytest.raises(InvalidInput, match="without four blocks of time; allowed: four or more, or a second replica"):
        halves(Target(T, EXACT))
