"""Moments of the displacements between two frames: mean squared displacement and non-Gaussian parameter."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.motion.displacements import (
    check_finite,
    checked_pairs,
    displacements,
    in_dimension,
    is_drift_removed,
    pair_batches,
    particles_of_species,
)
from glassdask.physics.motion.lag_average import LagAverage
from glassdask.physics.motion.unwrapping import followed
from glassdask.physics.numerics.error_bars import block_average, jackknife_error, leave_one_out
from glassdask.physics.numerics.periodic_cell import DIMENSIONS


class DisplacementMoments(NamedTuple):
    """Moments of each pair of frames and species, shape (n_pairs, n_species), on the host.

    Attributes
    ----------
    second
        <|Δr|²>. [sigma_AA^2]
    fourth
        <|Δr|⁴>. [sigma_AA^4]
    """

    second: NDArray[np.float64]
    fourth: NDArray[np.float64]


def displacement_moments(
    positions_unwrapped: Any,
    species: ArrayLike,
    frame_pairs: ArrayLike,
    *,
    box_lengths: ArrayLike | None = None,
    remove_drift: bool | None = None,
    dimension: int | None = None,
) -> DisplacementMoments:
    """Second and fourth moments of the displacements between pairs of frames, the centre of mass at rest.

    Parameters
    ----------
    positions_unwrapped
        Positions followed through the periodic boundaries, shape (n_frames, N, 3), in two dimensions (n_frames, N, 2), NumPy or
        CuPy. [sigma_AA]
    species
        0, 1, ... for A, B, ..., shape (N,).
    frame_pairs
        Indices of frames (origin, end), shape (n_pairs, 2).
    box_lengths, remove_drift, dimension
        As for :func:`glassdask.self_intermediate_scattering`.

    Returns
    -------
    DisplacementMoments
        Shape (n_pairs, n_species), float64, on the host. [sigma_AA^2 and sigma_AA^4]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a pair names a frame that is not there, a position is not finite, positions look wrapped,
        the drift of a single particle is to be taken off, or three coordinates are given of a motion in two and `dimension` is not.

    Warns
    -----
    UserWarning
        If the drift of fewer than 100 particles is to be taken off.
    """
    groups = particles_of_species(species)
    xp = namespace(positions_unwrapped)
    positions, chosen = (
        followed(in_dimension(xp.asarray(positions_unwrapped), dimension, box_lengths), box_lengths),
        [xp.asarray(particles) for particles in groups],
    )
    pairs = checked_pairs(positions, groups, frame_pairs, 2 if positions.shape[-1] == 2 else 3)
    is_at_rest = is_drift_removed(positions.shape[1], remove_drift)

    def of_pairs(part: Any) -> NDArray[np.float64]:
        moved = displacements(positions, part, is_at_rest)
        squared = moved[..., 0] ** 2
        for axis in range(1, moved.shape[-1]):  # a seventh of the time of a sum over so short an axis, the same bits
            squared = squared + moved[..., axis] ** 2
        of_species = [xp.take(squared, particles, axis=1) for particles in chosen]
        means = [array.mean(axis=1) for some in of_species for array in (some, some**2)]
        return to_host(xp.stack(means, axis=1))

    found = pair_batches(xp).over(xp.asarray(pairs), of_pairs)
    moments = np.concatenate([np.empty((0, 2 * len(groups))), *found]).reshape(len(pairs), len(groups), 2)
    check_finite(moments, pairs)
    return DisplacementMoments(moments[..., 0], moments[..., 1])


def mean_squared_displacement(
    positions_unwrapped: Any,
    species: ArrayLike,
    frame_pairs: ArrayLike,
    *,
    box_lengths: ArrayLike | None = None,
    remove_drift: bool | None = None,
    dimension: int | None = None,
) -> NDArray[np.float64]:
    """<|Δr|²> of each pair of frames and species, the drift of the whole taken off where there are 100 particles or more.

    Parameters and errors are those of :func:`displacement_moments`.

    Returns
    -------
    numpy.ndarray
        Shape (n_pairs, n_species). [sigma_AA^2]

    Examples
    --------
    >>> mean_squared_displacement(np.array([[[0.0, 0, 0], [0, 0, 0]], [[1, 0, 0], [-1, 0, 0]]]), [0, 0], [[0, 1]])
    array([[1.]])
    """
    return displacement_moments(
        positions_unwrapped,
        species,
        frame_pairs,
        box_lengths=box_lengths,
        remove_drift=remove_drift,
        dimension=dimension,
    ).second


def non_gaussian_parameter(second: ArrayLike, fourth: ArrayLike, dimension: int = 3) -> NDArray[np.float64]:
    """alpha_2 = 3 <Δr⁴> / (5 <Δr²>²) − 1 of moments already averaged over origins (Rahman, Phys. Rev. 136, A405 (1964)).

    In d dimensions d <Δr⁴> / ((d + 2) <Δr²>²) − 1, so <Δr⁴> / (2 <Δr²>²) − 1 in two.

    Parameters
    ----------
    second, fourth
        <Δr²> and <Δr⁴>, of one shape. [sigma_AA^2, sigma_AA^4]
    dimension
        2 or 3.

    Returns
    -------
    numpy.ndarray
        Of that shape; 0 for Gaussian displacements, NaN where nothing has moved (lag 0). [1]

    Raises
    ------
    InvalidInput
        If there are no such dimensions.
    """
    if dimension not in DIMENSIONS:
        raise InvalidInput(f"dimension is {dimension!r}; allowed: 2, 3")
    r_2, r_4 = np.asarray(second, dtype=float), np.asarray(fourth, dtype=float)
    d = float(dimension)
    with np.errstate(invalid="ignore", divide="ignore"):
        return d * r_4 / ((d + 2.0) * r_2**2) - 1.0


class NonGaussianCurve(NamedTuple):
    """alpha_2(t) with its errors.

    Attributes
    ----------
    value, standard_error
        Shape (n_lags, …), NaN at lag 0 and where no pair of frames, or for the error fewer than two blocks, have the lag. [1]
    left_out
        The curve without one block of origins each, as :func:`glassdask.maximum_of` takes it, shape (n_blocks, n_lags, …). [1]
    """

    value: NDArray[np.float64]
    standard_error: NDArray[np.float64]
    left_out: NDArray[np.float64]


def non_gaussian_curve(second: LagAverage, fourth: LagAverage, dimension: int = 3) -> NonGaussianCurve:
    """alpha_2 of moments averaged over origins, with the jackknife's errors over blocks of origins.

    Parameters
    ----------
    second, fourth
        <Δr²> and <Δr⁴> of :func:`displacement_moments`, averaged over the same origins
        (:func:`glassdask.physics.motion.lag_average.lag_average`), shape (n_lags, …). [sigma_AA^2, sigma_AA^4]
    dimension
        2 or 3.

    Returns
    -------
    NonGaussianCurve
        Shape (n_lags, …). [1]
    """
    value = non_gaussian_parameter(second.mean, fourth.mean, dimension)
    whole = non_gaussian_parameter(block_average(second.blocks).mean, block_average(fourth.blocks).mean, dimension)
    left_out = non_gaussian_parameter(leave_one_out(second.blocks), leave_one_out(fourth.blocks), dimension)
    n_blocks = np.count_nonzero(~np.isnan(second.blocks), axis=0)
    return NonGaussianCurve(value, jackknife_error(left_out, whole, n_blocks), left_out)
