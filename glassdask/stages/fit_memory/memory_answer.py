"""What is said of the memories of a file: a Dataset with names and units, from which the netCDF file, JSON and figures come."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassdask.datasets.labelled_arrays import LabelledArrays
from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.memory_variables import CURVE_MEMORY_VARIABLES, INVERTED_MEMORY_VARIABLES
from glassdask.fits.refinement.identifiability import parameter_names
from glassdask.fits.refinement.memory_fit import accurate_solution, best
from glassdask.outcome import MemoryVerdict
from glassdask.physics.memory.memory_inversion import InvertedMemory
from glassdask.stages.fit_memory.curve_problem import CurveProblem
from glassdask.stages.fit_memory.fit_arrays import FitArrays, finite
from glassdask.stages.fit_memory.memory_of_curve import CurveMemories

if TYPE_CHECKING:
    import xarray as xr

#: Times of a smooth curve, and an error of it that no eye sees.
_SMOOTH, _EYE = 400, 1e-4
_ATTRIBUTES = ("dynamics", "dynamics_reason", "time_unit", "method", "seed")
#: Of a fit, besides its modes and parameters.
_NUMBERS = (
    "loss", "chi2_per_point", "rms_deviation", "bic", "independent_points", "probability", "baseline", "baseline_error", "baseline_limit", "omega", "solver_error",
    "seconds",
)  # fmt: skip
_FLAGS = ("is_reproduced", "baseline_is_bounded", "is_resolved")


def memory_arrays(found: CurveMemories) -> LabelledArrays:
    """Measured F, F of the fits and M at the times of the file, with all parameters: `CURVE_MEMORY_VARIABLES`, or
    `INVERTED_MEMORY_VARIABLES`; the attribute ``notes`` is a list."""
    problem = found.problem
    t = np.unique(np.concatenate([target.times for target in problem.targets.values()]))
    coordinates: dict[str, Any] = {"t": t, "species": list(problem.targets)}
    fit = problem.options.fit
    of_all = (fit.dynamics, problem.options.dynamics_reason, problem.time_unit, problem.options.method, fit.seed)
    attributes = {**dict(zip(_ATTRIBUTES, of_all, strict=True)), "notes": list(found.notes)}
    if found.inversions:
        values = {**_measured(problem, t), **_inverted(list(found.inversions.values()), t)}
        return LabelledArrays(values, coordinates, INVERTED_MEMORY_VARIABLES, attributes)
    arrays = _fitted(found, FitArrays(CURVE_MEMORY_VARIABLES, _numbers_of_modes(found), coordinates), t)
    values = {**arrays.values, **_measured(problem, t)}
    return LabelledArrays(values, arrays.coordinates, CURVE_MEMORY_VARIABLES, attributes)


def memory_dataset(arrays: LabelledArrays) -> xr.Dataset:
    """What `memory_arrays` gave, as a Dataset."""
    data = arrays.dataset()
    data["t"].attrs = {"units": "time", "long_name": f"lag time in {arrays.attributes['time_unit']}"}
    return data


def write_memory(arrays: LabelledArrays, path: Path, attributes: Mapping[str, Any]) -> None:
    """What `memory_arrays` gave as netCDF, whole or not at all, with further global attributes."""
    about = {"title": "memory of a correlation function", "notes": "; ".join(arrays.attributes["notes"])}
    write_netcdf(memory_dataset(arrays), path, {**about, **attributes})


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
    values = {name: np.full((len(found.fits), len(numbers), t.size), np.nan) for name in ("F_fit", "M", "M_error")}
    for a, fits in enumerate(found.fits.values()):
        for fit in fits:
            place = a, numbers.index(fit.n_exp)
            values["F_fit"][place] = accurate_solution(fit.memory, fit.Omega, t, fit.dynamics, _EYE)[0]
            values["M"][place], values["M_error"][place] = fit.memory(t), fit.kernel_error(t)
    return dataset(values, {**species, "n_exp": numbers}, CURVE_MEMORY_VARIABLES)


def _numbers_of_modes(found: CurveMemories) -> list[int]:
    return sorted({fit.n_exp for fits in found.fits.values() for fit in fits})


def _measured(problem: CurveProblem, t: np.ndarray) -> dict[str, np.ndarray]:
    targets, beginnings = problem.targets, problem.beginnings.values()
    F, error = np.full((2, len(targets), t.size), np.nan)
    for a, target in enumerate(targets.values()):
        places = np.searchsorted(t, target.times)
        F[a, places] = target.F
        if target.error is not None:
            error[a, places] = target.error
    slopes = [(np.nan, np.nan) if beginning is None else (beginning.slope, beginning.error) for beginning in beginnings]
    slope, slope_error = finite(np.array(slopes).T)
    points = np.array([target.n for target in targets.values()])
    return {
        "F": F,
        "F_error": error,
        "points": points,
        "short_time_slope": slope,
        "short_time_slope_error": slope_error,
    }


def _fitted(found: CurveMemories, arrays: FitArrays, t: np.ndarray) -> FitArrays:
    values = arrays.values
    values["best_n_exp"] = np.array([best(fits).n_exp for fits in found.fits.values()])
    for a, (name, fits) in enumerate(found.fits.items()):
        target = found.problem.targets[name]
        values["known_omega"][a] = found.problem.rates[name]
        for fit in fits:
            place = arrays.fill((a,), fit, target)
            values["F_fit"][place][np.searchsorted(t, target.times)] = fit.F
            values["M"][place], values["M_error"][place] = fit.memory(t), fit.kernel_error(t)
    return arrays


def _inverted(memories: list[InvertedMemory], t: np.ndarray) -> dict[str, np.ndarray]:
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


# --- as plain data --------------------------------------------------------------------------------------------------


def memory_json(arrays: LabelledArrays) -> dict[str, Any]:
    """What `memory_arrays` gave, as plain data for strict JSON: what is not finite or does not exist is None."""
    of_species = _inversion_json if arrays.attributes["method"] == "inversion" else _fits_json
    species = {}
    for a, name in enumerate(arrays.coordinates["species"]):
        own = arrays.at("species", a)
        species[name] = numbers_of(own, ("short_time_slope", "short_time_slope_error")) | of_species(own)
    return {**{name: arrays.attributes[name] for name in (*_ATTRIBUTES, "notes")}, "species": species}


def numbers_of(fit: Any, names: Iterable[str], prefix: str = "") -> dict[str, float | None]:
    """Scalars of a Dataset, or of labelled arrays, by their names without the prefix."""
    return {name: _plain(float(fit[prefix + name])) for name in names}


def modes_of(fit: Any, n_exp: int, prefix: str = "") -> list[dict[str, Any]]:
    """Weight, time and stretch of each mode with their errors."""
    names = [f"{name}{error}" for name in ("weight", "time", "stretch") for error in ("", "_error")]
    columns = {name: np.asarray(fit[prefix + name]) for name in names}
    return [{name: _plain(values[i]) for name, values in columns.items()} for i in range(n_exp)]


def _fits_json(own: LabelledArrays) -> dict[str, Any]:
    found = [(i, int(n)) for i, n in enumerate(own.coordinates["n_exp"]) if own["evaluations"][i] > 0]
    return {
        "omega": _plain(float(own["known_omega"])),
        "points": int(own["points"]),
        "best_n_exp": int(own["best_n_exp"]),
        "fits": [_fit_json(own.at("n_exp", i), n) for i, n in found],
    }


def _fit_json(fit: LabelledArrays, n_exp: int) -> dict[str, Any]:
    """One fit of eq. 6."""
    names = list(parameter_names(n_exp, bool(fit["fits_omega"])))
    columns = [fit.coordinates["parameter"].index(name) for name in names]
    replicas = _list(fit["parameter_bootstrap_error"][columns])
    correlation = fit["correlation"][np.ix_(columns, columns)]
    verdicts = [MemoryVerdict.flagged(number) for number in fit["verdict"][:n_exp]]
    offset = {"offset": 0.0, "offset_error": None}
    modes = [
        {"weight": mode["weight"], "weight_error": mode["weight_error"], **offset, **mode, "verdict": verdict}
        for mode, verdict in zip(modes_of(fit, n_exp), verdicts, strict=True)
    ]
    return {
        "n_exp": n_exp,
        **numbers_of(fit, _NUMBERS),
        "mean_loss": _plain(float(fit["loss"]) / int(fit["points"])),
        **{name: bool(fit[name]) for name in _FLAGS},
        "modes": modes,
        "correlation": {"parameters": names, "matrix": [_list(row) for row in correlation]},
        "bootstrap_error": None if replicas[0] is None else dict(zip(names, replicas, strict=True)),
        "evaluations": int(fit["evaluations"]),
        "stop_reason": str(fit["stop_reason"]),
    }


def _inversion_json(own: LabelledArrays) -> dict[str, Any]:
    measured, exponentials = np.isfinite(own["F"]), np.isfinite(own["rate"])
    return {
        **numbers_of(own, ("omega", "baseline", "residual")),
        "points": int(own["points"]),
        "weights": _list(own["weight"][exponentials]),
        "rates": _list(own["rate"][exponentials]),
        "t": _list(own.coordinates["t"][measured]),
        "M": _list(own["M"][measured]),
        "F_residual": _list((own["F_fit"] - own["F"])[measured]),
    }


def _list(values: Iterable[float]) -> list[float | None]:
    return [_plain(value) for value in values]


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
