"""Displacements in a pass over frames: what is kept of a frame, and how pairs of them give displacements.

Every estimator of single particles' motion that a pass uses begins here; on whole arrays they begin with
:func:`glassdask.physics.motion.displacements.displacements`, which gives the same to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.arrays import namespace, to_host
from glassdask.physics.motion.displacements import is_drift_removed, pair_batches, particles_of_species

Floats = NDArray[np.float64]


class PairDisplacements:
    """Of pairs of frames, the drift taken off where that is wanted.

    Parameters
    ----------
    species
        0, 1, ... for A, B, ..., shape (N,).
    remove_drift
        As for :func:`glassdask.self_intermediate_scattering`.
    xp
        Where the work is done, ``numpy`` or ``cupy``.

    Attributes
    ----------
    groups
        Indices of the particles of each species, in the namespace.
    is_at_rest
        Whether the mean displacement of all particles is taken off.
    """

    def __init__(self, species: ArrayLike, remove_drift: bool | None = None, xp: ModuleType = np):
        groups = particles_of_species(species)
        self.groups = [xp.asarray(group) for group in groups]
        self.is_at_rest = is_drift_removed(sum(group.size for group in groups), remove_drift)
        self._xp, self._batches = xp, pair_batches(xp)

    def state(self, unwrapped: Any) -> Any:
        """What pairs need of a frame.

        Parameters
        ----------
        unwrapped
            Positions followed through the boundaries, shape (N, d), in the namespace. [length]

        Returns
        -------
        array
            float64, shape (N, d): less their mean, if the drift is taken off. [length]
        """
        positions = unwrapped.astype(self._xp.float64)
        return positions - positions.mean(axis=0) if self.is_at_rest else positions

    def over(self, states: Sequence[Any], pairs: NDArray[np.int64], work: Callable[[Any], Any]) -> Floats:
        """What `work` makes of the displacements of pairs, in batches.

        Parameters
        ----------
        states
            Of frames (`state`).
        pairs
            Which of them are origin and end, shape (n_pairs, 2), at least one.
        work
            Displacements of shape (n, N, d) to rows of shape (n, …), in the namespace.

        Returns
        -------
        numpy.ndarray
            Shape (n_pairs, …), on the host, in the unit of the rows.
        """
        xp = self._xp

        def of_part(part: NDArray[np.int64]) -> Floats:
            return to_host(work(xp.stack([states[end] - states[origin] for origin, end in part.tolist()])))

        return np.concatenate(self._batches.over(pairs, of_part))


def squared_lengths(displacements: Any) -> Any:
    """|Δr|², added axis by axis: many times faster than a sum over so short an axis.

    Parameters
    ----------
    displacements
        Shape (…, d), NumPy or CuPy. [length]

    Returns
    -------
    array
        Shape (…,), in their namespace. [length^2]

    Examples
    --------
    >>> squared_lengths(np.array([[3.0, 4.0]]))
    array([25.])
    """
    xp = namespace(displacements)
    squared = xp.square(displacements[..., 0])
    for axis in range(1, displacements.shape[-1]):
        squared = squared + xp.square(displacements[..., axis])
    return squared
