"""Collective (coherent) intermediate scattering function of each pair of species, at chosen wavenumbers.

    F_ab(k, t) = (1/N) < Re rho_a(k, t) rho_b*(k, 0) >,   rho_a(k) = Σ_{j in a} exp(i k·r_j)

with the mean over the wavevectors of a shell and, for a ≠ b, over (a, b) and (b, a), which are equal in equilibrium: F_AB is one of
the two equal terms of the total, F_AA + 2 F_AB + F_BB of two species, and F_ab(k, 0) = S_ab(k) as
:func:`glassdask.structure_factor` has it (Hansen and McDonald, Theory of Simple Liquids, section 7.4).
The whole numbers of the wavevectors stay where the cell changes, so |k| follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement, pairwise
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.physics.motion.displacements import (
    check_finite_frames,
    checked_pairs,
    in_dimension,
    particles_of_species,
)
from glassdask.physics.motion.unwrapping import followed
from glassdask.physics.numerics.batches import Batches
from glassdask.physics.numerics.density_modes import DensityModes
from glassdask.physics.numerics.periodic_cell import cells_of

Floats = NDArray[np.float64]
#: Pairs of frames are sorted into squares of so many origins and ends; one in which at least a share of this of all
#: combinations is asked for is one matrix product.
_SQUARE, _DENSE = 64, 0.1
_PAIRS_ON_HOST, _PAIRS_ON_DEVICE = 16, 512


def collective_scattering(
    positions: Any,
    species: ArrayLike,
    shells: Sequence[ArrayLike],
    frame_pairs: ArrayLike,
    *,
    box_lengths: ArrayLike,
    remove_drift: bool = False,
    dimension: int = 3,
) -> Floats:
    """F_ab(k,t) of each pair of frames, pair of species and shell; averaging over origins is left to the caller.

    The modes of each frame that a pair names are computed once; frames go in batches, and what is kept of each is
    n_species times the number of vectors.

    Parameters
    ----------
    positions
        Wrapped or not, shape (n_frames, N, d), NumPy or CuPy. [length]
    species
        0, 1, ... for A, B, ..., shape (N,).
    shells
        Wavevectors of each wavenumber as whole numbers, of shape (n_vectors, d) each: of
        :func:`glassdask.wavevector_shell`.
    frame_pairs
        Indices of frames (origin, end), shape (n_pairs, 2).
    box_lengths
        One number, d lengths, lattice vectors as rows, or one such matrix a frame
        (:func:`glassdask.physics.numerics.periodic_cell.cells_of`). [length]
    remove_drift
        Whether the mean displacement of all particles (equal masses) is taken off. It turns the phases of all modes together, by
        k times the drift; to know it, positions are followed through the boundaries, so frames must be near enough to each other.
    dimension
        d, 2 or 3; with 2, the first two of three coordinates count.

    Returns
    -------
    numpy.ndarray
        F_AA, F_AB, F_BB, … of shape (n_pairs, n_pairs_of_species, n_shells), float64, on the host. [1]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a pair names a frame that is not there, a position is not finite, or the drift is to be taken off and
        frames are too far apart to be followed.

    Examples
    --------
    A crystal that does not move scatters at a Bragg vector as at the beginning, with N:

    >>> sites = np.stack(np.meshgrid(*3 * [np.arange(4.0)], indexing="ij"), axis=-1).reshape(1, -1, 3)
    >>> F = collective_scattering(sites, np.zeros(64, int), [[[4, 0, 0]]], [[0, 0]], box_lengths=4.0)
    >>> F.round(3).tolist()
    [[[64.0]]]
    """
    xp = namespace(positions)
    frames = in_dimension(xp.asarray(positions), dimension, None)
    pairs = checked_pairs(frames, particles_of_species(species), frame_pairs, dimension)
    scattering = CollectiveScattering(shells, species, xp)
    cells = cells_of(box_lengths, dimension, len(frames))
    needed, places = np.unique(pairs, return_inverse=True)
    check_finite_frames(frames, needed)
    if remove_drift:
        frames = frames - followed(frames, cells).mean(axis=1, keepdims=True)
    modes = scattering.modes.of_frames(frames, cells, needed)
    return scattering.of_pairs(modes, places.reshape(pairs.shape))


class CollectiveScattering:
    """F_ab(k,t) in a pass over frames: the modes of a frame once, then pairs of them.

    Parameters
    ----------
    shells, species
        As for :func:`collective_scattering`.
    xp
        Where the work is done, ``numpy`` or ``cupy``.

    Attributes
    ----------
    modes
        Of frames, at the vectors of all shells.
    """

    def __init__(self, shells: Sequence[ArrayLike], species: ArrayLike, xp: ModuleType = np):
        groups = particles_of_species(species)
        vectors = [to_host(shell) for shell in shells]
        self.modes = DensityModes(np.concatenate(vectors), groups, xp)
        self._n_particles = sum(group.size for group in groups)
        self._partials = tuple(combinations_with_replacement(range(len(groups)), 2))
        stops = np.cumsum([0, *(len(shell) for shell in vectors)]).tolist()
        self._shells = [slice(*ends) for ends in pairwise(stops)]
        self._xp = xp
        self._batches = Batches(_PAIRS_ON_HOST if xp is np else _PAIRS_ON_DEVICE, xp)

    def state(self, positions: Any, cell: ArrayLike, centre: Any = 0.0) -> Any:
        """What pairs need of a frame.

        Parameters
        ----------
        positions
            Wrapped or not, shape (N, d), in the namespace. [length]
        cell
            Lattice vectors as rows. [length]
        centre
            Mean of the unwrapped positions, shape (d,), where the drift is to be taken off. [length]

        Returns
        -------
        array
            Modes, complex, shape (n_species, n_vectors), in the namespace. [1]
        """
        return self.modes.of_frames((positions - centre)[None], cell)[0]

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """F_ab of pairs of frames.

        Parameters
        ----------
        states
            Modes of frames (`state`), shape (n_frames, n_species, n_vectors) or a list of them.
        pairs
            Which of them are origin and end, shape (n_pairs, 2).

        Returns
        -------
        numpy.ndarray
            Shape (n_pairs, n_pairs_of_species, n_shells), on the host. [1]
        """
        F = np.empty((len(pairs), len(self._partials), len(self._shells)))
        for chosen in _squares(pairs):
            origins, ends = (np.unique(pairs[chosen, side], return_inverse=True) for side in (0, 1))
            if chosen.size >= _DENSE * origins[0].size * ends[0].size:
                F[chosen] = self._of_square(states, origins, ends)
            else:
                found = self._batches.over(pairs[chosen], lambda part: self._one_by_one(states, part))
                F[chosen] = np.concatenate(found)
        return F

    def _of_square(self, states: Sequence[Any], origins: Any, ends: Any) -> Floats:
        """Of pairs of which most combinations are asked for; origins and ends: (which differ, index of each pair's)."""
        starts, stops = (self._stacked(states, which) for which, _ in (origins, ends))
        n_species = starts.shape[1]
        found = []
        for shell in self._shells:
            left, right = (_parts(modes[..., shell]) for modes in (starts, stops))
            n_parts = left.shape[-1]
            products = self._xp.matmul(left.reshape(-1, n_parts), right.reshape(-1, n_parts).T)
            products = to_host(products).reshape(len(starts), n_species, len(stops), n_species)
            of_pairs = products[origins[1], :, ends[1]]
            found.append(self._symmetrised(of_pairs, shell))
        return np.stack(found, axis=-1)

    def _one_by_one(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        origins, ends = (self._stacked(states, which) for which in pairs.T)
        found = [modes_correlation(origins[..., shell], ends[..., shell], self._n_particles) for shell in self._shells]
        return to_host(self._xp.stack(found, axis=-1))

    def _stacked(self, states: Sequence[Any], which: NDArray[np.int64]) -> Any:
        xp = self._xp
        return xp.stack([states[i] for i in which.tolist()])

    def _symmetrised(self, products: Any, shell: slice) -> Any:
        return _symmetrised(products, self._partials) / (self._n_particles * (shell.stop - shell.start))


def modes_correlation(origin_modes: Any, end_modes: Any, n_particles: int) -> Any:
    """(1/N) Re rho_a(t) rho_b*(0) of pairs of frames, the mean over wavevectors and over (a, b) and (b, a).

    Parameters
    ----------
    origin_modes, end_modes
        rho_a(k) at the origin and the end, shape (n_pairs, n_species, n_vectors), or of one frame for all pairs, shape
        (n_species, n_vectors). [1]
    n_particles
        N, of all species.

    Returns
    -------
    array
        F_AA, F_AB, F_BB, …, shape (n_pairs, n_pairs_of_species), in the namespace of the modes. [1]

    Examples
    --------
    >>> modes_correlation(np.array([[[2j, 2.0]]]), np.array([[[2j, 0.0]]]), 2)
    array([[1.]])
    """
    xp = namespace(origin_modes, end_modes)
    products = xp.matmul(_parts(origin_modes), xp.swapaxes(_parts(end_modes), -1, -2))
    partials = tuple(combinations_with_replacement(range(products.shape[-1]), 2))
    return _symmetrised(products, partials) / (n_particles * origin_modes.shape[-1])


def _parts(modes: Any) -> Any:
    """Real and imaginary parts, one after the other: Re a b* is their scalar product."""
    return namespace(modes).concatenate([modes.real, modes.imag], axis=-1)


def _symmetrised(products: Any, partials: Sequence[tuple[int, int]]) -> Any:
    """(…, n_species, n_species) → (…, n_pairs_of_species)."""
    xp = namespace(products)
    return xp.stack([0.5 * (products[..., a, b] + products[..., b, a]) for a, b in partials], axis=-1)


def _squares(pairs: NDArray[np.int64]) -> list[NDArray[np.intp]]:
    """Which pairs have their origins and ends in the same square of frames."""
    if len(pairs) == 0:
        return []
    square = pairs // _SQUARE
    order = np.lexsort(square.T)
    is_new = np.any(np.diff(square[order], axis=0) != 0, axis=1)
    return np.split(order, 1 + np.flatnonzero(is_new))
