"""The campaign as one cube (potential, T, rho, k, t): a plain loop over the states into preallocated arrays.

Replicas of a state are averaged, with the standard error of their mean. Grids may be ragged: what was not measured is
NaN and its status says why; missing is never only NaN. Species and pairs are found by their names: what a liquid lacks of
those of the campaign is NaN, too.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.datasets.campaign_grids import check_grids, is_imported, on_campaign_grids
from glassdask.datasets.chosen_arrays import read_arrays
from glassdask.datasets.netcdf import dataset
from glassdask.datasets.schema.variables import CUBE_VARIABLES, STATE_DIMENSIONS, STATE_VARIABLES, STATUS, Variable
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint

#: Global attribute of a cube whose states are not alike in length or version: which are not.
REMARKS = "remarks"


@dataclass(frozen=True)
class StateEntry:
    """One replica of a state: what became of it and where its data lie: observables first, then what theory made of them."""

    state: StatePoint
    status: str
    paths: tuple[Path, ...] = ()


def build_cube(
    entries: Iterable[StateEntry],
    coordinates: Mapping[str, np.ndarray],
    variables: Mapping[str, Variable] = STATE_VARIABLES,
    axes: Mapping[str, np.ndarray] | None = None,
) -> xr.Dataset:
    """The cube of all states.

    Parameters
    ----------
    entries
        Every replica of every state of the campaign.
    coordinates
        ``k``, ``k_fine``, ``t``, ``t_mct``, ``pair`` and ``species`` of the campaign; a state's own t is the beginning of the
        campaign's, or, of an imported state, some of it; its own species and pairs are some of them.
    variables
        What the cube is made of, by name.
    axes
        ``potential``, ``T`` and ``rho``; those of the entries by default.

    Returns
    -------
    xarray.Dataset
        Variables of the schema with dimensions (potential, T, rho, …); attribute ``source`` names every engine.

    Raises
    ------
    InvalidInput
        If there is no state, or a state's grid is not the campaign's.
    """
    by_state = grouped(entries)
    if axes is None:
        if not by_state:
            raise InvalidInput("a cube needs at least one state; the campaign has none")
        axes = axes_of(by_state)
    sizes = {name: len(values) for name, values in {**axes, **coordinates}.items()}
    arrays = {name: _empty(variable, sizes) for name, variable in variables.items()}
    extra = {name: np.zeros([sizes[d] for d in STATE_DIMENSIONS], v.dtype) for name, v in CUBE_VARIABLES.items()}
    sources: set[str] = set()
    for key, replicas in by_state.items():
        place = tuple(int(np.searchsorted(axes[d], v)) for d, v in zip(STATE_DIMENSIONS, key, strict=True))
        status, used = _used(replicas)
        extra["status"][place] = STATUS.index(status)
        extra["n_replicas"][place] = len(used)
        data = [_read(entry, coordinates, variables, sources) for entry in used]
        if data:
            _place_average(arrays, place, data, variables)
    finished = {name: _missing_marked(array, variables[name]) for name, array in arrays.items()}
    schema = {**variables, **CUBE_VARIABLES}
    cube = dataset({**finished, **extra}, {**axes, **coordinates}, schema, STATE_DIMENSIONS)
    return cube.assign_attrs(source="; ".join(sorted(sources)))


def grouped(entries: Iterable[StateEntry]) -> dict[tuple, list[StateEntry]]:
    """Replicas by state."""
    by_state: dict[tuple, list[StateEntry]] = {}
    for entry in entries:
        key = (entry.state.potential, entry.state.temperature, entry.state.density)
        by_state.setdefault(key, []).append(entry)
    return by_state


def axes_of(by_state: Mapping[tuple, list[StateEntry]]) -> dict[str, np.ndarray]:
    """Every potential, T and rho that there is."""
    columns = zip(*by_state, strict=True)
    return {name: np.unique(np.array(column)) for name, column in zip(STATE_DIMENSIONS, columns, strict=True)}


def _used(replicas: list[StateEntry]) -> tuple[str, list[StateEntry]]:
    """Status of a state and the replicas that count: crystallised ones never do, equilibrated ones are preferred."""
    for status in ("done", "not_equilibrated"):
        used = [entry for entry in replicas if entry.status == status and entry.paths]
        if used:
            return status, used
    worst = [status for status in ("crystallised", "failed") if any(e.status == status for e in replicas)]
    return (worst[0] if worst else "missing"), []


def _empty(variable: Variable, sizes: Mapping[str, int]) -> np.ndarray:
    shape = [sizes[name] for name in (*STATE_DIMENSIONS, *variable.dims)]
    return np.full(shape, np.nan, dtype=variable.dtype if variable.dtype.startswith("float") else "float32")


def _missing_marked(array: np.ndarray, variable: Variable) -> np.ndarray:
    """Counts and flags of states without data are 0: whole numbers know no NaN."""
    return array if variable.dtype.startswith("float") else np.nan_to_num(array, nan=0.0)


def _read(
    entry: StateEntry, coordinates: Mapping[str, np.ndarray], variables: Mapping[str, Variable], sources: set[str]
) -> dict[str, np.ndarray]:
    """The variables of all files of a state on the campaign's grids; who made the first is added to the sources."""
    values: dict[str, np.ndarray] = {}
    for number, path in enumerate(entry.paths):
        found = read_arrays(path, (*coordinates, *variables))
        own = {name: found.values[name] for name in coordinates if name in found.values}
        check_grids(own, is_imported(found.attributes), path, coordinates)
        values |= on_campaign_grids(found, coordinates)
        if number == 0 and "source" in found.attributes:
            sources.add(str(found.attributes["source"]))
    return values


def _place_average(
    arrays: dict[str, np.ndarray],
    place: tuple,
    data: Sequence[Mapping[str, np.ndarray]],
    variables: Mapping[str, Variable],
) -> None:
    """Puts the average over the replicas where the state belongs; a shorter run ends in NaN."""
    for name, variable in variables.items():
        measured = [replica for replica in data if name in replica]
        if not measured:
            continue
        if len(measured) == 1:  # its own mean, error, count and flag, which the many variables of most states are
            value = measured[0][name]
            arrays[name][(*place, *map(slice, value.shape))] = (
                np.nan_to_num(value) if variable.combine == "sum" else value
            )
            continue
        values = _stacked([replica[name] for replica in measured])
        means = _stacked([replica[name.removesuffix("_error")] for replica in measured])
        arrays[name][(*place, *map(slice, values.shape[1:]))] = _combined(values, variable, means)


def _stacked(values: list[np.ndarray]) -> np.ndarray:
    """Arrays of one rank along a new first axis, in float64; what a shorter one lacks is NaN."""
    shape = np.max([np.shape(value) for value in values], axis=0).astype(int)
    stack = np.full((len(values), *shape), np.nan)
    for i, value in enumerate(values):
        part: tuple[int | slice, ...] = (i, *(slice(length) for length in np.shape(value)))
        stack[part] = value
    return stack


def _combined(values: np.ndarray, variable: Variable, means: np.ndarray) -> np.ndarray:
    """One value from the replicas along the first axis; NaN only where no replica has one."""
    if variable.combine == "any":
        return np.fmax.reduce(values, axis=0)
    if variable.combine == "sum":
        return np.nansum(values, axis=0)
    if variable.combine == "error":
        return _error_of_mean(values, means)
    return _mean_of_present(values)


def _mean_of_present(values: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all NaN: the mean is NaN, as it should be
        return np.nanmean(values, axis=0)


def _error_of_mean(errors: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Standard error of the mean over replicas: from the scatter of three or more, s / sqrt(n); two or one scatter too
    little to tell, and their own errors are added in squares, sqrt(Σ e²) / n."""
    n = np.isfinite(means).sum(axis=0)
    own = np.sqrt(_mean_of_present(errors**2) / np.maximum(n, 1))
    deviations = np.nansum((means - _mean_of_present(means)) ** 2, axis=0)
    scatter = np.sqrt(deviations / np.maximum(n - 1, 1) / np.maximum(n, 1))
    return np.where(n > 2, scatter, own)
