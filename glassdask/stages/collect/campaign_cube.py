"""The cube of a campaign: the observables of all its states."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from glassdask.datasets import CUBE
from glassdask.datasets.coverage import COVERAGE
from glassdask.datasets.cube import REMARKS, StateEntry, build_cube
from glassdask.datasets.large_cube import cube_bytes, write_cube_in_parts
from glassdask.datasets.liquids import described
from glassdask.datasets.netcdf import write_netcdf
from glassdask.datasets.schema.variables import STATE_VARIABLES
from glassdask.observables.catalogue import observables_named, variables_of
from glassdask.outcome import Status
from glassdask.physics.liquids.liquid import Liquid, pairs_of
from glassdask.physics.motion.lag_times import lag_grid
from glassdask.stages.collect import STAGE, coverage_of
from glassdask.stages.collect.campaign_times import campaign_times
from glassdask.stages.contract.context import HasStatus, HasSummary
from glassdask.stages.contract.grids import block_bounds, mode_coupling_times, wavenumber_centres, wavenumber_edges
from glassdask.stages.contract.registry import STAGES
from glassdask.stages.contract.sections import Sections
from glassdask.stages.correlate.run import observable_coordinates
from glassdask.stages.simulate import GOES_ON_FROM, asked_lengths
from glassdask.stages.simulate.marks import marks_of

#: A larger cube is written in parts, each of which takes several times its own size while it is made. [bytes]
MOST_BYTES, _N_PARTS_HELD = 2**30, 8
#: Files of a state that the cube is made of.
_PRODUCTS = tuple(name for needed in STAGE.needs for name in STAGES[needed].products)


def write_cube(folder: Path, statuses: Iterable[HasSummary], sections: Sections, campaign: str) -> Path:
    """Writes it.

    Parameters
    ----------
    folder
        The campaign's folder.
    statuses
        Every replica of every state with its status; states without data appear as missing or failed.
    sections
        Tables of the campaign file.
    campaign
        Identity of the campaign.

    Returns
    -------
    pathlib.Path
        The cube's file, written whole.
    """
    items = list(statuses)
    liquids = [sections.liquid_named(name) for name in sorted({item.state.potential for item in items})]
    coordinates = {**campaign_coordinates(sections), **labels_of(liquids)}
    homes = [folder / "states" / item.state.identifier for item in items]
    coordinates["t"] = campaign_times(coordinates["t"], homes)
    variables = {**STATE_VARIABLES, **variables_of(observables_named(sections.observables.compute))}
    entries = [_entry(folder, item) for item in items]
    attributes = {
        "title": sections.campaign.name,
        "campaign": campaign,
        "seed": str(sections.campaign.seed),
        "mode_coupling_dynamics": sections.mode_coupling.dynamics,
        "liquids": described(liquids),
        COVERAGE: coverage_of(items),
    }
    tables = {phase: getattr(sections, phase).model_dump(mode="json") for phase in GOES_ON_FROM}
    notes = marks_of([item.summary for item in items], asked_lengths(tables)).notes
    if notes:
        attributes[REMARKS] = "; ".join(notes)
    if entries and cube_bytes(entries, coordinates, variables) > MOST_BYTES:
        write_cube_in_parts(entries, coordinates, variables, folder / CUBE, attributes, MOST_BYTES // _N_PARTS_HELD)
    else:
        write_netcdf(build_cube(entries, coordinates, variables), folder / CUBE, attributes)
    return folder / CUBE


def campaign_coordinates(sections: Sections) -> dict[str, np.ndarray]:
    """The grids of k (1/sigma_AA) and t (tau_MD), equations, numbers of modes and what observables add, that all states share."""
    _, fine_edges = wavenumber_edges(sections.wavenumbers)
    frames, memory = sections.frames, sections.memory
    lags = lag_grid(block_bounds(sections)[1], frames.block_length, frames.per_octave)
    return {
        **observable_coordinates(sections.observables),
        "k": wavenumber_centres(sections.wavenumbers),
        "k_fine": 0.5 * (fine_edges[1:] + fine_edges[:-1]),
        "t": lags * sections.time_step.base_step,
        "t_mct": mode_coupling_times(sections.mode_coupling),
        "dynamics": np.array(memory.dynamics),
        "n_exp": np.array(memory.n_exp),
        "mode": np.arange(1, max(memory.n_exp) + 1),
    }


def labels_of(liquids: Iterable[Liquid]) -> dict[str, np.ndarray]:
    """Species and pairs of the liquid that has most, as every liquid has the first n of the same names."""
    species = max((liquid.species for liquid in liquids), key=len)
    return {"pair": np.array(pairs_of(len(species))), "species": np.array(species)}


def _entry(folder: Path, item: HasStatus) -> StateEntry:
    home = folder / "states" / item.state.identifier
    status = "missing" if item.status in (Status.WAITING, Status.RUNNING) else item.status
    paths = tuple(home / name for name in _PRODUCTS if (home / name).is_file())
    return StateEntry(item.state, status, paths if status != "missing" else ())
