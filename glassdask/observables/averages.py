"""Averages of rows over frames or over the origins of each lag, with errors from blocks of time.

Only sums over blocks are kept, so that memory does not grow with the trajectory; rows are added one after the other, so that
the sums do not depend on how the work was divided.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.observables.frames import Floats
from glassdask.physics.numerics.error_bars import Estimate, block_average, jackknife_error

Counts = NDArray[np.int64]
#: Blocks of time that error bars come from.
N_BLOCKS = 10


class Average(NamedTuple):
    """Means of rows.

    Attributes
    ----------
    mean, standard_error
        Shape (n_lags, …) of pairs, the shape of a row of frames; NaN without data, the error with fewer than two blocks.
    blocks
        Means of each block of time (of pairs: of origins), NaN without data, shape (n_blocks, …).
    counts
        How many rows each block has, shape (n_blocks, n_lags) or (n_blocks,).
    """

    mean: Floats
    standard_error: Floats
    blocks: Floats
    counts: Counts

    @property
    def n_rows(self) -> Counts:
        """Origins of each lag, shape (n_lags,), or frames, shape ()."""
        return np.asarray(self.counts.sum(axis=0))

    def part(self, place: Any) -> Average:
        """Of some entries of the rows: what ``row[place]`` is for a single row.

        Parameters
        ----------
        place
            An index of the last axes, such as ``(..., 0)``.
        """
        return Average(self.mean[place], self.standard_error[place], self.blocks[place], self.counts)

    def left_out(self, function: Callable[[Floats, Counts], ArrayLike]) -> Floats:
        """A function of the means without one block each, for the jackknife.

        Parameters
        ----------
        function
            Given means of the shape of `mean`, and how many rows they are of (`n_rows`).

        Returns
        -------
        numpy.ndarray
            Shape (n_blocks, …), in the unit of the function; NaN where no other block has data.
        """
        n = self.counts.reshape(*self.counts.shape, *[1] * (self.blocks.ndim - self.counts.ndim))
        sums = np.where(n > 0, self.blocks, 0.0) * n
        total, n_total = sums.sum(axis=0), n.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = [(total - sums[b]) / (n_total - n[b]) for b in range(len(n))]
        found = [function(mean, self.n_rows - n_b) for mean, n_b in zip(means, self.counts, strict=True)]
        return np.array(found, dtype=float)

    def estimate(self, function: Callable[[Floats, Counts], ArrayLike]) -> Estimate:
        """A function of the means, lag by lag where there are lags, and its standard error by the jackknife over blocks.

        Parameters
        ----------
        function
            Given means of the shape of `mean`, and how many rows they are of (`n_rows`).

        Returns
        -------
        Estimate
            Of the shape of the function's value, which begins with the axis of lags; the error is NaN with fewer than two
            blocks.
        """
        value = np.asarray(function(self.mean, self.n_rows), dtype=float)
        n = np.asarray((self.counts > 0).sum(axis=0))
        error = jackknife_error(self.left_out(function), value, n.reshape(n.shape + (1,) * (value.ndim - n.ndim)))
        return Estimate(value, error)


class BlockSums:
    """Sums of rows by block of time and, of pairs, by lag.

    Parameters
    ----------
    places
        Shape of what rows are told apart by: (n_blocks,) or (n_blocks, n_lags).
    """

    def __init__(self, places: tuple[int, ...]):
        self.counts = np.zeros(places, dtype=np.int64)
        #: Made with the first row, whose shape nobody knows before. [as the rows]
        self.sums = np.zeros(places)

    def add(self, place: tuple[int, ...], row: Floats) -> None:
        """One row, at its block and lag."""
        if not self.counts.any():
            self.sums = np.zeros((*self.counts.shape, *np.shape(row)))
        self.sums[place] += row
        self.counts[place] += 1

    def average(self) -> Average:
        """Of all rows so far."""
        n = self.counts.reshape(*self.counts.shape, *[1] * (self.sums.ndim - self.counts.ndim))
        with np.errstate(invalid="ignore", divide="ignore"):
            blocks, mean = self.sums / n, self.sums.sum(axis=0) / n.sum(axis=0)
        return Average(mean, np.asarray(block_average(blocks).standard_error), blocks, self.counts.copy())


def block_of_times(times: ArrayLike, n_blocks: int = N_BLOCKS) -> NDArray[np.int64]:
    """Which of equal spans of time each frame lies in.

    Parameters
    ----------
    times
        Increasing, shape (n_frames,). [time]
    n_blocks
        How many spans.

    Examples
    --------
    >>> block_of_times([0.0, 1.0, 2.0, 4.0], 2)
    array([0, 0, 1, 1])
    """
    t = np.asarray(times, dtype=float)
    span = t[-1] - t[0] if t[-1] > t[0] else 1.0
    return np.minimum((t - t[0]) / span * n_blocks, n_blocks - 1).astype(np.int64)
