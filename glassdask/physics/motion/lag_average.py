"""Averages of time correlations over the time origins of each lag, with errors from blocks of production."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.numerics.error_bars import block_average

Floats = NDArray[np.float64]


class LagAverage(NamedTuple):
    """Averages over the time origins of each lag.

    Attributes
    ----------
    mean, standard_error
        Shape (n_lags, ...); NaN where no pair of frames has the lag, or fewer than two blocks of origins do.
    blocks
        Means over the origins of each block of time, NaN where it has none, shape (n_blocks, n_lags, ...).
    n_origins
        Shape (n_lags,).
    """

    mean: Floats
    standard_error: Floats
    blocks: Floats
    n_origins: NDArray[np.int64]


def lag_average(
    values: Floats, pairs_of_lags: Sequence[NDArray[np.int64]], origin_times: ArrayLike, n_blocks: int = 10
) -> LagAverage:
    """Averages of a time correlation over origins, with errors from blocks of origins that are neighbours in time.

    Parameters
    ----------
    values
        One value a pair of frames, lag after lag, shape (Σ n_pairs, ...), as the estimators give for the
        concatenated pairs.
    pairs_of_lags
        For each lag its (origin, end) pairs of frames (:func:`glassdask.physics.motion.lag_times.frame_pairs`).
    origin_times
        Time or step of every frame, increasing, shape (n_frames,); production is cut into `n_blocks` equal spans.
    n_blocks
        Blocks of time. The error holds for lags short against a block; beyond, neighbouring blocks share the same
        motion and it is a lower bound.

    Returns
    -------
    LagAverage
        Shape (n_lags, …), in the unit of the values; NaN at lags that no pair of frames has.

    Raises
    ------
    InvalidInput
        If the number of values is not that of the pairs, or there is no block.
    """
    n_pairs = [len(pairs) for pairs in pairs_of_lags]
    if len(values) != sum(n_pairs) or n_blocks < 1:
        raise InvalidInput(f"{len(values)} values for {sum(n_pairs)} pairs of frames in {n_blocks} blocks do not fit")
    times = np.asarray(origin_times, dtype=float)
    span = times[-1] - times[0] if times[-1] > times[0] else 1.0
    block_of_frame = np.minimum((times - times[0]) / span * n_blocks, n_blocks - 1).astype(np.int64)
    blocks = np.full((n_blocks, len(n_pairs), *values.shape[1:]), np.nan)
    mean = np.full((len(n_pairs), *values.shape[1:]), np.nan)
    stops = np.cumsum(n_pairs)
    for lag, pairs in enumerate(pairs_of_lags):
        if len(pairs) == 0:
            continue
        of_lag = values[stops[lag] - len(pairs) : stops[lag]]
        mean[lag] = of_lag.mean(axis=0)
        block = block_of_frame[pairs[:, 0]]
        for b in np.unique(block):
            blocks[b, lag] = of_lag[block == b].mean(axis=0)
    return LagAverage(mean, block_average(blocks).standard_error, blocks, np.array(n_pairs, dtype=np.int64))
