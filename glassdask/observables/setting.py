"""What all estimators of a pass are told: whose particles, in which box, which lags and wavenumbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from glassdask.observables.frames import Floats

#: Width of the bins of distances. [length]
DISTANCE_STEP = 0.02


def _nothing() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Setting:
    """Of one trajectory and one pass over it.

    Parameters
    ----------
    species
        0 for A, 1 for B and so on, int64, shape (N,).
    names
        Of the species.
    masses
        Of the species. [any unit]
    cell
        Lattice vectors of the first frame as rows, shape (d, d). [length]
    lag_times
        Increasing, shape (n_lags,). [time]
    wavenumbers
        Of collective scattering: k_p first. [1/length]
    grid
        The k grid of F_s(k,t), shape (n_k,). [1/length]
    edges
        Of the bins of S(k), shape (n_bins + 1,). [1/length]
    overlap_distance
        Within which a particle counts as not moved. [length]
    neighbour_distance, broken_distance
        Within which two particles are neighbours, and beyond which their bond is broken. [length]
    distance
        Up to which g(r) and the van Hove function go. [length]
    shell_half_width
        Of the shell of wavevectors of one wavenumber. [1/length]
    max_vectors
        Most wavevectors of one wavenumber; more are sampled.
    max_centres
        Most particles that g(r) looks around from; of more, some are drawn.
    remove_drift
        As for :func:`glassdask.self_intermediate_scattering`.
    xp
        Where the work is done, ``numpy`` or ``cupy``.
    """

    species: NDArray[np.int64]
    names: tuple[str, ...]
    masses: tuple[float, ...]
    cell: Floats
    lag_times: Floats = field(default_factory=_nothing)
    wavenumbers: tuple[float, ...] = ()
    grid: Floats = field(default_factory=_nothing)
    edges: Floats = field(default_factory=_nothing)
    overlap_distance: float = 0.3
    neighbour_distance: float = 1.4
    broken_distance: float = 1.7
    distance: float = 5.0
    shell_half_width: float = 0.1
    max_vectors: int = 200
    max_centres: int = 10_000
    remove_drift: bool | None = None
    xp: ModuleType = np

    @property
    def dimension(self) -> int:
        """d, 2 or 3."""
        return len(self.cell)

    @property
    def pair_names(self) -> tuple[str, ...]:
        """AA, AB, …, BB, …"""
        return tuple(f"{a}{b}" for i, a in enumerate(self.names) for b in self.names[i:])

    @property
    def distance_edges(self) -> Floats:
        """Of the bins of distances, multiples of `DISTANCE_STEP` from 0 up to `distance`. [length]"""
        return np.asarray(np.arange(round(self.distance / DISTANCE_STEP) + 1) * DISTANCE_STEP, dtype=np.float64)

    @property
    def distances(self) -> Floats:
        """Centres of the bins of distances. [length]"""
        edges = self.distance_edges
        return np.asarray(0.5 * (edges[1:] + edges[:-1]))
