"""F that a memory gives back is told from F that it does not, by χ² where errors are known, by the look of what is missed
where they are not."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.fits.target.reproduction import allowed_chi2_per_point, reproduction
from glassdask.fits.target.target import Target

T = np.geomspace(0.01, 100.0, 80)
F = np.exp(-T)


def noise(size: float, seed: int) -> np.ndarray:
    return size * np.random.default_rng(seed).standard_normal(T.size)


@pytest.mark.parametrize("size", [2e-3, 2e-2])
def test_noise_is_no_misfit(size) -> None:
    """Of 200 data sets with known errors one in a thousand is beyond the limit, without them one in 700 (three standard
    deviations): 3 of either are allowed."""
    error = np.full(T.size, size)
    found = [
        (
            reproduction(Target(T, F + noise(size, seed), error), F, 0),
            reproduction(Target(T, F + noise(size, seed)), F, 0),
        )
        for seed in range(200)
    ]
    known, unknown = ([how.is_reproduced for how in part] for part in zip(*found, strict=True))
    assert sum(known) >= 197
    assert sum(unknown) >= 197


def test_a_curve_that_runs_beside_the_data_is_one() -> None:
    """Off by 0.004 (t e^(−t)): twice the error of each point; or, where none is known, always on one side."""
    other = F + 0.01 * T * np.exp(-T)
    known = reproduction(Target(T, other, np.full(T.size, 1e-3)), F, 4)
    unknown = reproduction(Target(T, other), F, 4)
    assert not known.is_reproduced
    assert not unknown.is_reproduced
    assert unknown.is_systematic
    assert unknown.largest == pytest.approx(-0.01 / np.e, rel=1e-2)
    assert unknown.at == pytest.approx(1.0, rel=0.1)
    assert unknown.rms == pytest.approx(np.sqrt(np.mean((0.01 * T * np.exp(-T)) ** 2)))


def test_what_is_missed_by_less_than_any_data_are_good_to_is_none() -> None:
    """10⁻³ of F(0), whatever it looks like."""
    assert reproduction(Target(T, F + 0.001 * T * np.exp(-T)), F, 4).is_reproduced
    assert reproduction(Target(T, F), F, 4).is_reproduced


def test_a_scatter_of_a_twentieth_is_a_misfit_without_errors() -> None:
    assert not reproduction(Target(T, F + noise(0.1, 1)), F, 4).is_reproduced
    assert reproduction(Target(T, F + noise(0.1, 1), np.full(T.size, 0.1)), F, 4).is_reproduced


def test_few_points_may_miss_by_more() -> None:
    """The 99.9 % quantile of χ² with 1, 10 and 73 degrees of freedom: 10.83, 29.59 and 116.1."""
    for n, p, quantile in ((5, 4, 10.83), (14, 4, 29.59), (80, 7, 116.1)):
        assert allowed_chi2_per_point(n, p) == pytest.approx(quantile / n, rel=1e-3)
