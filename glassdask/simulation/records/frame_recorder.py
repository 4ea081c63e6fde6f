"""Frames of a production run at its log-spaced steps, handed to the trajectory."""

from __future__ import annotations

import math
from bisect import bisect_right
from pathlib import Path

import numpy as np

from glassdask.errors import SimulationFailed
from glassdask.outcome import FailureReason
from glassdask.physics.motion.lag_times import block_offsets
from glassdask.simulation.engines.engine import Engine
from glassdask.simulation.records.request import Production
from glassdask.simulation.records.trajectory import Constants, FrameBuffer, Segment


class FrameRecorder:
    """Records a frame at every step b·block_length + offset of an open number of blocks b.

    Parameters
    ----------
    production
        The schedule, in base steps.
    divisor
        The state's own steps per base step.
    folder
        Where segments go.
    segments
        What an earlier attempt has written.
    """

    def __init__(self, production: Production, divisor: int, folder: Path, segments: list[Segment]):
        self._offsets: list[int] = block_offsets(production.block_length, production.per_octave).tolist()
        self._block_length = production.block_length
        self._divisor = divisor
        self._buffer = FrameBuffer(folder)
        self.segments = list(segments)
        self.next_step = self._after(segments[-1].last_step) if segments else 0

    @property
    def n_buffered(self) -> int:
        """Bytes of frames that no segment holds yet."""
        return self._buffer.n_bytes

    def record(self, engine: Engine) -> None:
        """Keep a frame of the engine's current step.

        Raises
        ------
        SimulationFailed
            With the reason ``diverged`` if a position is not finite.
        """
        positions, images = engine.frame()
        if not math.isfinite(np.vdot(positions, positions)):  # as in Particles.is_finite
            raise SimulationFailed(
                FailureReason.DIVERGED, f"a position is NaN at step {engine.step}; use a larger divisor"
            )
        self._buffer.add(engine.step, positions, images, Constants(engine.species, engine.box_length, engine.liquid))
        self.next_step = self._after(engine.step)

    def write_segment(self) -> None:
        """Put the frames since the last call on disk."""
        segment = self._buffer.write_segment()
        if segment is not None:
            self.segments.append(segment)

    def _after(self, step: int) -> int:
        """The first step of the schedule later than `step`, which is in the schedule or not."""
        block, offset = divmod(step // self._divisor, self._block_length)
        position = bisect_right(self._offsets, offset)
        if position < len(self._offsets):
            return (block * self._block_length + self._offsets[position]) * self._divisor
        return (block + 1) * self._block_length * self._divisor
