"""F(t) of a file made ready for a fit: targets, Ω where none is given, what is odd about them, and the checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from glassdask.datasets.own_files.scattering_file import MeasuredScattering
from glassdask.errors import InvalidInput
from glassdask.fits.fit_options import FitOptions
from glassdask.fits.search.checkpoint import SearchCheckpoint, problem_identity
from glassdask.fits.target.short_times import ShortTimes, note_on_dynamics, short_times
from glassdask.fits.target.target import ERROR_FLOOR, Target, checked_target, initial_rate, note_on_units
from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS, Dynamics
from glassdask.physics.memory.memory_kernels import StretchedMemory
from glassdask.stages.fit_memory import STAGE

Method = Literal["evolution", "inversion"]
#: F has begun to fall where it is this many errors below 1.
_RESOLVED = 5.0
SEPARATE = "F_AB is taken to be 0: the species are separate problems, and M_AB is unconstrained"


@dataclass(frozen=True)
class CurveOptions:
    """What is to be done with a file of F(t).

    Parameters
    ----------
    fit
        Numbers of modes, dynamics, seed and all else that a search needs; of ``fits_omega`` see `Omega`.
    Omega
        One value for all species or one for each; None to estimate it from the beginning of F and then fit it.
        [1/time, or 1/time² in Newtonian dynamics]
    t_min
        Earlier points are left out. [time]
    method
        "evolution" or "inversion" (no form for M; overdamped).
    dynamics_reason
        Why the dynamics are those of `fit`: "given", or as `dynamics_of` says.
    """

    fit: FitOptions
    Omega: tuple[float, ...] | None = None
    t_min: float | None = None
    method: Method = "evolution"
    dynamics_reason: str = "given"


def dynamics_of(measured: MeasuredScattering, given: Dynamics | None = None) -> tuple[Dynamics, str]:
    """The dynamics of a file, and why: as given; of a campaign's state those of its simulation; or the default."""
    if given is not None:
        return given, "given"
    if _is_of_campaign(measured):
        return "newtonian", "of the campaign, whose states were simulated so"
    return DEFAULT_DYNAMICS, "default"


def _is_of_campaign(measured: MeasuredScattering) -> bool:
    return measured.peak_wavenumber is not None and measured.temperature is not None


@dataclass(frozen=True, eq=False)
class CurveProblem:
    """Targets and rates of a file, ready to be fitted.

    Parameters
    ----------
    targets
        By species.
    rates
        Ω of each: given, or estimated.
    options
        With ``fits_omega`` set where Ω is only an estimate.
    notes
        What was done to the data and is odd about them, in words.
    beginnings
        By species, the slope of 1 − F at short times, or None.
    time_unit
        Of all times, in words.
    starts
        By species, a memory known from elsewhere as a function of the number of modes.
    """

    targets: dict[str, Target]
    rates: dict[str, float]
    options: CurveOptions
    notes: list[str]
    beginnings: dict[str, ShortTimes | None]
    time_unit: str
    starts: dict[str, Callable[[int], StretchedMemory]] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """A hash of data and options: the same for the same searches."""
        fit = self.options.fit
        chosen = [self.options.method, fit.n_exp, fit.dynamics, fit.fits_omega, fit.seed, fit.n_starts, fit.generations]
        return problem_identity(self.targets, [*chosen, fit.rounds, fit.lasso, self.rates, STAGE.revision])


def curve_problem(measured: MeasuredScattering, options: CurveOptions) -> CurveProblem:
    """Checked targets with their rates.

    Raises
    ------
    InvalidInput
        If F is no correlation function (`checked_target`), too few points are left, or Ω does not go with the species.
    """
    fit, names = options.fit, list(measured.F)
    given, notes = _known_rates(measured, options)
    targets, rates, beginnings = {}, {}, {}
    for name in names:
        whole, remarks = checked_target(
            measured.times, measured.F[name], measured.error.get(name), measured.blocks.get(name), f"F of {name}"
        )
        beginning = _resolved(whole, name)
        if name in given:
            rates[name] = given[name]
            remarks += note_on_units(beginning, rates[name], fit.dynamics, f"F of {name}")
        else:
            rates[name] = float(initial_rate(beginning, fit.dynamics))
        targets[name] = whole if options.t_min is None else whole.later_than(options.t_min)
        beginnings[name] = short_times(targets[name])
        notes += [*remarks, *note_on_dynamics(beginnings[name], fit.dynamics, f"F of {name}")]
    if not given:
        notes.append(_note_on_estimate(rates, options))
    fits_omega = options.method == "evolution" and (fit.fits_omega or not given)
    notes += [] if len(names) < 2 else [SEPARATE]
    chosen = replace(options, fit=replace(fit, fits_omega=fits_omega))
    unit = "tau_MD" if _is_of_campaign(measured) else "the unit of the file"
    return CurveProblem(targets, rates, chosen, notes, beginnings, unit)


def _known_rates(measured: MeasuredScattering, options: CurveOptions) -> tuple[dict[str, float], list[str]]:
    """Ω as it was given; that of a campaign's state, k_p² k_BT/m, where nothing else was said; or nothing."""
    names = list(measured.F)
    k, T = measured.peak_wavenumber, measured.temperature
    if options.Omega is None and options.fit.dynamics == "newtonian" and k is not None and T is not None:
        Omega = k**2 * T * TAU_MD**2
        rates = {name: Omega / measured.masses.get(name, 1.0) for name in names}
        values = ", ".join(dict.fromkeys(f"{rate:.4g}" for rate in rates.values()))
        words = f"Omega = k_p^2 k_BT/m = {values}, of the file's k_p = {k:.4g} and measured temperature {T:.4g}"
        return rates, [words]
    return _given_rates(options.Omega, names), []


def _given_rates(Omega: tuple[float, ...] | None, names: list[str]) -> dict[str, float]:
    if Omega is None:
        return {}
    if len(Omega) not in (1, len(names)):
        raise InvalidInput(
            f"Omega has {len(Omega)} values for the species {', '.join(names)}; allowed: one for all or one for each"
        )
    if not all(np.isfinite(rate) and rate > 0 for rate in Omega):
        raise InvalidInput(f"Omega is {', '.join(f'{rate:g}' for rate in Omega)}; allowed: finite rates above 0")
    return dict(zip(names, Omega if len(Omega) > 1 else Omega * len(names), strict=True))


def _resolved(target: Target, name: str) -> Target:
    """The points from where F has fallen by more than its noise; earlier ones say nothing of Ω."""
    noise = np.full(target.n, ERROR_FLOOR) if target.error is None else target.scale
    fallen = 1.0 - target.F
    has_fallen = fallen > _RESOLVED * noise
    if not has_fallen.any():
        raise InvalidInput(
            f"F of {name} stays at 1 within its noise up to the last time, {target.times[-1]:g}; allowed: a function "
            "that decays; measure longer, or look at the unit of t"
        )
    first = int(np.argmax(has_fallen))
    return Target(target.times[first:], target.F[first:])


def _note_on_estimate(rates: Mapping[str, float], options: CurveOptions) -> str:
    values = ", ".join(f"{rate:.4g} ({name})" for name, rate in rates.items())
    word = {
        "evolution": "and then fitted",
        "inversion": "the inversion takes its own, which needs a resolved beginning almost free of noise",
    }[options.method]
    return (
        f"no Omega was given: estimated from the beginning of F, {values}, {word}; give it where it is known (--omega)"
    )


def checkpoint_of(path: Path, problem: CurveProblem) -> tuple[SearchCheckpoint, list[str]]:
    """The checkpoint of a problem, and a word if the file is of another one.

    Raises
    ------
    InvalidInput
        If the file is something else: it would be overwritten.
    """
    identity = problem.identity
    if not path.exists():
        return SearchCheckpoint(path, identity), []
    try:
        content = json.loads(path.read_bytes())
        found = content["problem"], content["answers"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InvalidInput(
            f"{path} is there and is no checkpoint of a fit; allowed: a new name, or a file that --checkpoint made"
        ) from None
    notes = [] if found[0] == identity else [f"{path} is of other data or options: begun anew"]
    return SearchCheckpoint(path, identity), notes
