"""Stage correlate: one pass over the frames of a trajectory for all observables that the campaign asks for, as
``correlations.nc``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from glassdask.arrays import array_module, array_provenance
from glassdask.datasets.netcdf import dataset, read_netcdf, write_netcdf
from glassdask.datasets.schema.variables import state_coordinates
from glassdask.observables.catalogue import observables_named, variables_of
from glassdask.observables.pass_over_frames import measure
from glassdask.observables.setting import Setting
from glassdask.outcome import Outcome
from glassdask.physics.motion.lag_times import frame_pairs, lag_grid
from glassdask.physics.structure.spread_frames import spread_frames
from glassdask.simulation import TRAJECTORY
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.contract.sections import ObservablesSection
from glassdask.stages.correlate import CORRELATIONS, STAGE
from glassdask.stages.reduce import OBSERVABLES
from glassdask.stages.simulate.run import read_thermo, run_attributes


def correlate(context: StageContext) -> StageResult:
    """Measures the observables of a state.

    Returns
    -------
    StageResult
        Product: ``correlations.nc`` (the variables of the observables); the status of the state is that of `reduce`.
    """
    sections, liquid, array = context.sections, context.liquid, context.execution.array
    section, xp = sections.observables, array_module(array)
    _, results = read_thermo(context.folder)
    k_p = float(read_netcdf(context.folder / OBSERVABLES)["peak_wavenumber"])
    chosen = observables_named(section.compute)
    with Trajectory(context.folder / TRAJECTORY) as trajectory:
        base = trajectory.steps // results.divisor
        block_length = sections.frames.block_length
        lags = lag_grid(int(base[-1]) // block_length, block_length, sections.frames.per_octave)
        masses = tuple(liquid.masses.values())
        setting = Setting(
            species=trajectory.species,
            names=tuple(liquid.species),
            masses=masses,
            cell=trajectory.cell(0),
            lag_times=np.asarray(lags * sections.time_step.base_step, dtype=np.float64),
            wavenumbers=(k_p, *section.wavenumbers),
            overlap_distance=section.overlap_distance,
            neighbour_distance=section.neighbour_distance,
            broken_distance=section.broken_distance,
            distance=section.distance,
            max_vectors=section.max_vectors,
            remove_drift=None if len(set(masses)) == 1 else False,  # the engines leave the centre of mass at rest
            xp=xp,
        )
        pairs = frame_pairs(base, lags, block_length)
        single = spread_frames(base, section.frames)
        values = measure(trajectory, pairs, chosen, setting, single, context.keep_alive)
    coordinates = {
        **{name: array for observable in chosen.values() for name, array in observable.coordinates(setting).items()},
        "t": setting.lag_times,
        "pair": list(liquid.pair_names),
        "species": list(liquid.species),
        **state_coordinates(context.state),
    }
    data = dataset(values, coordinates, variables_of(chosen))
    write_netcdf(data, context.work / CORRELATIONS, run_attributes(context, results))
    summary = _summary(values, tuple(liquid.species))
    return StageResult(Outcome.DONE, (CORRELATIONS,), summary=summary, provenance=array_provenance(array, xp))


def observable_coordinates(section: ObservablesSection, lag_times: np.ndarray) -> dict[str, Any]:
    """The coordinates that observables have of their own, for all states of a campaign.

    Parameters
    ----------
    section
        The table ``observables`` of the campaign file.
    lag_times
        Of the longest run. [tau_MD]
    """
    of_any = Setting(
        species=np.zeros(1, dtype=np.int64),
        names=("A",),
        masses=(1.0,),
        cell=np.eye(3),
        lag_times=lag_times,
        wavenumbers=(math.nan, *section.wavenumbers),
        distance=section.distance,
    )
    chosen = observables_named(section.compute).values()
    return {name: array for observable in chosen for name, array in observable.coordinates(of_any).items()}


def _summary(values: Mapping[str, Any], species: tuple[str, ...]) -> dict[str, Any]:
    """Scalars of each species, as plain data; NaN becomes None."""
    declared = {scalar.name for scalar in STAGE.summary}
    found = {
        f"{name}_{s}": float(value)
        for name, array in values.items()
        for s, value in zip(species, np.atleast_1d(np.asarray(array, dtype=float)), strict=False)
        if f"{name}_{s}" in declared
    }
    return {name: value if math.isfinite(value) else None for name, value in found.items()}
