"""What has to be said of fits in words: F that is not reproduced, and parameters that are no more than where a search ended."""

from __future__ import annotations

from collections.abc import Mapping

from glassdask.fits.refinement.memory_fit import MemoryFit, best
from glassdask.fits.target.reproduction import allowed_chi2_per_point
from glassdask.fits.target.target import Target
from glassdask.stages.fit_memory.curve_problem import CurveProblem


def notes_on_fits(fits: Mapping[str, list[MemoryFit]], problem: CurveProblem) -> list[str]:
    """For each species whether the preferred fit reproduces F, and what of it is faster than the data; then what lies on a
    bound in any fit."""
    notes = []
    for name, found in fits.items():
        target = problem.targets[name]
        preferred = best(found)
        notes += _misfit(preferred, found, target, name) + _too_fast(preferred, target, name)
        notes += [note for fit in found for note in _on_bounds(fit, name)]
    return notes


def _misfit(fit: MemoryFit, found: list[MemoryFit], target: Target, name: str) -> list[str]:
    deviation = fit.reproduction
    if deviation.is_reproduced:
        return []
    others = [str(other.n_exp) for other in found if other.reproduction.is_reproduced]
    of_others = f" but with n_exp = {', '.join(others)}" if others else ""
    beginning = f"F of {name} is not reproduced{of_others}; n_exp = {fit.n_exp}: "
    where = f"off by up to {abs(deviation.largest):.2g} at t = {deviation.at:.3g}"
    if fit.chi2_per_point is not None:
        allowed = allowed_chi2_per_point(target.n, len(fit.uncertainty.names))
        size = f"chi2_per_point is {fit.chi2_per_point:.3g} (allowed {allowed:.2f}), {where}"
    else:
        words = ", neighbouring times in the same direction, as noise is not" if deviation.is_systematic else ""
        size = f"rms deviation {deviation.rms:.2g}, {where}{words}"
    remedy = "w, tau and b are not those of its memory; other dynamics, later times (--t-min) or errors may help"
    return [f"{beginning}{size}; {remedy}"]


def _on_bounds(fit: MemoryFit, name: str) -> list[str]:
    errors = fit.uncertainty
    ends = [
        f"{parameter} = {value:.3g} ({bound})"
        for parameter, value, bound in zip(errors.names, errors.values, errors.bounds, strict=True)
        if bound
    ]
    if not ends:
        return []
    return [f"n_exp = {fit.n_exp} of {name}: at a bound of the search: {', '.join(ends)}; no values, only limits"]


def _too_fast(fit: MemoryFit, target: Target, name: str) -> list[str]:
    """Modes that are over before the first time: F knows their integral."""
    memory, first = fit.memory, target.times[0]
    fast = [i for i in range(fit.n_exp) if memory.times[i] < first]
    if not fast:
        return []
    modes = ", ".join(f"w = {memory.amplitudes[i]:.3g}, tau = {memory.times[i]:.3g}" for i in fast)
    return [
        (
            f"n_exp = {fit.n_exp} of {name}: {modes} is over before the first time, {first:.3g}: of it F tells w tau at most; "
            "data at earlier times, or other dynamics, may do without it"
        )
    ]
