"""Stage fit_memory: the memory functions that reproduce a state's F_s(k_p,t), as ``memory.nc``.

One task holds everything of a state: both species, every number of modes, restarts and resampled data go in step through
one compiled solver. Searches are checkpointed: a task that was killed goes on from its last generation.
"""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import dataset, read_netcdf, write_netcdf
from glassdask.datasets.schema import (
    MEMORY_PARAMETER_VARIABLES,
    MEMORY_VARIABLES,
    MEMORY_VERDICTS,
    MODE_COUPLING_STATES,
    state_coordinates,
)
from glassdask.errors import InvalidInput
from glassdask.evolution.checkpoint import Answers
from glassdask.evolution.fit_options import FitOptions
from glassdask.evolution.fitting import fit_memories
from glassdask.evolution.identifiability import parameter_names
from glassdask.evolution.memory_fit import MemoryFit, accurate_solution, best
from glassdask.evolution.target import Target, checked_target, initial_rate
from glassdask.physics.memory_equation import Dynamics
from glassdask.physics.mixture import SPECIES, TAU_MD
from glassdask.tasks.memory_starts import first_memory, memories_of_theory
from glassdask.tasks.solve_mct import MODE_COUPLING, OBSERVABLES
from glassdask.tasks.stage_result import StageContext, StageResult
from glassdask.tasks.state_summary import state_summary

MEMORY, CHECKPOINT = "memory.nc", "searches.json"
_SCHEMA = {**MEMORY_VARIABLES, **MEMORY_PARAMETER_VARIABLES}


def fit_memory(context: StageContext) -> StageResult:
    """Fits eq. 6 to F_s(k_p,t) of both species, with each equation and number of modes that the campaign asks for.

    A state without a usable F_s (a crystal; too few times with an error) makes no failure: the reason lies in the file's
    attributes.

    Returns
    -------
    StageResult
        Product: ``memory.nc``; the status and summary of the state are those of the stages before, with what was found
        here added.
    """
    data = read_netcdf(context.folder / OBSERVABLES)
    theory = read_netcdf(context.folder / MODE_COUPLING)
    section, t = context.parameters["memory"], data["t"].values
    values = _nothing(section, t.size)
    notes: list[str] = []
    reason = ""
    chosen: dict[str, MemoryFit] = {}
    try:
        if data.attrs["status"] == "crystallised":
            raise InvalidInput("the run has crystallised")
        targets = targets_of_state(data, notes)
        answers = _answers(context, targets)
        for place, dynamics in enumerate(section["dynamics"]):
            fits = fit_of_state(targets, data, theory, dynamics, context, answers)
            for species, of_species in fits.items():
                _fill(values, place, SPECIES.index(species), of_species, targets[species], section, t)
            chosen = chosen or {name: best(found) for name, found in fits.items()}
    except InvalidInput as error:
        reason = str(error)
    coordinates = {
        "t": t,
        "species": list(SPECIES),
        "dynamics": list(section["dynamics"]),
        "n_exp": np.array(section["n_exp"]),
        "mode": np.arange(1, max(section["n_exp"]) + 1),
        "parameter": _parameters(section),
        "other_parameter": _parameters(section),
        **state_coordinates(context.state),
    }
    kept = {name: data.attrs[name] for name in ("title", "source", "seed", "status") if name in data.attrs}
    about = {"memory_reason": reason, "notes": "; ".join(notes), "campaign": context.execution.get("campaign")}
    write_netcdf(dataset(values, coordinates, _SCHEMA), context.work / MEMORY, {**kept, **about})
    return StageResult("done", (MEMORY,), data.attrs["status"], _summary(data, theory, chosen, reason))


def targets_of_state(data: xr.Dataset, notes: list[str]) -> dict[str, Target]:
    """F_s(k_p,t) of both species with errors and blocks of time; what is odd about them is added to `notes`."""
    targets = {}
    has_blocks = "peak_scattering_blocks" in data
    for species in SPECIES:
        here = data.sel(species=species)
        targets[species], found = checked_target(
            here["t"].values,
            here["peak_scattering"].values,
            here["peak_scattering_error"].values,
            here["peak_scattering_blocks"].values if has_blocks else None,
            f"F_s of {species}",
        )
        notes += found
    return targets


def fit_of_state(
    targets: dict[str, Target],
    data: xr.Dataset,
    theory: xr.Dataset | None,
    dynamics: Dynamics,
    context: StageContext,
    answers: Answers | None = None,
) -> dict[str, list[MemoryFit]]:
    """The fits of a state with one equation.

    Newtonian: Ω = k_p² k_BT/m from the measured temperature, all times. Overdamped: Ω is fitted, from `overdamped_from` on:
    simulated atoms are ballistic before, and no memory of eq. 5 makes them so (science.md, E1').
    """
    section = context.parameters["memory"]
    options = FitOptions(
        n_exp=tuple(section["n_exp"]),
        dynamics=dynamics,
        fits_omega=dynamics == "overdamped",
        seed=int(context.parameters["seed"]),
        n_starts=section["starts"],
        generations=section["generations"],
        n_bootstrap=section["bootstrap"],
    )
    if dynamics == "newtonian":
        Omega = float(data["peak_wavenumber"]) ** 2 * float(data["measured_temperature"]) * TAU_MD**2
        rates = dict.fromkeys(targets, Omega)
    else:
        targets = {name: target.later_than(section["overdamped_from"]) for name, target in targets.items()}
        rates = {name: initial_rate(target, dynamics) for name, target in targets.items()}
    starts = {} if theory is None else memories_of_theory(theory, float(data["peak_wavenumber"]), dynamics)
    if not starts and dynamics == "overdamped":
        starts = {name: partial(first_memory, target, rates[name], dynamics) for name, target in targets.items()}
    return fit_memories(targets, rates, options, starts, answers, context.keep_alive)


def _answers(context: StageContext, targets: dict[str, Target]) -> Answers:
    """The searches' checkpoint, with what the newest earlier attempt at the same inputs has left."""
    problem = hashlib.sha256(json.dumps(context.parameters, sort_keys=True).encode())
    for target in targets.values():
        problem.update(target.F.tobytes())
    path = context.work / CHECKPOINT
    earlier = [other / CHECKPOINT for other in context.work.parent.iterdir() if other != context.work]
    left = sorted((found for found in earlier if found.is_file()), key=lambda found: found.stat().st_mtime)
    if left:
        path.write_bytes(left[-1].read_bytes())
    return Answers(path, problem.hexdigest())


def _parameters(section: dict[str, Any]) -> list[str]:
    return list(parameter_names(max(section["n_exp"]), fits_omega=True))


def _nothing(section: dict[str, Any], n_times: int) -> dict[str, np.ndarray]:
    n_parameters = len(_parameters(section))
    sizes = {
        "dynamics": len(section["dynamics"]),
        "species": len(SPECIES),
        "n_exp": len(section["n_exp"]),
        "mode": max(section["n_exp"]),
        "t": n_times,
        "parameter": n_parameters,
        "other_parameter": n_parameters,
    }
    shapes = {name: [sizes[d] for d in variable.dims] for name, variable in _SCHEMA.items()}
    return {
        name: np.full(shape, np.nan if _SCHEMA[name].dtype.startswith("float") else 0) for name, shape in shapes.items()
    }


def _fill(
    values: dict[str, np.ndarray],
    place: int,
    species: int,
    fits: list[MemoryFit],
    target: Target,
    section: dict[str, Any],
    t: np.ndarray,
) -> None:
    variation = float(((target.F - target.F.mean()) ** 2).sum())
    for fit in fits:
        here = (place, species, section["n_exp"].index(fit.n_exp))
        for name, value in _numbers(fit, variation).items():
            values[name][here] = value
        _fill_parameters(values, here, fit, _parameters(section))
        F, _ = accurate_solution(fit.memory, fit.Omega, t[1:], fit.dynamics)
        values["memory_scattering"][here] = np.concatenate([[1.0], F])


def _numbers(fit: MemoryFit, variation: float) -> dict[str, float]:
    """The scalars of a fit by the names of their variables."""
    errors = fit.uncertainty
    verdicts = dict(zip(errors.names, errors.verdicts, strict=True))
    of_modes = [verdict for name, verdict in verdicts.items() if name not in ("K", "Omega")]
    return {
        "memory_baseline": fit.memory.plateau,
        "memory_baseline_error": _finite(errors.standard_error[0]),
        "memory_baseline_limit": _finite(errors.plateau_limit),
        "memory_baseline_is_bounded": verdicts["K"] != "determined",
        "memory_is_degenerate": "degenerate" in of_modes,
        "memory_is_unresolved": not fit.is_resolved,
        "memory_omega": fit.Omega,
        "memory_loss": fit.loss,
        "memory_chi2": np.nan if fit.chi2 is None else fit.chi2 / fit.F.size,
        "memory_r2_complement": fit.loss / variation,
        "memory_bic": fit.bic,
        "memory_evaluations": fit.evaluations,
        "memory_seconds": fit.seconds,
    }


def _fill_parameters(values: dict[str, np.ndarray], here: tuple[int, ...], fit: MemoryFit, names: list[str]) -> None:
    """Modes with their errors, and all parameters by name with verdicts and correlations."""
    errors, n = fit.uncertainty, fit.n_exp
    for i, name in enumerate(("weight", "time", "stretch")):
        part = slice(1 + i * n, 1 + (i + 1) * n)
        values[f"memory_{name}"][here][:n] = errors.values[part]
        values[f"memory_{name}_error"][here][:n] = _finite(errors.standard_error[part])
    places = np.array([names.index(name) for name in errors.names])
    values["memory_parameter"][here][places] = errors.values
    values["memory_parameter_error"][here][places] = _finite(errors.standard_error)
    values["memory_verdict"][here][places] = [MEMORY_VERDICTS.index(verdict) for verdict in errors.verdicts]
    values["memory_correlation"][here][np.ix_(places, places)] = errors.correlation
    if fit.bootstrap_error is not None:
        values["memory_parameter_bootstrap_error"][here][places] = fit.bootstrap_error


def _finite(value: Any) -> Any:
    """Infinite errors (nothing is known) are NaN in files."""
    return np.where(np.isfinite(value), value, np.nan)


def _summary(data: xr.Dataset, theory: xr.Dataset, chosen: dict[str, MemoryFit], reason: str) -> dict[str, Any]:
    """What the stages before have found, and of the first equation's fits χ²/n and the number of modes that BIC prefers."""
    observed = {str(name): variable.values for name, variable in data.data_vars.items()}
    summary = state_summary(observed, str(data.attrs.get("status_reasons", "")))
    summary["mct_state"] = MODE_COUPLING_STATES[int(theory["mct_state"])]
    for species, tau in zip(SPECIES, theory["mct_relaxation_time"].values, strict=True):
        summary[f"mct_relaxation_time_{species}"] = float(tau) if np.isfinite(tau) else None
    summary["mct_reason"] = str(theory.attrs.get("mct_reason", ""))
    for species in SPECIES:
        fit = chosen.get(species)
        summary[f"memory_n_exp_{species}"] = fit.n_exp if fit else None
        summary[f"memory_chi2_{species}"] = fit.chi2 / fit.F.size if fit and fit.chi2 is not None else None
    summary["memory_reason"] = reason
    return summary
