"""Files of states that were never simulated: every variable of the schema, filled from one number."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from glassdask.datasets.cube import StateEntry
from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema import VARIABLES, state_coordinates
from glassdask.state_point import StatePoint

COORDINATES = {
    "k": np.array([0.2, 0.6, 1.0]),
    "k_fine": np.array([0.1, 0.3, 0.5, 0.7, 0.9, 1.1]),
    "t": np.array([0.0, 0.03, 0.06, 0.12, 0.24]),
    "pair": np.array(["AA", "AB", "BB"]),
    "species": np.array(["A", "B"]),
}


def state_entry(
    folder: Path, state: StatePoint, value: float, *, error: float = 0.1, n_lags: int = 5, status: str = "done"
) -> StateEntry:
    """Writes the file of a state: every mean is `value`, every error `error`, every count 7, every flag 0."""
    coordinates = {**COORDINATES, "t": COORDINATES["t"][:n_lags]}
    filled = {"mean": value, "error": error, "sum": 7.0, "any": 0.0}
    values = {
        name: np.full([len(coordinates[dim]) for dim in variable.dims], filled[variable.combine])
        for name, variable in VARIABLES.items()
    }
    path = folder / f"{state.identifier}.nc"
    data = dataset(values, {**coordinates, **state_coordinates(state)}, VARIABLES)
    write_netcdf(data, path, {"source": "lammps 1 (cpu)"})
    return StateEntry(state, status, path)
