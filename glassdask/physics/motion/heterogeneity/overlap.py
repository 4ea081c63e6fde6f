"""Overlap of a configuration with itself some time later, and the four-point susceptibility, its fluctuation.

    q_a(t) = (1/N_a) Σ_{j in a} θ(r_o − |Δr_j(t)|),   Q_a(t) = < q_a >,   chi_4,a(t) = N_a (< q_a² > − < q_a >²)

of each species and, last, of all particles; r_o = 0.3 sigma_AA by default, beyond the amplitude of the rattling in a cage. This is
the self part of the overlap of Lačević, Starr, Schrøder and Glotzer, J. Chem. Phys. 119, 7372 (2003), which also counts particles
that another one has replaced; the self part alone is what is mostly called chi_4 today (Flenner and Szamel, J. Chem. Phys. 138,
12A523 (2013)).

Fluctuations depend on the ensemble: from a run at constant N, V and E, and constant composition, this is the part chi_4 at constant
energy, which lacks what temperature and concentration would add (Berthier et al., J. Chem. Phys. 126, 184503 (2007)).
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
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
    pair_batches,
    particles_of_species,
)
from glassdask.physics.motion.heterogeneity.pair_displacements import PairDisplacements, squared_lengths
from glassdask.physics.motion.unwrapping import followed
from glassdask.physics.numerics.error_bars import block_average

Floats = NDArray[np.float64]
OVERLAP_DISTANCE = 0.3


def overlap(
    positions_unwrapped: Any,
    species: ArrayLike,
    frame_pairs: ArrayLike,
    *,
    distance: float = OVERLAP_DISTANCE,
    box_lengths: ArrayLike | None = None,
    remove_drift: bool | None = None,
    dimension: int | None = None,
) -> Floats:
    """q of each pair of frames: the share of particles that are not farther than `distance` from where they were.

    Parameters
    ----------
    positions_unwrapped
        Positions followed through the periodic boundaries, shape (n_frames, N, d), NumPy or CuPy. [length]
    species
        0, 1, ... for A, B, ..., shape (N,).
    frame_pairs
        Indices of frames (origin, end), shape (n_pairs, 2).
    distance
        r_o, above 0. [length]
    box_lengths, remove_drift, dimension
        As for :func:`glassdask.self_intermediate_scattering`.

    Returns
    -------
    numpy.ndarray
        q_A, q_B, … and that of all particles, shape (n_pairs, n_species + 1), float64, on the host. [1]

    Raises
    ------
    InvalidInput
        If shapes do not fit, the distance is not positive, a pair names a frame that is not there, a position is not
        finite, positions look wrapped, the drift of a single particle is to be taken off, or three coordinates are given of a motion in two
        and `dimension` is not.

    Warns
    -----
    UserWarning
        If the drift of fewer than 100 particles is to be taken off.

    Examples
    --------
    >>> positions = np.array([[[0.0, 0, 0], [0, 0, 0]], [[0.2, 0, 0], [0.4, 0, 0]]])
    >>> overlap(positions, [0, 1], [[0, 1]])
    array([[1. , 0. , 0.5]])
    """
    groups = particles_of_species(species)
    xp = namespace(positions_unwrapped)
    positions = followed(in_dimension(xp.asarray(positions_unwrapped), dimension, box_lengths), box_lengths)
    pairs = checked_pairs(positions, groups, frame_pairs, 2 if positions.shape[-1] == 2 else 3)
    q = Overlap(species, distance, remove_drift, xp)

    def of_pairs(part: Any) -> Floats:
        return to_host(q.of_displacements(displacements(positions, part, q.is_at_rest)))

    found = pair_batches(xp).over(xp.asarray(pairs), of_pairs)
    rows = np.concatenate([np.empty((0, len(groups) + 1)), *found])
    check_finite(rows, pairs)
    return rows


class Overlap(PairDisplacements):
    """q in a pass over frames.

    Parameters
    ----------
    species, remove_drift, xp
        As for :class:`glassdask.physics.motion.heterogeneity.pair_displacements.PairDisplacements`.
    distance
        r_o, above 0. [length]
    """

    def __init__(
        self,
        species: ArrayLike,
        distance: float = OVERLAP_DISTANCE,
        remove_drift: bool | None = None,
        xp: ModuleType = np,
    ):
        super().__init__(species, remove_drift, xp)
        if not (np.isfinite(distance) and distance > 0):
            raise InvalidInput(
                f"distance is {distance!r}; allowed: a length above 0, usually {OVERLAP_DISTANCE} sigma_AA"
            )
        self._squared = float(distance) ** 2

    def of_pairs(self, states: Sequence[Any], pairs: NDArray[np.int64]) -> Floats:
        """q of pairs of frames.

        Parameters
        ----------
        states
            Of frames (`state`).
        pairs
            Which of them are origin and end, shape (n_pairs, 2).

        Returns
        -------
        numpy.ndarray
            q_A, q_B, … and that of all particles, NaN where a position is, shape (n_pairs, n_species + 1), on the host. [1]
        """
        return self.over(states, pairs, self.of_displacements)

    def of_displacements(self, moved: Any) -> Any:
        """q of displacements.

        Parameters
        ----------
        moved
            Shape (n_pairs, N, d), in the namespace. [length]

        Returns
        -------
        array
            Shape (n_pairs, n_species + 1), in the namespace. [1]
        """
        xp = self._xp
        squared = squared_lengths(moved)
        stayed = xp.where(xp.isfinite(squared), (squared <= self._squared).astype(xp.float64), xp.nan)
        chosen = [xp.take(stayed, particles, axis=1) for particles in self.groups]
        return xp.stack([some.mean(axis=1) for some in (*chosen, stayed)], axis=1)


class FourPointSusceptibility(NamedTuple):
    """Of each lag, of each species and, last, of all particles, shape (n_lags, n_species + 1). [1]

    Attributes
    ----------
    chi4
        N (<q²> − <q>²), NaN with fewer than two origins.
    standard_error
        From the jackknife over blocks of time; NaN where fewer than two blocks have origins.
    n_origins
        Shape (n_lags,).
    """

    chi4: Floats
    standard_error: Floats
    n_origins: NDArray[np.int64]


def four_point_susceptibility(
    q: Floats,
    pairs_of_lags: Sequence[NDArray[np.int64]],
    n_particles: ArrayLike,
    origin_times: ArrayLike,
    n_blocks: int = 10,
) -> FourPointSusceptibility:
    """chi_4 of each lag, with errors from the jackknife over blocks of origins that are neighbours in time.

    The variance of n origins around their own mean is too small by 1 − 1/n if they are independent; this is corrected. Origins that
    are nearer than the relaxation time say nearly the same: then n counts too many and chi_4 stays too small, by at most N times
    the variance of the run's <q>; only a longer run helps.

    Parameters
    ----------
    q
        Of each pair of frames, lag after lag (:func:`overlap`), shape (Σ n_pairs, n_species + 1). [1]
    pairs_of_lags
        For each lag its (origin, end) pairs of frames.
    n_particles
        N_A, N_B, … and N, shape (n_species + 1,).
    origin_times
        Time or step of every frame, increasing, shape (n_frames,); cut into `n_blocks` equal spans.
    n_blocks
        Blocks of time.

    Returns
    -------
    FourPointSusceptibility
        Shape (n_lags, n_species + 1). [1]

    Raises
    ------
    InvalidInput
        If shapes do not fit.

    Examples
    --------
    Two origins, at one of which all of ten particles have stayed, at the other none:

    >>> found = four_point_susceptibility(np.array([[1.0], [0.0]]), [np.array([[0, 1], [1, 2]])], [10], [0, 1, 2], 2)
    >>> found.chi4
    array([[5.]])
    """
    n = np.asarray(n_particles, dtype=float)
    sizes = [len(pairs) for pairs in pairs_of_lags]
    if q.ndim != 2 or q.shape != (sum(sizes), n.size) or n_blocks < 1:
        raise InvalidInput(
            f"q has the shape {q.shape}; expected ({sum(sizes)} pairs of frames, {n.size} entries of n_particles), in at "
            f"least one block (n_blocks is {n_blocks})"
        )
    times = np.asarray(origin_times, dtype=float)
    span = times[-1] - times[0] if times[-1] > times[0] else 1.0
    block_of_frame = np.minimum((times - times[0]) / span * n_blocks, n_blocks - 1).astype(np.int64)
    of_lags = np.split(q, np.cumsum(sizes)[:-1]) if sizes else []
    found = [
        _of_lag(rows, block_of_frame[np.asarray(pairs, dtype=np.int64)[:, 0]], n)
        for rows, pairs in zip(of_lags, pairs_of_lags, strict=True)
    ]
    chi4, error = (np.array([one[i] for one in found]).reshape(-1, n.size) for i in (0, 1))
    return FourPointSusceptibility(chi4, error, np.array(sizes, dtype=np.int64))


def susceptibility(mean: ArrayLike, mean_of_squares: ArrayLike, n_origins: ArrayLike, n_particles: ArrayLike) -> Floats:
    """N (<q²> − <q>²) n/(n − 1), of averages over n origins.

    Parameters
    ----------
    mean, mean_of_squares
        <q> and <q²>, of one shape. [1]
    n_origins, n_particles
        n and N, of shapes that fit.

    Returns
    -------
    numpy.ndarray
        Of that shape; NaN with fewer than two origins. [1]

    Examples
    --------
    >>> susceptibility(0.5, 0.5, 2, 10)
    array(5.)
    """
    q, q_2, n = (np.asarray(array, dtype=float) for array in (mean, mean_of_squares, n_origins))
    with np.errstate(invalid="ignore", divide="ignore"):
        unbiased = np.where(n > 1, n / (n - 1.0), np.nan)
        return np.asarray(np.asarray(n_particles) * (q_2 - q**2) * unbiased)


def _of_lag(q: Floats, blocks: NDArray[np.int64], n_particles: Floats) -> tuple[Floats, Floats]:
    """chi_4 and its error; the jackknife leaves out the origins of one block of time after the other."""

    def of(rows: Floats) -> Floats:
        if len(rows) == 0:
            return np.full(n_particles.size, np.nan)
        return susceptibility(rows.mean(axis=0), (rows**2).mean(axis=0), len(rows), n_particles)

    present = np.unique(blocks)
    if present.size < 2:
        return of(q), np.full(n_particles.size, np.nan)
    left_out = np.array([of(q[blocks != b]) for b in present])
    spread = block_average(left_out).standard_error * (present.size - 1.0)
    return of(q), np.asarray(spread)
