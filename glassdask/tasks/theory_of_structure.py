"""Mode-coupling theory of one structure factor that somebody brings: long-time limit, relaxation times, curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassdask.datasets.measured_structure_factor import MeasuredStructureFactor
from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema import STRUCTURE_VARIABLES
from glassdask.errors import InvalidInput
from glassdask.physics.bipolar_grid import bipolar_wavenumbers, on_bipolar_grid
from glassdask.physics.critical_point import Stability, stability
from glassdask.physics.memory_equation import Dynamics
from glassdask.physics.mode_coupling import ModeCouplingSolution, mode_coupling_dynamics
from glassdask.physics.nonergodicity import Nonergodicity, nonergodicity_parameter
from glassdask.physics.percus_yevick import percus_yevick
from glassdask.physics.relaxation_time import relaxation_time
from glassdask.physics.static_structure import StaticStructure, matrix_of_pairs, pairs_of_matrix

#: Last time in units of the bare time 1/(μ k²) of the wavenumber looked at (its root in Newtonian dynamics).
_END = 1e10


@dataclass(frozen=True, eq=False)
class StructureTheory:
    """What the theory says of one structure.

    Parameters
    ----------
    wavenumber
        At which relaxation times are given: the grid's nearest to what was asked for. [1/length]
    place
        Its index.
    limit
        The long-time limit.
    glass_stability
        Largest eigenvalue and exponent parameter of a glass, else None.
    solution
        The curves in time.
    relaxation_times
        F_s(k,t) = 1/e of each species; NaN where that is not reached.
    collective_relaxation_times
        F_aa(k,t) = S_aa(k)/e of each species.
    """

    wavenumber: float
    place: int
    limit: Nonergodicity
    glass_stability: Stability | None
    solution: ModeCouplingSolution
    relaxation_times: list[float]
    collective_relaxation_times: list[float]


def hard_spheres(
    packing_fraction: float, diameters: Sequence[float], composition: Sequence[float]
) -> tuple[StaticStructure, list[str]]:
    """Percus–Yevick hard spheres on the usual grid, and what they are in words."""
    structure = percus_yevick(bipolar_wavenumbers(), packing_fraction, diameters, composition)
    return structure, ["hard spheres in the Percus–Yevick approximation, k = 0.2, 0.6 … 39.8"]


def structure_of_measured(
    measured: MeasuredStructureFactor, density: float, composition: Sequence[float]
) -> tuple[StaticStructure, list[str]]:
    """A user's S(k) on a bipolar grid, and what was done to it in words.

    Raises
    ------
    InvalidInput
        As for `on_bipolar_grid` and `StaticStructure`.
    """
    k, partials, notes = on_bipolar_grid(measured.wavenumber, measured.partials, density)
    return StaticStructure(k, matrix_of_pairs(partials), density, np.array(composition)), notes


def theory_of_structure(
    structure: StaticStructure,
    dynamics: Dynamics = "overdamped",
    mobility: float = 1.0,
    wavenumber: float | None = None,
    end_time: float | None = None,
) -> StructureTheory:
    """Solves mode-coupling theory for a structure, with Richardson's extrapolation and so with an error estimate.

    Parameters
    ----------
    structure
        S(k), density, composition.
    dynamics, mobility
        As for `mode_coupling_dynamics`.
    wavenumber
        Where relaxation times are wanted; by default at the main peak of S of the first species. [1/length]
    end_time
        Last time; by default 1e10 bare times of that wavenumber. [time]

    Raises
    ------
    InvalidInput
        If the wavenumber lies outside of the grid.
    """
    place = _place(structure, wavenumber)
    k = float(structure.wavenumber[place])
    bare = 1.0 / (mobility * k**2)
    end = end_time or _END * (math.sqrt(bare) if dynamics == "newtonian" else bare)
    limit = nonergodicity_parameter(structure)
    solution = mode_coupling_dynamics(structure, end, dynamics, mobility, n_half=32, is_extrapolated=True)
    S = structure.structure_factor
    return StructureTheory(
        k,
        place,
        limit,
        stability(structure, limit) if limit.state == "glass" else None,
        solution,
        [_time(solution, solution.F_s[:, a, place]) for a in range(structure.n_species)],
        [_time(solution, solution.F[:, a, a, place] / S[a, a, place]) for a in range(structure.n_species)],
    )


def write_theory(theory: StructureTheory, path: Path, attributes: dict[str, Any]) -> None:
    """S, F, F_s, their memories, displacements and long-time limits as netCDF, whole or not at all."""
    solution, structure = theory.solution, theory.solution.structure
    names = _species_names(structure)
    pairs = [first + second for i, first in enumerate(names) for second in names[i:]]
    values = {
        "structure_factor": pairs_of_matrix(structure.structure_factor),
        "direct_correlation": pairs_of_matrix(structure.direct_correlation),
        "nonergodicity": pairs_of_matrix(theory.limit.F),
        "self_nonergodicity": theory.limit.F_s,
        "scattering": pairs_of_matrix(np.moveaxis(solution.F, 0, -1)),
        "memory": np.moveaxis(solution.M, 0, -1),
        "self_scattering": np.moveaxis(solution.F_s, 0, -1),
        "self_memory": np.moveaxis(solution.M_s, 0, -1),
        "mean_squared_displacement": solution.mean_squared_displacement.T,
    }
    coordinates = {
        "k": structure.wavenumber,
        "t": solution.t,
        "pair": pairs,
        "species": names,
        "other_species": names,
    }
    data = dataset(values, coordinates, STRUCTURE_VARIABLES)
    composition = ", ".join(f"{x:g}" for x in structure.composition)
    about = {
        "title": "mode-coupling theory of a structure factor",
        "density": structure.density,
        "composition": composition,
        "long_time_limit": theory.limit.state,
        "time_domain": solution.outcome,
        "error_estimate": solution.error,
    }
    write_netcdf(data, path, {**about, **attributes})


def theory_json(theory: StructureTheory) -> dict[str, Any]:
    """Everything worth a line, as plain data; what does not exist is None."""
    structure, limit = theory.solution.structure, theory.limit
    names = _species_names(structure)
    S = structure.structure_factor
    f = {
        a + b: [float(value) for value in limit.F[i, j] / S[i, j]]
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i <= j
    }
    found = theory.glass_stability
    return {
        "outcome": limit.state,
        "iterations": limit.iterations,
        "time_domain": theory.solution.outcome,
        "error_estimate": _finite(theory.solution.error),
        "wavenumber": theory.wavenumber,
        "relaxation_time": dict(zip(names, map(_finite, theory.relaxation_times), strict=True)),
        "collective_relaxation_time": dict(zip(names, map(_finite, theory.collective_relaxation_times), strict=True)),
        "largest_eigenvalue": found.eigenvalue if found else None,
        "exponent_parameter": found.exponent_parameter if found else None,
        "k": structure.wavenumber.tolist(),
        "nonergodicity": f,
        "self_nonergodicity": {name: limit.F_s[a].tolist() for a, name in enumerate(names)},
    }


def _species_names(structure: StaticStructure) -> list[str]:
    return [chr(ord("A") + a) for a in range(structure.n_species)]


def _place(structure: StaticStructure, wavenumber: float | None) -> int:
    k = structure.wavenumber
    if wavenumber is None:
        return int(np.argmax(structure.structure_factor[0, 0]))
    if not 0 < wavenumber <= k[-1] + 0.5 * structure.spacing:
        raise InvalidInput(f"wavenumber is {wavenumber:g}; allowed: above 0 up to {k[-1]:g}, the end of the grid")
    return int(np.argmin(np.abs(k - wavenumber)))


def _time(solution: ModeCouplingSolution, curve: np.ndarray) -> float:
    solved = np.isfinite(curve)
    return relaxation_time(solution.t[solved], curve[solved]).value


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
