"""Lags and pairs of frames of any trajectory, chosen from the times of its frames alone.

Origins are shared between the lags and few, so that one pass over the frames, in the order of time, holds few of them: whatever the
length of the run, the work is bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.motion.frame_schedule import Schedule, frame_schedule
from glassdask.physics.motion.lag_times import log_spaced_integers

Floats = NDArray[np.float64]
Pairs = NDArray[np.int64]
#: Of a linear or irregular run; a pass over 10,000 particles then holds 24 MB, and 40 lags are 4,000 pairs.
_ORIGINS = 100
#: A lag of a linear or irregular run has as many origins as error bars have blocks (`lag_average`).
_FEWEST_ORIGINS = 10
#: Lags in a factor of two of time, where neither the user nor the blocks say so.
_PER_OCTAVE = 4.0
#: Irregular frames: time differences that agree to this share count as one lag.
_SAME_LAG = 0.01


@dataclass(frozen=True)
class LagPairs:
    """Lags, and for each the pairs of frames that are so far apart.

    Attributes
    ----------
    lag_times
        Increasing, 0 first, the mean over the pairs of each, shape (n_lags,). [unit of the times]
    pairs
        For each lag the indices (origin, end) of frames, in the order of the origins, int64, shape (n_pairs, 2).
    schedule
        The rule by which the frames were taken.
    notes
        What was left out, and what the error bars cannot say, in sentences.
    """

    lag_times: Floats
    pairs: list[Pairs]
    schedule: Schedule
    notes: tuple[str, ...]

    @property
    def n_origins(self) -> NDArray[np.int64]:
        """Of each lag, shape (n_lags,)."""
        return np.array([len(of_lag) for of_lag in self.pairs], dtype=np.int64)

    @property
    def all_pairs(self) -> Pairs:
        """Lag after lag, as estimators take them and `lag_average` takes their values, shape (Σ n_pairs, 2)."""
        return np.concatenate(self.pairs)

    @property
    def n_held(self) -> int:
        """Frames that a pass in the order of time holds at most: origins with ends to come, and the one just read. [1]"""
        origin, end = self.all_pairs.T
        n_frames = self.schedule.n_frames
        last_end = np.zeros(n_frames, dtype=np.int64)
        np.maximum.at(last_end, origin, end)
        is_origin = np.zeros(n_frames, dtype=bool)
        is_origin[origin[end > origin]] = True
        kept = np.flatnonzero(is_origin)
        change = np.bincount(kept, minlength=n_frames + 1) - np.bincount(last_end[kept], minlength=n_frames + 1)
        return 1 + int(np.cumsum(change).max())


def lag_pairs(
    times: ArrayLike,
    *,
    per_octave: float | None = None,
    max_origins: int | None = None,
    min_origins: int | None = None,
    max_lags: int = 200,
    lag_times: ArrayLike | None = None,
) -> LagPairs:
    """Chooses lags, log-spaced, and for each the pairs of frames to average over, from the times of the frames.

    Blocks of frames: the starts of blocks are the origins; lags are the offsets inside a block, then 1, 2, 3, 4, 6, … blocks.
    Of a campaign's own frames they are the pairs of `lag_grid` and `frame_pairs`. A linear run: lags of 1, 2, 3, 4, 5, 6, 7, 8,
    10, … spacings, origins spread evenly over the run. A log-spaced run: every frame, from the first. Irregular frames:
    log-spaced lags, for each the pairs whose time difference agrees with it to half of 1 %.

    Parameters
    ----------
    times
        Of the frames, strictly increasing, in any unit, shape (n_frames,); rounded as files have them.
    per_octave
        Lags per factor of two in time. By default that of the blocks, else 4.
    max_origins
        Of a lag. By default 100 in linear and irregular runs, where more share their motion with these, and all block starts
        where there are blocks.
    min_origins
        Lags with fewer are left out. By default 10 (or half of the origins, where there are fewer than 20) in linear and irregular runs, so
        that error bars over blocks exist; 1 in blocks and log-spaced runs, which were laid out so: what a lag of one origin
        lacks is its error bar.
    max_lags
        Where there are more, as many are kept, evenly spread, with the first and the last.
    lag_times
        Those that are wanted, in place of the ones that the schedule suggests; a pair has such a lag if it differs by half of
        1 % at most. [unit of the times]

    Returns
    -------
    LagPairs
        Lag 0 first; in the unit of the times.

    Raises
    ------
    InvalidInput
        If times do not increase, or a number is not positive.

    Examples
    --------
    >>> found = lag_pairs(0.5 * np.arange(8), per_octave=1)
    >>> found.lag_times
    array([0. , 0.5, 1. , 2. ])
    >>> found.n_origins
    array([8, 7, 6, 4])
    """
    _check_numbers(per_octave, max_origins, min_origins, max_lags)
    schedule = frame_schedule(times)
    is_strided = schedule.kind in ("linear", "irregular")
    origins = _spread(schedule.origins, max_origins or (_ORIGINS if is_strided else schedule.n_frames))
    fewest = min_origins or (min(_FEWEST_ORIGINS, max(1, origins.size // 2)) if is_strided else 1)
    wanted, tolerance = _wanted_lags(schedule, per_octave) if lag_times is None else _told_lags(schedule, lag_times)
    found = [np.column_stack([origins, origins])]
    found += [_pairs_of_lag(schedule.times, origins, *lag) for lag in zip(wanted, tolerance, strict=True)]
    kept = [pairs for pairs in found if len(pairs) >= fewest or pairs is found[0]]
    last = max((lag for lag, pairs in zip(wanted, found[1:], strict=True) if len(pairs)), default=0.0)
    pairs = [kept[i] for i in np.unique(np.rint(np.linspace(0, len(kept) - 1, max_lags)).astype(int))]
    lag_times = np.array([np.mean(schedule.times[of_lag[:, 1]] - schedule.times[of_lag[:, 0]]) for of_lag in pairs])
    return LagPairs(lag_times, pairs, schedule, tuple(_notes(schedule, lag_times, pairs, fewest, float(last))))


def _check_numbers(per_octave: float | None, *counts: int | None) -> None:
    if per_octave is not None and not (np.isfinite(per_octave) and per_octave > 0):
        raise InvalidInput(f"per_octave is {per_octave!r}; allowed: a number above 0, usually 2 to 8")
    for name, count in zip(("max_origins", "min_origins", "max_lags"), counts, strict=True):
        if count is not None and count < 1:
            raise InvalidInput(f"{name} is {count!r}; allowed: a whole number, at least 1")


def _spread(origins: Pairs, most: int) -> Pairs:
    """Every first, second, third … of the origins, so that there are no more than asked for: all lags share them."""
    return origins[:: -(-origins.size // most)]


def _wanted_lags(schedule: Schedule, per_octave: float | None) -> tuple[Floats, Floats]:
    """Lags above 0, increasing, and what a time difference may miss each by. [unit of the times]"""
    span = float(schedule.times[-1] - schedule.times[0])
    if schedule.kind == "single":
        lags = np.zeros(0)
    elif schedule.kind == "linear":
        lags = _log_spaced(round(span / schedule.spacing), per_octave or _PER_OCTAVE) * schedule.spacing
    elif schedule.kind == "blocks":
        between = _log_spaced(round(span / schedule.block_time), per_octave or _own_per_octave(schedule))
        lags = np.concatenate([schedule.offsets[1:], between * schedule.block_time])
    elif schedule.kind == "log":
        lags = schedule.times[1:] - schedule.times[0]
    else:
        spacing, steps = schedule.spacing, per_octave or _PER_OCTAVE
        lags = spacing * 2.0 ** (np.arange(int(steps * np.log2(span / spacing)) + 1) / steps)
        return lags, np.minimum(0.5 * _SAME_LAG, 0.5 * (2.0 ** (1 / steps) - 1)) * lags
    return lags, np.full(lags.size, 2 * schedule.tolerance)


def _told_lags(schedule: Schedule, lag_times: ArrayLike) -> tuple[Floats, Floats]:
    lags = np.unique(np.asarray(lag_times, dtype=float).reshape(-1))
    if not np.all(np.isfinite(lags) & (lags >= 0)):
        raise InvalidInput(f"lag_times is {lag_times!r}; allowed: finite numbers, 0 or more, in the unit of the times")
    lags = lags[lags > 0]
    return lags, np.maximum(2 * schedule.tolerance, 0.5 * _SAME_LAG * lags)


def _log_spaced(limit: int, per_octave: float) -> Floats:
    return log_spaced_integers(max(1, limit), per_octave).astype(float)


def _own_per_octave(schedule: Schedule) -> float:
    """Half of the number of frames in the last two octaves of a block: of an earlier one, spacings below a step have merged."""
    in_two_octaves = np.count_nonzero(schedule.offsets >= 0.25 * schedule.block_time - 2 * schedule.tolerance)
    return float(min(max(0.5 * in_two_octaves, 1.0), 8.0))


def _pairs_of_lag(times: Floats, origins: Pairs, lag: float, tolerance: float) -> Pairs:
    """Each origin with the frame that is nearest to the lag after it, where one is near enough."""
    wanted = times[origins] + lag
    after = np.minimum(np.searchsorted(times, wanted), times.size - 1)
    before = np.maximum(after - 1, 0)
    ends = np.where(np.abs(times[before] - wanted) < np.abs(times[after] - wanted), before, after)
    is_near = (np.abs(times[ends] - wanted) <= tolerance) & (ends > origins)
    return np.column_stack([origins[is_near], ends[is_near]]).astype(np.int64)


def _notes(schedule: Schedule, lag_times: Floats, pairs: list[Pairs], fewest: int, last: float) -> list[str]:
    notes = []
    if schedule.kind == "single":
        return ["one frame: nothing moves"]
    if last > lag_times[-1] * 1.001:
        notes.append(f"lags from {lag_times[-1]:.4g} to {last:.4g} have fewer than {fewest} origins and were left out")
    n_single = sum(len(of_lag) == 1 for of_lag in pairs)
    if n_single:
        notes.append(f"{n_single} of {len(pairs)} lags have one origin: they have no error bar")
    span = float(schedule.times[-1] - schedule.times[0])
    n_long = int(np.count_nonzero(lag_times > span / _FEWEST_ORIGINS))
    if n_long and schedule.kind != "log":
        notes.append(
            f"error bars of the {n_long} lags above a tenth of the run ({span / _FEWEST_ORIGINS:.4g}) are lower bounds"
        )
    if schedule.n_missing:
        notes.append(f"{schedule.n_missing} frames are missing: lags that end at them have fewer origins")
    if schedule.kind == "irregular":
        notes.append(f"frames are irregular: a lag is the mean of time differences that agree to {_SAME_LAG:.0%}")
    return notes
