"""What is asked of one simulation: everything that its process needs to know, as a JSON file."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.liquids.catalogue import as_liquid
from glassdask.physics.liquids.liquid import TAU_MD, Liquid, n_particles
from glassdask.physics.motion.lag_times import block_offsets


@dataclass(frozen=True)
class Equilibration:
    """How long the thermostatted run lasts.

    Parameters
    ----------
    base_steps
        Its length, or with `relaxation_times` the least length, in base steps.
    relaxation_times
        Go on until this many relaxation times (F_s^A(7.2) = 1/e) have passed; None for the fixed length.
    max_base_steps
        But no longer than this.
    """

    base_steps: int
    relaxation_times: float | None = None
    max_base_steps: int | None = None

    def __post_init__(self) -> None:
        _check_length("equilibration", "base_steps", self.base_steps, self.relaxation_times, self.max_base_steps)


@dataclass(frozen=True)
class Production:
    """How long the run without a thermostat lasts, in whole blocks, and when its frames are taken.

    Parameters
    ----------
    n_blocks
        Number of blocks, or with `relaxation_times` the least number.
    block_length
        Base steps of one block, a power of two.
    per_octave
        Frames per factor of two in time inside a block (`glassdask.physics.motion.lag_times.block_offsets`).
    relaxation_times
        Go on until this many relaxation times have passed and the block is full; None for the fixed number of blocks.
    max_blocks
        But no more than this.
    """

    n_blocks: int
    block_length: int
    per_octave: float = 3.0
    relaxation_times: float | None = None
    max_blocks: int | None = None

    def __post_init__(self) -> None:
        _check_length("production", "n_blocks", self.n_blocks, self.relaxation_times, self.max_blocks)
        block_offsets(self.block_length, self.per_octave)


@dataclass(frozen=True)
class StructureInSitu:
    """That S_ab(k) is taken while production runs.

    Parameters
    ----------
    bin_width
        Of the bins of k, from 0. [1/sigma_AA]
    n_bins
        How many.
    n_frames
        Of about so many frames, evenly in time (`glassdask.physics.structure.spread_frames`).
    """

    bin_width: float
    n_bins: int
    n_frames: int

    @property
    def edges(self) -> NDArray[np.float64]:
        """Of the bins, shape (n_bins + 1,). [1/sigma_AA]"""
        return np.arange(self.n_bins + 1, dtype=np.float64) * self.bin_width


@dataclass(frozen=True)
class SimulationRequest:
    """One simulation of one state.

    Parameters
    ----------
    potential, temperature, density, box_length
        The state and its cube; N = rho L^3.
    base_step
        The campaign's base step. [tau_MD]
    divisor
        The time step is ``base_step / divisor`` (`glassdask.simulation.particles.time_step.time_step_divisor`).
    seed
        Any integer ≥ 0; two runs with one seed begin alike.
    equilibration, production
        Lengths and frames.
    work_folder
        Where the process works; nothing is written elsewhere.
    engine
        "auto", "hoomd" or "lammps".
    start
        Name of a file in the work folder with the configuration to start from: ``positions`` [sigma_AA] and ``species``; None
        for a random one.
    structure
        What of the structure is taken while production runs; None for nothing.
    array
        Where that is done: "numpy", "cupy" or "auto".
    thermostat_time
        Relaxation time of the kinetic energy under the thermostat. [tau_LJ]
    checkpoint_seconds
        Wall-clock time between checkpoints.
    keep_checkpoints
        Leave what a longer run goes on from (`glassdask.simulation.records.kept`).
    deadline
        Unix time by which the process must have ended, or None; it stops `deadline_margin_seconds` before.
    parent_pid
        The process to live no longer than; `run_in_child` fills it in.
    """

    liquid: Liquid | str
    temperature: float
    density: float
    box_length: float
    base_step: float
    divisor: int
    seed: int
    equilibration: Equilibration
    production: Production
    work_folder: str
    engine: str = "auto"
    start: str | None = None
    structure: StructureInSitu | None = None
    array: str = "auto"
    thermostat_time: float = 0.2
    checkpoint_seconds: float = 300.0
    keep_checkpoints: bool = True
    deadline: float | None = None
    deadline_margin_seconds: float = 30.0
    parent_pid: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "liquid", as_liquid(self.liquid))
        for name in ("temperature", "density", "box_length", "base_step", "thermostat_time"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InvalidInput(f"{name} is {value!r}; allowed: a finite number above 0")
        if self.divisor < 1 or self.seed < 0:
            raise InvalidInput(f"divisor is {self.divisor}, seed is {self.seed}; allowed: from 1, from 0")

    @property
    def time_step(self) -> float:
        """dt. [tau_LJ]"""
        return self.base_step * TAU_MD / self.divisor

    @property
    def n_particles(self) -> int:
        """N = rho L^3."""
        return n_particles(self.density, self.box_length)

    def to_json(self) -> str:
        """The request as JSON text."""
        return json.dumps({**asdict(self), "liquid": as_liquid(self.liquid).record()}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> SimulationRequest:
        """The request that `to_json` wrote."""
        fields = json.loads(text)
        fields["liquid"] = Liquid.from_record(fields["liquid"])
        fields["equilibration"] = Equilibration(**fields["equilibration"])
        fields["production"] = Production(**fields["production"])
        if fields["structure"] is not None:
            fields["structure"] = StructureInSitu(**fields["structure"])
        return cls(**fields)

    @classmethod
    def read(cls, path: str | Path) -> SimulationRequest:
        """Read a request file."""
        return cls.from_json(Path(path).read_text(encoding="utf-8"))


def _check_length(section: str, name: str, least: int, relaxation_times: float | None, most: int | None) -> None:
    if least < 1:
        raise InvalidInput(f"{section}.{name} is {least!r}; allowed: from 1")
    if relaxation_times is None:
        return
    if relaxation_times <= 0:
        raise InvalidInput(f"{section}.relaxation_times is {relaxation_times!r}; allowed: above 0")
    if most is None or most < least:
        raise InvalidInput(
            f"{section}: the largest length is {most!r}; with relaxation_times at least {name} = {least}"
        )
