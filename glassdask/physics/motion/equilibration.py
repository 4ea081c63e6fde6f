"""Whether a production run is in equilibrium, decided from its own data.

A run that still ages has a first half that differs from the second, or is shorter than its own relaxation. Both are
tested; the verdict carries every reason in words. Nothing is raised: a glass is a result, not an error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import SPECIES
from glassdask.physics.numerics.error_bars import block_average, consecutive_blocks

Floats = NDArray[np.float64]
#: Blocks that each half of a series is cut into. With eight, a stationary series whose correlation time is 1/20 of a
#: half fails with the significance asked for, and a change of six standard errors is nearly always found.
_BLOCKS_OF_HALF = 8
_FEWEST_SAMPLES = 8
#: Neighbouring lags of F_s say nearly the same; its comparison counts as this many independent ones a species.
_INDEPENDENT_LAGS = 5


@dataclass(frozen=True)
class Tolerances:
    """What may differ between the halves without being called a drift.

    A difference counts as a drift only if it is both larger than its tolerance, so that a long run is not condemned
    for a trifle, and significant, so that a short one is not for its noise.

    Attributes
    ----------
    energy
        Potential energy per particle, in units of k_B T. A supercooled Kob–Andersen liquid that ages from T to 0.95 T
        moves by several times this.
    temperature
        Relative.
    scattering
        Largest difference of F_s(k_p, t) over the lags.
    significance
        Probability with which an equilibrated run of normal noise would fail one of the comparisons.
    relaxation_times
        Production must be this many relaxation times long, for every species.
    """

    energy: float = 0.01
    temperature: float = 0.005
    scattering: float = 0.03
    significance: float = 1e-3
    relaxation_times: float = 10.0


@dataclass(frozen=True)
class Equilibration:
    """Verdict on a production run, and each reason against it in words."""

    is_equilibrated: bool
    reasons: tuple[str, ...]


def equilibration(
    potential_energy: ArrayLike | None,
    temperature: ArrayLike | None,
    scattering_blocks: ArrayLike,
    relaxation_times: ArrayLike,
    production_time: float,
    tolerances: Tolerances | None = None,
) -> Equilibration:
    """Compares the first half of production with the second, and its length with the relaxation times.

    Energies and temperatures: means of the halves, their errors from blocks around the trend of each half.
    F_s(k_p, t): means over the blocks of each half, at every lag that at least two blocks of each half have measured.
    Significance is by Student's t, for F_s divided among the lags.

    Parameters
    ----------
    potential_energy
        Per particle, evenly sampled over production, shape (n_samples,); None where nobody knows. [epsilon_AA]
    temperature
        k_B T from the kinetic energy, shape (n_samples,); None where nobody knows. [epsilon_AA]
    scattering_blocks
        F_s(k_p, t) of blocks of production, in the order of time, NaN where not measured, shape
        (n_blocks, n_species, n_lags).
    relaxation_times
        tau_alpha of each species, NaN where F_s did not fall to 1/e, shape (n_species,).
    production_time
        In the unit of the relaxation times.
    tolerances
        Of the comparisons; by default those of :class:`Tolerances`.

    Returns
    -------
    Equilibration
        The verdict, with a sentence for each reason against it.

    Raises
    ------
    InvalidInput
        If a series has fewer than eight samples, the blocks are fewer than four, or shapes do not fit.
    """
    allowed = tolerances or Tolerances()
    blocks, taus = np.asarray(scattering_blocks, dtype=float), np.atleast_1d(np.asarray(relaxation_times, dtype=float))
    if blocks.ndim != 3 or len(blocks) < 4 or blocks.shape[1] != taus.size:
        raise InvalidInput(
            f"scattering_blocks has the shape {blocks.shape}; expected (n_blocks ≥ 4, {taus.size} species, n_lags)"
        )
    reasons = [
        *_energy_reasons(potential_energy, temperature, allowed),
        *_scattering_reasons(blocks, allowed),
        *_length_reasons(taus, production_time, allowed.relaxation_times),
    ]
    return Equilibration(not reasons, tuple(reasons))


def _energy_reasons(
    potential_energy: ArrayLike | None, temperature: ArrayLike | None, allowed: Tolerances
) -> list[str]:
    if potential_energy is None or temperature is None:
        return []
    energy, kinetic = _checked_series("potential_energy", potential_energy), _checked_series("temperature", temperature)
    kT = float(kinetic.mean())
    return [
        *_series_reasons("potential energy per particle", energy, allowed.energy * kT, allowed.significance),
        *_series_reasons("temperature", kinetic, allowed.temperature * kT, allowed.significance),
    ]


def _series_reasons(name: str, series: Floats, tolerance: float, significance: float) -> list[str]:
    middle = series.size // 2
    halves = [consecutive_blocks(half, _BLOCKS_OF_HALF) for half in (series[:middle], series[middle:])]
    change = float(series[middle:].mean() - series[:middle].mean())
    error = math.hypot(*(_error_around_trend(blocks) for blocks in halves))
    # each half has lost two degrees of freedom to its line
    limit = -stdtrit(sum(len(blocks) - 2 for blocks in halves), 0.5 * significance) * error
    if abs(change) <= max(tolerance, limit):
        return []
    moved = f"{name} moved by {change:+.3g} ± {error:.1g} from the first half of production to the second"
    return [f"{moved} (tolerance {tolerance:.2g}); equilibrate longer"]


def _error_around_trend(blocks: Floats) -> float:
    """Standard error of the mean from residuals to a straight line: a drift must not hide by widening its own error."""
    number = np.arange(len(blocks))
    residuals = blocks - np.polynomial.Polynomial.fit(number, blocks, 1)(number)
    return math.sqrt(float(residuals @ residuals) / ((len(blocks) - 2) * len(blocks)))


def _scattering_reasons(blocks: Floats, allowed: Tolerances) -> list[str]:
    middle = len(blocks) // 2
    first, second = block_average(blocks[:middle]), block_average(blocks[-middle:])
    n_first, n_second = (np.count_nonzero(~np.isnan(half), axis=0) for half in (blocks[:middle], blocks[-middle:]))
    is_compared = (n_first > 1) & (n_second > 1)
    if not is_compared.any():
        return ["no lag of F_s(k_p, t) was measured twice in each half of production; produce longer"]
    significance = allowed.significance / (_INDEPENDENT_LAGS * blocks.shape[1])
    freedom = np.where(is_compared, n_first + n_second - 2, 1)
    limit = -stdtrit(freedom, 0.5 * significance) * np.hypot(first.standard_error, second.standard_error)
    change = np.where(is_compared, np.abs(second.mean - first.mean), 0.0)
    is_drift = is_compared & (change > np.maximum(np.where(is_compared, limit, np.inf), allowed.scattering))
    return [
        f"F_s(k_p, t) of {_name(s)} differs by up to {change[s][is_drift[s]].max():.2g} between the halves of "
        f"production (tolerance {allowed.scattering:.2g}); equilibrate longer"
        for s in range(blocks.shape[1])
        if is_drift[s].any()
    ]


def _length_reasons(taus: Floats, production_time: float, wanted: float) -> list[str]:
    reasons = []
    for s, tau in enumerate(taus):
        if math.isnan(tau):
            reasons.append(f"F_s(k_p, t) of {_name(s)} did not fall to 1/e within production; produce longer")
        elif production_time < wanted * tau:
            reasons.append(
                f"production is {production_time / tau:.2g} relaxation times of {_name(s)} long; "
                f"needed: {wanted:g}; produce longer"
            )
    return reasons


def _name(species: int) -> str:
    return SPECIES[species] if species < len(SPECIES) else f"species {species}"


def _checked_series(name: str, series: ArrayLike) -> Floats:
    values = np.asarray(series, dtype=float)
    if values.ndim != 1 or values.size < _FEWEST_SAMPLES or not np.all(np.isfinite(values)):
        raise InvalidInput(f"{name} has the shape {values.shape}; expected at least {_FEWEST_SAMPLES} finite samples")
    return values
