"""Standard errors of averages over correlated data, from averages of blocks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """A mean and its standard error, of the shape of the averaged quantity."""

    mean: Any
    standard_error: Any


def block_average(blocks: ArrayLike, axis: int = 0) -> Estimate:
    """Mean over blocks and its standard error, sqrt(Σ (x − mean)² / (n (n − 1))), for n independent blocks.

    Parameters
    ----------
    blocks
        One value of any shape a block; NaN where a block holds no data.
    axis
        The blocks' axis.

    Returns
    -------
    Estimate
        Of the shape of a block, in the unit of the values; the mean is NaN without data, the error with fewer than two blocks.

    Examples
    --------
    >>> mean, error = block_average([1.0, 2.0, 3.0])
    >>> round(float(mean), 3), round(float(error), 3)
    (2.0, 0.577)
    """
    values = np.asarray(blocks, dtype=float)
    has_data = ~np.isnan(values)
    n = has_data.sum(axis=axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(has_data, values, 0.0).sum(axis=axis) / n
        deviation = np.where(has_data, values - np.expand_dims(mean, axis), 0.0)
        error = np.sqrt((deviation**2).sum(axis=axis) / (n * (n - 1.0)))
    error = np.where(n > 1, error, np.nan)
    return Estimate(mean[()], error[()])


def consecutive_blocks(values: ArrayLike, n_blocks: int) -> Floats:
    """Means of `n_blocks` groups of consecutive entries along the first axis, as equal as can be; fewer if too short.

    Returns
    -------
    numpy.ndarray
        Shape (n_blocks, …), or of fewer; in the unit of the values.

    Raises
    ------
    InvalidInput
        If there are no values or no blocks.

    Examples
    --------
    >>> consecutive_blocks([1.0, 3.0, 5.0, 7.0], 2)
    array([2., 6.])
    """
    series = np.asarray(values, dtype=float)
    if n_blocks < 1 or series.shape[0] == 0:
        raise InvalidInput(f"{series.shape[0]} values cannot be split into {n_blocks} blocks; allowed: 1 and above")
    parts = np.array_split(series, min(n_blocks, series.shape[0]))
    return np.stack([part.mean(axis=0) for part in parts])


def leave_one_out(blocks: ArrayLike) -> Floats:
    """Means over all blocks but one, for the jackknife of what is no mean: a ratio, a maximum, the constants of a fit.

    Parameters
    ----------
    blocks
        One value of any shape a block, shape (n_blocks, …); NaN where a block holds no data.

    Returns
    -------
    numpy.ndarray
        Row b without block b, shape (n_blocks, …), in the unit of the values; NaN where no other block holds data.

    Examples
    --------
    >>> leave_one_out([1.0, 2.0, 6.0])
    array([4. , 3.5, 1.5])
    """
    values = np.asarray(blocks, dtype=float)
    has_data = ~np.isnan(values)
    known = np.where(has_data, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (known.sum(axis=0) - known) / (has_data.sum(axis=0) - has_data.astype(int))


def jackknife_error(left_out: ArrayLike, whole: ArrayLike, n_blocks: ArrayLike | None = None) -> Any:
    """Standard error by the jackknife, sqrt((n − 1)/n Σ (x_b − x)²), for n independent blocks.

    Parameters
    ----------
    left_out
        The estimate x_b without block b, shape (n_blocks, …): of the rows of :func:`leave_one_out`.
    whole
        The estimate x of all of them, shape (…).
    n_blocks
        n, where blocks hold no data (and leave the estimate as it is when left out), shape (…).

    Returns
    -------
    numpy.ndarray
        Shape (…), in the unit of the estimate; NaN with fewer than two blocks, or where an estimate is NaN.

    Examples
    --------
    >>> round(float(jackknife_error(leave_one_out([1.0, 2.0, 3.0]), 2.0)), 3)
    0.577
    """
    estimates = np.asarray(left_out, dtype=float)
    n = np.asarray(len(estimates) if n_blocks is None else n_blocks, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt((n - 1) / n * ((estimates - whole) ** 2).sum(axis=0))
    return np.where(n > 1, error, np.nan)[()]
