"""HOOMD-blue behind the engine protocol: on a GPU where there is one, else on one CPU core."""

from __future__ import annotations

import signal
import sys
import threading
from types import ModuleType
from typing import Any

import numpy as np

from glassdask.errors import MissingComponent
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.engines.engine import Capabilities, Engine, EngineKind, Thermo
from glassdask.simulation.engines.hoomd_pairs import pair_force
from glassdask.simulation.particles.particles import Floats, Particles, degrees_of_freedom, wrap

#: Neighbour-list margin: within 10 % of the fastest of 0.1 … 0.5 for both potentials, on a CPU at rho = 1.2, T = 1,
#: N = 1200 and the time step of the rule. [sigma_AA]
BUFFER = 0.3
#: The minimiser's largest time step and the steps between two looks at its convergence.
FIRE_TIME_STEP = 0.005
FIRE_CHUNK = 20


def load_hoomd() -> ModuleType:
    """Import HOOMD-blue and undo what its import does to the process: its SIGTERM handler and its excepthook.

    Raises
    ------
    MissingComponent
        If it is not installed.
    """
    hook = sys.excepthook
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGTERM)
    try:
        import hoomd
        import hoomd.md
    except ImportError as error:
        raise MissingComponent(f"HOOMD-blue is not installed ({error}); conda install -c conda-forge hoomd") from error
    sys.excepthook = hook
    if is_main and handler is not None:
        signal.signal(signal.SIGTERM, handler)
    return hoomd


class HoomdEngine(Engine):
    """`Engine` on a GPU or a CPU core; see there for the parameters."""

    def __init__(self, liquid: Liquid | str, particles: Particles, time_step: float, seed: int):
        super().__init__(liquid, particles, time_step, seed)
        self._hoomd = load_hoomd()
        self._device = self._choose_device()
        self._simulation = self._hoomd.Simulation(device=self._device, seed=seed % 2**16)
        self._simulation.create_state_from_snapshot(self._snapshot_of(particles))
        self._all = self._hoomd.filter.All()
        neighbours = self._hoomd.md.nlist.Cell(buffer=BUFFER)
        self._force, self._interaction = pair_force(self._hoomd.md.pair, neighbours, self.liquid)
        self._method = self._hoomd.md.methods.ConstantVolume(filter=self._all)
        self._integrator = self._hoomd.md.Integrator(dt=time_step, methods=[self._method], forces=[self._force])
        self._simulation.operations.integrator = self._integrator
        self._thermo = self._hoomd.md.compute.ThermodynamicQuantities(filter=self._all)
        self._simulation.operations.computes.append(self._thermo)

    def _choose_device(self) -> Any:
        """A GPU if one is there (a GPU build alone is no GPU), chosen by CUDA_VISIBLE_DEVICES; else the CPU."""
        device = self._hoomd.device
        kind = device.GPU if len(device.GPU.get_available_devices()) > 0 else device.CPU
        return kind(notice_level=0)

    def _snapshot_of(self, particles: Particles) -> Any:
        snapshot = self._hoomd.Snapshot(self._device.communicator)
        snapshot.configuration.box = [*(3 * [self.box_length]), 0, 0, 0]
        snapshot.particles.N = self.n_particles
        snapshot.particles.types = list(self.liquid.composition)
        snapshot.particles.typeid[:] = particles.species
        snapshot.particles.position[:] = particles.positions
        snapshot.particles.velocity[:] = particles.velocities
        snapshot.particles.mass[:] = self.masses
        snapshot.particles.image[:] = particles.images
        return snapshot

    def _advance(self, n_steps: int) -> None:
        self._simulation.run(n_steps)

    def minimise(self, max_iterations: int) -> None:
        """FIRE (Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006))."""
        velocities = self.snapshot().velocities
        self.set_velocities(np.zeros_like(velocities))
        fire = self._hoomd.md.minimize.FIRE(dt=FIRE_TIME_STEP, force_tol=1e-2, angmom_tol=1e-2, energy_tol=1e-6)
        self._integrator.forces.clear()  # a force belongs to one integrator at a time
        fire.methods.append(self._hoomd.md.methods.ConstantVolume(filter=self._all))
        fire.forces.append(self._force)
        self._simulation.operations.integrator = fire
        for _ in range(0, max_iterations, FIRE_CHUNK):
            self._simulation.run(FIRE_CHUNK)
            if fire.converged:
                break
        fire.forces.clear()
        self._integrator.forces.append(self._force)
        self._simulation.operations.integrator = self._integrator
        self.set_velocities(velocities)

    def set_thermostat(self, temperature: float | None, relaxation_time: float = 0.2) -> None:
        if temperature is None:
            self._method.thermostat = None
        else:
            bussi = self._hoomd.md.methods.thermostats.Bussi
            self._method.thermostat = bussi(kT=temperature, tau=relaxation_time)

    def thermo(self) -> Thermo:
        self._simulation.always_compute_pressure = True  # the virial costs a little: only where it is looked at
        self._simulation.run(0)
        n, quantities = self.n_particles, self._thermo
        kinetic = quantities.kinetic_energy / n
        thermo = Thermo(
            potential_energy=quantities.potential_energy / n,
            kinetic_energy=kinetic,
            temperature=2.0 * kinetic * n / degrees_of_freedom(n),
            pressure=quantities.pressure,
        )
        self._simulation.always_compute_pressure = False
        return thermo

    def forces(self) -> Floats:
        self._simulation.run(0)
        return np.array(self._force.forces)

    def snapshot(self) -> Particles:
        stored = self._simulation.state.get_snapshot().particles
        positions, crossed = wrap(np.array(stored.position, dtype=np.float64), self.box_length)
        images = np.array(stored.image, dtype=np.int64) + crossed
        velocities = np.array(stored.velocity, dtype=np.float64)
        return Particles(positions, velocities, images, self.species, self.box_length, self.step)

    def positions(self, xp: ModuleType = np) -> Any:
        """Without a snapshot, which gathers all that particles have; on a GPU they stay there, if CuPy is asked for."""
        if xp is not np and isinstance(self._device, self._hoomd.device.GPU):
            with self._simulation.state.gpu_local_snapshot as local:
                rtag = xp.asarray(local.particles.rtag)
                return xp.asarray(local.particles.position)[rtag].astype(xp.float64)
        with self._simulation.state.cpu_local_snapshot as local:
            stored = np.array(local.particles.position, dtype=np.float64)[np.array(local.particles.rtag)]
        return wrap(stored, self.box_length)[0]

    def set_velocities(self, velocities: Floats) -> None:
        with self._simulation.state.cpu_local_snapshot as local:
            local.particles.velocity[np.array(local.particles.rtag)] = velocities

    def capabilities(self) -> Capabilities:
        high, reduced = self._hoomd.version.floating_point_precision
        precision = f"float{high}" if high == reduced else f"float{high} (reduced: float{reduced})"
        device = "gpu" if isinstance(self._device, self._hoomd.device.GPU) else "cpu"
        return Capabilities("hoomd", self._hoomd.version.version, device, precision, self._interaction)

    def close(self) -> None:
        del self._simulation, self._integrator, self._method, self._force, self._thermo, self._device


ENGINE = EngineKind(
    name="hoomd",
    title="HOOMD-blue",
    install="conda install -c conda-forge hoomd",
    rank_on_core=3,
    make=HoomdEngine,
    is_for_gpus=lambda: bool(load_hoomd().version.gpu_enabled),
    # why a build for processors is there at all, and what to do about it (HOOMD-blue's own INSTALLING.rst)
    remedy="HOOMD-blue here is a build for processors, and this machine has a GPU, which would lie idle; on a login node "
    "without a GPU, conda takes such a build: export CONDA_OVERRIDE_CUDA=12.9; conda install -c conda-forge "
    "'hoomd=*=*gpu*'",
    install_for_gpus="CONDA_OVERRIDE_CUDA=12.9 conda install -c conda-forge 'hoomd=*=*gpu*'",
)
