"""What every molecular-dynamics engine offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.liquids.catalogue import as_liquid
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.particles.particles import Floats, Particles, particle_masses


@dataclass(frozen=True)
class Capabilities:
    """What an engine is and where it runs: ``device`` is "cpu" or "gpu", ``precision`` that of positions and sums.

    ``interaction`` is by what of the engine's own pairs interact, and how exact that is, if it is a table.
    """

    engine: str
    version: str
    device: str
    precision: str
    interaction: str = ""


@dataclass(frozen=True)
class Thermo:
    """Instantaneous averages, energies per particle. [epsilon_AA, epsilon_AA, epsilon_AA / k_B, epsilon_AA / sigma_AA^3]

    The temperature is 2K / (3N − 3), as the total momentum is zero.
    """

    potential_energy: float
    kinetic_energy: float
    temperature: float
    pressure: float

    @property
    def total_energy(self) -> float:
        """Potential and kinetic energy per particle. [epsilon_AA]"""
        return self.potential_energy + self.kinetic_energy


@dataclass(frozen=True)
class EngineKind:
    """An engine as its file declares it, before anything of its library is loaded.

    Parameters
    ----------
    name
        Value of ``execution.engine``, and name of the package that it needs unless `module` says another.
    title
        As people call it.
    install
        How to get it.
    rank_on_core
        Place among the engines on a core, the quickest first.
    make
        Given liquid, particles, time step and seed, the running `Engine`; its library is loaded now.
    is_for_gpus
        Whether the build that is installed runs on a GPU, asked of its library; None of an engine that never does.
    remedy
        What to do about a build that cannot use a GPU that is there.
    install_for_gpus
        How to get a build that can.
    module
        What there must be for the engine to be installed, if that is not the package of its name.
    refusal
        Why it does not simulate these particles of a liquid, or any if none are given, "" where it does; None of an engine
        that takes all there are.
    trouble
        Why it cannot run in this process, "" where it can, found without its library; None of an engine that runs anywhere.
    """

    name: str
    title: str
    install: str
    rank_on_core: int
    make: Callable[[Liquid | str, Particles, float, int], Engine]
    is_for_gpus: Callable[[], bool] | None = None
    remedy: str = ""
    install_for_gpus: str = ""
    module: str = ""
    refusal: Callable[[Liquid, Particles | None], str] | None = None
    trouble: Callable[[], str] | None = None


class Engine(ABC):
    """Velocity-Verlet dynamics of a liquid in a periodic cube.

    An engine is made from `Particles`, new or of a checkpoint, and is then the only owner of the moving ones. Units are
    sigma_AA, epsilon_AA and tau_LJ. Errors of the engine's own library pass through as they are; `failure` of
    `glassdask.simulation.run.failure` classifies them.

    Parameters
    ----------
    liquid
        What is simulated; or the name of a liquid of the catalogue.
    particles
        Where to start; its step is the engine's first step.
    time_step
        dt. [tau_LJ]
    seed
        Of the thermostat's random numbers.
    """

    def __init__(self, liquid: Liquid | str, particles: Particles, time_step: float, seed: int):
        self.liquid = as_liquid(liquid)
        self.box_length = particles.box_length
        self.species = particles.species
        self.masses = particle_masses(self.liquid, particles.species)
        self.time_step = time_step
        self.seed = seed
        #: Steps done; may be set to another number, as when a new phase begins.
        self.step = particles.step

    @property
    def n_particles(self) -> int:
        """N."""
        return len(self.species)

    def run(self, n_steps: int) -> None:
        """Advance by exactly `n_steps` time steps; 0 does nothing."""
        if n_steps < 0:
            raise InvalidInput(f"n_steps is {n_steps}; allowed: 0 and above")
        if n_steps:
            self._advance(n_steps)
            self.step += n_steps

    @abstractmethod
    def _advance(self, n_steps: int) -> None: ...

    @abstractmethod
    def minimise(self, max_iterations: int) -> None:
        """Move downhill to a nearby minimum of the potential energy; velocities and the step are left alone."""

    @abstractmethod
    def set_thermostat(self, temperature: float | None, relaxation_time: float = 0.2) -> None:
        """Stochastic velocity rescaling (Bussi, Donadio, Parrinello, J. Chem. Phys. 126, 014101 (2007)), or none.

        Parameters
        ----------
        temperature
            Target; None switches the thermostat off (NVE). [epsilon_AA / k_B]
        relaxation_time
            Of the kinetic energy. [tau_LJ]
        """

    @abstractmethod
    def thermo(self) -> Thermo:
        """Energies per particle, temperature and pressure at the current step."""

    @abstractmethod
    def forces(self) -> Floats:
        """Force on each particle at the current step, shape (N, 3). [epsilon_AA / sigma_AA]"""

    @abstractmethod
    def snapshot(self) -> Particles:
        """A copy of all particles at the current step, in the order that the engine was given, in float64."""

    def frame(self) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """What a frame of a trajectory keeps: positions and images as of `snapshot`, each of shape (N, 3). [sigma_AA, 1]"""
        particles = self.snapshot()
        return particles.positions.astype(np.float32), particles.images.astype(np.int32)

    def positions(self, xp: ModuleType = np) -> Any:  # noqa: ARG002
        """Positions as of `snapshot`, shape (N, 3): of CuPy if that is asked for and the engine keeps them on a device, else
        of NumPy. [sigma_AA]"""
        return self.snapshot().positions

    @abstractmethod
    def set_velocities(self, velocities: Floats) -> None:
        """Replace all velocities, shape (N, 3). [sigma_AA / tau_LJ]"""

    @abstractmethod
    def capabilities(self) -> Capabilities:
        """Name, version, device and precision."""

    @abstractmethod
    def close(self) -> None:
        """Give the engine's memory back; it cannot be used afterwards."""
