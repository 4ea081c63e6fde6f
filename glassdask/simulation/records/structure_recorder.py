"""S_ab(k) of a production run taken while it runs, where the engine keeps its particles: nothing goes through the disk."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from glassdask.arrays import array_module, give_back_memory, is_out_of_memory, namespace, to_host
from glassdask.physics.motion.lag_times import block_offsets
from glassdask.physics.structure.spread_frames import even_spacing, nearest_to_multiples
from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
from glassdask.simulation.engines.engine import Engine
from glassdask.simulation.records.request import SimulationRequest, StructureInSitu

logger = logging.getLogger(__name__)
#: Names of what is kept, in checkpoints and in the product.
STEP, FACTOR, WIDTH = "structure_step", "structure_factor", "structure_bin_width"


class StructureRecorder:
    """Structure factors of the frames that `glassdask.physics.structure.spread_frames` chooses of the finished run.

    How long the run will be is not known: frames are kept at the spacing of its length so far, or of its least length, and
    every second one is dropped when that doubles. Positions are rounded as the trajectory rounds them, so that the numbers
    are those that the trajectory gives.

    Parameters
    ----------
    request
        With a structure that is asked for.
    arrays
        What an earlier attempt has kept (`arrays` of it).
    """

    def __init__(self, request: SimulationRequest, arrays: Mapping[str, NDArray]):
        if request.structure is None:
            raise ValueError("the request asks for no structure in situ")
        self._wanted: StructureInSitu = request.structure
        production = request.production
        self._block_length, self._divisor = production.block_length, request.divisor
        self._least_length = production.n_blocks * production.block_length
        self._offsets = block_offsets(production.block_length, production.per_octave)
        self._array = request.array
        self._xp: ModuleType | None = None
        self._plan: StructureFactorPlan | None = None
        self._plan_xp: ModuleType = np
        self._base: list[int] = arrays[STEP].tolist() if STEP in arrays else []
        self._factors: list[NDArray[np.float64]] = list(arrays[FACTOR]) if FACTOR in arrays else []
        if self._base:  # of a run that is to be longer now, its frames may be denser than asked for
            self._thin_out()

    @classmethod
    def for_run(cls, request: SimulationRequest, arrays: Mapping[str, NDArray], is_producing: bool) -> Self | None:
        """A recorder, if one is asked for and can still see all frames: not where production began without one, or with
        other bins; the trajectory then tells everything.

        Parameters
        ----------
        request
            Of the run.
        arrays
            Of its checkpoint.
        is_producing
            Whether some of its production is over.
        """
        wanted = request.structure
        if wanted is None:
            return None
        if not is_producing:
            return cls(request, {})
        is_same = WIDTH in arrays and arrays[WIDTH] == wanted.bin_width and arrays[FACTOR].shape[2] == wanted.n_bins
        return cls(request, arrays) if is_same else None

    @property
    def next_step(self) -> int:
        """The first step that is still to be looked at."""
        return self._after(self._base[-1]) * self._divisor if self._base else 0

    def record(self, engine: Engine) -> None:
        """Keep S_ab(k) of the engine's current step; on the host from the first time on that the device has no room."""
        factor = self._factor_on_device(engine)
        if factor is None:
            self._xp = np
            give_back_memory()
            factor = self._factor(engine, np)
        self._factors.append(factor)
        self._base.append(engine.step // self._divisor)
        self._thin_out()

    def _factor_on_device(self, engine: Engine) -> NDArray[np.float64] | None:
        """Where the request wants it, if the engine keeps its particles on a device; None where memory is full."""
        if self._xp is None:
            self._xp = array_module(self._array) if engine.capabilities().device == "gpu" else np
        try:
            return self._factor(engine, self._xp)
        except Exception as error:
            if self._xp is np or not is_out_of_memory(error):
                raise
            logger.warning("S(k) is taken on a core from here on: %s", error)
            self._plan = None
            return None

    def _factor(self, engine: Engine, xp: ModuleType) -> NDArray[np.float64]:
        positions = engine.positions(xp)
        xp = namespace(positions)
        if self._plan is None or self._plan_xp is not xp:
            self._plan = StructureFactorPlan(engine.box_length, engine.species, self._wanted.edges, xp=xp)
            self._plan_xp = xp
        as_stored = positions.astype(xp.float32).astype(xp.float64)
        return to_host(self._plan.of_frames(as_stored[None]))[0]

    def arrays(self) -> dict[str, Any]:
        """Steps (in base steps), S_AA, S_AB, S_BB, shape (n_frames, 3, n_bins), and the width of the bins, for a checkpoint or
        a product."""
        if not self._base:
            return {}
        width = np.array(self._wanted.bin_width)
        return {STEP: np.array(self._base, dtype=np.int64), FACTOR: np.array(self._factors), WIDTH: width}

    def _spacing(self, base: int) -> int:
        return even_spacing(max(base, self._least_length), self._wanted.n_frames)

    def _thin_out(self) -> None:
        """Drops what the spacing of the length so far passes over."""
        spacing = self._spacing(self._base[-1])
        kept = [i for i, base in enumerate(self._base) if self._is_chosen(base, spacing)]
        self._base, self._factors = [self._base[i] for i in kept], [self._factors[i] for i in kept]

    def _is_chosen(self, base: int, spacing: int) -> bool:
        block, offset = divmod(base, self._block_length)
        if spacing >= self._block_length:
            return offset == 0 and block * self._block_length % spacing == 0
        return bool(np.isin(offset, self._chosen_offsets(spacing)))

    def _chosen_offsets(self, spacing: int) -> NDArray[np.int64]:
        """Of every block: spacing and block are powers of two, and the first frame of the next block is one of it."""
        ends = np.append(self._offsets, self._block_length)
        return ends[nearest_to_multiples(ends, spacing)] % self._block_length

    def _after(self, base: int) -> int:
        """The first step of the schedule behind `base` that the spacing of its own length chooses."""
        while True:
            block, offset = divmod(base, self._block_length)
            place = int(np.searchsorted(self._offsets, offset, side="right"))
            is_last = place == len(self._offsets)
            base = (
                (block + 1) * self._block_length if is_last else block * self._block_length + int(self._offsets[place])
            )
            if self._is_chosen(base, self._spacing(base)):
                return base
