"""What a finished run has measured: numbers for the state's record, and its time series as a product."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassdask.files.atomic_write import write_bytes
from glassdask.simulation.engines.engine import Capabilities
from glassdask.simulation.records.request import SimulationRequest
from glassdask.simulation.records.thermo_series import ThermoSeries, energy_drift, mean_and_error


@dataclass(frozen=True)
class RunResults:
    """What a run was and what it has measured: means of production, energies per particle, relaxation times in tau_MD.

    A standard error of too few samples is NaN. What was found while the run equilibrated is kept in its checkpoints.

    Parameters
    ----------
    wall_seconds
        Of all attempts. [s]
    equilibration_temperature
        Mean of the second half of equilibration. [epsilon_AA/k_B]
    target_total_energy
        To which velocities were rescaled at its end. [epsilon_AA]
    target_temperature_error
        What the error of that energy means for the temperature. [epsilon_AA/k_B]
    energy_drift, max_energy_deviation
        Change of the total energy over production by a linear fit, and the largest distance from that line. [epsilon_AA]
    time_step
        [tau_LJ]
    divisor
        Steps in a base step.
    steps_per_second
        At the end.
    interaction
        By what of the engine's own pairs interact; how exact that is, if it is a table.
    """

    wall_seconds: float
    equilibration_relaxation_time_estimate: float
    equilibration_relaxation_time_is_lower_bound: bool
    equilibration_steps: int
    equilibration_temperature: float
    target_total_energy: float
    target_temperature_error: float
    measured_temperature: float
    temperature_standard_error: float
    pressure: float
    pressure_standard_error: float
    potential_energy: float
    potential_energy_standard_error: float
    total_energy: float
    energy_drift: float
    max_energy_deviation: float
    engine: str
    engine_version: str
    device: str
    precision: str
    n_particles: int
    time_step: float
    divisor: int
    seed: int
    relaxation_time_estimate: float
    relaxation_time_is_lower_bound: bool
    n_steps: int
    n_frames: int
    steps_per_second: float
    interaction: str = ""

    def to_json(self) -> str:
        """As JSON text."""
        return json.dumps(asdict(self))


def measured(request: SimulationRequest, series: ThermoSeries, capabilities: Capabilities) -> dict[str, Any]:
    """What of the results follows from the production run."""
    temperature, temperature_error = mean_and_error(series.temperature(request.n_particles))
    potential, potential_error = mean_and_error(series.column("potential_energy"))
    pressure, pressure_error = mean_and_error(series.column("pressure"))
    drift, deviation = energy_drift(series.steps, series.total_energy)
    return {
        "measured_temperature": temperature,
        "temperature_standard_error": temperature_error,
        "pressure": pressure,
        "pressure_standard_error": pressure_error,
        "potential_energy": potential,
        "potential_energy_standard_error": potential_error,
        "total_energy": float(series.total_energy.mean()),
        "energy_drift": drift,
        "max_energy_deviation": deviation,
        "engine": capabilities.engine,
        "engine_version": capabilities.version,
        "device": capabilities.device,
        "precision": capabilities.precision,
        "interaction": capabilities.interaction,
        "n_particles": request.n_particles,
        "time_step": request.time_step,
        "divisor": request.divisor,
        "seed": request.seed,
    }


def relaxation_time(prefix: str, request: SimulationRequest, steps: float, is_lower_bound: bool) -> dict[str, Any]:
    """A relaxation time in tau_MD under the names that the results carry."""
    return {
        f"{prefix}relaxation_time_estimate": steps / request.divisor * request.base_step,
        f"{prefix}relaxation_time_is_lower_bound": is_lower_bound,
    }


def write_product(
    path: Path, series: Mapping[str, ThermoSeries], results: RunResults, structure: Mapping[str, Any]
) -> None:
    """Write the time series of all phases, what was taken of the structure, and the results (as JSON text) to an npz
    file, whole or not at all."""
    stream = io.BytesIO()
    arrays = dict(structure)
    for phase, samples in series.items():
        arrays |= samples.arrays(phase)
    np.savez_compressed(stream, results=np.array(results.to_json()), **arrays)
    write_bytes(path, stream.getvalue())
