"""Molecular dynamics of this package's own for small boxes of Lennard-Jones particles: one core, nothing to install.

Positions are integers, 2^50 a box length, and forces on particles sums of integers: momentum is kept exactly, and a run that
continues from a snapshot does so bit by bit. Forces of pairs are in float32 while particles move, to 3e-6 of their root mean
square; what the engine says of them, and energies, are in float64.
"""

from __future__ import annotations

import importlib
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput, MissingComponent, SimulationFailed
from glassdask.outcome import FailureReason
from glassdask.physics.interactions.lennard_jones import MINIMUM
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.engines.engine import Capabilities, Engine, EngineKind, Thermo
from glassdask.simulation.engines.lennard_jones_pairs import lennard_jones_refusal, lennard_jones_tables
from glassdask.simulation.particles.minimisation import displacements_to_minimum
from glassdask.simulation.particles.particles import Floats, Particles, degrees_of_freedom


def _module() -> ModuleType:
    try:
        return importlib.import_module("glassdask.simulation.engines.native._dynamics")
    except ImportError as error:
        raise MissingComponent(
            f"the engine 'native' cannot be loaded ({error}): it needs an x86-64 processor with AVX2 and FMA, and glassdask "
            "built there; allowed elsewhere: engine = 'lammps'"
        ) from error


class NativeEngine(Engine):
    """`Engine` on one CPU core; see there for the parameters.

    Raises
    ------
    InvalidInput
        If a pair of the liquid is no Lennard-Jones pair, there are too many particles, or the box is not larger than twice the
        largest cut-off.
    MissingComponent
        If the processor is none that it is made for.
    """

    def __init__(self, liquid: Liquid | str, particles: Particles, time_step: float, seed: int):
        super().__init__(liquid, particles, time_step, seed)
        self._compiled = _module()
        if trouble := _refusal(self.liquid, particles):
            raise InvalidInput(trouble)
        inner, outer = list_margins(self.liquid)
        self._dynamics = self._compiled.Dynamics(
            **lennard_jones_tables(self.liquid),
            species=np.ascontiguousarray(particles.species, dtype=np.int64),
            masses=np.ascontiguousarray(self.masses),
            length=self.box_length,
            time_step=time_step,
            inner_margin=inner,
            outer_margin=outer,
        )
        self._dynamics.set_images(np.ascontiguousarray(particles.images, dtype=np.int64))
        self._dynamics.set_positions(np.ascontiguousarray(particles.positions))
        self._dynamics.set_velocities(np.ascontiguousarray(particles.velocities))

    def _advance(self, n_steps: int) -> None:
        if not self._dynamics.advance(self.step, n_steps):
            raise SimulationFailed(
                FailureReason.DIVERGED,
                f"two particles have come so near that their force is above {self._compiled.LARGEST_FORCE / 2:g} "
                "epsilon_AA/sigma_AA; use a smaller time step (a larger divisor), or engine = 'lammps' if it is as hot as that",
            )

    def minimise(self, max_iterations: int) -> None:
        """L-BFGS of SciPy, on energies and forces in float64."""
        start = self.snapshot()

        def energy_and_forces(moved: Floats) -> tuple[float, Floats]:
            self._place(start, moved)
            energy, _, forces = self._evaluated()
            return energy, forces

        self._place(start, displacements_to_minimum(energy_and_forces, self.n_particles, max_iterations, 1e-4))

    def _place(self, start: Particles, moved: Floats) -> None:
        self._dynamics.set_images(start.images)
        self._dynamics.set_positions(start.positions + moved)

    def _evaluated(self) -> tuple[float, float, Floats]:
        """Energy, virial Σ r·f of pairs, and forces, shape (N, 3), in float64."""
        forces = np.empty((self.n_particles, 3))
        return *self._dynamics.fill_forces(forces), forces

    def set_thermostat(self, temperature: float | None, relaxation_time: float = 0.2) -> None:
        """Its random numbers are those of the seed and the step."""
        if temperature is None:
            self._dynamics.remove_thermostat()
        else:
            self._dynamics.set_thermostat(temperature, relaxation_time, self.seed % 2**64)

    def thermo(self) -> Thermo:
        energy, virial = self._dynamics.energies()
        twice_kinetic = 2.0 * self._dynamics.kinetic_energy()
        return Thermo(
            potential_energy=energy / self.n_particles,
            kinetic_energy=0.5 * twice_kinetic / self.n_particles,
            temperature=twice_kinetic / degrees_of_freedom(self.n_particles),
            pressure=(twice_kinetic + virial) / (3.0 * self.box_length**3),
        )

    def forces(self) -> Floats:
        """In float64; `forces_of_steps` are those that particles move by."""
        return self._evaluated()[2]

    def forces_of_steps(self) -> Floats:
        """Those that particles move by, of pairs in float32, shape (N, 3). Their sum is exactly 0. [epsilon_AA / sigma_AA]"""
        forces = np.empty((self.n_particles, 3))
        self._dynamics.fill_forces_of_steps(forces)
        return forces

    def snapshot(self) -> Particles:
        positions, velocities = np.empty((2, self.n_particles, 3))
        images = np.empty((self.n_particles, 3), dtype=np.int64)
        self._dynamics.get(positions, velocities, images)
        return Particles(positions, velocities, images, self.species, self.box_length, self.step)

    def frame(self) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        positions = np.empty((self.n_particles, 3), dtype=np.float32)
        images = np.empty((self.n_particles, 3), dtype=np.int32)
        self._dynamics.get_frame(positions, images)
        return positions, images

    def set_velocities(self, velocities: Floats) -> None:
        self._dynamics.set_velocities(np.ascontiguousarray(velocities, dtype=np.float64))

    def capabilities(self) -> Capabilities:
        from glassdask import __version__

        return Capabilities("native", __version__, "cpu", "float64 (forces of pairs: float32)", "Lennard-Jones")

    def close(self) -> None:
        del self._dynamics


def _refusal(liquid: Liquid, particles: Particles | None) -> str:
    try:
        most = _module().MOST_PARTICLES
    except MissingComponent as error:
        return str(error)
    return lennard_jones_refusal(liquid, particles, "native", most, "'lammps' or 'hoomd'")


def list_margins(liquid: Liquid) -> tuple[float, float]:
    """What the two lists hold beyond the cut-offs: 0.25 x^0.92 and 1.3 x^0.46 with x = 2^(1/6) / r_c, of the largest r_c.

    Results don't depend on them. For the Kob–Andersen mixture without and with attraction they are within 3 % of the fastest
    wherever T and rho are the paper's (N = 1200, the time step of the rule: benchmarks/results/neighbour_margin.md).
    [sigma_AA]"""
    relative = MINIMUM / liquid.largest_cutoff
    return min(max(0.25 * relative**0.92, 0.1), 0.3), min(max(1.3 * relative**0.46, 0.7), 1.5)


ENGINE = EngineKind(
    name="native",
    title="glassdask's own dynamics",
    install="engine = 'native', for Lennard-Jones particles on an x86-64 processor with AVX2",
    rank_on_core=1,
    make=NativeEngine,
    module="glassdask.simulation.engines.native._dynamics",
    refusal=_refusal,
)
