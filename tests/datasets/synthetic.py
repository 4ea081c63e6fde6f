"""Files of states that were never simulated: every variable of the schema, filled from one number."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glassdask.datasets.cube import StateEntry
from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.variables import (
    MEMORY_VARIABLES,
    MODE_COUPLING_VARIABLES,
    VARIABLES,
    Variable,
    state_coordinates,
)
from glassdask.outcome import ModeCouplingState
from glassdask.physics.liquids.liquid import SPECIES, pairs_of
from glassdask.state_point import StatePoint

COORDINATES = {
    "k": np.array([0.2, 0.6, 1.0]),
    "k_fine": np.array([0.1, 0.3, 0.5, 0.7, 0.9, 1.1]),
    "t": np.array([0.0, 0.03, 0.06, 0.12, 0.24]),
    "t_mct": np.array([0.0, 0.01, 10.0, 1e4]),
    "pair": np.array(["AA", "AB", "BB"]),
    "species": np.array(["A", "B"]),
    "dynamics": np.array(["newtonian", "overdamped"]),
    "n_exp": np.array([1, 2]),
    "mode": np.array([1, 2]),
}


def state_entry(
    folder: Path,
    state: StatePoint,
    value: float,
    *,
    error: float = 0.1,
    n_lags: int = 5,
    n_species: int = 2,
    status: str = "done",
    mct_state: str | None = "liquid",
    has_memory: bool = True,
) -> StateEntry:
    """Writes the files of a state: every mean is `value`, every error `error`, every count 7, every flag 0.

    Without `mct_state` there is no file of mode-coupling theory; where it is "unusable", all means of that file are NaN.
    Without `has_memory` there is no file of memory fits.
    """
    own = {**COORDINATES, "pair": np.array(pairs_of(n_species)), "species": np.array(SPECIES[:n_species])}
    coordinates = {name: own[name] for name in ("k", "k_fine", "pair", "species")}
    coordinates["t"] = COORDINATES["t"][:n_lags]
    filled = {"mean": value, "error": error, "sum": 7.0, "any": 0.0}
    paths = [_write(folder / f"{state.identifier}.nc", state, coordinates, VARIABLES, filled)]
    if mct_state is not None:
        coordinates = {name: own[name] for name in ("k", "t_mct", "pair", "species")}
        filled["mean"] = np.nan if mct_state == "unusable" else value
        flags = {"mct_state": ModeCouplingState(mct_state).flag}
        path = folder / f"{state.identifier}-mct.nc"
        paths.append(_write(path, state, coordinates, MODE_COUPLING_VARIABLES, filled, flags))
    if has_memory:
        coordinates = {name: own[name] for name in ("dynamics", "species", "n_exp", "mode")}
        coordinates["t"] = COORDINATES["t"][:n_lags]
        filled["mean"] = value
        paths.append(_write(folder / f"{state.identifier}-memory.nc", state, coordinates, MEMORY_VARIABLES, filled))
    return StateEntry(state, status, tuple(paths))


def _write(
    path: Path,
    state: StatePoint,
    coordinates: dict[str, np.ndarray],
    schema: dict[str, Variable],
    filled: dict[str, float],
    flags: dict[str, int] | None = None,
) -> Path:
    values = {
        name: np.full([len(coordinates[dim]) for dim in variable.dims], filled[variable.combine])
        for name, variable in schema.items()
    }
    data = dataset({**values, **(flags or {})}, {**coordinates, **state_coordinates(state)}, schema)
    write_netcdf(data, path, {"source": "lammps 1 (cpu)"})
    return path
