"""The folder of a state that was never simulated: a trajectory by the project's own writer, and its time series."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.variables import THERMO_VARIABLES, state_coordinates
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.physics.liquids.liquid import Liquid
from glassdask.physics.motion.lag_times import frame_steps
from glassdask.simulation.particles.particles import wrap
from glassdask.simulation.records.trajectory import Constants, FrameBuffer, join_segments
from glassdask.simulation.run.run_results import RunResults
from glassdask.stages.contract.sections import Sections
from glassdask.state_point import StatePoint
from tests.stages.sections import sections

STATE = StatePoint("lj", 1.0, 1.2)
LJ = liquid_named("lj")
#: Frames in a segment: what a running simulation writes at a checkpoint.
_SEGMENT = 500


def tables(block_length: int, n_wavenumbers: int) -> Sections:
    """The tables of a campaign file that `reduce` reads."""
    frames, wavenumbers = {"block_length": block_length}, {"count": n_wavenumbers, "structure_frames": 4}
    return sections(time_step={}, frames=frames, wavenumbers=wavenumbers, quality={})


def write_state(folder: Path, n: int, n_blocks: int, block_length: int, liquid: Liquid = LJ) -> int:
    """Writes ``trajectory.gsd`` and ``simulation.nc`` of random walkers that start near sites of a cubic lattice.

    Parameters
    ----------
    folder
        Where the files go.
    n
        Particles, on some of the sites of the next larger cube of 1.2 sites a volume.
    n_blocks, block_length
        Of the frame schedule.
    liquid
        Whose composition it has.

    Returns
    -------
    int
        Number of frames.
    """
    random = np.random.default_rng(11)
    cells = math.ceil(n ** (1 / 3))
    box_length = cells * 1.2 ** (-1 / 3)
    sites = np.stack(np.meshgrid(*3 * [np.arange(cells)], indexing="ij"), axis=-1).reshape(-1, 3) + 0.5
    sites = random.permutation(sites)[:n]
    positions = sites * (box_length / cells) - 0.5 * box_length + random.normal(0.0, 0.12, (n, 3))
    species = liquid.n_species - 1 - np.searchsorted(np.cumsum(liquid.counts(n)[::-1]), random.permutation(n), "right")
    steps = frame_steps(n_blocks, block_length, 2.5)
    buffer, segments = FrameBuffer(folder), []
    constants = Constants(species, box_length, liquid)
    for number, step in enumerate(steps):
        if number:
            positions += random.normal(0.0, 1e-3 * np.sqrt(step - steps[number - 1]), (n, 3))
        wrapped, images = wrap(positions, box_length)
        buffer.add(int(step), wrapped.astype(np.float32), images.astype(np.int32), constants)
        if number % _SEGMENT == _SEGMENT - 1:
            segments.append(buffer.write_segment())
    segments.append(buffer.write_segment())
    join_segments(folder, [segment for segment in segments if segment], folder / "trajectory.gsd")
    _write_thermo(folder, n, random)
    return len(steps)


def _write_thermo(folder: Path, n: int, random: np.random.Generator) -> None:
    times = {f"{phase}_time": np.arange(200.0) for phase in ("equilibration", "production")}
    values = {name: random.normal(1.5, 0.01, 200) for name in THERMO_VARIABLES}
    ones: dict[str, Any] = dict.fromkeys((field.name for field in fields(RunResults)), 1.0)
    made_by = {"engine": "none", "engine_version": "0", "device": "cpu"}
    results = RunResults(**{**ones, **made_by, "seed": 11, "n_particles": n, "divisor": 1})
    data = dataset(values, {**times, **state_coordinates(STATE)}, THERMO_VARIABLES)
    write_netcdf(data, folder / "simulation.nc", {"results": results.to_json()})
