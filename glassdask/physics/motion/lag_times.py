"""When frames are taken and which pairs of them share a lag: log-spaced inside blocks, block starts as time origins.

Everything is counted in integer base steps of the campaign. A run is divided into blocks of 2^p steps; every block
holds the same log-spaced frames, so a lag inside a block is averaged over all block starts, and a lag of m blocks over
all pairs of block starts that are m blocks apart. The lags of a short run are the first lags of a long one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput

Steps = NDArray[np.int64]


def block_offsets(block_length: int, per_octave: float) -> Steps:
    """Steps of the frames of one block, counted from the block's start: 0, 1, 2, 3, 4, 6, 8, 11, ... < block_length.

    Parameters
    ----------
    block_length
        Steps of one block, a power of two, at least 2.
    per_octave
        Frames per factor of two in time; spacings below one step merge into one frame.

    Returns
    -------
    numpy.ndarray
        Sorted and unique, int64, starting at 0. [base steps]

    Raises
    ------
    InvalidInput
        If the length is not a power of two or the number per octave is not positive.

    Examples
    --------
    >>> block_offsets(16, 2)
    array([ 0,  1,  2,  3,  4,  6,  8, 11])
    """
    _check_block_length(block_length)
    inside = log_spaced_integers(block_length, per_octave)
    return np.concatenate([np.zeros(1, np.int64), inside[inside < block_length]])


def frame_steps(n_blocks: int, block_length: int, per_octave: float) -> Steps:
    """Steps of all frames of a run: block b at b·block_length + offsets, then the final step n_blocks·block_length.

    Returns
    -------
    numpy.ndarray
        Strictly increasing, int64, from 0 to n_blocks·block_length, n_blocks·n_offsets + 1 of them. [base steps]

    Raises
    ------
    InvalidInput
        If there is no block, or as :func:`block_offsets`.

    Examples
    --------
    >>> frame_steps(2, 4, 1)
    array([0, 1, 2, 4, 5, 6, 8])
    """
    _check_n_blocks(n_blocks)
    starts = np.arange(n_blocks, dtype=np.int64) * block_length
    steps = starts[:, None] + block_offsets(block_length, per_octave)[None, :]
    return np.append(steps.ravel(), np.int64(n_blocks * block_length))


def lag_grid(n_blocks: int, block_length: int, per_octave: float) -> Steps:
    """Lags of a run: the offsets inside a block (0 among them), then block_length·m, m = 1, 2, 3, 4, 6, ... ≤ n_blocks.

    The grid of fewer blocks is the beginning of the grid of more blocks, so states of a campaign that ran for
    different times share their lags.

    Returns
    -------
    numpy.ndarray
        Strictly increasing, int64. [base steps]

    Raises
    ------
    InvalidInput
        If there is no block, or as :func:`block_offsets`.

    Examples
    --------
    >>> lag_grid(5, 8, 2)
    array([ 0,  1,  2,  3,  4,  6,  8, 16, 24, 32])
    """
    _check_n_blocks(n_blocks)
    between_blocks = log_spaced_integers(n_blocks, per_octave) * block_length
    return np.concatenate([block_offsets(block_length, per_octave), between_blocks])


def frame_pairs(
    steps: Sequence[int] | NDArray[Any], lags: Sequence[int] | NDArray[Any], block_length: int
) -> list[Steps]:
    """For each lag, the pairs of frames (origin, end) that are this lag apart and whose origin starts a block.

    Pairs are found by the steps that the frames carry, never by their number, so a trajectory that stopped early or
    lost a frame gives fewer pairs and no wrong one.

    Parameters
    ----------
    steps
        Steps of the frames, counted from the beginning of production, strictly increasing, shape (n_frames,).
    lags
        Lags, each ≥ 0, as of :func:`lag_grid`, shape (n_lags,).
    block_length
        Steps of one block.

    Returns
    -------
    list of numpy.ndarray
        One int64 array of shape (n_pairs, 2) a lag, with the indices of frames, in the order of the origins; n_pairs
        is 0 where the run did not reach the lag.

    Raises
    ------
    InvalidInput
        If steps do not increase, a lag is negative, or the block's length is not a power of two.

    Examples
    --------
    >>> steps = frame_steps(2, 4, 1)
    >>> [pairs.tolist() for pairs in frame_pairs(steps, [1, 4, 8], 4)]
    [[[0, 1], [3, 4]], [[0, 3], [3, 6]], [[0, 6]]]
    """
    _check_block_length(block_length)
    frame_step = np.asarray(steps, dtype=np.int64).reshape(-1)
    lag = np.asarray(lags, dtype=np.int64).reshape(-1)
    if frame_step.size == 0 or np.any(np.diff(frame_step) <= 0):
        raise InvalidInput(
            "steps must be strictly increasing and not empty; sort the frames and drop those taken twice"
        )
    if np.any(lag < 0):
        raise InvalidInput(f"lags holds {lag.min()}; allowed: 0 and above")
    origins = np.flatnonzero(frame_step % block_length == 0)
    return [_pairs_of_lag(frame_step, origins, one_lag) for one_lag in lag]


def _pairs_of_lag(frame_step: Steps, origins: NDArray[np.intp], lag: np.int64) -> Steps:
    wanted = frame_step[origins] + lag
    ends = np.minimum(np.searchsorted(frame_step, wanted), frame_step.size - 1)
    exists = frame_step[ends] == wanted
    return np.column_stack([origins[exists], ends[exists]]).astype(np.int64)


def log_spaced_integers(limit: int, per_octave: float) -> Steps:
    """The different values of round(2^(i/per_octave)), i = 0, 1, 2, ..., that are ≤ limit.

    Returns
    -------
    numpy.ndarray
        Increasing from 1, int64, shape (n_values,). [1]

    Raises
    ------
    InvalidInput
        If per_octave is not positive.
    """
    if not (np.isfinite(per_octave) and per_octave > 0):
        raise InvalidInput(f"per_octave is {per_octave!r}; allowed: a number above 0, usually 2 or 3")
    n_points = int(np.ceil(np.log2(limit) * per_octave)) + 1
    values = np.unique(np.rint(2.0 ** (np.arange(n_points) / per_octave)).astype(np.int64))
    return values[values <= limit]


def _check_block_length(block_length: int) -> None:
    if block_length < 2 or int(block_length) != block_length or int(block_length) & (int(block_length) - 1):
        raise InvalidInput(f"block_length is {block_length!r}; allowed: a power of two, at least 2")


def _check_n_blocks(n_blocks: int) -> None:
    if n_blocks < 1 or int(n_blocks) != n_blocks:
        raise InvalidInput(f"n_blocks is {n_blocks!r}; allowed: a whole number of blocks, at least 1")
