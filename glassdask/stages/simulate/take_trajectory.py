"""What the stage simulate does for a state whose trajectory is brought: a link to the file, or a copy, once it fits the state."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.own_trajectory import OwnTrajectory, open_trajectory
from glassdask.errors import InvalidInput
from glassdask.files.checksum import file_sha256
from glassdask.outcome import FailureReason, Outcome
from glassdask.physics.liquids.liquid import Liquid
from glassdask.physics.numerics.periodic_cell import volumes
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.simulate.imported import ImportedTrajectory
from glassdask.state_point import StatePoint

#: Relative difference of the density, absolute one of a fraction, that whole numbers of particles and printed digits explain.
_DENSITY, _FRACTION = 0.01, 0.02


def take_trajectory(context: StageContext, record: ImportedTrajectory) -> StageResult:
    """Puts the file in the place of the state's simulation.

    Returns
    -------
    StageResult
        Product: the file, under the name ``trajectory`` with its own ending; failed where it is gone, or is not the file that
        was imported.
    """
    source, kept = Path(record.source), context.work / record.name
    trouble = _trouble(source, record)
    if trouble:
        remedy = "put it back, or import another: glassdask import FILE --into CAMPAIGN.toml --replace"
        message = f"the imported trajectory {source} of {context.state.identifier} {trouble}; {remedy}"
        return StageResult(Outcome.FAILED, reason=FailureReason.INPUT, message=message)
    if record.method == "copy":
        shutil.copyfile(source, kept)
    else:
        kept.symlink_to(source)
    with open_trajectory(kept, TrajectoryOptions(**record.options)) as trajectory:
        check_fits(trajectory, context.state, context.liquid, str(source))
        provenance = _provenance(trajectory, record)
    return StageResult(Outcome.DONE, (kept.name,), provenance=provenance)


def _trouble(source: Path, record: ImportedTrajectory) -> str:
    if not source.is_file():
        return "is gone"
    if source.stat().st_size != record.n_bytes or file_sha256(source) != record.sha256:
        return "has changed since it was imported"
    return ""


def check_fits(trajectory: OwnTrajectory, state: StatePoint, liquid: Liquid, name: str) -> None:
    """Whether a trajectory can be one of this state: three dimensions, the liquid's species and fractions, the density.

    Raises
    ------
    InvalidInput
        If not, with what it holds and what the state asks for.
    """
    if trajectory.dimension != 3:
        raise InvalidInput(f"{name} is two-dimensional; allowed in a campaign: three dimensions; use glassdask analyse")
    n = len(trajectory.species)
    fractions = np.bincount(trajectory.species, minlength=liquid.n_species) / n
    wanted = np.array(liquid.counts(n)) / n
    if fractions.size != wanted.size or np.abs(fractions - wanted).max() > _FRACTION:
        raise InvalidInput(
            f"{name} holds {_listed(trajectory.names, fractions)}; the liquid {liquid.name!r} is "
            f"{_listed(liquid.species, wanted)}. Name the file's types with --types, or give another --potential"
        )
    density = n / float(volumes(trajectory.cell(0)))
    if not math.isclose(density, state.density, rel_tol=_DENSITY):
        raise InvalidInput(
            f"{name} has the density {density:.5g} (N = {n}, V = {n / density:.6g}); the state asks for {state.density:g}. "
            "Give the state of its density, or --length-unit, which its lengths are divided by"
        )


def _listed(names: Any, fractions: np.ndarray) -> str:
    return ", ".join(f"{share:.3g} {name}" for name, share in zip(names, fractions, strict=False))


def _provenance(trajectory: OwnTrajectory, record: ImportedTrajectory) -> dict[str, Any]:
    facts = {
        "n_particles": len(trajectory.species),
        "n_frames": len(trajectory),
        "length": float(trajectory.times[-1] - trajectory.times[0]) * record.time_unit,
    }
    imported = {"source": record.source, "sha256": record.sha256, "method": record.method, "notes": trajectory.notes}
    return {"engine": "imported", "engine_version": trajectory.format, "simulation": facts, "imported": imported}
