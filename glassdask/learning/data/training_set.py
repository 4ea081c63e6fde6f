"""What is learned from: static averages of states, and their F_s(k_p,t) at common lag times."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import atomic_write
from glassdask.physics.liquids.liquid import pairs_of

Floats = NDArray[np.float64]
#: No error of F is taken to be below this: time origins overlap, and float32 files round.
LEAST_ERROR = 1e-3


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Runs of states, one row a replica.

    Parameters
    ----------
    potential
        Names of the liquids, shape (n,).
    temperature, density
        T and ρ, shape (n,). [epsilon_AA/k_B, 1/sigma_AA³]
    replica
        Number of the replica, shape (n,).
    wavenumber
        k, shape (n_k,). [1/sigma_AA]
    structure_factor
        S_ab(k), pairs AA, AB, BB (`pairs_of`); S_aa → x_a at large k; NaN for pairs that a liquid has not, shape
        (n, n_pairs, n_k). [1]
    lag_time
        t > 0, increasing, shape (n_t,). [tau_MD]
    scattering
        F_s(k_p,t) of each species, 1 at t = 0; NaN where not measured, shape (n, n_t, n_species). [1]
    scattering_error
        Its standard error, same shape.
    theory
        F_s(k_p,t) of mode-coupling theory, same shape; NaN where it was not solved.
    critical_coupling
        g_c of each row's S(k), shape (n,); NaN where there is none. [1]
    critical_temperature
        T_mct of each row's potential and density, shape (n,); NaN where not known. [epsilon_AA/k_B]
    mass
        m of each species in units of m_A, shape (n, n_species); without it all are 1. [m_A]
    liquids
        All that there are, of which these rows may be a part: networks are told them by their places. By default those of
        the rows.

    Raises
    ------
    InvalidInput
        If shapes do not fit, or S(k) is not finite.
    """

    potential: NDArray[np.str_]
    temperature: Floats
    density: Floats
    replica: NDArray[np.int64]
    wavenumber: Floats
    structure_factor: Floats
    lag_time: Floats
    scattering: Floats
    scattering_error: Floats
    theory: Floats
    critical_coupling: Floats
    critical_temperature: Floats
    mass: Floats = field(default_factory=lambda: np.empty((0, 0)))
    liquids: NDArray[np.str_] = field(default_factory=lambda: np.array([], dtype=np.str_))

    def __post_init__(self) -> None:
        n, n_k, n_t = len(self.potential), len(self.wavenumber), len(self.lag_time)
        n_species = math.isqrt(2 * np.shape(self.structure_factor)[1])  # n (n + 1)/2 pairs
        curves = (n, n_t, n_species)
        if not len(self.liquids):
            object.__setattr__(self, "liquids", np.unique(self.potential))
        if not self.mass.size:
            object.__setattr__(self, "mass", np.ones((n, n_species)))
        wanted = {
            **dict.fromkeys(("temperature", "density", "replica", "critical_coupling", "critical_temperature"), (n,)),
            "structure_factor": (n, n_species * (n_species + 1) // 2, n_k),
            **dict.fromkeys(("scattering", "scattering_error", "theory"), curves),
            "mass": (n, n_species),
        }
        for name, shape in wanted.items():
            found = np.shape(getattr(self, name))
            if found != shape:
                raise InvalidInput(f"{name} has the shape {found}; allowed: {shape} for {n} rows")
        is_known = np.isfinite(self.structure_factor)
        if not (is_known.all(axis=2) | ~is_known.any(axis=2)).all() or not is_known[:, 0].all():
            raise InvalidInput(
                "structure_factor holds values that are not finite; allowed: numbers, or NaN for all of a pair that a liquid has "
                "not; leave such rows out"
            )

    def write(self, path: Path) -> None:
        """Writes a .npz file for child processes and other nodes, whole; arrays only, nothing that could run code."""
        with atomic_write(path) as temporary:
            np.savez_compressed(temporary, **vars(self))

    @classmethod
    def read(cls, path: Path) -> TrainingSet:
        """Reads what `write` wrote."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(**{f.name: stored[f.name] for f in fields(cls)})

    def __len__(self) -> int:
        return len(self.potential)

    @property
    def state(self) -> NDArray[np.int64]:
        """Number of each row's state, the same for its replicas, shape (n,)."""
        keys = list(zip(self.potential.tolist(), self.density.tolist(), self.temperature.tolist(), strict=True))
        numbers = {key: i for i, key in enumerate(sorted(set(keys)))}
        return np.array([numbers[key] for key in keys], dtype=np.int64)

    @property
    def reduced_temperature(self) -> Floats:
        """T/T_mct, shape (n,)."""
        return self.temperature / self.critical_temperature

    @property
    def n_species(self) -> int:
        """Of the liquid that has most."""
        return int(self.scattering.shape[2])

    @property
    def has_species(self) -> NDArray[np.bool_]:
        """Which species each row's liquid has, shape (n, n_species): those with a S_aa(k)."""
        diagonal = [i for i, pair in enumerate(pairs_of(self.n_species)) if pair[0] == pair[1]]
        return np.asarray(np.isfinite(self.structure_factor[:, diagonal]).any(axis=2))

    @property
    def is_measured(self) -> NDArray[np.bool_]:
        """Where all species that the liquid has have an F, shape (n, n_t)."""
        return np.asarray((np.isfinite(self.scattering) | ~self.has_species[:, None, :]).all(axis=2))

    @property
    def weight_error(self) -> Floats:
        """Standard errors of F as weights see them: none below 10⁻³, the median of all where there is none."""
        usual = np.nanmedian(self.scattering_error) if np.isfinite(self.scattering_error).any() else LEAST_ERROR
        return np.maximum(np.nan_to_num(self.scattering_error, nan=float(usual)), LEAST_ERROR)

    def is_same_series(self, rows: NDArray[np.int64], row: int) -> NDArray[np.bool_]:
        """Which of `rows` have the potential and density of `row`, shape (n_rows,)."""
        same = (self.potential[rows] == self.potential[row]) & np.isclose(self.density[rows], self.density[row])
        return np.asarray(same)

    def at(self, rows: NDArray[np.int64]) -> TrainingSet:
        """The rows with these numbers."""
        common = ("wavenumber", "lag_time", "liquids")
        return TrainingSet(
            **{f.name: getattr(self, f.name) if f.name in common else getattr(self, f.name)[rows] for f in fields(self)}
        )

    def name(self, row: int) -> str:
        """A row's state in words."""
        return f"{self.potential[row]}, rho = {self.density[row]:g}, T = {self.temperature[row]:g}"
