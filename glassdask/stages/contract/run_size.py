"""How large the run of a state is: particles, steps, frames, bytes, and work relative to other states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from glassdask.physics.liquids.kob_andersen import lennard_jones
from glassdask.physics.liquids.liquid import Liquid, n_particles
from glassdask.physics.motion.lag_times import block_offsets
from glassdask.simulation.particles.time_step import time_step_divisor
from glassdask.stages.contract.grids import base_steps, block_bounds
from glassdask.stages.contract.sections import Sections, TimeStepSection
from glassdask.state_point import StatePoint

#: Bytes a particle and frame: three float32 positions and three int32 images.
_FRAME_BYTES = 24
#: Bytes a frame of GSD costs besides its particles.
_FRAME_OVERHEAD = 700


@dataclass(frozen=True)
class RunSize:
    """The size of one state's run; with "until n relaxation times" these are the largest that the file allows.

    Parameters
    ----------
    n_particles
        N = rho L^3.
    time_step
        dt = base_step / n. [tau_MD]
    n_steps
        Steps of equilibration and production.
    n_frames
        Frames of the trajectory.
    disk_bytes
        Trajectory and observables, before compression.
    """

    n_particles: int
    time_step: float
    n_steps: int
    n_frames: int
    disk_bytes: int


def run_size(state: StatePoint, sections: Sections) -> RunSize:
    """Counts what the run of a state takes; nothing is run.

    Parameters
    ----------
    state
        Which state.
    sections
        Tables of the campaign file.
    """
    base_step, frames, section = sections.time_step.base_step, sections.frames, sections.equilibration
    liquid = sections.liquid_named(state.potential)
    divisor = state_divisor(state, liquid, sections.time_step)
    equilibration = section.length or max(section.maximum_length, section.minimum_length)
    n_blocks = block_bounds(sections)[1]
    n = n_particles(state.density, sections.system.box_length)
    n_frames = n_blocks * _frames_a_block(frames.block_length, frames.per_octave) + 1
    return RunSize(
        n_particles=n,
        time_step=base_step / divisor,
        n_steps=(base_steps(equilibration, base_step) + n_blocks * frames.block_length) * divisor,
        n_frames=n_frames,
        disk_bytes=n_frames * (_FRAME_BYTES * n + _FRAME_OVERHEAD) + _observables_bytes(sections, liquid),
    )


def state_divisor(state: StatePoint, liquid: Liquid, section: TimeStepSection) -> int:
    """The integer n of a state's time step, dt = base_step / n."""
    return time_step_divisor(liquid, state.temperature, state.density, section.base_step, section.drift_tolerance)


def pair_work(state: StatePoint, sections: Sections) -> float:
    """Work of one time step in arbitrary units: N (5 + pairs in the neighbour list, a particle).

    The 5 stands for all that is done once a particle. It reproduces the ratio of LJ to WCA, 3.6, within 20 % (the package's own engine, N = 1200).
    """
    return liquid_work(sections.liquid_named(state.potential), state.density, sections.system.box_length)


def liquid_work(liquid: Liquid, density: float, box_length: float) -> float:
    """`pair_work` of any liquid at a density in a box."""
    return n_particles(density, box_length) * (5.0 + liquid.n_neighbours(density))


#: Of 1200 LJ particles, in which the cost of stages that hardly depend on the state is told.
_REFERENCE_PARTICLES = n_particles(1.2, 10.0)
REFERENCE_WORK = liquid_work(lennard_jones.LIQUID, 1.2, 10.0)
#: One unit of declared cost takes so long on one thread of the machine of benchmarks/results/molecular_dynamics.md, which makes
#: 3178 steps of 1200 LJ particles a second. [s]
DECLARED_RATE = 1.0 / (3178 * REFERENCE_WORK)
#: A machine that is quicker at one stage counts as so many times quicker at the others at most: GPUs run only some of them. One
#: that is slower, or that others use, is slower at all.
MOST_QUICKER = 3.0


def particle_work(state: StatePoint, sections: Sections) -> float:
    """Work of one time step if it depended on the number of particles alone, in the unit of `pair_work`: stages that look at
    frames do not know of forces."""
    return REFERENCE_WORK * n_particles(state.density, sections.system.box_length) / _REFERENCE_PARTICLES


@lru_cache
def _frames_a_block(block_length: int, per_octave: float) -> int:
    """The same for all states of a campaign."""
    return len(block_offsets(block_length, per_octave))


def _observables_bytes(sections: Sections, liquid: Liquid) -> int:
    """Bytes of a state's observables before compression: F_s and its error on (species, k, t), S on (pair, k_fine)."""
    frames, wavenumbers = sections.frames, sections.wavenumbers
    n_blocks = block_bounds(sections)[1]
    n_lags = _frames_a_block(frames.block_length, frames.per_octave) + 3 * n_blocks.bit_length()
    scattering = 2 * liquid.n_species * 4 * wavenumbers.count * n_lags
    return scattering + 2 * len(liquid.pairs) * 8 * wavenumbers.count * (wavenumbers.fine_bins + 1)
