"""Stage fit_memory: the memory functions that reproduce a state's F_s(k_p,t), as ``memory.nc``.

One task holds everything of a state: all species, every number of modes, restarts and resampled data go in step through
one compiled solver. Searches are checkpointed: a task that was killed goes on from its last generation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import xarray as xr

from glassdask.arrays import array_module, array_provenance
from glassdask.datasets.netcdf import read_netcdf, write_netcdf
from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import write_bytes
from glassdask.fits.fit_options import FitOptions
from glassdask.fits.fitting import fit_memories
from glassdask.fits.refinement.memory_fit import MemoryFit, best
from glassdask.fits.search.checkpoint import SearchCheckpoint, problem_identity
from glassdask.fits.target.target import Target, checked_target, initial_rate
from glassdask.outcome import Outcome, Status
from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.fit_memory import MEMORY, STAGE
from glassdask.stages.fit_memory.memory_product import MemoryProduct
from glassdask.stages.fit_memory.memory_starts import known_or_inverted, memories_of_theory
from glassdask.stages.reduce import OBSERVABLES, temperature_of
from glassdask.stages.solve_mct import MODE_COUPLING

CHECKPOINT = "searches.json"


def fit_memory(context: StageContext) -> StageResult:
    """Fits eq. 6 to F_s(k_p,t) of every species, with each equation and number of modes that the campaign asks for.

    A state without a usable F_s (a crystal; too few times with an error) makes no failure: the reason lies in the file's
    attributes.

    Returns
    -------
    StageResult
        Product: ``memory.nc``; the status of the state is that of the stages before.
    """
    data = read_netcdf(context.folder / OBSERVABLES)
    theory = read_netcdf(context.folder / MODE_COUPLING)
    section, array = context.sections.memory, context.execution.array
    xp = array_module(array)
    product = MemoryProduct(section.dynamics, section.n_exp, context.liquid.species, data["t"].values)
    notes: list[str] = []
    reason = ""
    chosen: dict[str, MemoryFit] = {}
    try:
        if data.attrs["status"] == Status.CRYSTALLISED:
            raise InvalidInput("the run has crystallised")
        targets = targets_of_state(data, notes)
        checkpoint = _checkpoint(context, targets)
        for place, dynamics in enumerate(section.dynamics):
            told = context.part(dynamics, place / len(section.dynamics), (place + 1) / len(section.dynamics))
            fits = fit_of_state(targets, data, theory, dynamics, context, checkpoint, xp, told)
            for species, of_species in fits.items():
                product.fill(place, species, of_species, targets[species])
            chosen = chosen or {name: best(found) for name, found in fits.items()}
    except InvalidInput as error:
        reason = str(error)
    kept = {name: data.attrs[name] for name in ("title", "source", "seed", "status") if name in data.attrs}
    about = {"memory_reason": reason, "notes": "; ".join(notes), "campaign": context.execution.campaign}
    write_netcdf(product.dataset(context.state), context.work / MEMORY, {**kept, **about})
    summary = _summary(chosen, context.liquid.species, reason)
    return StageResult(Outcome.DONE, (MEMORY,), Status(data.attrs["status"]), summary, array_provenance(array, xp))


def targets_of_state(data: xr.Dataset, notes: list[str]) -> dict[str, Target]:
    """F_s(k_p,t) of every species with errors and blocks of time; what is odd about them is added to `notes`."""
    targets = {}
    has_blocks = "peak_scattering_blocks" in data
    for species in data["species"].values.tolist():
        here = data.sel(species=species)
        targets[species], found = checked_target(
            here["t"].values,
            here["peak_scattering"].values,
            here["peak_scattering_error"].values,
            here["peak_scattering_blocks"].values if has_blocks else None,
            f"F_s of {species}",
        )
        notes += found
    return targets


def fit_of_state(
    targets: dict[str, Target],
    data: xr.Dataset,
    theory: xr.Dataset,
    dynamics: Dynamics,
    context: StageContext,
    checkpoint: SearchCheckpoint,
    xp: ModuleType = np,
    told: Callable[[float], None] = lambda _share: None,
) -> dict[str, list[MemoryFit]]:
    """The fits of a state with one equation.

    Newtonian: Ω = k_p² k_BT/m_s from the measured temperature, all times. Overdamped: Ω is fitted, from `overdamped_from` on:
    simulated atoms are ballistic before, and no memory of eq. 5 makes them so (docs/equations.md, E1').
    """
    section = context.sections.memory
    options = FitOptions(
        n_exp=tuple(section.n_exp),
        dynamics=dynamics,
        fits_omega=dynamics == "overdamped",
        seed=context.seed,
        n_starts=section.starts,
        generations=section.generations,
        n_bootstrap=section.bootstrap,
    )
    if dynamics == "newtonian":
        Omega = float(data["peak_wavenumber"]) ** 2 * temperature_of(data) * TAU_MD**2
        rates = {name: Omega / context.liquid.masses[name] for name in targets}
    else:
        targets = {name: target.later_than(section.overdamped_from) for name, target in targets.items()}
        rates = {name: initial_rate(target, dynamics) for name, target in targets.items()}
    starts = memories_of_theory(theory, float(data["peak_wavenumber"]), dynamics)
    starts = known_or_inverted(starts, targets, rates, dynamics)
    return fit_memories(targets, rates, options, starts, checkpoint, context.keep_alive, xp, told)


def _checkpoint(context: StageContext, targets: dict[str, Target]) -> SearchCheckpoint:
    """The searches' checkpoint, with what the newest earlier attempt at the same inputs has left."""
    path = context.work / CHECKPOINT
    earlier = [other / CHECKPOINT for other in context.work.parent.iterdir() if other != context.work]
    left = sorted((found for found in earlier if found.is_file()), key=lambda found: found.stat().st_mtime)
    if left:
        write_bytes(path, left[-1].read_bytes(), durable=False)
    about = STAGE.inputs(context.sections.model_dump(mode="json"), context.state, context.seed)
    return SearchCheckpoint(path, problem_identity(targets, about))


def _summary(chosen: dict[str, MemoryFit], all_species: Sequence[str], reason: str) -> dict[str, Any]:
    """Of the first equation's fits χ² per point and the number of modes that BIC prefers."""
    summary: dict[str, Any] = {}
    for species in all_species:
        fit = chosen.get(species)
        summary[f"memory_n_exp_{species}"] = fit.n_exp if fit else None
        summary[f"memory_chi2_per_point_{species}"] = fit.chi2_per_point if fit else None
    return {**summary, "memory_reason": reason}
