"""Stage simulate: molecular dynamics of one state in a child process, from a random start to ``trajectory.gsd``."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import glassdask
from glassdask.datasets.netcdf import dataset, read_netcdf, write_netcdf
from glassdask.datasets.schema.variables import FRAME_VARIABLES, THERMO_VARIABLES, state_coordinates
from glassdask.outcome import FailureReason, Outcome
from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.simulation import TRAJECTORY
from glassdask.simulation.records.checkpoint import CheckpointStore, adopt
from glassdask.simulation.records.kept import EQUILIBRATED, adopt_kept
from glassdask.simulation.records.request import Equilibration, Production, SimulationRequest, StructureInSitu
from glassdask.simulation.records.structure_recorder import FACTOR, STEP
from glassdask.simulation.run.child_process import run_in_child
from glassdask.simulation.run.molecular_dynamics import PRODUCT
from glassdask.simulation.run.run_results import RunResults
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.contract.grids import base_steps, block_bounds
from glassdask.stages.contract.run_size import state_divisor
from glassdask.stages.contract.sections import EquilibrationSection, Sections, WavenumbersSection
from glassdask.stages.simulate import (
    ASKED,
    GOES_ON_FROM,
    KEPT_FOLDER,
    LENGTHS,
    MADE_BY,
    SIMULATION,
    START,
    STRUCTURE,
    asked_lengths,
)
from glassdask.stages.simulate.given_start import start_path, start_sha256, write_start
from glassdask.stages.simulate.imported import read_import


def simulate(context: StageContext) -> StageResult:
    """Runs, or goes on with, the molecular dynamics of a state.

    The run lives in a child process, so that neither the engine's hold on the interpreter nor its end by a signal
    touches the worker. It goes on from the newest checkpoint that an earlier attempt left, or from the end of the finished
    run that is to be longer.

    Returns
    -------
    StageResult
        Product: ``trajectory.gsd``, ``simulation.nc`` (time series of energies and pressure) and, where the structure is
        reduced in situ, ``structure.nc``. Of a state whose trajectory is brought: that file.
    """
    imported = read_import(context.folder)
    if imported is not None:
        from glassdask.stages.simulate.take_trajectory import take_trajectory

        return take_trajectory(context, imported)
    request = simulation_request(context)
    if not adopt_latest(context.work):
        if context.grows and not _adopt_finished(context):
            return StageResult(Outcome.FAILED, reason=FailureReason.INPUT, message=_no_way_on(context))
        if not context.grows and context.sections.system.start is not None:
            request = _starting_from(request, context, context.sections.system.start)
    answer = run_in_child(request, on_poll=context.keep_alive)
    if answer.outcome != Outcome.DONE:
        return StageResult(answer.outcome, provenance=answer.results, reason=answer.reason, message=answer.message)
    results = RunResults(**answer.results)
    _write_thermo(context, results)
    keep = ("measured_temperature", "pressure", "potential_energy", "total_energy", "energy_drift")
    summary: dict[str, Any] = {name: getattr(results, name) for name in keep}
    provenance = {name: getattr(results, name) for name in ("engine", "engine_version", "device", "precision")}
    provenance["simulation"] = {name: value for name, value in asdict(results).items() if name not in provenance}
    if context.sections.system.start is not None:
        path = start_path(context.sections.system.start, context.state)
        provenance[START] = {"source": str(path), "sha256": start_sha256(path)}
    lengths = {phase: getattr(context.sections, phase).model_dump(mode="json") for phase in GOES_ON_FROM}
    provenance[LENGTHS] = lengths
    summary |= {
        ASKED: asked_lengths(lengths),
        MADE_BY: f"glassdask {glassdask.__version__}, {results.engine} {results.engine_version}",
    }
    files = (TRAJECTORY, SIMULATION, STRUCTURE) if _write_structure(context, results) else (TRAJECTORY, SIMULATION)
    kept = tuple(name for name in GOES_ON_FROM.values() if (context.work / name).is_file())
    return StageResult(Outcome.DONE, files, summary=summary, provenance=provenance, kept=kept)


def _starting_from(request: SimulationRequest, context: StageContext, template: str) -> SimulationRequest:
    """A request whose run begins with the given configuration, which is looked at again: it may have changed."""
    target = context.work / f"{START}.npz"
    path = start_path(template, context.state)
    write_start(path, context.state, context.liquid, request.box_length, target)
    return replace(request, start=target.name)


def _adopt_finished(context: StageContext) -> bool:
    kept = context.folder / KEPT_FOLDER / GOES_ON_FROM[context.grows]
    return adopt_kept(kept, context.folder / TRAJECTORY, context.work)


def _no_way_on(context: StageContext) -> str:
    return (
        f"{context.state.identifier} cannot go on from its finished run: a checkpoint in {context.folder / KEPT_FOLDER} or "
        f"{TRAJECTORY} is gone or damaged. What is there is kept; 'glassdask run --redo-changed' simulates it anew"
    )


def simulation_request(context: StageContext) -> SimulationRequest:
    """The request for a state, from the tables of the campaign file (times in tau_MD become whole base steps)."""
    state, sections, execution = context.state, context.sections, context.execution
    base_step, liquid = sections.time_step.base_step, context.liquid
    return SimulationRequest(
        liquid=liquid,
        temperature=state.temperature,
        density=state.density,
        box_length=sections.system.box_length,
        base_step=base_step,
        divisor=state_divisor(state, liquid, sections.time_step),
        seed=context.seed,
        equilibration=_equilibration(sections.equilibration, base_step),
        production=_production(sections),
        work_folder=str(context.work),
        engine=execution.settings.engine,
        structure=_structure(execution.in_situ),
        array=execution.array,
        thermostat_time=sections.equilibration.thermostat_time * TAU_MD,
        checkpoint_seconds=execution.settings.checkpoint_seconds,
        keep_checkpoints=execution.settings.keep_checkpoints,
        deadline=execution.deadline,
        deadline_margin_seconds=execution.deadline_margin,
    )


def adopt_latest(work: Path) -> bool:
    """Takes over the checkpoints of the newest earlier attempt that has an intact one; attempts are folders side by side.
    False where there is none.

    An attempt that was killed while it took over another's checkpoints may hold less than that one.
    """
    earlier = sorted(
        (folder for folder in work.parent.iterdir() if folder.is_dir() and folder != work),
        key=lambda folder: folder.stat().st_mtime,
        reverse=True,
    )
    for folder in earlier:
        if adopt(folder, work, also=[EQUILIBRATED]) and CheckpointStore(work).load() is not None:
            return True
        shutil.rmtree(work)
        work.mkdir()
    return False


def run_attributes(context: StageContext, results: RunResults) -> dict[str, Any]:
    """Global attributes of every file that comes from this run: what made it, and from which seed."""
    return {
        "title": context.state.identifier,
        "source": f"{results.engine} {results.engine_version} ({results.device})",
        "seed": str(results.seed),
        "campaign": context.execution.campaign,
        "n_particles": results.n_particles,
    }


def read_thermo(folder: Path) -> tuple[xr.Dataset, RunResults]:
    """The time series of a finished run and the scalars that follow from them (``simulation.nc``)."""
    thermo = read_netcdf(folder / SIMULATION)
    return thermo, RunResults(**json.loads(thermo.attrs["results"]))


def _write_thermo(context: StageContext, results: RunResults) -> None:
    """The engine's time series with units and times, as netCDF. Steps become times since the phase began."""
    with np.load(context.work / PRODUCT, allow_pickle=False) as stored:
        values = {name: stored[name] for name in THERMO_VARIABLES}
        steps = {phase: stored[f"{phase}_step"] for phase in ("equilibration", "production")}
    time_step = results.time_step / TAU_MD
    times = {f"{phase}_time": step * time_step for phase, step in steps.items()}
    attributes = {**run_attributes(context, results), "results": results.to_json()}
    data = dataset(values, {**times, **state_coordinates(context.state)}, THERMO_VARIABLES)
    write_netcdf(data, context.work / SIMULATION, attributes)


def _write_structure(context: StageContext, results: RunResults) -> bool:
    """What was taken of the structure while the run went on, if anything was."""
    wanted = _structure(context.execution.in_situ)
    if wanted is None:
        return False
    with np.load(context.work / PRODUCT, allow_pickle=False) as stored:
        if STEP not in stored:  # an earlier attempt had begun without: the trajectory tells all
            return False
        steps, factors = stored[STEP], stored[FACTOR]
    edges = wanted.edges
    centres = 0.5 * (edges[1:] + edges[:-1])
    coordinates = {
        "frame_step": steps,
        "pair": list(context.liquid.pair_names),
        "k_fine": centres,
        **state_coordinates(context.state),
    }
    data = dataset({"frame_structure_factor": factors}, coordinates, FRAME_VARIABLES)
    write_netcdf(data, context.work / STRUCTURE, run_attributes(context, results))
    return True


def _structure(section: WavenumbersSection | None) -> StructureInSitu | None:
    """The bins and frames of S(k), if it is to be taken while the run goes on."""
    if section is None:
        return None
    width, n_bins = section.spacing / section.fine_bins, section.count * section.fine_bins
    return StructureInSitu(width, n_bins, section.structure_frames)


def _equilibration(section: EquilibrationSection, base_step: float) -> Equilibration:
    if section.length is not None:
        return Equilibration(base_steps(section.length, base_step))
    return Equilibration(
        base_steps(section.minimum_length, base_step),
        section.relaxation_times,
        base_steps(section.maximum_length, base_step),
    )


def _production(sections: Sections) -> Production:
    fewest, most = block_bounds(sections)
    frames = sections.frames
    return Production(fewest, frames.block_length, frames.per_octave, sections.production.relaxation_times, most)
