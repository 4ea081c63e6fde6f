"""Motion relative to the cage: the displacement of a particle less that of its neighbours at the origin.

    Δ_j(t) = Δr_j(t) − (1/n_j) Σ_{i in cage of j} Δr_i(t)

Particles that move with their neighbours have not relaxed. In two dimensions long waves of any liquid make the mean squared
displacement of a solid grow with the logarithm of the system's size and F_s decay (Mermin and Wagner); relative to the cage both
stay (Mazoyer, Ebert, Maret and Keim, Europhys. Lett. 88, 66004 (2009); Illing et al., PNAS 114, 1856 (2017); Vivek, Kelleher,
Chaikin and Weeks, PNAS 114, 1850 (2017)). The neighbours of the origin count, wherever they are later; a particle without
neighbours has its own displacement.

Independent particles: Δ is Gaussian with <Δ²> = <Δr²> (1 + <1/n_j>).
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput
from glassdask.physics.motion.displacements import (
    check_finite_frames,
    checked_pairs,
    in_dimension,
    is_drift_removed,
    pair_batches,
    particles_of_species,
)
from glassdask.physics.motion.intermediate_scattering import self_intermediate_scattering
from glassdask.physics.motion.mean_squared_displacement import displacement_moments
from glassdask.physics.motion.unwrapping import followed
from glassdask.physics.numerics.neighbour_pairs import check_reach, neighbour_pairs
from glassdask.physics.numerics.periodic_cell import cells_of

Floats = NDArray[np.float64]


class CageRelativeMotion(NamedTuple):
    """Of each pair of frames and species, on the host.

    Attributes
    ----------
    scattering
        F_s(k,t) of the displacements relative to the cage, shape (n_pairs, n_species, n_k). [1]
    second
        <Δ²>, shape (n_pairs, n_species). [length^2]
    fourth
        <Δ⁴>, shape (n_pairs, n_species). [length^4]
    """

    scattering: Floats
    second: Floats
    fourth: Floats


def cage_relative_motion(
    positions: Any,
    species: ArrayLike,
    wavenumbers: ArrayLike,
    frame_pairs: ArrayLike,
    *,
    neighbours_within: float,
    box_lengths: ArrayLike,
    is_unwrapped: bool = False,
    remove_drift: bool | None = None,
    dimension: int = 3,
) -> CageRelativeMotion:
    """F_s and mean squared displacement relative to the cage, of each pair of frames; averaging over origins is left to the caller.

    Neighbours are found on the host, by freud, once an origin.

    Parameters
    ----------
    positions
        In the order of time, shape (n_frames, N, d), NumPy or CuPy; they are followed through the boundaries. [length]
    species
        0, 1, ... for A, B, ..., shape (N,).
    wavenumbers
        Positive, shape (n_k,). [1/length]
    frame_pairs
        Indices of frames (origin, end), shape (n_pairs, 2).
    neighbours_within
        Particles of any species nearer than this at the origin are the cage: the first minimum of g(r). [length]
    box_lengths
        One number, d lengths, lattice vectors as rows, or one such matrix a frame
        (:func:`glassdask.physics.numerics.periodic_cell.cells_of`). [length]
    is_unwrapped
        Whether positions are unwrapped already, and frames perhaps too far apart to be followed.
    remove_drift
        As for :func:`glassdask.self_intermediate_scattering`; it changes only the motion of particles without neighbours.
    dimension
        d, 2 or 3; with 2, the first two of three coordinates count.

    Returns
    -------
    CageRelativeMotion
        F_s of shape (n_pairs, n_species, n_k), moments of shape (n_pairs, n_species). [1, length^2, length^4]

    Raises
    ------
    InvalidInput
        If shapes do not fit, a distance or wavenumber is out of range, a pair names a frame that is not there, a position is not
        finite, or frames are too far apart to be followed.
    MissingComponent
        If freud is not installed.

    Examples
    --------
    All move by one vector, which is no motion relative to the cage:

    >>> line = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]])
    >>> frames = np.stack([line, line + [0.0, 2.0, 0.0]])
    >>> moved = cage_relative_motion(frames, [0, 0, 0], [7.2], [[0, 1]], neighbours_within=1.2, box_lengths=9.0)
    >>> moved.second, moved.scattering
    (array([[0.]]), array([[[1.]]]))
    """
    groups = particles_of_species(species)
    xp = namespace(positions)
    frames = in_dimension(xp.asarray(positions), dimension, None)
    pairs = checked_pairs(frames, groups, frame_pairs, dimension)
    cells = cells_of(box_lengths, dimension, len(frames))
    cage = CageRelative(species, wavenumbers, neighbours_within, remove_drift, xp)
    check_finite_frames(frames, np.unique(pairs))
    unwrapped = frames if is_unwrapped else followed(frames, cells)
    rows = np.empty((len(pairs), len(groups), 2 + cage.n_wavenumbers))
    for origin in np.unique(pairs[:, 0]):  # one after the other: the neighbours of one are in memory
        chosen = np.flatnonzero(pairs[:, 0] == origin)
        states = {
            i: cage.state(frames[i], unwrapped[i], cells[i % len(cells)]) for i in np.unique(pairs[chosen]).tolist()
        }
        rows[chosen] = cage.of_pairs(states, pairs[chosen])
    return CageRelativeMotion(rows[..., 2:], rows[..., 0], rows[..., 1])


class CageState:
    """What pairs need of a frame; its neighbours are found when it is first an origin.

    Attributes
    ----------
    positions
        As they are kept, wrapped or not, shape (N, d), in the namespace; None once neighbours are known. [length]
    unwrapped
        Followed through the boundaries, less the drift, shape (N, d). [length]
    cell
        Lattice vectors as rows, on the host. [length]
    neighbours
        A table with one row a particle, filled up with N, and how many there are; None before it was an origin.
    """

    __slots__ = ("cell", "neighbours", "positions", "unwrapped")

    def __init__(self, positions: Any, unwrapped: Any, cell: Floats):
        self.positions, self.unwrapped, self.cell = positions, unwrapped, cell
        self.neighbours: tuple[Any, Any] | None = None


class CageRelative:
    """Motion relative to the cage in a pass over frames.

    Parameters
    ----------
    species, wavenumbers, neighbours_within, remove_drift
        As for :func:`cage_relative_motion`.
    xp
        Where the work is done, ``numpy`` or ``cupy``.

    Attributes
    ----------
    n_wavenumbers
        How many there are. [1]
    """

    def __init__(
        self,
        species: ArrayLike,
        wavenumbers: ArrayLike,
        neighbours_within: float,
        remove_drift: bool | None = None,
        xp: ModuleType = np,
    ):
        self._species = to_host(species)
        n = sum(group.size for group in particles_of_species(species))
        if not (np.isfinite(neighbours_within) and neighbours_within > 0):
            raise InvalidInput(f"neighbours_within is {neighbours_within!r}; allowed: a length above 0")
        self._within = float(neighbours_within)
        self._wavenumbers = np.atleast_1d(to_host(wavenumbers)).astype(float)
        self.n_wavenumbers = self._wavenumbers.size
        self._is_at_rest = is_drift_removed(n, remove_drift)
        self._xp, self._batches = xp, pair_batches(xp)

    def state(self, positions: Any, unwrapped: Any, cell: Floats) -> CageState:
        """What pairs need of a frame.

        Parameters
        ----------
        positions
            As they are kept, wrapped or not, shape (N, d), in the namespace. [length]
        unwrapped
            Followed through the boundaries, shape (N, d). [length]
        cell
            Lattice vectors as rows, on the host, shape (d, d). [length]

        Returns
        -------
        CageState
            Positions, and room for the neighbours.

        Raises
        ------
        InvalidInput
            If the distance of neighbours is too large for the cell.
        """
        check_reach(cell, self._within, "neighbours_within")
        moved = unwrapped.astype(self._xp.float64)
        return CageState(positions, moved - moved.mean(axis=0) if self._is_at_rest else moved, cell)

    def of_pairs(self, states: Any, pairs: NDArray[np.int64]) -> Floats:
        """Second and fourth moment, and F_s at each wavenumber, of pairs of frames.

        Parameters
        ----------
        states
            Of frames (`state`), by index.
        pairs
            Which of them are origin and end, shape (n_pairs, 2), at least one.

        Returns
        -------
        numpy.ndarray
            Shape (n_pairs, n_species, 2 + n_k), on the host. [length^2, length^4, 1]

        Raises
        ------
        InvalidInput
            If a position is not finite; frames are numbered by pairs then.
        """

        def of_part(part: NDArray[np.int64]) -> Floats:
            xp = self._xp
            moved = xp.stack([self.displacements(states[origin], states[end]) for origin, end in part.tolist()])
            # a frame at rest, and one for each pair: what measures plain displacements measures these
            frames = xp.concatenate([xp.zeros_like(moved[:1]), moved])
            from_rest = np.column_stack([np.zeros(len(part), np.int64), 1 + np.arange(len(part))])
            given: dict[str, Any] = {
                "box_lengths": np.inf,
                "remove_drift": False,
                "dimension": moved.shape[-1],
            }
            second, fourth = displacement_moments(frames, self._species, from_rest, **given)
            F = self_intermediate_scattering(frames, self._species, self._wavenumbers, from_rest, **given)
            return np.concatenate([second[..., None], fourth[..., None], F], axis=-1)

        return np.concatenate(self._batches.over(pairs, of_part))

    def displacements(self, origin: CageState, end: CageState) -> Any:
        """Of every particle relative to its cage.

        Parameters
        ----------
        origin, end
            Of two frames (`state`).

        Returns
        -------
        array
            Shape (N, d), in the namespace. [length]
        """
        xp = self._xp
        if origin.neighbours is None:
            origin.neighbours = self._neighbours(origin)
        table, count = origin.neighbours
        moved = end.unwrapped - origin.unwrapped
        with_nobody = xp.concatenate([moved, xp.zeros_like(moved[:1])])
        total = xp.zeros_like(moved)
        for column in table:
            total = total + xp.take(with_nobody, column, axis=0)
        return moved - total / count

    def _neighbours(self, state: CageState) -> tuple[Any, Any]:
        """The table, transposed, of shape (most neighbours, N), and their number, at least 1, of shape (N, 1)."""
        found = neighbour_pairs(state.positions, state.cell, self._within)
        state.positions = None
        both = np.concatenate([found, found[:, ::-1]])
        centre, other = both[np.lexsort((both[:, 1], both[:, 0]))].T
        n = self._species.size
        count = np.bincount(centre, minlength=n)
        place = np.arange(centre.size) - np.repeat(np.cumsum(count) - count, count)
        table = np.full((int(count.max(initial=0)), n), n)
        table[place, centre] = other
        return self._xp.asarray(table), self._xp.asarray(np.maximum(count, 1)[:, None].astype(float))
