"""Stage reduce: from a trajectory to S(k), F_s(k,t), displacements, relaxation time and a verdict, as ``observables.nc``.

Frames are read block by block: memory holds one block and the block starts, whatever the length of the run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from glassdask.arrays import array_module, array_provenance
from glassdask.datasets.liquids import described
from glassdask.datasets.netcdf import dataset, read_netcdf, write_netcdf
from glassdask.datasets.schema.variables import BLOCK_VARIABLES, VARIABLES, state_coordinates
from glassdask.outcome import Outcome, Status
from glassdask.physics.liquids.liquid import SPECIES
from glassdask.physics.motion.curves.relaxation_time import relaxation_time
from glassdask.physics.motion.equilibration import Tolerances, equilibration
from glassdask.physics.motion.lag_average import LagAverage, lag_average
from glassdask.physics.motion.lag_times import frame_pairs, lag_grid
from glassdask.physics.structure.crystallinity import is_crystallised
from glassdask.simulation import TRAJECTORY
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.simulation.run.run_results import RunResults
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.contract.grids import wavenumber_centres
from glassdask.stages.contract.sections import Sections
from glassdask.stages.reduce import OBSERVABLES
from glassdask.stages.reduce.scattering import Scattering, scattering_of_trajectory
from glassdask.stages.reduce.structure import Structure, TakenStructure, structure_of_trajectory
from glassdask.stages.simulate import STRUCTURE
from glassdask.stages.simulate.imported import read_import
from glassdask.stages.simulate.run import read_thermo, run_attributes
from glassdask.state_point import StatePoint

#: Blocks of time that error bars come from.
N_BLOCKS = 10
#: S(k) takes nearly all of the time.
_STRUCTURE_SHARE = 0.95


def reduce(context: StageContext) -> StageResult:
    """Reduces the trajectory of a state.

    Returns
    -------
    StageResult
        Product: ``observables.nc`` (variables of `glassdask.datasets.schema.variables`); status done, not_equilibrated or
        crystallised, with the reasons in the message.
    """
    imported = read_import(context.folder)
    if imported is not None:
        from glassdask.stages.reduce.imported import reduce_imported

        return reduce_imported(context, imported)
    sections, array = context.sections, context.execution.array
    xp = array_module(array)
    thermo, results = read_thermo(context.folder)
    with Trajectory(context.folder / TRAJECTORY) as trajectory:
        base = _base_steps(trajectory, results)
        taken = _taken_structure(context.folder)
        structure = structure_of_trajectory(
            trajectory, base, sections.wavenumbers, context.part("structure", 0.0, _STRUCTURE_SHARE), xp, taken
        )
        block_length = sections.frames.block_length
        lags = lag_grid(int(base[-1]) // block_length, block_length, sections.frames.per_octave)
        wavenumbers = wavenumber_centres(sections.wavenumbers)
        k_p, has_equal_masses = structure.peak.wavenumber, len(set(context.liquid.masses.values())) == 1
        drift = None if has_equal_masses else False  # the engines leave the centre of mass at rest
        look = context.part("scattering", _STRUCTURE_SHARE)
        scattering = scattering_of_trajectory(trajectory, base, lags, block_length, wavenumbers, k_p, look, xp, drift)
    lag_times = lags * sections.time_step.base_step
    analysis = _Analysis(context.state, sections, results, base, lags, lag_times, structure, scattering)
    status, reasons = analysis.verdict(thermo)
    values = analysis.values()
    attributes = {
        **run_attributes(context, results),
        "status": status,
        "status_reasons": reasons,
        "liquids": described([context.liquid]),
    }
    coordinates = {
        "k": wavenumbers,
        "k_fine": structure.fine_centres,
        "t": lag_times,
        "pair": list(context.liquid.pair_names),
        "species": list(context.liquid.species),
        **state_coordinates(context.state),
    }
    schema = {**VARIABLES, **BLOCK_VARIABLES}
    write_netcdf(dataset(values, coordinates, schema), context.work / OBSERVABLES, attributes)
    provenance = array_provenance(array, xp)
    return StageResult(Outcome.DONE, (OBSERVABLES,), status, state_summary(values, reasons), provenance)


class _Analysis:
    """All that is known of one state, and what follows from it."""

    def __init__(
        self,
        state: StatePoint,
        sections: Sections,
        results: RunResults,
        base: np.ndarray,
        lags: np.ndarray,
        lag_times: np.ndarray,
        structure: Structure,
        scattering: Scattering,
    ):
        self.state, self.sections, self.results = state, sections, results
        self.lag_times, self.structure = lag_times, structure
        pairs = frame_pairs(base, lags, sections.frames.block_length)
        self.grid = lag_average(scattering.grid, pairs, base, N_BLOCKS)
        self.peak = lag_average(scattering.peak, pairs, base, N_BLOCKS)
        self.displacement = lag_average(scattering.displacement, pairs, base, N_BLOCKS)
        self.production_time = float(base[-1]) * sections.time_step.base_step
        self.relaxation = [
            relaxation_time(lag_times, self.peak.mean[:, s], self.peak.blocks[:, :, s])
            for s in range(self.peak.mean.shape[1])
        ]

    def verdict(self, thermo: xr.Dataset) -> tuple[Status, str]:
        """Status in a word, and why it is not simply done."""
        results, quality = self.results, self.sections.quality
        energy = thermo["production_potential_energy"].values
        kinetic = thermo["production_kinetic_energy"].values
        n = results.n_particles
        verdict = equilibration(
            energy,
            kinetic * (2.0 * n / (3.0 * n - 3.0)),
            np.moveaxis(self.peak.blocks, 2, 1),
            [tau.value for tau in self.relaxation],
            self.production_time,
            Tolerances(relaxation_times=quality.relaxation_times),
        )
        crystal = self.structure.crystal
        if is_crystallised(crystal.fraction_blocks, crystal.clusters):
            most, cluster = np.max(crystal.fraction_blocks), np.max(crystal.clusters)
            return (
                Status.CRYSTALLISED,
                f"solid-like particles: up to {most:.1%} of {crystal.species} and {cluster} in a cluster",
            )
        return (Status.DONE if verdict.is_equilibrated else Status.NOT_EQUILIBRATED), "; ".join(verdict.reasons)

    def values(self) -> dict[str, Any]:
        """Every variable of the state's file."""
        structure, results = self.structure, self.results
        return {
            "structure_factor": structure.partials,
            "structure_factor_error": structure.error,
            "structure_factor_is_filled": structure.is_filled,
            "mean_wavenumber": structure.mean_wavenumber,
            "structure_factor_fine": structure.fine,
            "structure_factor_fine_error": structure.fine_error,
            "mean_wavenumber_fine": structure.fine_wavenumber,
            **_by_species("self_intermediate_scattering", self.grid),
            **_by_species("peak_scattering", self.peak),
            "peak_scattering_blocks": np.moveaxis(self.peak.blocks, -1, 0),
            **_by_species("mean_squared_displacement", self.displacement),
            "n_origins": self.peak.n_origins,
            "peak_wavenumber": structure.peak.wavenumber,
            "peak_structure_factor": structure.peak_values,
            "relaxation_time": [tau.value for tau in self.relaxation],
            "relaxation_time_error": [tau.standard_error for tau in self.relaxation],
            "measured_temperature": results.measured_temperature,
            "measured_temperature_error": results.temperature_standard_error,
            "pressure": results.pressure,
            "pressure_error": results.pressure_standard_error,
            "potential_energy": results.potential_energy,
            "total_energy": results.total_energy,
            "energy_drift": results.energy_drift,
            "time_step": self.sections.time_step.base_step / results.divisor,
            "production_time": self.production_time,
            "crystalline_fraction": float(np.max(structure.crystal.fraction_blocks)),
            "is_temperature_off": self._is_temperature_off(),
            "is_energy_drifting": self._is_energy_drifting(),
        }

    def _is_temperature_off(self) -> bool:
        error = abs(self.results.measured_temperature / self.state.temperature - 1.0)
        return error > self.sections.quality.temperature_error

    def _is_energy_drifting(self) -> bool:
        return abs(self.results.energy_drift) > self.sections.quality.energy_drift * self.state.temperature


def state_summary(values: Mapping[str, Any], reasons: str) -> dict[str, Any]:
    """Plain data; NaN becomes None.

    Parameters
    ----------
    values
        Variables of the state by name, as `reduce` has found them.
    reasons
        Why the state is not simply done; empty if it is.
    """
    names = ("measured_temperature", "pressure", "potential_energy", "total_energy", "energy_drift", "peak_wavenumber")
    scalars = {name: float(values[name]) for name in names}
    scalars["peak_structure_factor"] = float(np.asarray(values["peak_structure_factor"])[0])
    for species, tau in zip(SPECIES, np.asarray(values["relaxation_time"], dtype=float), strict=False):
        scalars[f"relaxation_time_{species}"] = float(tau)
    flags = {name: bool(values[name]) for name in ("is_temperature_off", "is_energy_drifting")}
    finite = {name: value if math.isfinite(value) else None for name, value in scalars.items()}
    return {**finite, **flags, "reasons": reasons}


def _taken_structure(folder: Path) -> TakenStructure | None:
    """What the simulation has taken of the structure while it ran, if it has."""
    if not (folder / STRUCTURE).exists():
        return None
    data = read_netcdf(folder / STRUCTURE)
    return TakenStructure(*(data[name].values for name in ("frame_step", "k_fine", "frame_structure_factor")))


def _by_species(name: str, average: LagAverage) -> dict[str, np.ndarray]:
    """Means and errors with the lags last: (n_lags, n_species[, n_k]) becomes (n_species[, n_k], n_lags)."""
    return {name: np.moveaxis(average.mean, 0, -1), f"{name}_error": np.moveaxis(average.standard_error, 0, -1)}


def _base_steps(trajectory: Trajectory, results: RunResults) -> np.ndarray:
    """Steps of the frames in base steps of the campaign, from the beginning of production."""
    return trajectory.steps // results.divisor
