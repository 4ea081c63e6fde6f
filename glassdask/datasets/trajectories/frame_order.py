"""Which frames of a file are used, in the order of time: doubled frames of restarts are left out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, TrajectoryFile
from glassdask.errors import InvalidInput

#: Of the least spacing: times that differ by less are the same, rounded.
_SAME_TIME = 1e-3
#: Relative rounding of two times in single precision.
_FLOAT32 = 2.0**-23


@dataclass(frozen=True, eq=False)
class FrameOrder:
    """The frames that are used.

    Parameters
    ----------
    numbers
        In the file, increasing.
    steps
        int64, shape (n_frames,); None where the file does not say.
    times
        Strictly increasing, shape (n_frames,). [time]
    time_unit
        ``time`` where times are times, else what is counted: ``steps`` or ``frames``.
    notes
        What was understood, in sentences.
    """

    numbers: list[int]
    steps: Integers | None
    times: Floats
    time_unit: str
    notes: list[str] = field(default_factory=list)


def order_of(file: TrajectoryFile, options: TrajectoryOptions) -> FrameOrder:
    """The frames of a file that are used: those of `options`, each moment once.

    Where a run was started again from before its last frame, the frames after that are kept: they belong together with what
    follows.

    Raises
    ------
    InvalidInput
        If the file has no such frames, or time goes backwards to a moment that was not written before.
    """
    frames = _asked_for(file, options)
    steps, times = file.steps_and_times(frames)
    if (
        steps is not None
        and len(steps) > 1
        and (np.all(steps == steps[0]) or (_increase(times) and not _increase(steps)))
    ):
        steps = None  # a writer that does not count them, or begins anew where times go on
    notes = []
    key = steps if steps is not None else times
    kept = list(range(len(frames)))
    if key is not None:
        kept, n_dropped = _without_doubled(key, frames, file.path)
        if n_dropped:
            notes.append(
                f"{n_dropped} doubled frames of restarts are left out; of a moment written twice, the later frame is used"
            )
    kept = kept[:: options.stride]
    numbers = [frames[place] for place in kept]
    steps = None if steps is None else steps[kept]
    times = None if times is None else times[kept]
    moments, time_unit, note = _moments(numbers, steps, times, options.time_step)
    return FrameOrder(numbers, steps, moments, time_unit, [*notes, note])


def _asked_for(file: TrajectoryFile, options: TrajectoryOptions) -> range:
    if file.n_frames == 0:
        raise InvalidInput(
            f"{file.path} holds no frame; run the simulation that writes it longer, or copy the file again"
        )
    last = file.n_frames - 1 if options.last is None else options.last
    last = last + file.n_frames if last < 0 else min(last, file.n_frames - 1)
    if not options.first <= last:
        raise InvalidInput(
            f"first is {options.first} and last is {options.last}; {file.path} holds {file.n_frames} frames, 0 to {file.n_frames - 1}"
        )
    return range(options.first, last + 1)


def _without_doubled(moments: Integers | Floats, frames: Sequence[int], path: Path) -> tuple[list[int], int]:
    """Places of the frames that are kept, and how many are not."""
    steps = np.abs(np.diff(moments))
    tolerance = _SAME_TIME * float(steps[steps > 0].min()) if np.any(steps > 0) else 0.0
    kept: list[int] = []
    for place, moment in enumerate(moments):
        if kept and moment <= moments[kept[-1]] + tolerance:
            since = bisect_left(kept, moment - tolerance, key=lambda index: float(moments[index]))
            if since == len(kept) or abs(moments[kept[since]] - moment) > tolerance:
                raise _backwards(path, frames, place, moments, kept[-1])
            if since == 0 and len(kept) > 1:
                raise InvalidInput(
                    f"{path}, frame {frames[place]}: the run begins again at {moment:g}, where frame {frames[kept[0]]} began; these "
                    f"are two runs in one file: read one at a time (last={frames[place] - 1}, or first={frames[place]})"
                )
            del kept[since:]
        kept.append(place)
    return kept, len(moments) - len(kept)


def _backwards(path: Path, frames: Sequence[int], place: int, moments: Integers | Floats, before: int) -> InvalidInput:
    return InvalidInput(
        f"{path}, frame {frames[place]}: time goes backwards, from {moments[before]:g} to {moments[place]:g}, which no frame before "
        f"has; read the parts one at a time (last={frames[place] - 1}, then first={frames[place]})"
    )


def _moments(
    numbers: list[int], steps: Integers | None, times: Floats | None, time_step: float | None
) -> tuple[Floats, str, str]:
    """Times of the frames, what they count, and a sentence on it."""
    counted, word = (np.array(numbers), "frames") if steps is None else (steps, "steps")
    if time_step is not None:
        return np.asarray(counted * time_step, dtype=float), "time", f"times are {word} × {time_step:g}"
    if times is not None:
        dt = _time_of_a_step(steps, times)
        if steps is not None and dt is not None:
            return times[0] + dt * (steps - steps[0]), "time", f"times are those of the file, one step {dt:.6g}"
        return np.asarray(times, dtype=float), "time", "times are those of the file"
    return counted.astype(float), word, f"times are counted in {word}; give time_step, and they are times"


def _increase(values: Integers | Floats | None) -> bool:
    return values is not None and bool(np.all(np.diff(values) > 0))


def _time_of_a_step(steps: Integers | None, times: Floats) -> float | None:
    """What one step takes, where the times are multiples of it but for rounding: files keep them in float32, which would spoil the
    differences of late frames. The shortest number that gives these times; None where there is none."""
    if steps is None or len(steps) < 2 or steps[-1] == steps[0]:
        return None
    dt = (times[-1] - times[0]) / (steps[-1] - steps[0])
    rounding = _FLOAT32 * np.abs(times).max()
    for shorter in (float(f"{dt:.{digits}g}") for digits in range(1, 8)):
        if np.all(np.abs(times[0] + shorter * (steps - steps[0]) - times) <= rounding):
            return shorter
    return None
