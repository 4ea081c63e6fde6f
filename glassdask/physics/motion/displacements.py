"""Displacements between pairs of frames: what every estimator of motion starts from, checked, in batches, the drift taken off."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.numerics.batches import Batches
from glassdask.physics.numerics.periodic_cell import DIMENSIONS

#: Pairs of frames that are worked on together: what stays in the cache of a core, and what fills a device.
_PAIRS_ON_HOST, _PAIRS_ON_DEVICE = 8, 512
#: Where the mean displacement is taken off: it biases the motion of independent particles by 1/N.
_FEWEST_WITH_DRIFT = 100


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


def checked_pairs(
    positions: Any, groups: list[NDArray[np.intp]], frame_pairs: ArrayLike, dimension: int = 3
) -> NDArray[np.int64]:
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
    if len(shape) != 3 or shape[1:] != (n, dimension):
        raise InvalidInput(
            f"positions_unwrapped has the shape {shape}; expected (n_frames, {n}, {dimension}) for {n} entries of species"
        )
    pairs = to_host(frame_pairs)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.issubdtype(pairs.dtype, np.integer):
        raise InvalidInput(
            f"frame_pairs is {pairs.dtype} of shape {pairs.shape}; expected integers of shape (n_pairs, 2)"
        )
    if pairs.size and (pairs.min() < 0 or pairs.max() >= shape[0]):
        raise InvalidInput(f"frame_pairs names the frames {pairs.min()} … {pairs.max()}; there are 0 … {shape[0] - 1}")
    return pairs.astype(np.int64)


def in_dimension(positions: Any, dimension: int | None, box_lengths: ArrayLike | None) -> Any:
    """Positions with as many coordinates as there are dimensions.

    Parameters
    ----------
    positions
        Shape (n_frames, N, 3) or (n_frames, N, 2), NumPy or CuPy. [length]
    dimension
        2 takes the first two coordinates; 3 takes all three, whatever they are; None takes what is there.
    box_lengths
        Infinite where positions are known to be unwrapped: then a device is not waited for to look at them.

    Returns
    -------
    array
        Shape (n_frames, N, d), each frame in one piece of memory: frames chosen by an index of particles are not, and taking
        one of these is many times slower. [length]

    Raises
    ------
    InvalidInput
        If there are no such dimensions, or nothing says whether motion in a plane, given with three coordinates, is that of a
        liquid in two dimensions.
    """
    if dimension not in (None, *DIMENSIONS):
        raise InvalidInput(f"dimension is {dimension!r}; allowed: 2, 3")
    if len(positions.shape) != 3:
        return positions
    n_coordinates = positions.shape[2]
    if dimension == 3 and n_coordinates == 2:
        raise InvalidInput(f"dimension is 3, and positions_unwrapped has the shape {positions.shape}: two coordinates")
    is_seen = namespace(positions) is np or box_lengths is None or bool(np.isfinite(to_host(box_lengths)).all())
    if dimension is None and n_coordinates == 3 and is_seen and _is_flat(positions):
        raise InvalidInput(
            "no particle of positions_unwrapped moves along z, while they move along x and y; give dimension = 2 for a liquid in "
            "two dimensions, dimension = 3 if it has three"
        )
    return namespace(positions).ascontiguousarray(positions[..., :2] if dimension == 2 else positions)


def _is_flat(positions: Any) -> bool:
    """Whether several particles move along x and along y, and none by the last bit along z."""
    if positions.shape[0] < 2 or positions.shape[1] < 2:
        return False
    xp = namespace(positions)
    moves = [bool(axis) for axis in to_host((positions[-1] != positions[0]).any(axis=0))]
    return moves == [True, True, False] and bool(xp.all(positions[..., 2] == positions[0, :, 2]))


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
        Shapes (n_frames, N, d) and (n_pairs, 2), in one namespace.
    is_at_rest
        Whether the mean over all particles (equal masses) is taken off.

    Returns
    -------
    array
        Shape (n_pairs, N, d), float64, in their namespace. [sigma_AA]
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


def check_finite_frames(positions: Any, frames: NDArray[np.int64]) -> None:
    """Looks at the positions of frames themselves: where they are compared, what is not finite would pass for far away.

    Parameters
    ----------
    positions
        Shape (n_frames, N, d), NumPy or CuPy. [length]
    frames
        Those that are needed.

    Raises
    ------
    InvalidInput
        If one is not finite.
    """
    with np.errstate(invalid="ignore"):
        sums = positions.sum(axis=(1, 2), dtype=np.float64)  # no array as large as the positions
    is_whole = np.isfinite(to_host(sums))
    broken = frames[~is_whole[frames]]
    if broken.size:
        raise InvalidInput(f"positions is not finite in frame {broken[0]}: the run has diverged; drop the frame")
