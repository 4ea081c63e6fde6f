"""What is said of the memories of a file: a Dataset with names and units, from which the netCDF file, JSON and figures come."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.memory_variables import CURVE_MEMORY_VARIABLES, INVERTED_MEMORY_VARIABLES
from glassdask.datasets.schema.variables import MEMORY_VERDICTS
from glassdask.fits.refinement.identifiability import parameter_names
from glassdask.fits.refinement.memory_fit import accurate_solution, best
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
    "loss", "chi2_per_point", "rms_deviation", "bic", "baseline", "baseline_error", "baseline_limit", "omega", "solver_error",
    "seconds",
)  # fmt: skip
_FLAGS = ("is_reproduced", "baseline_is_bounded", "is_resolved")


def memory_dataset(found: CurveMemories) -> xr.Dataset:
    """Measured F, F of the fits and M at the times of the file, with all parameters.

    Returns
    -------
    xarray.Dataset
        Variables of `CURVE_MEMORY_VARIABLES`, or of `INVERTED_MEMORY_VARIABLES`; the attribute ``notes`` is a list.
    """
    problem = found.problem
    t = np.unique(np.concatenate([target.times for target in problem.targets.values()]))
    coordinates = {"t": t, "species": list(problem.targets)}
    if found.inversions:
        values = _inverted(list(found.inversions.values()), t)
        data = dataset({**_measured(problem, t), **values}, coordinates, INVERTED_MEMORY_VARIABLES)
    else:
        arrays = _fitted(found, FitArrays(CURVE_MEMORY_VARIABLES, _numbers_of_modes(found), coordinates), t)
        data = dataset({**arrays.values, **_measured(problem, t)}, arrays.coordinates, CURVE_MEMORY_VARIABLES)
    data["t"].attrs = {"units": "time", "long_name": f"lag time in {problem.time_unit}"}
    fit = problem.options.fit
    of_all = (fit.dynamics, problem.options.dynamics_reason, problem.time_unit, problem.options.method, fit.seed)
    return data.assign_attrs(dict(zip(_ATTRIBUTES, of_all, strict=True)), notes=list(found.notes))


def write_memory(data: xr.Dataset, path: Path, attributes: Mapping[str, Any]) -> None:
    """What `memory_dataset` gave as netCDF, whole or not at all, with further global attributes."""
    title = "memory of a correlation function"
    write_netcdf(data, path, {"title": title, "notes": "; ".join(data.attrs["notes"]), **attributes})


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
            place = a, numbers.index(fit.n_exp)
            values["F_fit"][place] = accurate_solution(fit.memory, fit.Omega, t, fit.dynamics, _EYE)[0]
            values["M"][place] = fit.memory(t)
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
            values["M"][place] = fit.memory(t)
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


def memory_json(data: xr.Dataset) -> dict[str, Any]:
    """What `memory_dataset` gave, as plain data for strict JSON: what is not finite or does not exist is None."""
    of_species = _inversion_json if data.attrs["method"] == "inversion" else _fits_json
    species = {}
    for name in data["species"].values:
        of_one = data.sel(species=name)
        slopes = numbers_of(of_one, ("short_time_slope", "short_time_slope_error"))
        species[str(name)] = slopes | of_species(of_one)
    return {**{name: data.attrs[name] for name in (*_ATTRIBUTES, "notes")}, "species": species}


def numbers_of(data: xr.Dataset, names: Iterable[str], prefix: str = "") -> dict[str, float | None]:
    """Scalars of a Dataset by their names without the prefix."""
    return {name: _plain(data[prefix + name].item()) for name in names}


def modes_of(fit: xr.Dataset, n_exp: int, prefix: str = "") -> list[dict[str, Any]]:
    """Weight, time and stretch of each mode with their errors."""
    names = [f"{name}{error}" for name in ("weight", "time", "stretch") for error in ("", "_error")]
    return [numbers_of(fit.isel(mode=i), names, prefix) for i in range(n_exp)]


def _fits_json(data: xr.Dataset) -> dict[str, Any]:
    found = [n for n in data["n_exp"].values if data["evaluations"].sel(n_exp=n) > 0]
    return {
        "omega": _plain(data["known_omega"].item()),
        "points": int(data["points"]),
        "best_n_exp": int(data["best_n_exp"]),
        "fits": [_fit_json(data.sel(n_exp=n), int(n)) for n in found],
    }


def _fit_json(fit: xr.Dataset, n_exp: int) -> dict[str, Any]:
    """One fit of eq. 6."""
    numbers = numbers_of(fit, _NUMBERS)
    fits_omega = bool(fit["fits_omega"])
    names = list(parameter_names(n_exp, fits_omega))
    replicas = _list(fit["parameter_bootstrap_error"].sel(parameter=names).values)
    correlation = fit["correlation"].sel(parameter=names, other_parameter=names).values
    verdicts = [MEMORY_VERDICTS[number] for number in fit["verdict"].values[:n_exp]]
    modes = [
        {"weight": mode.pop("weight"), "weight_error": mode.pop("weight_error"), "offset": 0.0, "offset_error": None}
        | {**mode, "verdict": verdict}
        for mode, verdict in zip(modes_of(fit, n_exp), verdicts, strict=True)
    ]
    return {
        "n_exp": n_exp,
        **numbers,
        "mean_loss": _plain(fit["loss"].item() / fit["points"].item()),
        **{name: bool(fit[name]) for name in _FLAGS},
        "modes": modes,
        "correlation": {"parameters": names, "matrix": [_list(row) for row in correlation]},
        "bootstrap_error": None if replicas[0] is None else dict(zip(names, replicas, strict=True)),
        "evaluations": int(fit["evaluations"]),
        "stop_reason": str(fit["stop_reason"].item()),
    }


def _inversion_json(data: xr.Dataset) -> dict[str, Any]:
    own = data.isel(t=np.isfinite(data["F"].values))
    exponentials = np.isfinite(data["rate"].values)
    return {
        **numbers_of(data, ("omega", "baseline", "residual")),
        "points": int(data["points"]),
        "weights": _list(data["weight"].values[exponentials]),
        "rates": _list(data["rate"].values[exponentials]),
        "t": _list(own["t"].values),
        "M": _list(own["M"].values),
        "F_residual": _list((own["F_fit"] - own["F"]).values),
    }


def _list(values: Iterable[float]) -> list[float | None]:
    return [_plain(value) for value in values]


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
