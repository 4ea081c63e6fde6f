"""gamdpy behind the engine protocol: small Lennard-Jones liquids on a GPU by pip alone, in single precision.

Positions, velocities, forces and energies of particles are float32 on the device; sums over particles are taken here, in
float64. Its NVE is the leap-frog of velocities half a step behind, v(t − dt/2); of its velocities and forces follow those of
velocity Verlet, v(t) = v(t − dt/2) + f(t) dt / 2m, so both are one trajectory. A run that continues from a snapshot has the
same float32 positions and velocities within their rounding, and a new neighbour list, in whose order forces are summed:
it follows the original as closely as 1e-7 lets it, not bit by bit.
"""

from __future__ import annotations

import math
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from glassdask.errors import InvalidInput, MissingComponent
from glassdask.gpus import visible_gpus
from glassdask.physics.interactions.pair_potential import PairPotential
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.engines.engine import Capabilities, Engine, EngineKind, Thermo
from glassdask.simulation.engines.lennard_jones_pairs import lennard_jones_refusal, lennard_jones_tables
from glassdask.simulation.engines.tabulation import FiniteCore
from glassdask.simulation.particles.minimisation import displacements_to_minimum
from glassdask.simulation.particles.particles import Floats, Particles, at_rest, degrees_of_freedom, wrap

#: Above as many particles gamdpy takes another neighbour list (linked lists), which is not tried here.
MOST_PARTICLES = 8000
#: A list has room for what a sphere of this density holds, or of twice the liquid's if that is more; gamdpy says so where it
#: is too short. [1/sigma_AA^3]
_DENSEST = 2.0
#: Velocities are rescaled as often in a relaxation time of the thermostat, or at each step.
_RESCALINGS = 20


def is_simulated() -> bool:
    """Whether Numba plays a GPU on a core, for tests: thousands of times slower than one."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"


def _trouble_here() -> str:
    """Why it cannot run in this process, "" where it can; Numba is not imported for that."""
    if is_simulated() or visible_gpus():
        return ""
    return (
        "gamdpy needs a GPU with CUDA, and this process sees none; allowed without one: engine = 'native' or 'lammps', or "
        "'auto', which takes what runs here"
    )


def _can_compile() -> bool:
    """Whether Numba finds a driver and what it compiles kernels by."""
    if not visible_gpus():
        return False
    try:
        from numba import cuda
    except ImportError:
        return False
    return bool(cuda.is_available())


def load_gamdpy() -> ModuleType:
    """Import gamdpy.

    Raises
    ------
    MissingComponent
        If it is not installed, or there is no GPU.
    """
    if trouble := _trouble_here():
        raise MissingComponent(trouble)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is old in it, to its authors
            import gamdpy
    except ImportError as error:
        raise MissingComponent(f"gamdpy is not installed ({error}); pip install 'glassdask[gamdpy]'") from error
    return gamdpy


class GamdpyEngine(Engine):
    """`Engine` on a GPU; see there for the parameters.

    Raises
    ------
    InvalidInput
        If a pair of the liquid is no Lennard-Jones pair, there are too many particles, or the box is not larger than twice the
        largest cut-off.
    MissingComponent
        If it is not installed, or there is no GPU.
    """

    def __init__(self, liquid: Liquid | str, particles: Particles, time_step: float, seed: int):
        super().__init__(liquid, particles, time_step, seed)
        if trouble := _refusal(self.liquid, particles):
            raise InvalidInput(trouble)
        self._gamdpy = load_gamdpy()
        self._temperature: float | None = None
        self._relaxation_time = 0.0
        self._configuration = self._gamdpy.Configuration(D=3, N=self.n_particles)
        self._configuration.simbox = self._gamdpy.Orthorhombic(3, 3 * [self.box_length])
        self._configuration.ptype[:] = particles.species
        self._configuration["m"] = self.masses
        self._configuration["r"] = particles.positions
        plan = self._gamdpy.get_default_compute_plan(self._configuration) | {"nblist": "N squared"}
        if is_simulated():  # it has no barrier of all blocks; and one thread a block is the quickest
            plan |= {"gridsync": False, "pb": 1, "tp": 1}
        self._pair = self._gamdpy.PairPotential(
            _pair_function(), _parameters(self.liquid), max_num_nbs=self._neighbours(float(plan["skin"]))
        )
        with _no_script():
            self._simulation = self._gamdpy.Simulation(
                self._configuration,
                [self._pair],
                self._gamdpy.NVE(time_step),
                [],
                num_timeblocks=1,
                steps_per_timeblock=1,
                storage="memory",
                compute_plan=plan,
                timing=False,
                steps_in_kernel_test=0,
            )
        self._place(particles.positions, particles.images, particles.velocities)

    def _neighbours(self, skin: float) -> int:
        density = max(_DENSEST, 2.0 * self.n_particles / self.box_length**3)
        sphere = 4.0 / 3.0 * math.pi * (self.liquid.largest_cutoff + skin) ** 3
        return min(self.n_particles - 1, math.ceil(density * sphere))

    def _place(self, positions: Floats, images: np.ndarray, velocities: Floats) -> None:
        self._configuration["r"] = positions
        self._configuration.r_im[:] = images
        self._configuration.copy_to_device()
        self._integrate(0)
        self.set_velocities(velocities)

    def _integrate(self, n_steps: int) -> None:
        """Steps, and energies and forces of the positions that they end at."""
        self._simulation.integrate_self(0.0, n_steps)
        self._configuration.copy_to_host()
        self._pair.check_datastructure_validity()

    def _half_kick(self) -> Floats:
        """By what velocities change in half a step, f(t) dt / 2m, shape (N, 3)."""
        return self.forces() * (0.5 * self.time_step / self.masses[:, None])

    def _velocities(self) -> Floats:
        return self._configuration["v"].astype(np.float64) + self._half_kick()

    def _advance(self, n_steps: int) -> None:
        if self._temperature is None:
            self._integrate(n_steps)
            return
        every = max(1, int(self._relaxation_time / (_RESCALINGS * self.time_step)))
        step, end = self.step, self.step + n_steps
        while step < end:
            chunk = min(end - step, every - step % every)
            self._integrate(chunk)
            step += chunk
            if step % every == 0:
                self._rescale(self._temperature, step, every * self.time_step)

    def _rescale(self, temperature: float, step: int, duration: float) -> None:
        """Bussi, Donadio and Parrinello's eq. A7, whose kinetic energy of any duration is exact. Its random numbers are those of
        the seed and the step."""
        random = np.random.default_rng([self.seed, step])
        velocities = at_rest(self._velocities(), self.masses)  # in float32 the total momentum creeps
        n_free = degrees_of_freedom(self.n_particles)
        share = temperature / np.sum(self.masses[:, None] * velocities**2)
        stays = math.exp(-duration / self._relaxation_time)
        normal, others = random.standard_normal(), random.chisquare(n_free - 1)
        square = (
            stays + (1 - stays) * share * (others + normal**2) + 2 * normal * math.sqrt(stays * (1 - stays) * share)
        )
        self.set_velocities(math.sqrt(square) * velocities)

    def minimise(self, max_iterations: int) -> None:
        """L-BFGS of SciPy, on gamdpy's energies and forces."""
        start = self.snapshot()

        def energy_and_forces(moved: Floats) -> tuple[float, Floats]:
            self._move(start, moved)
            return self._potential_energy(), self.forces()

        self._move(start, displacements_to_minimum(energy_and_forces, self.n_particles, max_iterations, 1e-3))

    def _move(self, start: Particles, moved: Floats) -> None:
        positions, crossed = wrap(start.positions + moved, self.box_length)
        self._place(positions, start.images + crossed, start.velocities)

    def _potential_energy(self) -> float:
        return float(self._configuration["U"].sum(dtype=np.float64))

    def set_thermostat(self, temperature: float | None, relaxation_time: float = 0.2) -> None:
        """Bussi's, applied here and not by gamdpy, which has none of its kind: every 20th of the relaxation time."""
        self._temperature, self._relaxation_time = temperature, relaxation_time

    def thermo(self) -> Thermo:
        twice_kinetic = float(np.sum(self.masses[:, None] * self._velocities() ** 2))
        virial = 3.0 * float(self._configuration["W"].sum(dtype=np.float64))
        return Thermo(
            potential_energy=self._potential_energy() / self.n_particles,
            kinetic_energy=0.5 * twice_kinetic / self.n_particles,
            temperature=twice_kinetic / degrees_of_freedom(self.n_particles),
            pressure=(twice_kinetic + virial) / (3.0 * self.box_length**3),
        )

    def forces(self) -> Floats:
        return self._configuration["f"].astype(np.float64)

    def snapshot(self) -> Particles:
        positions, crossed = wrap(self._configuration["r"].astype(np.float64), self.box_length)
        images = self._configuration.r_im.astype(np.int64) + crossed
        return Particles(positions, self._velocities(), images, self.species, self.box_length, self.step)

    def set_velocities(self, velocities: Floats) -> None:
        self._configuration["v"] = velocities - self._half_kick()
        self._configuration.copy_to_device()

    def capabilities(self) -> Capabilities:
        device = "cpu" if is_simulated() else "gpu"
        return Capabilities("gamdpy", self._gamdpy.__version__, device, "float32", "Lennard-Jones")

    def close(self) -> None:
        self._simulation.memory.close()
        del self._simulation, self._pair, self._configuration


def _refusal(liquid: Liquid, particles: Particles | None) -> str:
    return lennard_jones_refusal(liquid, particles, "gamdpy", MOST_PARTICLES, "'hoomd'")


def _parameters(liquid: Liquid) -> list[Floats]:
    """What `_pair_function` gets of each pair, the cut-off last, as gamdpy asks; each of the shape (species, species)."""
    tables = lennard_jones_tables(liquid)
    pairs = [[liquid.pair(first, second) for second in liquid.species] for first in liquid.species]
    core = np.array([[_core(pair) for pair in row] for row in pairs])
    names = ("repulsion", "attraction", "energy_at_cutoff", "slope_at_cutoff")
    return [*(tables[name] for name in names), core, tables["cutoff"]]


def _core(pair: PairPotential) -> float:
    """Where u goes on as a parabola, so that no overlap of a random start is beyond float32. [sigma_AA]"""
    return FiniteCore(pair).start


def _pair_function() -> Callable[[Any, Any], tuple[Any, Any, Any]]:
    """u, −u'/r and u'' of a distance and `_parameters`, as gamdpy compiles it into its kernels, in float32."""
    from numba import float32

    one, half, six, twelve = float32(1.0), float32(0.5), float32(6.0), float32(12.0)
    seven, thirteen = float32(7.0), float32(13.0)

    def pair_function(dist: Any, params: Any) -> tuple[Any, Any, Any]:
        cutoff = params[5]
        r = max(dist, params[4])
        inverse = one / r
        inverse_2 = inverse * inverse
        inverse_6 = inverse_2 * inverse_2 * inverse_2
        attraction = params[1] * inverse_6
        repulsion = params[0] * inverse_6 * inverse_6
        s = (twelve * repulsion - six * attraction) * inverse_2 - params[3] * -inverse
        u = repulsion - attraction - params[2] - params[3] * (r - cutoff) + half * s * (r * r - dist * dist)
        curvature = (twelve * thirteen * repulsion - six * seven * attraction) * inverse_2
        return u, s, curvature

    return pair_function


@contextmanager
def _no_script() -> Iterator[None]:
    """gamdpy keeps the text of the script that is run, and fails where there is none, as in ``python -c``."""
    arguments = sys.argv
    sys.argv = [""]
    try:
        yield
    finally:
        sys.argv = arguments


ENGINE = EngineKind(
    name="gamdpy",
    title="gamdpy",
    install="pip install 'glassdask[gamdpy]', on a GPU",
    rank_on_core=9,
    make=GamdpyEngine,
    is_for_gpus=_can_compile,
    # Numba's user manual, CUDA, installation: https://numba.readthedocs.io/en/stable/cuda/overview.html
    remedy="gamdpy compiles its kernels by Numba, which finds no CUDA toolkit (libNVVM) here, and this machine has a GPU, which "
    "would lie idle: conda install -c conda-forge cuda-nvcc cuda-nvrtc 'cuda-version>=12.0', or set CUDA_HOME to a toolkit's "
    "folder",
    install_for_gpus="pip install 'glassdask[gamdpy]' beside a CUDA toolkit",
    refusal=_refusal,
    trouble=_trouble_here,
)
