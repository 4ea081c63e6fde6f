"""`reduce` of a state whose trajectory was imported: the campaign's k grid, the trajectory's own lags."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassdask.arrays import array_module, array_provenance
from glassdask.datasets.liquids import described
from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.variables import state_coordinates
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.own_trajectory import OwnTrajectory, open_trajectory
from glassdask.outcome import Outcome
from glassdask.physics.motion.lag_pairs import LagPairs, lag_pairs
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.reduce import OBSERVABLES
from glassdask.stages.reduce.own_trajectory import MOTION, OwnAnalysis, OwnResult, OwnSettings
from glassdask.stages.simulate.imported import ImportedTrajectory

#: So much of all work is S(k), which comes first.
_MOTION_BEGINS = 0.5


def reduce_imported(context: StageContext, record: ImportedTrajectory) -> StageResult:
    """Reduces the imported trajectory of a state.

    Returns
    -------
    StageResult
        Product: ``observables.nc``, without energies, which a trajectory does not hold; the verdict rests on the halves of
        F_s(k_p,t) and on the length alone.
    """
    array = context.execution.array
    xp = array_module(array)
    with open_imported(context, record) as trajectory:
        analysis = OwnAnalysis(
            trajectory,
            context.liquid.species,
            tuple(context.liquid.masses.values()),
            imported_lags(trajectory, record),
            OwnSettings(context.sections.wavenumbers, quality=context.sections.quality, time_unit=record.time_unit),
            xp,
        )
        for step in analysis.steps():
            begin = _MOTION_BEGINS if step.part == MOTION else 0.0
            context.part(step.part, begin, 1.0 if begin else _MOTION_BEGINS)(step.done / step.total)
        result = analysis.result()
        n = len(trajectory.species)
    reasons = "; ".join(result.reasons)
    coordinates = {**result.coordinates, **state_coordinates(context.state)}
    values = {name: value for name, value in result.values.items() if name in result.schema}
    attributes = {
        "title": context.state.identifier,
        "source": f"imported: {record.source}",
        "campaign": context.execution.campaign,
        "n_particles": n,
        "box_length": (n / result.structure.density) ** (1.0 / 3.0),
        "is_imported": 1,
        "notes": "; ".join(result.notes),
        "status": result.status,
        "status_reasons": reasons,
        "liquids": described([context.liquid]),
    }
    write_netcdf(dataset(values, coordinates, result.schema), context.work / OBSERVABLES, attributes)
    provenance = array_provenance(array, xp)
    return StageResult(Outcome.DONE, (OBSERVABLES,), result.status, _summary(result, reasons), provenance)


def open_imported(context: StageContext, record: ImportedTrajectory) -> OwnTrajectory:
    """The trajectory that lies in a state's folder, read as its record says."""
    return open_trajectory(context.folder / record.name, TrajectoryOptions(**record.options))


def imported_lags(trajectory: OwnTrajectory, record: ImportedTrajectory) -> LagPairs:
    """The lags that were asked for at the import, else those that the frames suggest."""
    wanted = None if record.lag_times is None else np.array(record.lag_times) / record.time_unit
    return lag_pairs(trajectory.times, lag_times=wanted)


def _summary(result: OwnResult, reasons: str) -> dict[str, Any]:
    taus = zip(result.coordinates["species"], result.values["relaxation_time"], strict=True)
    return {
        "peak_wavenumber": result.structure.peak.wavenumber,
        "peak_structure_factor": float(result.structure.peak_values[0]),
        **{f"relaxation_time_{name}": float(tau) if np.isfinite(tau) else None for name, tau in taus},
        "reasons": reasons,
    }
