"""Displacements between two frames and their moments: mean squared displacement and non-Gaussian parameter."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.motion.unwrapping import followed
from glassdask.physics.numerics.batches import Batches

#: Pairs of frames that are worked on together: what stays in the cache of a core, and what fills a device.
_PAIRS_ON_HOST, _PAIRS_ON_DEVICE = 8, 512
#: Where the mean displacement is taken off: it biases the motion of independent particles by 1/N.
_FEWEST_WITH_DRIFT = 100


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


def particles_of_species(species: ArrayLike) -> list[NDArray[np.intp]]:
    """Indices of the particles of species 0, 1, ..., all present.

    Returns
    -------
    list of numpy.ndarray
        Indices of one species each, increasing.

    Raises
    ------
    InvalidInput
        If species are not counted from 0 without a gap.
    """
    kinds = to_host(species)
    if kinds.ndim != 1 or kinds.size == 0 or not np.array_equal(np.unique(kinds), np.arange(kinds.max() + 1)):
        raise InvalidInput("species must be one entry a particle, counted 0, 1, ... without a gap, of shape (N,)")
    return [np.flatnonzero(kinds == s) for s in range(int(kinds.max()) + 1)]


def checked_pairs(positions: Any, groups: list[NDArray[np.intp]], frame_pairs: ArrayLike) -> NDArray[np.int64]:
    """The pairs, once they and the species fit the positions.

    Returns
    -------
    numpy.ndarray
        int64, shape (n_pairs, 2).

    Raises
    ------
    InvalidInput
        If they do not.
    """
    shape, n = positions.shape, sum(group.size for group in groups)
    if len(shape) != 3 or shape[1:] != (n, 3):
        raise InvalidInput(
            f"positions_unwrapped has the shape {shape}; expected (n_frames, {n}, 3) for {n} entries of species"
        )
    pairs = to_host(frame_pairs)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.issubdtype(pairs.dtype, np.integer):
        raise InvalidInput(
            f"frame_pairs is {pairs.dtype} of shape {pairs.shape}; expected integers of shape (n_pairs, 2)"
        )
    if pairs.size and (pairs.min() < 0 or pairs.max() >= shape[0]):
        raise InvalidInput(f"frame_pairs names the frames {pairs.min()} … {pairs.max()}; there are 0 … {shape[0] - 1}")
    return pairs.astype(np.int64)


def is_drift_removed(n: int, remove_drift: bool | None) -> bool:
    """Whether the mean displacement of n particles is to be taken off: what the user says, else from 100 on.

    Raises
    ------
    InvalidInput
        If it is that of one particle, which would never move.

    Warns
    -----
    UserWarning
        If that would bias the motion of independent particles by more than 1 %.
    """
    if remove_drift is None:
        return n >= _FEWEST_WITH_DRIFT
    if remove_drift and n == 1:
        raise InvalidInput("remove_drift is True for one particle, which then never moves; allowed: False")
    if remove_drift and n < _FEWEST_WITH_DRIFT:
        warnings.warn(
            f"with the drift of {n} particles, 1/{n} of the mean squared displacement of independent ones is taken off; "
            "leave remove_drift out unless the simulation conserves momentum",
            stacklevel=4,
        )
    return remove_drift


def pair_batches(xp: ModuleType) -> Batches:
    """Of as many pairs of frames as are worked on together.

    Returns
    -------
    Batches
        Of 8 pairs on a core, of 512 on a device.
    """
    return Batches(_PAIRS_ON_HOST if xp is np else _PAIRS_ON_DEVICE, xp)


def displacements(positions: Any, pairs: Any, is_at_rest: bool) -> Any:
    """Of every particle between two frames.

    Parameters
    ----------
    positions, pairs
        Shapes (n_frames, N, 3) and (n_pairs, 2), in one namespace.
    is_at_rest
        Whether the mean over all particles (equal masses) is taken off.

    Returns
    -------
    array
        Shape (n_pairs, N, 3), float64, in their namespace. [sigma_AA]
    """
    xp = namespace(positions)
    moved = xp.take(positions, pairs[:, 1], axis=0).astype(xp.float64) - xp.take(positions, pairs[:, 0], axis=0)
    return moved - moved.mean(axis=1, keepdims=True) if is_at_rest else moved


def check_finite(values: NDArray[np.float64], pairs: NDArray[np.int64]) -> None:
    """Looks at results of pairs, shape (n_pairs, ...), on the host: a device need not be waited for in between.

    Raises
    ------
    InvalidInput
        If one is not finite.
    """
    is_broken = ~np.isfinite(values).reshape(len(pairs), -1).all(axis=1)
    if is_broken.any():
        first, last = pairs[is_broken][0]
        raise InvalidInput(
            f"positions_unwrapped is not finite in frame {first} or {last}: the run has diverged; drop the frames"
        )
