"""Moments of the displacements between two frames: mean squared displacement and non-Gaussian parameter."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.physics.motion.displacements import (
    check_finite,
    checked_pairs,
    displacements,
    is_drift_removed,
    pair_batches,
    particles_of_species,
)
from glassdask.physics.motion.unwrapping import followed


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
) -> DisplacementMoments:
    """Second and fourth moments of the displacements between pairs of frames, the centre of mass at rest.

    Parameters
    ----------
    positions_unwrapped
        Positions followed through the periodic boundaries, shape (n_frames, N, 3), NumPy or CuPy. [sigma_AA]
    species
        0, 1, ... for A, B, ..., shape (N,).
    frame_pairs
        Indices of frames (origin, end), shape (n_pairs, 2).
    box_lengths, remove_drift
        As for :func:`glassdask.self_intermediate_scattering`.

    Returns
    -------
    DisplacementMoments
        Shape (n_pairs, n_species), float64, on the host. [sigma_AA^2 and sigma_AA^4]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a pair names a frame that is not there, a position is not finite, positions look wrapped, or
        the drift of a single particle is to be taken off.

    Warns
    -----
    UserWarning
        If the drift of fewer than 100 particles is to be taken off.
    """
    groups = particles_of_species(species)
    xp = namespace(positions_unwrapped)
    positions, chosen = (
        followed(xp.asarray(positions_unwrapped), box_lengths),
        [xp.asarray(particles) for particles in groups],
    )
    pairs = checked_pairs(positions, groups, frame_pairs)
    is_at_rest = is_drift_removed(positions.shape[1], remove_drift)

    def of_pairs(part: Any) -> NDArray[np.float64]:
        moved = displacements(positions, part, is_at_rest)
        x, y, z = (moved[..., axis] for axis in range(3))
        squared = x**2 + y**2 + z**2  # a seventh of the time of a sum over so short an axis, the same bits
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
        positions_unwrapped, species, frame_pairs, box_lengths=box_lengths, remove_drift=remove_drift
    ).second


def non_gaussian_parameter(second: ArrayLike, fourth: ArrayLike) -> NDArray[np.float64]:
    """alpha_2 = 3 <Δr⁴> / (5 <Δr²>²) − 1 of moments already averaged over origins (Rahman, Phys. Rev. 136, A405 (1964)).

    Parameters
    ----------
    second, fourth
        <Δr²> and <Δr⁴>, of one shape. [sigma_AA^2, sigma_AA^4]

    Returns
    -------
    numpy.ndarray
        Of that shape; 0 for Gaussian displacements, NaN where nothing has moved (lag 0). [1]
    """
    r_2, r_4 = np.asarray(second, dtype=float), np.asarray(fourth, dtype=float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return 3.0 * r_4 / (5.0 * r_2**2) - 1.0
