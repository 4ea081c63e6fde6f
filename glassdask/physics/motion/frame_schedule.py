"""When the frames of a trajectory were taken, found from their times alone: evenly, in blocks, log-spaced, or irregularly.

A file says times, rounded in one way or another, and not the rule behind them. Times are folded by a candidate period: a rule is
found where nearly all of what it asks for is there and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]
KINDS = ("single", "linear", "blocks", "log", "irregular")
#: Rounding of times: 6 significant digits; more than single precision has.
_SIX_DIGITS = 5e-6
#: Of the least spacing: what times may differ by in any case; at most, where they are rounded; and where to whole units.
_ALIKE, _DIFFERENT, _WHOLE = 1e-3, 0.15, 0.05
#: A rule holds where this share of the frames that it asks for is there.
_PRESENT = 0.8
#: A block starts where the spacing falls by this factor.
_FALL = 1.9
#: Block starts that are tried as the end of the first block.
_MOST_TRIED = 50


@dataclass(frozen=True)
class Schedule:
    """The rule by which frames were taken.

    Attributes
    ----------
    kind
        "single" (one frame), "linear", "blocks" (equally spaced block starts, in each block the same frames), "log" (one run of
        frames whose spacing grows) or "irregular".
    n_frames
        Of the trajectory.
    spacing
        Between successive frames of a linear run; else the least. [unit of the times]
    block_time
        From one block start to the next; NaN where there are no blocks. [unit of the times]
    n_blocks
        Blocks that hold more than their start; 0 where there are none.
    offsets
        Times of the frames of a block after its start, 0 first, shape (n_offsets,); empty where there are no blocks.
    origins
        Frames that start a block, every frame of a linear or irregular run, the first of a log-spaced one. Indices.
    n_missing
        Frames that the rule asks for between the first and the last and that are not there.
    tolerance
        What two equal time differences may differ by. [unit of the times]
    times
        Of the frames, shape (n_frames,).
    """

    kind: str
    n_frames: int
    spacing: float
    block_time: float
    n_blocks: int
    offsets: Floats
    origins: NDArray[np.int64]
    n_missing: int
    tolerance: float
    times: Floats = field(repr=False)

    def describe(self) -> str:
        """The rule in words.

        Returns
        -------
        str
            One phrase, with times in the unit of the file.
        """
        first, last = self.times[0], self.times[-1]
        lost = f", {self.n_missing} missing" if self.n_missing else ""
        if self.kind == "single":
            return f"one frame, at {first:.6g}"
        if self.kind == "linear":
            return f"{self.n_frames} frames, one every {self.spacing:.6g} from {first:.6g} to {last:.6g}{lost}"
        if self.kind == "blocks":
            return (
                f"{self.n_blocks} blocks of {self.block_time:.6g}, in each {self.offsets.size} frames from {self.offsets[1]:.6g} to "
                f"{self.offsets[-1]:.6g} after its start{lost}"
            )
        gaps = np.diff(self.times)
        if self.kind == "log":
            return f"{self.n_frames} log-spaced frames, {gaps[0]:.6g} to {last - first:.6g} after the first"
        return f"{self.n_frames} frames at irregular times, {gaps.min():.6g} to {gaps.max():.6g} apart"


def frame_schedule(times: ArrayLike) -> Schedule:
    """The rule by which frames were taken, from their times, to the rounding of a file.

    Parameters
    ----------
    times
        Of the frames, strictly increasing, in any unit, shape (n_frames,). Rounding to single precision, to six digits or to
        any number of decimals that tells the frames apart does not matter, nor do a last block that is cut or a fifth of the
        frames that is lost.

    Returns
    -------
    Schedule
        Its times in the unit of the times given.

    Raises
    ------
    InvalidInput
        If there is no frame, a time is not finite, or times do not increase.

    Examples
    --------
    >>> frame_schedule([0.0, 0.1, 0.2, 0.4, 0.8, 0.9, 1.0, 1.2, 1.6]).describe()
    '2 blocks of 0.8, in each 4 frames from 0.1 to 0.4 after its start'
    """
    t = _checked_times(times)
    if t.size == 1:
        return _schedule("single", t, 0.0, 0.0)
    gaps = np.diff(t)
    error = _rounding(t)
    linear = _folded(t, 0, _refined(t, 0, float(np.median(gaps)), error), error) if t.size > 2 else None
    is_linear = t.size == 2 or (linear is not None and linear[0].size == 1)
    period, lost = (linear[1], linear[2]) if linear else (float(gaps[0]), 0)
    blocks = None if is_linear and lost == 0 else _blocks(t, gaps, error)
    if blocks is not None and (not is_linear or blocks.n_missing < lost):
        return blocks
    if is_linear:
        return _schedule("linear", t, period, error, n_missing=lost)
    grown = gaps[1:]  # the first leads from 0 to the first of the log-spaced times, and may be longer than the second
    is_growing = bool(grown.max() >= 4 * grown.min() and np.all(grown >= 0.5 * np.maximum.accumulate(grown)))
    return _schedule("log" if is_growing else "irregular", t, float(gaps.min()), error)


def _checked_times(times: ArrayLike) -> Floats:
    t = np.asarray(times, dtype=float)
    if t.ndim != 1 or t.size == 0 or not np.isfinite(t).all():
        raise InvalidInput(f"times has the shape {t.shape}; expected finite times of at least one frame, (n_frames,)")
    falls = np.flatnonzero(np.diff(t) <= 0)
    if falls.size:
        i = int(falls[0])
        raise InvalidInput(
            f"times must increase: frame {i + 1} is at {t[i + 1]:.10g} and frame {i} at {t[i]:.10g}; sort the frames and drop "
            "those that a restart has written twice"
        )
    return t


def _schedule(kind: str, t: Floats, spacing: float, error: float, n_missing: int = 0) -> Schedule:
    """Of a run without blocks."""
    origins = np.arange(1 if kind == "log" else t.size)
    return Schedule(kind, t.size, spacing, float("nan"), 0, np.zeros(0), origins, n_missing, 2 * error, t)


def _rounding(t: Floats) -> float:
    """How far a time may be from where the rule has it."""
    least = float(np.diff(t).min())
    digits = 10.0 ** np.floor(np.log10(least))
    decimals = 0.0
    for unit in digits * 10.0 ** -np.arange(0, 4):
        if np.abs(t / unit - np.rint(t / unit)).max() < 1e-3:  # every time is a multiple: written with so many decimals
            decimals = min(0.5 * float(unit), _WHOLE * least)
            break
    found = max(_ALIKE * least, _SIX_DIGITS * float(np.abs(t).max()), decimals)
    return min(found, _DIFFERENT * least)


def _refined(points: Floats, first: int, period: float, error: float) -> float:
    """A period known from its first repetition, from points ever further away: an error of it grows with their number."""
    base, known, n = points[first], 1, 1
    is_last = False
    while not is_last:
        left = max(1, round(float(points[-1] - base) / period))
        n, is_last = min(n, left), n >= left
        near = int(np.argmin(np.abs(points - (base + n * period))))
        if abs(points[near] - base - n * period) < error * (2 + 2 * n / known):
            period, known = float(points[near] - base) / n, n
        n *= 2
    return period


def _folded(t: Floats, first: int, period: float, error: float) -> tuple[Floats, float, int] | None:
    """Offsets, period and missing frames, where frames repeat with the period of which frame `first` is a start."""
    phase = (t - t[first]) / period
    n_period = np.floor(phase + 1.5 * error / period)
    offset = (phase - n_period) * period
    ordered = np.sort(offset)
    least = float(np.diff(t).min())
    cuts = np.flatnonzero(np.diff(ordered) > max(0.3 * least, 4 * error))
    begins, ends = np.append(0, cuts + 1), np.append(cuts, t.size - 1)
    if (ordered[ends] - ordered[begins]).max() > 2.1 * error + 1e-12 * period:
        return None
    offsets = np.add.reduceat(ordered, begins) / (ends - begins + 1)
    offsets[0] = 0.0 if abs(offsets[0]) <= 3 * error else offsets[0]
    asked = n_period.min() + np.arange(int(n_period.max() - n_period.min()) + 1)
    if (asked.size - 2) * offsets.size * _PRESENT > t.size:
        return None
    wanted = t[first] + asked[:, None] * period + offsets
    n_wanted = int(np.count_nonzero((wanted >= t[0] - 3 * error) & (wanted <= t[-1] + 3 * error)))
    if t.size < _PRESENT * n_wanted or offsets[0] != 0.0:
        return None
    return offsets, period, max(0, n_wanted - t.size)


def _blocks(t: Floats, gaps: Floats, error: float) -> Schedule | None:
    """Blocks of which nothing is missing, else those that miss the fewest frames."""
    starts = np.append(0, 1 + np.flatnonzero(gaps[:-1] > _FALL * gaps[1:]))
    best = None
    for base in (0, 1):  # the first block may have lost its beginning
        for end in starts[base + 1 : base + 1 + _MOST_TRIED]:
            first = int(starts[base])
            found = _folded(t, first, _refined(t[starts], base, float(t[end] - t[first]), error), error)
            if found is None or not 1 < found[0].size <= max(2, t.size // 2):
                continue
            whole = (t[-1] - t[0]) / found[1]
            is_begun_whole = abs(whole - round(whole)) * found[1] <= 3 * error  # as it ends: with the start of a block
            from_zero = _folded(t, 0, found[1], error) if first and is_begun_whole else None
            if from_zero is not None:
                first, found = 0, from_zero
            if best is None or found[2] < best.n_missing:
                best = _of_blocks(t, first, *found, error)
            if not best.n_missing:
                return best
    return best


def _of_blocks(t: Floats, first: int, offsets: Floats, period: float, n_missing: int, error: float) -> Schedule:
    number = np.floor((t - t[first] + 1.5 * error) / period)
    origins = np.flatnonzero(np.abs(t - t[first] - number * period) <= 2 * error)
    n_blocks = int(np.count_nonzero(np.unique(number, return_counts=True)[1] > 1))
    least = float(np.diff(t).min())
    return Schedule("blocks", t.size, least, period, n_blocks, offsets, origins, n_missing, 2 * error, t)
