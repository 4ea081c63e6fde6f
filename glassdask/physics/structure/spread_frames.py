"""Which frames of a run statics are averaged over: those nearest to multiples of a power of two of base steps.

The frames of a run are log-spaced inside blocks (:mod:`glassdask.physics.motion.lag_times`), those of statics evenly spaced. The
spacing doubles as a run grows, so that a longer run drops every other one of a shorter one's frames and needs none that the
shorter one has passed over: statics can be taken while a run goes on whose length nobody knows yet, and they are those of
its finished trajectory.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput

Steps = NDArray[np.int64]


def even_spacing(length: int, count: int) -> int:
    """The power of two that divides a run into about `count` frames: between count/√2 and √2 count of them.

    Parameters
    ----------
    length
        Of the run. [base steps]
    count
        Frames wanted.

    Returns
    -------
    int
        [base steps]

    Raises
    ------
    InvalidInput
        If `length` is negative or `count` below 1.

    Examples
    --------
    >>> even_spacing(1000, 101), even_spacing(1500, 101), even_spacing(3, 101)
    (8, 16, 1)
    """
    if length < 0 or count < 1:
        raise InvalidInput(f"length is {length}, count is {count}; allowed: from 0, from 1")
    if count == 1:
        return 2 ** (length.bit_length() + 1)  # only the first frame is nearest to a multiple of this
    return 2 ** max(0, round(math.log2(max(length, 1) / (count - 1))))


def spread_frames(base: ArrayLike, count: int) -> NDArray[np.intp]:
    """Indices of about `count` frames that lie as evenly in time as the schedule of frames allows.

    Parameters
    ----------
    base
        Steps of the frames, increasing, shape (n_frames,). [base steps]
    count
        Frames wanted.

    Returns
    -------
    numpy.ndarray
        Increasing, the first frame among them, shape (about `count`,).

    Examples
    --------
    >>> spread_frames([0, 1, 2, 3, 4, 6, 8, 11, 16], 5)
    array([0, 4, 6, 7, 8])
    """
    steps = np.asarray(base, dtype=np.int64)
    return nearest_to_multiples(steps, even_spacing(int(steps[-1] - steps[0]), count))


def nearest_to_multiples(base: Steps, spacing: int) -> NDArray[np.intp]:
    """Indices of the frames nearest to base[0] + 0, spacing, 2 spacing, … up to the last frame; the earlier of two.

    Parameters
    ----------
    base
        Steps of the frames, increasing, shape (n_frames,). [base steps]
    spacing
        [base steps]

    Returns
    -------
    numpy.ndarray
        Increasing, each once.
    """
    wanted = np.arange(base[0], base[-1] + 1, spacing)
    after = np.minimum(np.searchsorted(base, wanted), len(base) - 1)
    before = np.maximum(after - 1, 0)
    is_nearer_before = wanted - base[before] <= np.abs(base[after] - wanted)
    return np.unique(np.where(is_nearer_before & (base[after] != wanted), before, after))
