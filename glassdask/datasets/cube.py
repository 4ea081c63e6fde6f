"""The campaign as one cube (potential, T, rho, k, t): a plain loop over the states into preallocated arrays.

Replicas of a state are averaged, with the standard error of their mean. Grids may be ragged: what was not measured is
NaN and its status says why; missing is never only NaN. Species and pairs are found by their names: what a liquid lacks of
those of the campaign is NaN, too.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import dataset, read_netcdf
from glassdask.datasets.schema.variables import CUBE_VARIABLES, STATE_DIMENSIONS, STATE_VARIABLES, STATUS, Variable
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint

#: Dimensions of which a liquid has some, in the order of the campaign's; of every other it has the beginning.
_LABELS = ("species", "pair")
#: Global attribute of a cube whose states are not alike in length or version: which are not.
REMARKS = "remarks"
#: Lag times that differ by less than this share of them are one: files of others print six digits.
TIME_TOLERANCE = 1e-5


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
        data = [_read(entry, coordinates) for entry in used]
        sources.update(str(replica.attrs["source"]) for replica in data if "source" in replica.attrs)
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


def _place_average(arrays: dict, place: tuple, data: list[xr.Dataset], variables: Mapping[str, Variable]) -> None:
    """Puts the average over the replicas where the state belongs; a shorter run ends in NaN."""
    for name, variable in variables.items():
        measured = [replica for replica in data if name in replica]
        if not measured:
            continue
        values = _stacked([replica[name].values for replica in measured])
        means = _stacked([replica[name.removesuffix("_error")].values for replica in measured])
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


def _read(entry: StateEntry, coordinates: Mapping[str, np.ndarray]) -> xr.Dataset:
    """The files of a state as one dataset, with the attributes of the first."""
    parts = [
        _timed(_labelled(checked_grids(read_netcdf(path), path, coordinates), coordinates), coordinates)
        for path in entry.paths
    ]
    return parts[0].assign({name: part[name] for part in parts[1:] for name in part.data_vars})


def _labelled(data: xr.Dataset, coordinates: Mapping[str, np.ndarray]) -> xr.Dataset:
    """With NaN for the species and pairs of the campaign that the state's liquid lacks."""
    lacking = {
        name: coordinates[name] for name in _LABELS if name in data.sizes and data.sizes[name] < len(coordinates[name])
    }
    return data.reindex(lacking) if lacking else data


def _timed(data: xr.Dataset, coordinates: Mapping[str, np.ndarray]) -> xr.Dataset:
    """On the campaign's lag times, NaN at those that an imported trajectory has not; as it is where its own begin them."""
    if "t" not in data.coords or _begins_with(np.asarray(coordinates["t"]), data["t"].values):
        return data
    return on_times(data, np.asarray(coordinates["t"]))


def on_times(data: xr.Dataset, times: np.ndarray) -> xr.Dataset:
    """A state's data at other lag times, among which its own are; NaN at the others.

    Parameters
    ----------
    data
        With the coordinate ``t``.
    times
        Increasing. [tau_MD]
    """
    own = data["t"].values
    places = _nearest(times, own)
    return data.assign_coords(t=times[places]).reindex(t=times)


def _nearest(times: np.ndarray, own: np.ndarray) -> np.ndarray:
    after = np.clip(np.searchsorted(times, own), 1, len(times) - 1)
    return np.where(np.abs(own - times[after - 1]) <= np.abs(own - times[after]), after - 1, after)


def _are_among(times: np.ndarray, own: np.ndarray) -> bool:
    """Whether each of a state's own times is one of the campaign's, no two of them the same."""
    if times.size < 2:
        return False
    places = _nearest(times, own)
    return bool(np.all(np.abs(times[places] - own) <= TIME_TOLERANCE * np.abs(own)) and np.all(np.diff(places) > 0))


def checked_grids(data: xr.Dataset, path: Path, coordinates: Mapping[str, np.ndarray]) -> xr.Dataset:
    """A state's data, if their grids are the campaign's or the beginning of them (an imported one's times: some of them), and
    their species some of the campaign's.

    Raises
    ------
    InvalidInput
        If not: the campaign file was changed since.
    """
    for name, values in coordinates.items():
        if name not in data.coords:
            continue
        own = data[name].values
        values = np.asarray(values)
        fits = _begins_with(values[np.isin(values, own)] if name in _LABELS else values, own)
        if not fits and not (name == "t" and is_imported(data) and _are_among(values, own)):
            raise InvalidInput(
                f"{path}: its {name} grid ({own.size} values) is not the campaign's; the campaign file was "
                "changed since: 'glassdask run --redo-changed' makes the changed products again"
            )
    return data


def is_imported(data: xr.Dataset) -> bool:
    """Whether a state's file comes of a trajectory that somebody brought, which keeps its own lag times."""
    return bool(data.attrs.get("is_imported", 0))


def _begins_with(values: np.ndarray, own: np.ndarray) -> bool:
    beginning = values[: own.size]
    if own.dtype.kind == "f":
        return own.shape == beginning.shape and np.allclose(own, beginning, rtol=1e-12)
    return np.array_equal(own, beginning)
