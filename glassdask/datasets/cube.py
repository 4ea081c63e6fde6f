"""The campaign as one cube (potential, T, rho, k, t): a plain loop over the states into preallocated arrays.

Replicas of a state are averaged, with the standard error of their mean. Grids may be ragged: what was not measured is
NaN and its status says why; missing is never only NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import dataset, read_netcdf
from glassdask.datasets.schema import CUBE_VARIABLES, STATE_DIMENSIONS, STATUS, VARIABLES, Variable
from glassdask.errors import InvalidInput
from glassdask.physics.mixture import PAIRS, SPECIES
from glassdask.state_point import StatePoint


@dataclass(frozen=True)
class StateEntry:
    """One replica of a state: what became of it and where its observables lie, if there are any."""

    state: StatePoint
    status: str
    path: Path | None


def build_cube(entries: Iterable[StateEntry], coordinates: Mapping[str, np.ndarray]) -> xr.Dataset:
    """The cube of all states.

    Parameters
    ----------
    entries
        Every replica of every state of the campaign.
    coordinates
        ``k``, ``k_fine`` and ``t`` of the campaign; a state's own t is the beginning of the campaign's.

    Returns
    -------
    xarray.Dataset
        Variables of the schema with dimensions (potential, T, rho, …).

    Raises
    ------
    InvalidInput
        If there is no state, or a state's grid is not the campaign's.
    """
    by_state = _grouped(entries)
    if not by_state:
        raise InvalidInput("a cube needs at least one state; the campaign has none")
    axes = _axes(by_state)
    sizes = {name: len(values) for name, values in {**axes, **coordinates}.items()}
    sizes |= {"pair": len(PAIRS), "species": len(SPECIES)}
    arrays = {name: _empty(variable, sizes) for name, variable in VARIABLES.items()}
    extra = {name: np.zeros([sizes[d] for d in STATE_DIMENSIONS], v.dtype) for name, v in CUBE_VARIABLES.items()}
    for key, replicas in by_state.items():
        place = tuple(int(np.searchsorted(axes[d], v)) for d, v in zip(STATE_DIMENSIONS, key, strict=True))
        status, used = _used(replicas)
        extra["status"][place] = STATUS.index(status)
        extra["n_replicas"][place] = len(used)
        _place_average(arrays, place, used, coordinates)
    finished = {name: _missing_marked(array, VARIABLES[name]) for name, array in arrays.items()}
    all_coordinates = {**axes, **coordinates, "pair": list(PAIRS), "species": list(SPECIES)}
    return dataset({**finished, **extra}, all_coordinates, {**VARIABLES, **CUBE_VARIABLES}, STATE_DIMENSIONS)


def _grouped(entries: Iterable[StateEntry]) -> dict[tuple, list[StateEntry]]:
    by_state: dict[tuple, list[StateEntry]] = {}
    for entry in entries:
        key = (entry.state.potential, entry.state.temperature, entry.state.density)
        by_state.setdefault(key, []).append(entry)
    return by_state


def _axes(by_state: Mapping[tuple, list[StateEntry]]) -> dict[str, np.ndarray]:
    columns = zip(*by_state, strict=True)
    return {name: np.unique(np.array(column)) for name, column in zip(STATE_DIMENSIONS, columns, strict=True)}


def _used(replicas: list[StateEntry]) -> tuple[str, list[StateEntry]]:
    """Status of a state and the replicas that count: crystallised ones never do, equilibrated ones are preferred."""
    for status in ("done", "not_equilibrated"):
        used = [entry for entry in replicas if entry.status == status and entry.path is not None]
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


def _place_average(arrays: dict, place: tuple, used: list[StateEntry], coordinates: Mapping[str, np.ndarray]) -> None:
    if not used:
        return
    data = [_checked(read_netcdf(entry.path), entry, coordinates) for entry in used if entry.path]
    for name, variable in VARIABLES.items():
        values = [replica[name].values for replica in data]
        shape = np.max([np.shape(value) for value in values], axis=0).astype(int)
        stack = np.full((len(values), *shape), np.nan)
        for number, value in enumerate(values):
            stack[(number, *(slice(length) for length in np.shape(value)))] = value
        partner = name.removesuffix("_error") if variable.combine == "error" else None
        target = (*place, *map(slice, shape))
        arrays[name][target] = _combined(stack, variable, [r[partner].values for r in data] if partner else None)


def _combined(stack: np.ndarray, variable: Variable, partners: list[np.ndarray] | None) -> np.ndarray:
    """One value from the replicas. One replica keeps its own error; of several, the scatter of their values is it."""
    n = len(stack)
    if n == 1:
        return stack[0]
    if partners is not None:
        own = np.sqrt(np.sum(stack**2, axis=0)) / n
        if n == 2 or len({np.shape(p) for p in partners}) > 1:
            return own
        return np.std(partners, axis=0, ddof=1) / np.sqrt(n)
    if variable.combine == "any":
        return np.max(stack, axis=0)
    if variable.combine == "sum":
        return np.nansum(stack, axis=0)
    present = np.isfinite(stack)
    total = np.sum(np.where(present, stack, 0.0), axis=0)
    return np.where(present.any(axis=0), total / np.maximum(present.sum(axis=0), 1), np.nan)


def _checked(data: xr.Dataset, entry: StateEntry, coordinates: Mapping[str, np.ndarray]) -> xr.Dataset:
    for name, values in coordinates.items():
        own = data[name].values
        if own.size > values.size or not np.allclose(own, values[: own.size], rtol=1e-12):
            raise InvalidInput(
                f"{entry.path}: its {name} grid ({own.size} values) is not the campaign's; the campaign file was "
                "changed since: 'glassdask run --redo-changed' makes the changed products again"
            )
    return data
