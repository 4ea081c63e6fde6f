"""Stage correlate: one pass over the frames of a trajectory for all observables that the campaign asks for, as
``correlations.nc``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glassdask.arrays import array_module, array_provenance
from glassdask.datasets.netcdf import dataset, read_netcdf, write_netcdf
from glassdask.datasets.schema.variables import state_coordinates
from glassdask.observables.catalogue import observables_named, variables_of
from glassdask.observables.frames import Floats, Frames
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
from glassdask.stages.simulate.imported import ImportedTrajectory, read_import
from glassdask.stages.simulate.run import read_thermo, run_attributes


class _Run(NamedTuple):
    """A trajectory, its lags [tau_MD], their pairs of frames, frames that g(r) looks at, and what its product says of it."""

    frames: Frames
    lag_times: Floats
    pairs: list[NDArray[np.int64]]
    single: NDArray[Any]
    attributes: dict[str, Any]


def correlate(context: StageContext) -> StageResult:
    """Measures the observables of a state, whether it was simulated or its trajectory imported.

    Returns
    -------
    StageResult
        Product: ``correlations.nc`` (the variables of the observables); the status of the state is that of `reduce`.
    """
    section, liquid, array = context.sections.observables, context.liquid, context.execution.array
    xp, masses = array_module(array), tuple(liquid.masses.values())
    k_p = float(read_netcdf(context.folder / OBSERVABLES)["peak_wavenumber"])
    chosen = observables_named(section.compute)
    with _opened(context) as run:
        setting = Setting(
            species=run.frames.species,
            names=tuple(liquid.species),
            masses=masses,
            cell=run.frames.cell(0),
            lag_times=run.lag_times,
            wavenumbers=(k_p, *section.wavenumbers),
            overlap_distance=section.overlap_distance,
            neighbour_distance=section.neighbour_distance,
            broken_distance=section.broken_distance,
            distance=section.distance,
            max_vectors=section.max_vectors,
            remove_drift=None if len(set(masses)) == 1 else False,  # the engines leave the centre of mass at rest
            xp=xp,
        )
        look = context.part("frames")
        values = measure(run.frames, run.pairs, chosen, setting, run.single, progress=lambda done, of: look(done / of))
    coordinates = {
        **observable_coordinates(section),
        "t": setting.lag_times,
        "pair": list(liquid.pair_names),
        "species": list(liquid.species),
        **state_coordinates(context.state),
    }
    write_netcdf(dataset(values, coordinates, variables_of(chosen)), context.work / CORRELATIONS, run.attributes)
    summary = _summary(values, tuple(liquid.species))
    return StageResult(Outcome.DONE, (CORRELATIONS,), summary=summary, provenance=array_provenance(array, xp))


@contextmanager
def _opened(context: StageContext) -> Iterator[_Run]:
    imported = read_import(context.folder)
    if imported is not None:
        with _imported(context, imported) as run:
            yield run
        return
    frames, base_step = context.sections.frames, context.sections.time_step.base_step
    _, results = read_thermo(context.folder)
    with Trajectory(context.folder / TRAJECTORY) as trajectory:
        base = trajectory.steps // results.divisor
        lags = lag_grid(int(base[-1]) // frames.block_length, frames.block_length, frames.per_octave)
        yield _Run(
            trajectory,
            np.asarray(lags * base_step, dtype=np.float64),
            frame_pairs(base, lags, frames.block_length),
            spread_frames(base, context.sections.observables.frames),
            run_attributes(context, results),
        )


@contextmanager
def _imported(context: StageContext, record: ImportedTrajectory) -> Iterator[_Run]:
    from glassdask.stages.reduce.imported import imported_lags, open_imported
    from glassdask.stages.reduce.own_statics import evenly_in_time

    with open_imported(context, record) as trajectory:
        lags, times = imported_lags(trajectory, record), trajectory.times
        attributes = {
            "title": context.state.identifier,
            "source": f"imported: {record.source}",
            "campaign": context.execution.campaign,
            "n_particles": len(trajectory.species),
            "is_imported": 1,
        }
        single = evenly_in_time(times, context.sections.observables.frames)
        yield _Run(trajectory, lags.lag_times * record.time_unit, lags.pairs, single, attributes)


def observable_coordinates(section: ObservablesSection) -> dict[str, Any]:
    """The coordinates that observables have of their own, the same for all states of a campaign.

    Parameters
    ----------
    section
        The table ``observables`` of the campaign file.
    """
    of_any = Setting(
        species=np.zeros(1, dtype=np.int64),
        names=("A",),
        masses=(1.0,),
        cell=np.eye(3),
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
