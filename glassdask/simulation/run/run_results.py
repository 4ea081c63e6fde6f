"""What a finished run has measured: numbers for the state's record, and its time series as a product."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from glassdask.files.atomic_write import write_bytes
from glassdask.simulation.engines.engine import Capabilities
from glassdask.simulation.records.request import SimulationRequest
from glassdask.simulation.records.thermo_series import ThermoSeries, energy_drift, mean_and_error


def measured(request: SimulationRequest, series: ThermoSeries, capabilities: Capabilities) -> dict[str, Any]:
    """Means of the production run as JSON values, energies per particle; a standard error of too few samples is NaN."""
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
    path: Path, series: dict[str, ThermoSeries], results: dict[str, Any], structure: dict[str, Any]
) -> None:
    """Write the time series of all phases, what was taken of the structure, and the results (as JSON text) to an npz
    file, whole or not at all."""
    stream = io.BytesIO()
    arrays: dict[str, Any] = dict(structure)
    for phase, samples in series.items():
        arrays |= samples.arrays(phase)
    np.savez_compressed(stream, results=np.array(json.dumps(results)), **arrays)
    write_bytes(path, stream.getvalue())
