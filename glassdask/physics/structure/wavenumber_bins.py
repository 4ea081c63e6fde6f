"""Averages over bins of wavenumber: coarser bins, bins that hold no lattice vector, and the main peak."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.structure.static_structure import matrix_of_pairs

Floats = NDArray[np.float64]


def rebin(values: ArrayLike, count: ArrayLike, factor: int) -> tuple[Floats, NDArray[np.int64]]:
    """Merges groups of `factor` neighbouring bins into one by the mean weighted with the number of vectors.

    Parameters
    ----------
    values
        Bin averages, or the bins' mean |k|; NaN in empty bins, shape (..., n_bins).
    count
        Vectors in each bin, shape (n_bins,).
    factor
        Fine bins in a coarse one, a divisor of n_bins.

    Returns
    -------
    values, count
        Of the coarse bins, in the unit of the values, NaN and 0 where empty, shapes (..., n_bins/factor) and (n_bins/factor,).

    Raises
    ------
    InvalidInput
        If the factor does not divide the number of bins or the shapes differ.

    Examples
    --------
    >>> rebin([1.0, 4.0, np.nan, 5.0], [2, 1, 0, 3], 2)
    (array([2., 5.]), array([3, 3]))
    """
    fine, weight = np.asarray(values, dtype=float), np.asarray(count, dtype=np.int64)
    if factor < 1 or weight.size % factor or fine.shape[-1:] != weight.shape:
        raise InvalidInput(f"{fine.shape[-1:]} values and {weight.shape} counts cannot be merged {factor} by {factor}")
    grouped = (-1, factor)
    coarse_count = weight.reshape(grouped).sum(axis=-1)
    weighted = np.where(weight > 0, fine, 0.0) * weight
    with np.errstate(invalid="ignore"):
        coarse = weighted.reshape(*fine.shape[:-1], *grouped).sum(axis=-1) / coarse_count
    return coarse, coarse_count


class FilledStructureFactor(NamedTuple):
    """Partials without gaps, and which bins were filled.

    Attributes
    ----------
    partials
        Shape (n_pairs, n_bins).
    is_filled
        True where no lattice vector was, shape (n_bins,).
    """

    partials: Floats
    is_filled: NDArray[np.bool_]


def fill_empty_bins(
    partials: ArrayLike, wavenumber: ArrayLike, count: ArrayLike, bin_centres: ArrayLike, n_fitted: int = 4
) -> FilledStructureFactor:
    """Gives bins without lattice vectors a value, so that no NaN reaches the mode-coupling equations or a network.

    Below the first filled bin: S_ab(k) = s_0 + s_2 k² (an isotropic fluid is even in k), least squares through the
    lowest `n_fitted` filled bins, each weighted with its number of vectors, at the centre of the empty bin. If that
    makes the matrix S_ab there indefinite, which noise can do, the first filled bin is carried down instead. Between
    filled bins: linear interpolation in k.

    Parameters
    ----------
    partials
        S_AA, S_AB, S_BB, …, NaN in empty bins, shape (n_pairs, n_bins).
    wavenumber
        Mean |k| of the bins, NaN in empty ones, shape (n_bins,). [1/sigma_AA]
    count
        Vectors in each bin, shape (n_bins,).
    bin_centres
        Where empty bins are evaluated, shape (n_bins,). [1/sigma_AA]
    n_fitted
        Filled bins used by the fit, at least 2. Four reach k = 2 in the bins of width 0.4 at L = 10.

    Returns
    -------
    FilledStructureFactor
        Without NaN, shape (n_pairs, n_bins), and which bins were filled. [1]

    Raises
    ------
    InvalidInput
        If fewer than `n_fitted` bins are filled, or the last ones are empty: then there is nothing to lean on.
    """
    S, k, n = np.array(partials, dtype=float), np.asarray(wavenumber, dtype=float), np.asarray(count)
    centres, is_empty = np.asarray(bin_centres, dtype=float), np.asarray(count) == 0
    filled = np.flatnonzero(~is_empty)
    if filled.size < max(n_fitted, 2) or n_fitted < 2 or is_empty[-1]:
        raise InvalidInput(
            f"{filled.size} of {n.size} bins hold lattice vectors (the last one: {'no' if is_empty[-1] else 'yes'}); "
            f"needed: at least {max(n_fitted, 2)} and the last one; take wider bins or a larger box"
        )
    fitted, low, between = filled[:n_fitted], np.arange(filled[0]), np.flatnonzero(is_empty)
    between = between[between > filled[0]]
    weight = np.sqrt(n[fitted])  # polyfit multiplies residuals, whose variance goes as 1 / n
    for i, partial in enumerate(S):
        s_2, s_0 = np.polyfit(k[fitted] ** 2, partial[fitted], 1, w=weight)
        S[i, between] = np.interp(centres[between], k[filled], partial[filled])
        S[i, low] = s_0 + s_2 * centres[low] ** 2
    is_indefinite = np.linalg.eigvalsh(np.moveaxis(matrix_of_pairs(S[:, low]), -1, 0))[:, 0] <= 0
    S[:, low[is_indefinite]] = S[:, filled[:1]]
    return FilledStructureFactor(S, is_empty)


class Peak(NamedTuple):
    """Position and height of the main peak. [1/sigma_AA], [1]"""

    wavenumber: float
    value: float


#: Where the main peak is looked for in three dimensions, and the densities between which it surely lies there.
#: [1/sigma_AA, sigma_AA^-3]
_SEARCH, _DENSITIES = (4.0, 12.0), (0.8, 2.0)
#: The same densities for two dimensions. [sigma_AA^-2]
_DENSITIES_OF = {2: (0.7, 1.8), 3: _DENSITIES}
_HALF_WIDTH = 0.4


def peak_interval(density: float, dimension: int = 3) -> tuple[float, float]:
    """Where the main peak of S_AA(k) of a liquid of any density is looked for.

    From k = 4 to 12 for rho = 0.8 … 2.0, where dense liquids have it at about 6.8 rho^(1/3), in two dimensions for 0.7 … 1.8, where
    they have it at about 6.6 rho^(1/2) (a triangular lattice: 6.75 rho^(1/2)); below it the lower and above it the upper end go on
    as rho^(1/d). Lengths of an unknown unit are welcome: the interval goes with them.

    Parameters
    ----------
    density
        rho. [sigma_AA^-d]
    dimension
        d, 2 or 3.

    Returns
    -------
    tuple of float
        Lower and upper end. [1/sigma_AA]

    Examples
    --------
    >>> peak_interval(1.2), peak_interval(1.2, dimension=2), tuple(round(k, 2) for k in peak_interval(0.0216))
    ((4.0, 12.0), (4.0, 12.0), (1.2, 12.0))
    """
    below, above = _beyond(density, dimension)
    return _SEARCH[0] * below, _SEARCH[1] * above


def peak_half_width(density: float, dimension: int = 3) -> float:
    """Half the width of the window in which `peak` smooths: 0.4 where liquids of this field are, at other densities in proportion
    to k_p.

    Parameters
    ----------
    density
        rho. [sigma_AA^-d]
    dimension
        d, 2 or 3.

    Returns
    -------
    float
        For `peak`, with fine bins of an eighth of it. [1/sigma_AA]

    Examples
    --------
    >>> peak_half_width(1.2), round(peak_half_width(0.0216), 2)
    (0.4, 0.12)
    """
    below, above = _beyond(density, dimension)
    return _HALF_WIDTH * below * above


def _beyond(density: float, dimension: int) -> tuple[float, float]:
    """Factors of k at densities below and above those of the interval, 1 within."""
    lowest, highest = _DENSITIES_OF[dimension]
    return min(density / lowest, 1.0) ** (1.0 / dimension), max(density / highest, 1.0) ** (1.0 / dimension)


def peak(
    wavenumber: ArrayLike,
    values: ArrayLike,
    count: ArrayLike,
    search: tuple[float, float] = _SEARCH,
    half_width: float = _HALF_WIDTH,
) -> Peak:
    """Main peak of S_AA(k): the maximum of its local cubic regression through fine bins.

    At each k a cubic is fitted to the bins within `half_width`, weighted with their number of vectors and falling to
    zero at the ends of the window; its value at k is the smooth S. The highest point is found on the bins and then
    to 0.002 (a 200th of the half width) around it. The curve always has a highest point, however noisy the bins; a parabola through the largest
    ones would be biased, as the peak of a dense liquid is steeper towards small k.

    Parameters
    ----------
    wavenumber
        Mean |k| of fine bins, 0.05 wide or so, NaN in empty ones, shape (n_bins,). [1/sigma_AA]
    values
        S_AA of the bins, shape (n_bins,).
    count
        Vectors in each bin, shape (n_bins,).
    search
        Interval of k that holds the main peak; 7.2 for Kob–Andersen at rho = 1.2, growing as rho^(1/3) (`peak_interval`).
    half_width
        Of the window (`peak_half_width` for other densities). Wider is smoother and lower: for Kob–Andersen at rho = 1.2 and T = 1.0 (0.6) the height at 0.4
        is 0.2 % (0.7 %) below that at 0.3, at 0.8 it is 2 % (5 %); the scatter of k_p from 10 frames is 0.03 at 0.4.

    Returns
    -------
    Peak
        k_p and S_AA(k_p). [1/sigma_AA, 1]

    Raises
    ------
    InvalidInput
        If the highest point is an end of the interval, the bins end within it before S(k) has fallen again, or there are too few
        bins around a point of it.
    """
    k, S, n = (np.asarray(array, dtype=float) for array in (wavenumber, values, count))
    is_used = (n > 0) & np.isfinite(S)
    k, S, n = k[is_used], S[is_used], n[is_used]
    coarse = k[(k > search[0]) & (k < search[1])]
    smooth = [_local_cubic(k, S, n, float(at), half_width) for at in coarse]
    highest = int(np.argmax(smooth)) if smooth else 0
    if not 0 < highest < len(smooth) - 1:
        reached = k.max(initial=0.0)
        remedy = f"take bins that go beyond {reached:.4g}, where they end" if reached < search[1] else ""
        raise InvalidInput(
            f"S_AA has no peak between k = {search[0]} and {search[1]}; {remedy or 'give another search interval'}"
        )
    fine = np.arange(coarse[highest - 1], coarse[highest + 1], half_width / 200.0)
    smooth = [_local_cubic(k, S, n, float(at), half_width) for at in fine]
    highest = int(np.argmax(smooth))
    return Peak(float(fine[highest]), smooth[highest])


def smooth_structure_factor(
    wavenumber: ArrayLike, values: ArrayLike, count: ArrayLike, at: ArrayLike, half_width: float = _HALF_WIDTH
) -> Floats:
    """S(k) through fine bins: the local cubic regression of which `peak` finds the maximum.

    Parameters
    ----------
    wavenumber
        Mean |k| of fine bins, NaN in empty ones, shape (n_bins,). [1/sigma_AA]
    values
        S_ab of the bins, shape (n_bins,).
    count
        Vectors in each bin, shape (n_bins,).
    at
        Where it is wanted, shape (n_k,). [1/sigma_AA]
    half_width
        Of the window, as for `peak`. [1/sigma_AA]

    Returns
    -------
    ndarray
        S_ab there, shape (n_k,). [1]

    Raises
    ------
    InvalidInput
        If there are too few bins around one of the points.

    Examples
    --------
    >>> k = np.arange(5.0, 9.0, 0.05)
    >>> smooth_structure_factor(k, k**3, np.ones(k.size), [7.01]).round(6) == round(7.01**3, 6)  # exact for a cubic
    array([ True])
    """
    k, S, n = (np.asarray(array, dtype=float) for array in (wavenumber, values, count))
    is_used = (n > 0) & np.isfinite(S)
    k, S, n = k[is_used], S[is_used], n[is_used]
    return np.array([_local_cubic(k, S, n, float(one), half_width) for one in np.asarray(at, dtype=float)])


def _local_cubic(k: Floats, S: Floats, n: Floats, at: float, half_width: float) -> float:
    """Value at one wavenumber of the cubic fitted to the bins around it."""
    x = (k - at) / half_width
    is_near = np.abs(x) < 1
    if np.count_nonzero(is_near) < 6:
        raise InvalidInput(f"{np.count_nonzero(is_near)} bins within {half_width} of k = {at:.2f}; needed: 6 at least")
    x = x[is_near]
    root_weight = np.sqrt(n[is_near]) * (1 - x**2)
    design = root_weight[:, None] * x[:, None] ** np.arange(4)
    coefficients, *_ = np.linalg.lstsq(design, root_weight * S[is_near], rcond=None)
    return float(coefficients[0])
