"""Self part of the intermediate scattering function of each species, normalised to F_s(k, 0) = 1.

    F_s,a(k, t) = (1/N_a) < Σ_{j in a} exp(i k·Δr_j) > = < sin(k |Δr|) / (k |Δr|) >

The second form is the exact average over all directions of k, at any k, from unwrapped displacements with the centre of
mass at rest (science.md, Estimators). The paper's eq. 1 is this times S_aa(k_p), its 1/N mended to 1/N_a.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.mean_squared_displacement import checked_pairs, displacement_batches, particles_of_species

Floats = NDArray[np.float64]
#: sin(k r)/r is k to the last bit for distances below this, and the square of it is still a normal number.
_TINY_DISTANCE = 1e-150
#: Fewer wavenumbers than this are quicker one by one than by steps.
_FEW_WAVENUMBERS = 4
_BLOCK = 256


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
        If shapes do not fit, a wavenumber is not positive, a pair names a frame that is not there, or a position is not
        finite.

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
    xp = namespace(positions_unwrapped)
    is_stepped = xp is np and k.size >= _FEW_WAVENUMBERS and _is_uniform(k)
    mean_sinc = _by_rotation if is_stepped else _by_sines
    F = np.empty((len(pairs), len(groups), k.size))
    for part, displacements in displacement_batches(positions_unwrapped, pairs):
        distances = xp.maximum(xp.sqrt((displacements**2).sum(axis=-1)), _TINY_DISTANCE)
        for s, particles in enumerate(groups):
            of_species = xp.take(distances, xp.asarray(particles), axis=1)
            F[part, s] = to_host(mean_sinc(of_species, k))
    return F


def _by_sines(distances: Any, wavenumbers: Floats) -> Any:
    """Mean over particles of sin(k r)/(k r), r > 0 of shape (n_pairs, N), as (n_pairs, n_k)."""
    xp = namespace(distances)
    return xp.stack([(xp.sin(k * distances) / (k * distances)).mean(axis=1) for k in wavenumbers.tolist()], axis=1)


def _by_rotation(distances: Floats, wavenumbers: Floats) -> Floats:
    """The same for wavenumbers on a uniform grid."""
    sums = np.zeros((len(distances), wavenumbers.size))
    step = float(wavenumbers[-1] - wavenumbers[0]) / (wavenumbers.size - 1)
    _add_rotated_sines(np.ascontiguousarray(distances), float(wavenumbers[0]), step, sums)
    return sums / (wavenumbers * distances.shape[1])


def _add_rotated_sines(distances: Floats, first: float, step: float, sums: Floats) -> None:
    """sums[p, i] += Σ_j sin((first + i step) r_pj) / r_pj.

    One rotation by step·r takes (sin, cos) to the next wavenumber: sin' = sin c + cos s, cos' = cos c − sin s. Its
    rounding error grows by one unit in the last place a step, also where the angle is small, where the recurrence of
    Chebyshev loses digits.
    """
    sine, cosine = np.empty(_BLOCK), np.empty(_BLOCK)
    step_sine, step_cosine = np.empty(_BLOCK), np.empty(_BLOCK)
    n = distances.shape[1]
    for p in range(distances.shape[0]):
        for start in range(0, n, _BLOCK):
            m = min(_BLOCK, n - start)
            for j in range(m):
                r = distances[p, start + j]
                sine[j], cosine[j] = np.sin(first * r) / r, np.cos(first * r) / r
                step_sine[j], step_cosine[j] = np.sin(step * r), np.cos(step * r)
            for i in range(sums.shape[1]):
                total = 0.0
                for j in range(m):
                    total += sine[j]
                    turned = sine[j] * step_cosine[j] + cosine[j] * step_sine[j]
                    cosine[j] = cosine[j] * step_cosine[j] - sine[j] * step_sine[j]
                    sine[j] = turned
                sums[p, i] += total


def _compiled(function: Callable[..., None]) -> Callable[..., None]:
    """Machine code, kept between processes where a cache can be written; sums may be reordered for vector units."""
    options: dict[str, Any] = {"nogil": True, "fastmath": {"contract", "nsz", "reassoc"}}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither the installation nor the user's cache folder is writable
        return numba.njit(**options)(function)


_add_rotated_sines = _compiled(_add_rotated_sines)


def _checked_wavenumbers(wavenumbers: ArrayLike) -> Floats:
    k = np.asarray(to_host(wavenumbers), dtype=float)
    if k.ndim != 1 or k.size == 0 or not np.all(np.isfinite(k) & (k > 0)):
        raise InvalidInput("wavenumbers must be positive numbers in 1/sigma_AA, of shape (n_k,); at k = 0 F_s is 1")
    return k


def _is_uniform(k: Floats) -> bool:
    grid = k[0] + np.arange(k.size) * (k[-1] - k[0]) / (k.size - 1)
    return bool(np.abs(k - grid).max() <= 8 * np.finfo(float).eps * np.abs(k).max())
