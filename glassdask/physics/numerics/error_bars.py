"""Standard errors of averages over correlated data: block averages, and blocking of one series."""

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


def blocking(series: ArrayLike) -> Estimate:
    """Mean of an evenly sampled, correlated series and its standard error by repeated pairing of neighbours.

    Flyvbjerg and Petersen, J. Chem. Phys. 91, 461 (1989): the naive error of the mean grows while blocks are shorter
    than the correlation and then stays. The block length B = 2^l is the shortest with B³ > 2 n (error_B / error_1)⁴,
    which balances bias and noise (Wolff, Comput. Phys. Commun. 156, 143 (2004); Lee et al., Phys. Rev. E 83, 066706
    (2011)).

    Parameters
    ----------
    series
        Shape (n,).

    Returns
    -------
    Estimate
        In the unit of the series. The error is NaN for fewer than two values. If no length satisfies the condition the series
        is too short for its correlation and the largest error found is given, a lower bound.

    Raises
    ------
    InvalidInput
        If the series is not one-dimensional, is empty or not finite.
    """
    x = np.asarray(series, dtype=float)
    if x.ndim != 1 or x.size == 0 or not np.all(np.isfinite(x)):
        raise InvalidInput(f"series has the shape {x.shape}; expected (n,) finite values, n ≥ 1")
    if x.size < 2:
        return Estimate(float(x.mean()), float("nan"))
    errors = _errors_of_paired_blocks(x)
    if errors[0] == 0.0:
        return Estimate(float(x.mean()), 0.0)
    block_length = 2.0 ** np.arange(len(errors))
    is_long_enough = block_length**3 > 2.0 * x.size * (errors / errors[0]) ** 4
    error = errors[np.argmax(is_long_enough)] if is_long_enough.any() else errors.max()
    return Estimate(float(x.mean()), float(error))


def _errors_of_paired_blocks(x: Floats) -> Floats:
    """Naive standard errors of the mean of blocks of 1, 2, 4, ... values, down to two blocks."""
    errors = []
    while x.size >= 2:
        errors.append(x.std(ddof=1) / np.sqrt(x.size))
        x = 0.5 * (x[: x.size // 2 * 2 : 2] + x[1::2])
    return np.array(errors)
