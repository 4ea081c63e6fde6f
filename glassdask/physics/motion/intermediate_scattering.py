"""Self part of the intermediate scattering function of each species, normalised to F_s(k, 0) = 1.

    F_s,a(k, t) = (1/N_a) < Σ_{j in a} exp(i k·Δr_j) > = < sin(k |Δr|) / (k |Δr|) >

The second form is the exact average over all directions of k, at any k, from unwrapped displacements, with the centre
of mass at rest where there are particles enough (docs/equations.md, Estimators); in two dimensions it is < J_0(k |Δr|) >. The paper's eq. 1 is this times S_aa(k_p), its 1/N mended to 1/N_a.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.compiled import LARGEST_PHASE, TINY_DISTANCE, fill_scattering
from glassdask.physics.motion.displacements import (
    checked_pairs,
    displacements,
    in_dimension,
    is_drift_removed,
    pair_batches,
    particles_of_species,
)
from glassdask.physics.motion.unwrapping import followed
from glassdask.physics.numerics.bessel import bessel_j0

Floats = NDArray[np.float64]
#: Fewer wavenumbers than this are quicker one by one than from one to the next.
_FEWEST_ON_GRID = 4
#: Numbers of an array on a device, of which there are three: wavenumbers go together as far as that.
_NUMBERS_ON_DEVICE = 2**23


def self_intermediate_scattering(
    positions_unwrapped: Any,
    species: ArrayLike,
    wavenumbers: ArrayLike,
    frame_pairs: ArrayLike,
    *,
    box_lengths: ArrayLike | None = None,
    remove_drift: bool | None = None,
    dimension: int | None = None,
) -> Floats:
    """F_s of each pair of frames, species and wavenumber; averaging over origins is left to the caller.

    Wavenumbers on a uniform grid, as (i + ½)·0.4, are reached by rotating exp(i k r) from one to the next, without a
    call of the sine; the result is that of direct sines to 1e-13. Displacements on a device are summed there.

    Parameters
    ----------
    positions_unwrapped
        Positions followed through the periodic boundaries, shape (n_frames, N, 3), in two dimensions (n_frames, N, 2), NumPy or
        CuPy. [sigma_AA]
    species
        0, 1, ... for A, B, ..., shape (N,).
    wavenumbers
        Positive, shape (n_k,). [1/sigma_AA]
    frame_pairs
        Indices of frames (origin, end), shape (n_pairs, 2).
    box_lengths
        Of the periodic box, where positions may be wrapped: they are followed through it (:func:`glassdask.unwrap`);
        infinite for positions that are known to be unwrapped. Without it, positions that look wrapped are refused.
        [sigma_AA]
    remove_drift
        Whether the mean displacement of all particles (equal masses) is taken off. It takes off 1/N of the mean squared
        displacement of independent particles, too, and all of it for one. By default it is taken off from 100 particles on,
        where that is at most 1 %; in a simulation that conserves momentum it takes off rounding only.
    dimension
        2 or 3; by default the number of coordinates. With 2, directions of k are those of a plane, the first two coordinates count
        and F_s is the mean of J_0(k |Δr|). Where positions have three coordinates and nothing moves along the third, it must be
        said.

    Returns
    -------
    numpy.ndarray
        Shape (n_pairs, n_species, n_k), 1 at lag 0, float64, on the host. [1]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a wavenumber is not positive, a pair names a frame that is not there, a position is not
        finite, a particle has moved by more than 1e6/k, positions look wrapped, the drift of a single particle is to be
        taken off, or three coordinates are given of a motion in two and `dimension` is not.

    Warns
    -----
    UserWarning
        If the drift of fewer than 100 particles is to be taken off.

    Examples
    --------
    >>> positions = np.array([[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [[0.5, 0.0, 0.0], [-0.5, 0.0, 0.0]]])
    >>> F = self_intermediate_scattering(positions, [0, 0], [np.pi], [[0, 0], [0, 1]])
    >>> F[:, 0, 0].round(4)
    array([1.    , 0.6366])
    """
    groups = particles_of_species(species)
    xp = namespace(positions_unwrapped)
    positions = followed(in_dimension(xp.asarray(positions_unwrapped), dimension, box_lengths), box_lengths)
    pairs = checked_pairs(positions, groups, frame_pairs, 2 if positions.shape[-1] == 2 else 3)
    k = _checked_wavenumbers(wavenumbers)
    is_at_rest = is_drift_removed(positions.shape[1], remove_drift)
    is_compiled = xp is np and positions.shape[2] == 3
    F = (_on_host if is_compiled else _by_arrays)(positions, groups, k, pairs, is_at_rest)
    if not np.isfinite(F).all():
        broken = pairs[~np.isfinite(F).all(axis=(1, 2))][0]
        raise InvalidInput(
            f"positions_unwrapped is not finite in frame {broken[0]} or {broken[1]}, or a particle has moved by more "
            f"than {LARGEST_PHASE:.0e}/k between them: the run has diverged; drop the frames"
        )
    return F


def _on_host(
    positions: NDArray[Any], groups: list[NDArray[np.intp]], k: Floats, pairs: NDArray[np.int64], is_at_rest: bool
) -> Floats:
    is_single = positions.dtype == np.float32
    frames = np.ascontiguousarray(positions, dtype=np.float32 if is_single else np.float64)
    F = np.empty((len(pairs), len(groups), k.size))
    is_grid = k.size >= _FEWEST_ON_GRID and _is_uniform(k)
    stops = np.cumsum([group.size for group in groups])
    fill_scattering(frames, pairs, np.concatenate(groups), stops, k, is_grid, is_at_rest, F)
    return F


def _by_arrays(
    positions: Any, groups: list[NDArray[np.intp]], k: Floats, pairs: NDArray[np.int64], is_at_rest: bool
) -> Floats:
    """With whole-array operations, where the positions live; many wavenumbers at a time, as a launch takes microseconds.

    On a device, and in two dimensions, for which there is no compiled loop.
    """
    xp = namespace(positions)
    order, stops = xp.asarray(np.concatenate(groups)), np.cumsum([0, *(group.size for group in groups)])
    species = [slice(start, stop) for start, stop in pairwise(stops.tolist())]
    batches = pair_batches(xp)
    n_together = max(1, _NUMBERS_ON_DEVICE // (batches.size * order.size))
    wavenumbers = [xp.asarray(k[i : i + n_together, None]) for i in range(0, k.size, n_together)]
    longest = LARGEST_PHASE / k.max()

    def of_pairs(part: Any) -> Floats:
        moved = xp.take(displacements(positions, part, is_at_rest), order, axis=1)
        r = xp.sqrt((moved**2).sum(axis=-1))
        r = xp.where(r <= longest, xp.maximum(r, TINY_DISTANCE), xp.nan)[:, None]
        found = []
        for q in wavenumbers:
            phase = q * r
            waves = xp.sin(phase) / phase if moved.shape[-1] == 3 else bessel_j0(phase)
            found.append(xp.stack([waves[..., particles].mean(axis=-1) for particles in species], axis=1))
        return to_host(xp.concatenate(found, axis=-1))

    found = batches.over(xp.asarray(pairs), of_pairs)
    return np.concatenate([np.empty((0, len(groups), k.size)), *found])


def _checked_wavenumbers(wavenumbers: ArrayLike) -> Floats:
    k = np.asarray(to_host(wavenumbers), dtype=float)
    if k.ndim != 1 or k.size == 0 or not np.all(np.isfinite(k) & (k > 0)):
        raise InvalidInput("wavenumbers must be positive numbers in 1/sigma_AA, of shape (n_k,); at k = 0 F_s is 1")
    return k


def _is_uniform(k: Floats) -> bool:
    grid = k[0] + np.arange(k.size) * (k[-1] - k[0]) / (k.size - 1)
    return bool(np.abs(k - grid).max() <= 8 * np.finfo(float).eps * np.abs(k).max())
