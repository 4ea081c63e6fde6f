"""What is said of the memories of a file: as plain data (JSON) and as a Dataset with names and units."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassdask.datasets.netcdf import dataset, unfilled, write_netcdf
from glassdask.datasets.schema.memory_variables import (
    CURVE_MEMORY_VARIABLES,
    INVERTED_MEMORY_VARIABLES,
    MEASURED_VARIABLES,
)
from glassdask.datasets.schema.variables import MEMORY_VERDICTS
from glassdask.fits.refinement.memory_fit import MemoryFit, accurate_solution, best
from glassdask.fits.target.short_times import ShortTimes
from glassdask.fits.target.target import Target
from glassdask.physics.memory.memory_inversion import InvertedMemory
from glassdask.stages.fit_memory.memory_of_curve import CurveMemories

if TYPE_CHECKING:
    import xarray as xr

#: Times of a smooth curve, and an error of it that no eye sees.
_SMOOTH, _EYE = 400, 1e-4


def memory_json(found: CurveMemories) -> dict[str, Any]:
    """All that was found, as plain data for strict JSON: what is not finite or does not exist is None."""
    problem = found.problem
    species = {
        name: _slope_json(problem.beginnings[name])
        | (
            _inversion_json(found.inversions[name], target)
            if found.inversions
            else _fits_json(found.fits[name], target, problem.rates[name])
        )
        for name, target in problem.targets.items()
    }
    options = problem.options
    about = {
        "dynamics": options.fit.dynamics,
        "dynamics_reason": options.dynamics_reason,
        "time_unit": problem.time_unit,
        "method": options.method,
        "seed": options.fit.seed,
    }
    return {**about, "notes": list(found.notes), "species": species}


def _slope_json(beginning: ShortTimes | None) -> dict[str, Any]:
    """d ln(1 − F)/d ln t at the first times."""
    return {
        "short_time_slope": None if beginning is None else _finite(beginning.slope),
        "short_time_slope_error": None if beginning is None else _finite(beginning.error),
    }


def _fits_json(fits: list[MemoryFit], target: Target, Omega: float) -> dict[str, Any]:
    return {
        "omega": _finite(Omega),
        "points": target.n,
        "best_n_exp": best(fits).n_exp,
        "fits": [fit_json(fit, target.n) for fit in fits],
    }


def fit_json(fit: MemoryFit, n_points: int) -> dict[str, Any]:
    """One fit of eq. 6, as plain data."""
    errors = fit.uncertainty
    replicas = fit.bootstrap_error
    return {
        "n_exp": fit.n_exp,
        "loss": _finite(fit.loss),
        "mean_loss": _finite(fit.loss / n_points),
        "chi2_per_point": _finite(fit.chi2_per_point),
        "rms_deviation": _finite(fit.reproduction.rms),
        "is_reproduced": fit.reproduction.is_reproduced,
        "bic": _finite(fit.bic),
        "baseline": _finite(fit.memory.plateau),
        "baseline_error": _finite(errors.standard_error[0]),
        "baseline_limit": _finite(errors.plateau_limit),
        "baseline_is_bounded": errors.verdicts[0] == "bounded",
        "omega": _finite(fit.Omega),
        "modes": [_mode_json(fit, i) for i in range(fit.n_exp)],
        "correlation": {"parameters": list(errors.names), "matrix": [_list(row) for row in errors.correlation]},
        "bootstrap_error": None if replicas is None else dict(zip(errors.names, _list(replicas), strict=True)),
        "solver_error": _finite(fit.solver_error),
        "is_resolved": bool(fit.is_resolved),
        "evaluations": int(fit.evaluations),
        "seconds": _finite(fit.seconds),
        "stop_reason": fit.stop_reason,
    }


def _mode_json(fit: MemoryFit, i: int) -> dict[str, Any]:
    memory, places = fit.memory, _places(fit.n_exp, i)
    values = (memory.amplitudes[i], memory.times[i], memory.stretches[i])
    found: dict[str, Any] = {}
    for name, value, place in zip(("weight", "time", "stretch"), values, places, strict=True):
        found[name] = _finite(value)
        found[f"{name}_error"] = _finite(fit.uncertainty.standard_error[place])
        if name == "weight":
            found |= {"offset": 0.0, "offset_error": None}
    return found | {"verdict": verdict_of_mode(fit, i)}


def verdict_of_mode(fit: MemoryFit, i: int) -> str:
    """The worst of what is said of a mode's weight, time and stretch, and of the whole fit."""
    return fit.misfit_verdict or max(
        (fit.uncertainty.verdicts[place] for place in _places(fit.n_exp, i)), key=MEMORY_VERDICTS.index
    )


def _places(n_exp: int, i: int) -> tuple[int, int, int]:
    """Where A, τ and b of a mode stand among the parameters K, A_1 …, τ_1 …, b_1 …."""
    return 1 + i, 1 + n_exp + i, 1 + 2 * n_exp + i


def _inversion_json(memory: InvertedMemory, target: Target) -> dict[str, Any]:
    return {
        "omega": _finite(memory.Omega),
        "points": target.n,
        "baseline": _finite(memory.plateau),
        "weights": _list(memory.weights),
        "rates": _list(memory.rates),
        "residual": _finite(memory.residual),
        "t": _list(target.times),
        "M": _list(memory(target.times)),
        "F_residual": _list(memory.F(target.times) - target.F),
    }


def _list(values: Iterable[float]) -> list[float | None]:
    return [_finite(value) for value in values]


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


# --- as a Dataset ---------------------------------------------------------------------------------------------------


def write_memory(found: CurveMemories, path: Path, attributes: Mapping[str, Any]) -> None:
    """F, F_fit, M and all parameters as netCDF, whole or not at all.

    Parameters
    ----------
    found
        What was found.
    path
        The file.
    attributes
        Global attributes beside dynamics, method, seed and notes.
    """
    options = found.problem.options
    about = {
        "title": "memory of a correlation function",
        "dynamics": options.fit.dynamics,
        "dynamics_reason": options.dynamics_reason,
        "time_unit": found.problem.time_unit,
        "method": options.method,
        "seed": options.fit.seed,
        "notes": "; ".join(found.notes),
    }
    write_netcdf(memory_dataset(found), path, {**about, **attributes})


def memory_dataset(found: CurveMemories) -> xr.Dataset:
    """Measured F, F of the fits and M at the times of the file, with the parameters (see `memory_schema`)."""
    targets = found.problem.targets
    t = np.unique(np.concatenate([target.times for target in targets.values()]))
    values, coordinates = _measured(targets, t), {"t": t, "species": list(targets)}
    if found.inversions:
        data = dataset({**values, **_inverted(found, t)}, coordinates, INVERTED_MEMORY_VARIABLES)
    else:
        numbers = _numbers_of_modes(found)
        coordinates |= {"n_exp": numbers, "mode": np.arange(1, numbers[-1] + 1)}
        data = dataset({**values, **_fitted(found, t, numbers)}, coordinates, CURVE_MEMORY_VARIABLES)
    data["t"].attrs = {"units": "time", "long_name": f"lag time in {found.problem.time_unit}"}
    return data


def smooth_curves(found: CurveMemories) -> xr.Dataset:
    """As `memory_dataset`, F_fit and M at many times, as a figure needs them; nothing was measured there."""
    first, last = (f(target.times[i] for target in found.problem.targets.values()) for f, i in ((min, 0), (max, -1)))
    t = np.geomspace(first, last, _SMOOTH)
    species = {"t": t, "species": list(found.problem.targets)}
    if found.inversions:
        memories = found.inversions.values()
        values = {"F_fit": np.array([m.F(t) for m in memories]), "M": np.array([m(t) for m in memories])}
        return dataset(values, species, INVERTED_MEMORY_VARIABLES)
    numbers = _numbers_of_modes(found)
    values = {name: np.full((len(found.fits), len(numbers), t.size), np.nan) for name in ("F_fit", "M")}
    for a, fits in enumerate(found.fits.values()):
        for fit in fits:
            here = a, numbers.index(fit.n_exp)
            values["F_fit"][here] = accurate_solution(fit.memory, fit.Omega, t, fit.dynamics, _EYE)[0]
            values["M"][here] = fit.memory(t)
    return dataset(values, {**species, "n_exp": numbers}, CURVE_MEMORY_VARIABLES)


def _numbers_of_modes(found: CurveMemories) -> list[int]:
    return sorted({fit.n_exp for fits in found.fits.values() for fit in fits})


def _measured(targets: Mapping[str, Target], t: np.ndarray) -> dict[str, np.ndarray]:
    F, error = np.full((2, len(targets), t.size), np.nan)
    for a, target in enumerate(targets.values()):
        here = np.searchsorted(t, target.times)
        F[a, here] = target.F
        if target.error is not None:
            error[a, here] = target.error
    return {"F": F, "F_error": error}


def _fitted(found: CurveMemories, t: np.ndarray, numbers: list[int]) -> dict[str, np.ndarray]:
    schema = {name: variable for name, variable in CURVE_MEMORY_VARIABLES.items() if name not in MEASURED_VARIABLES}
    sizes = {"t": t.size, "mode": numbers[-1], "n_exp": len(numbers), "species": len(found.fits)}
    values = unfilled(schema, sizes)
    values["best_n_exp"] = np.array([best(fits).n_exp for fits in found.fits.values()])
    for a, (name, fits) in enumerate(found.fits.items()):
        times = found.problem.targets[name].times
        for fit in fits:
            here = a, numbers.index(fit.n_exp)
            values["F_fit"][here][np.searchsorted(t, times)] = fit.F
            values["M"][here] = fit.memory(t)
            for variable, value in _scalars(fit).items():
                values[variable][here] = np.nan if value is None else value
            _fill_modes(values, here, fit)
    return values


def _scalars(fit: MemoryFit) -> dict[str, float | None]:
    errors = fit.uncertainty
    return {
        "baseline": fit.memory.plateau,
        "baseline_error": _finite(errors.standard_error[0]),
        "baseline_limit": _finite(errors.plateau_limit),
        "omega": fit.Omega,
        "loss": fit.loss,
        "chi2_per_point": fit.chi2_per_point,
        "rms_deviation": fit.reproduction.rms,
        "is_reproduced": fit.reproduction.is_reproduced,
        "bic": fit.bic,
        "solver_error": _finite(fit.solver_error),
    }


def _fill_modes(values: dict[str, np.ndarray], here: tuple[int, int], fit: MemoryFit) -> None:
    for i in range(fit.n_exp):
        mode = _mode_json(fit, i)
        for name in ("weight", "time", "stretch"):
            for variable in (name, f"{name}_error"):
                values[variable][*here, i] = np.nan if mode[variable] is None else mode[variable]
        values["verdict"][*here, i] = MEMORY_VERDICTS.index(mode["verdict"])


def _inverted(found: CurveMemories, t: np.ndarray) -> dict[str, np.ndarray]:
    memories = list(found.inversions.values())
    longest = max(memory.rates.size for memory in memories)
    weight, rate = np.full((2, len(memories), longest), np.nan)
    for a, memory in enumerate(memories):
        weight[a, : memory.rates.size], rate[a, : memory.rates.size] = memory.weights, memory.rates
    return {
        "F_fit": np.array([memory.F(t) for memory in memories]),
        "M": np.array([memory(t) for memory in memories]),
        "weight": weight,
        "rate": rate,
        "baseline": np.array([memory.plateau for memory in memories]),
        "omega": np.array([memory.Omega for memory in memories]),
        "residual": np.array([memory.residual for memory in memories]),
    }
