"""Self part of the intermediate scattering function of each species, normalised to F_s(k, 0) = 1.

    F_s,a(k, t) = (1/N_a) < Σ_{j in a} exp(i k·Δr_j) > = < sin(k |Δr|) / (k |Δr|) >

The second form is the exact average over all directions of k, at any k, from unwrapped displacements with the centre of
mass at rest (docs/equations.md, Estimators). The paper's eq. 1 is this times S_aa(k_p), its 1/N mended to 1/N_a.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.compiled import LARGEST_PHASE, TINY_DISTANCE, fill_scattering
from glassdask.physics.mean_squared_displacement import checked_pairs, displacement_batches, particles_of_species

Floats = NDArray[np.float64]
#: Fewer wavenumbers than this are quicker one by one than from one to the next.
_FEWEST_ON_GRID = 4


def self_intermediate_scattering(
    positions_unwrapped: Any, species: ArrayLike, wavenumbers: ArrayLike, frame_pairs: ArrayLike
) -> Floats:
    """F_s of each pair of frames, species and wavenumber; averaging over origins is left to the caller.

    Wavenumbers on a uniform grid, as (i + ½)·0.4, are reached by rotating exp(i k r) from one to the next, without a
    call of the sine; the result is that of direct sines to 1e-13. Displacements on a device are summed there.

    Parameters
    ----------
    positions_unwrapped
        Positions followed through the periodic boundaries, shape (n_frames, N, 3), NumPy or CuPy. [sigma_AA]
    species
        0, 1, ... for A, B, ..., shape (N,).
    wavenumbers
        Positive, shape (n_k,). [1/sigma_AA]
    frame_pairs
        Indices of frames (origin, end), shape (n_pairs, 2).

    Returns
    -------
    numpy.ndarray
        Shape (n_pairs, n_species, n_k), float64, on the host.

    Raises
    ------
    InvalidInput
        If shapes do not fit, a wavenumber is not positive, a pair names a frame that is not there, a position is not
        finite or a particle has moved by more than 1e6/k.

    Examples
    --------
    >>> positions = np.array([[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [[0.5, 0.0, 0.0], [-0.5, 0.0, 0.0]]])
    >>> F = self_intermediate_scattering(positions, [0, 0], [np.pi], [[0, 0], [0, 1]])
    >>> F[:, 0, 0].round(4)
    array([1.    , 0.6366])
    """
    groups = particles_of_species(species)
    pairs = checked_pairs(positions_unwrapped, groups, frame_pairs)
    k = _checked_wavenumbers(wavenumbers)
    if namespace(positions_unwrapped) is np:
        return _on_host(np.asarray(positions_unwrapped), groups, k, pairs)
    return _by_arrays(positions_unwrapped, groups, k, pairs)


def _on_host(positions: NDArray[Any], groups: list[NDArray[np.intp]], k: Floats, pairs: NDArray[np.int64]) -> Floats:
    is_single = positions.dtype == np.float32
    frames = np.ascontiguousarray(positions, dtype=np.float32 if is_single else np.float64)
    F = np.empty((len(pairs), len(groups), k.size))
    is_grid = k.size >= _FEWEST_ON_GRID and _is_uniform(k)
    stops = np.cumsum([group.size for group in groups])
    fill_scattering(frames, pairs, np.concatenate(groups), stops, k, is_grid, F)
    if not np.isfinite(F).all():
        broken = pairs[~np.isfinite(F).all(axis=(1, 2))][0]
        raise InvalidInput(
            f"positions_unwrapped is not finite in frame {broken[0]} or {broken[1]}, or a particle has moved by more "
            f"than {LARGEST_PHASE:.0e}/k between them: the run has diverged; drop the frames"
        )
    return F


def _by_arrays(positions: Any, groups: list[NDArray[np.intp]], k: Floats, pairs: NDArray[np.int64]) -> Floats:
    """With whole-array operations, where the positions live."""
    xp = namespace(positions)
    F = np.empty((len(pairs), len(groups), k.size))
    for part, displacements in displacement_batches(positions, pairs):
        distances = xp.maximum(xp.sqrt((displacements**2).sum(axis=-1)), TINY_DISTANCE)
        for s, particles in enumerate(groups):
            r = xp.take(distances, xp.asarray(particles), axis=1)
            F[part, s] = to_host(xp.stack([(xp.sin(q * r) / (q * r)).mean(axis=1) for q in k.tolist()], axis=1))
    return F


def _checked_wavenumbers(wavenumbers: ArrayLike) -> Floats:
    k = np.asarray(to_host(wavenumbers), dtype=float)
    if k.ndim != 1 or k.size == 0 or not np.all(np.isfinite(k) & (k > 0)):
        raise InvalidInput("wavenumbers must be positive numbers in 1/sigma_AA, of shape (n_k,); at k = 0 F_s is 1")
    return k


def _is_uniform(k: Floats) -> bool:
    grid = k[0] + np.arange(k.size) * (k[-1] - k[0]) / (k.size - 1)
    return bool(np.abs(k - grid).max() <= 8 * np.finfo(float).eps * np.abs(k).max())
