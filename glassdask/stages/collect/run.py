"""Stage collect: the observables of all states become one cube, ``observables.nc``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from glassdask.datasets.cube import StateEntry, build_cube
from glassdask.datasets.netcdf import write_netcdf
from glassdask.physics.liquids.liquid import PAIRS, SPECIES
from glassdask.physics.motion.lag_times import lag_grid
from glassdask.stages.contract.grids import block_bounds, mode_coupling_times, wavenumber_centres, wavenumber_edges
from glassdask.stages.fit_memory.run import MEMORY
from glassdask.stages.solve_mct.run import MODE_COUPLING
from glassdask.state_point import StatePoint

OBSERVABLES = "observables.nc"


class HasStatus(Protocol):
    """A state and what became of it."""

    @property
    def state(self) -> StatePoint:
        """The state."""

    @property
    def status(self) -> str:
        """Its status in a word."""


def collect(folder: Path, statuses: Iterable[HasStatus], specification: dict[str, Any], campaign: str) -> Path:
    """Writes the cube of a campaign.

    Parameters
    ----------
    folder
        The campaign's folder.
    statuses
        Every replica of every state with its status; states without data appear as missing or failed.
    specification
        The campaign file, as plain data.
    campaign
        Identity of the campaign.

    Returns
    -------
    pathlib.Path
        The cube's file, written whole.
    """
    entries = [_entry(folder, item) for item in statuses]
    cube = build_cube(entries, campaign_coordinates(specification))
    attributes = {
        "title": specification["campaign"]["name"],
        "campaign": campaign,
        "seed": str(specification["campaign"]["seed"]),
        "mode_coupling_dynamics": specification["mode_coupling"]["dynamics"],
    }
    write_netcdf(cube, folder / OBSERVABLES, attributes)
    return folder / OBSERVABLES


def campaign_coordinates(specification: dict[str, Any]) -> dict[str, np.ndarray]:
    """The grids of k (1/sigma_AA) and t (tau_MD), pairs, species, equations and numbers of modes that all states share."""
    _, fine_edges = wavenumber_edges(specification["wavenumbers"])
    frames, base_step = specification["frames"], specification["time_step"]["base_step"]
    lags = lag_grid(block_bounds(specification)[1], frames["block_length"], frames["per_octave"])
    labels = {"pair": np.array(PAIRS), "species": np.array(SPECIES)}
    return {
        "k": wavenumber_centres(specification["wavenumbers"]),
        "k_fine": 0.5 * (fine_edges[1:] + fine_edges[:-1]),
        "t": lags * base_step,
        "t_mct": mode_coupling_times(specification["mode_coupling"]),
        "dynamics": np.array(specification["memory"]["dynamics"]),
        "n_exp": np.array(specification["memory"]["n_exp"]),
        "mode": np.arange(1, max(specification["memory"]["n_exp"]) + 1),
        **labels,
    }


def _entry(folder: Path, item: HasStatus) -> StateEntry:
    home = folder / "states" / item.state.identifier
    status = "missing" if item.status in ("waiting", "running") else item.status
    paths = tuple(home / name for name in (OBSERVABLES, MODE_COUPLING, MEMORY) if (home / name).is_file())
    return StateEntry(item.state, status, paths if status != "missing" else ())
