"""What is learned from: static averages of states, and their F_s(k_p,t) at common lag times."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import atomic_write

Floats = NDArray[np.float64]
#: No error of F is taken to be below this: time origins overlap, and float32 files round.
LEAST_ERROR = 1e-3


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Runs of states, one row a replica.

    Parameters
    ----------
    potential
        "lj" or "wca", shape (n,).
    temperature, density
        T and ρ, shape (n,). [epsilon_AA/k_B, 1/sigma_AA³]
    replica
        Number of the replica, shape (n,).
    wavenumber
        k, shape (n_k,). [1/sigma_AA]
    structure_factor
        S_ab(k), pairs AA, AB, BB; S_aa → x_a at large k, shape (n, 3, n_k). [1]
    lag_time
        t > 0, increasing, shape (n_t,). [tau_MD]
    scattering
        F_s(k_p,t) of A and B, 1 at t = 0; NaN where not measured, shape (n, n_t, 2). [1]
    scattering_error
        Its standard error, same shape.
    theory
        F_s(k_p,t) of mode-coupling theory, same shape; NaN where it was not solved.
    critical_coupling
        g_c of each row's S(k), shape (n,); NaN where there is none. [1]
    critical_temperature
        T_mct of each row's potential and density, shape (n,); NaN where not known. [epsilon_AA/k_B]

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

    def __post_init__(self) -> None:
        n, n_k, n_t = len(self.potential), len(self.wavenumber), len(self.lag_time)
        curves = (n, n_t, 2)
        wanted = {
            **dict.fromkeys(("temperature", "density", "replica", "critical_coupling", "critical_temperature"), (n,)),
            "structure_factor": (n, 3, n_k),
            **dict.fromkeys(("scattering", "scattering_error", "theory"), curves),
        }
        for name, shape in wanted.items():
            found = np.shape(getattr(self, name))
            if found != shape:
                raise InvalidInput(f"{name} has the shape {found}; allowed: {shape} for {n} rows")
        if not np.isfinite(self.structure_factor).all():
            raise InvalidInput(
                "structure_factor holds values that are not finite; allowed: numbers; leave such rows out"
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
    def is_measured(self) -> NDArray[np.bool_]:
        """Where both species have an F, shape (n, n_t)."""
        return np.asarray(np.isfinite(self.scattering).all(axis=2))

    @property
    def weight_error(self) -> Floats:
        """Standard errors of F as weights see them: none below 10⁻³, the median of all where there is none."""
        usual = np.nanmedian(self.scattering_error) if np.isfinite(self.scattering_error).any() else LEAST_ERROR
        return np.maximum(np.nan_to_num(self.scattering_error, nan=float(usual)), LEAST_ERROR)

    def at(self, rows: NDArray[np.int64]) -> TrainingSet:
        """The rows with these numbers."""
        common = ("wavenumber", "lag_time")
        return TrainingSet(
            **{f.name: getattr(self, f.name) if f.name in common else getattr(self, f.name)[rows] for f in fields(self)}
        )

    def name(self, row: int) -> str:
        """A row's state in words."""
        return f"{self.potential[row]}, rho = {self.density[row]:g}, T = {self.temperature[row]:g}"
