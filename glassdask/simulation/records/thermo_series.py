"""Energies, temperature and pressure along one phase of a run: a bounded number of samples, and what follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import SimulationFailed
from glassdask.outcome import FailureReason
from glassdask.simulation.engines.engine import Engine, Thermo
from glassdask.simulation.particles.particles import Floats, degrees_of_freedom

MAX_SAMPLES = 1024
COLUMNS = ("potential_energy", "kinetic_energy", "pressure")
#: A temperature this many times the target is no fluctuation.
EXPLOSION = 10.0
#: Heat capacity per particle used to relate small changes of energy and temperature; 2.5 … 3.1 in these liquids. [k_B]
HEAT_CAPACITY = 2.8


class ThermoSeries:
    """Samples at whole multiples of an interval, which doubles, every second sample being dropped, when there are 1024.

    Energies are per particle. [epsilon_AA, epsilon_AA / sigma_AA^3]

    Parameters
    ----------
    interval
        Steps between samples at the beginning.
    temperature
        Target, for telling an explosion. [epsilon_AA / k_B]
    """

    def __init__(self, interval: int, temperature: float):
        self.interval = interval
        self._temperature = temperature
        self._rows: list[tuple[float, ...]] = []
        self._steps: list[int] = []

    @property
    def next_step(self) -> int:
        """The first step that is still to be sampled."""
        return self._steps[-1] + self.interval if self._steps else 0

    def record(self, engine: Engine) -> None:
        """Sample the engine's current step.

        Raises
        ------
        SimulationFailed
            With the reason ``diverged`` if a value is NaN or infinite or the temperature has exploded.
        """
        thermo = engine.thermo()
        check_thermo(thermo, self._temperature, engine.step)
        self._steps.append(engine.step)
        self._rows.append(tuple(getattr(thermo, name) for name in COLUMNS))
        if len(self._steps) >= MAX_SAMPLES:
            self.interval *= 2
            kept = [i for i, step in enumerate(self._steps) if step % self.interval == 0]
            self._steps = [self._steps[i] for i in kept]
            self._rows = [self._rows[i] for i in kept]

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> NDArray[np.int64]:
        """Steps of the samples, shape (n_samples,)."""
        return np.array(self._steps, dtype=np.int64)

    def column(self, name: str) -> Floats:
        """One of `COLUMNS`, shape (n_samples,)."""
        return np.array([row[COLUMNS.index(name)] for row in self._rows])

    @property
    def total_energy(self) -> Floats:
        """Potential and kinetic energy per particle, shape (n_samples,). [epsilon_AA]"""
        return self.column("potential_energy") + self.column("kinetic_energy")

    def temperature(self, n_particles: int) -> Floats:
        """2K / (3N − 3), shape (n_samples,). [epsilon_AA / k_B]"""
        return self.column("kinetic_energy") * (2.0 * n_particles / degrees_of_freedom(n_particles))

    def arrays(self, prefix: str) -> dict[str, NDArray]:
        """All samples as arrays for a checkpoint or a product."""
        return {
            f"{prefix}_step": self.steps,
            f"{prefix}_interval": np.array(self.interval),
            **{f"{prefix}_{name}": self.column(name) for name in COLUMNS},
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray], prefix: str, temperature: float) -> ThermoSeries:
        """The series that `arrays` wrote."""
        series = cls(int(arrays[f"{prefix}_interval"]), temperature)
        series._steps = arrays[f"{prefix}_step"].tolist()
        series._rows = list(zip(*(arrays[f"{prefix}_{name}"].tolist() for name in COLUMNS), strict=True))
        return series


def check_thermo(thermo: Thermo, temperature: float, step: int) -> None:
    """Raise SimulationFailed (``diverged``) if energies are not finite or the temperature is ten times its target."""
    values = (thermo.potential_energy, thermo.kinetic_energy, thermo.pressure)
    if not all(map(math.isfinite, values)) or thermo.temperature > EXPLOSION * temperature:
        raise SimulationFailed(
            FailureReason.DIVERGED,
            f"at step {step} the temperature is {thermo.temperature:.4g} (target {temperature:g}) and the potential "
            f"energy {thermo.potential_energy:.4g} per particle; use a smaller time step (a larger divisor)",
        )


def mean_and_error(values: Floats, n_blocks: int = 16) -> tuple[float, float]:
    """Mean and its standard error from the scatter of consecutive blocks; NaN for fewer than two values a block."""
    if len(values) < 2 * n_blocks:
        return float(np.mean(values)), math.nan
    blocks = np.array([block.mean() for block in np.array_split(values, n_blocks)])
    return float(values.mean()), float(blocks.std(ddof=1) / math.sqrt(n_blocks))


def energy_at_temperature(total_energy: Floats, temperature: Floats, target: float) -> tuple[float, float]:
    """Mean total energy of a thermostatted run at its target temperature, with the momentary temperature as control.

    <E> − C (<T_kin> − T) has the same expectation as <E> for any C, as <T_kin> → T. With C near the heat capacity it
    is free of the slow exchange with the thermostat: when the bath has put too much energy into the system for a
    while, T_kin tells. What remains is the system's own slow exchange between structure and motion. Measured, N = 1200,
    rho = 1.2, T = 1, thermostat 0.2 tau_LJ: an average over w relaxation times gives T to 0.7 % / √w (1.6 % / √w without
    the control), so 25 of them suffice for 0.15 %.

    Parameters
    ----------
    total_energy, temperature
        Samples of the thermostatted run, shape (n_samples,). [epsilon_AA, epsilon_AA / k_B]
    target
        T. [epsilon_AA / k_B]

    Returns
    -------
    energy, error
        Per particle, with a standard error from 8 blocks. [epsilon_AA]
    """
    return mean_and_error(total_energy - HEAT_CAPACITY * (temperature - target), n_blocks=8)


def energy_drift(steps: NDArray[np.int64], total_energy: Floats) -> tuple[float, float]:
    """Change of the total energy along a run without a thermostat.

    Returns
    -------
    drift
        Slope of a straight line through the samples times the length of the run. [epsilon_AA per particle]
    largest_deviation
        max |E(t) − E(0)|, the fluctuation by the finite time step included. [epsilon_AA per particle]
    """
    largest = float(np.abs(total_energy - total_energy[0]).max())
    if len(steps) < 3:
        return float(total_energy[-1] - total_energy[0]), largest
    slope = np.polyfit(steps - steps.mean(), total_energy - total_energy.mean(), 1)[0]
    return float(slope * (steps[-1] - steps[0])), largest
