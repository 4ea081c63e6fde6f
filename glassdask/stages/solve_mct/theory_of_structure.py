"""Mode-coupling theory of one structure factor that somebody brings: long-time limit, relaxation times, curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glassdask.datasets.labelled_arrays import LabelledArrays
from glassdask.datasets.own_files.measured_structure_factor import MeasuredStructureFactor
from glassdask.datasets.schema.variables import STRUCTURE_VARIABLES
from glassdask.errors import InvalidInput
from glassdask.outcome import ModeCouplingState
from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS, Dynamics
from glassdask.physics.mode_coupling.mode_coupling_dynamics import ModeCouplingSolution
from glassdask.physics.mode_coupling.stability import Stability, stability
from glassdask.physics.motion.curves.relaxation_time import relaxation_time
from glassdask.physics.structure.bipolar_grid import COUNT, bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs, pairs_of_matrix
from glassdask.physics.structure.table_on_grid import TableOnGrid, on_bipolar_grid
from glassdask.stages.solve_mct.theory_solution import TheorySolution, solved_theory

#: Last time in units of the bare time 1/(μ k²) of the wavenumber looked at (its root in Newtonian dynamics).
_END = 1e10
#: Where the main peak is sought in vain, k = 7 at ρσ³ = 1.2 as in the Kob–Andersen mixture.
_USUAL_PEAK, _USUAL_DENSITY = 7.0, 1.2


@dataclass(frozen=True, eq=False)
class StructureTheory(TheorySolution):
    """A solution, and what is asked of it at one wavenumber.

    Parameters
    ----------
    wavenumber
        At which relaxation times are given: the grid's nearest to what was asked for. [1/length]
    place
        Its index.
    table_size
        Wavenumbers of the table; the solution has more where S = x_a δ_ab was taken beyond it.
    glass_stability
        Largest eigenvalue and exponent parameter of a glass, else None.
    relaxation_times
        F_s(k,t) = 1/e of each species; NaN where that is not reached.
    collective_relaxation_times
        F_aa(k,t) = S_aa(k)/e of each species.
    """

    wavenumber: float
    place: int
    table_size: int
    glass_stability: Stability | None
    relaxation_times: list[float]
    collective_relaxation_times: list[float]


def hard_spheres(
    packing_fraction: float, diameters: Sequence[float], composition: Sequence[float]
) -> tuple[StaticStructure, TableOnGrid]:
    """Percus–Yevick hard spheres on the usual grid, and what they are in words."""
    structure = percus_yevick(bipolar_wavenumbers(), packing_fraction, diameters, composition)
    note = "hard spheres in the Percus–Yevick approximation, k = 0.2, 0.6 … 39.8"
    return structure, TableOnGrid(structure.wavenumber, pairs_of_matrix(structure.structure_factor), [note])


def structure_of_measured(
    measured: MeasuredStructureFactor, density: float, composition: Sequence[float]
) -> tuple[StaticStructure, TableOnGrid]:
    """A user's S(k) on a bipolar grid, and what was done to it.

    Raises
    ------
    InvalidInput
        As for `on_bipolar_grid` and `StaticStructure`.
    """
    x = np.array(composition)
    table = on_bipolar_grid(measured.wavenumber, measured.partials, density, x, measured.errors)
    return StaticStructure(table.wavenumber, matrix_of_pairs(table.partials), density, x), table


def beyond_the_table(structure: StaticStructure, beyond: str) -> StaticStructure:
    """S(k) as it is ("end": the integrals end there), or with S_ab = x_a δ_ab beyond its end ("ideal").

    No direct correlations are added, but F beyond the end takes part in the integrals. To half as far again, and to 100
    wavenumbers at the least: hard spheres known up to k d = 20 have the same τ then to a percent as with twice as far.
    """
    if beyond == "end":
        return structure
    n = structure.wavenumber.size
    more = max(COUNT, (3 * n) // 2) - n
    limit = np.repeat(np.diag(structure.composition)[:, :, None], more, axis=2)
    return StaticStructure(
        bipolar_wavenumbers(structure.spacing, n + more),
        np.concatenate([structure.structure_factor, limit], axis=2),
        structure.density,
        structure.composition,
    )


def theory_of_structure(
    structure: StaticStructure,
    dynamics: Dynamics = DEFAULT_DYNAMICS,
    mobility: float = 1.0,
    wavenumber: float | None = None,
    end_time: float | None = None,
    beyond: str = "end",
    masses: Sequence[float] | None = None,
) -> StructureTheory:
    """Solves mode-coupling theory for a structure, with Richardson's extrapolation and so with an error estimate.

    `mobility` is D of overdamped dynamics or k_BT/m of Newtonian, which `masses` divide, one of each species. Relaxation
    times are those at `wavenumber`, by default at the main peak of the total S(k) [1/length]; `end_time` is 1e10 bare times
    of it by default; `beyond` is that of `beyond_the_table`. InvalidInput if the wavenumber lies outside of the grid, or there
    is not one mass above 0 for each species.
    """
    if masses is not None:
        _check_masses(masses, structure.n_species, dynamics)
    place = _place(structure, wavenumber)
    k = float(structure.wavenumber[place])
    bare = 1.0 / (mobility * k**2)
    end = end_time or _END * (math.sqrt(bare) if dynamics == "newtonian" else bare)
    table_size = structure.wavenumber.size
    structure = beyond_the_table(structure, beyond)
    theory = solved_theory(structure, end, dynamics, mobility, n_half=32, is_extrapolated=True, masses=masses or 1.0)
    tau, collective = times_at(theory.solution, place)
    return StructureTheory(
        **vars(theory),
        wavenumber=k,
        place=place,
        table_size=table_size,
        glass_stability=stability(structure, theory.limit) if theory.limit.state is ModeCouplingState.GLASS else None,
        relaxation_times=tau,
        collective_relaxation_times=collective,
    )


def times_at(solution: ModeCouplingSolution, place: int) -> tuple[list[float], list[float]]:
    """When F_s and F_aa / S_aa of each species have fallen to 1/e at a wavenumber of the grid; NaN where they do not."""
    S, species = solution.structure.structure_factor, range(solution.structure.n_species)
    return (
        [_time(solution, solution.F_s[:, a, place]) for a in species],
        [_time(solution, solution.F[:, a, a, place] / S[a, a, place]) for a in species],
    )


def theory_arrays(theory: StructureTheory) -> LabelledArrays:
    """S, F, F_s, their memories, displacements, long-time limits and relaxation times, from which JSON and text come."""
    solution, structure = theory.solution, theory.solution.structure
    names = species_names(structure)
    stability = theory.glass_stability
    values = {
        **theory.variables(lambda curves: np.moveaxis(curves, 0, -1)),
        "structure_factor": pairs_of_matrix(structure.structure_factor),
        "direct_correlation": pairs_of_matrix(structure.direct_correlation),
        "memory": np.moveaxis(solution.M, 0, -1),
        "relaxation_time": np.array(theory.relaxation_times),
        "collective_relaxation_time": np.array(theory.collective_relaxation_times),
        "relaxation_wavenumber": theory.wavenumber,
        "largest_eigenvalue": stability.eigenvalue if stability else np.nan,
        "exponent_parameter": stability.exponent_parameter if stability else np.nan,
    }
    coordinates = {
        "k": structure.wavenumber,
        "t": solution.t,
        "pair": [first + second for i, first in enumerate(names) for second in names[i:]],
        "species": names,
        "other_species": names,
    }
    attributes = {
        "title": "mode-coupling theory of a structure factor",
        "density": structure.density,
        "composition": ", ".join(f"{x:g}" for x in structure.composition),
        "dynamics": theory.dynamics,
        "mobility": theory.mobility,
        **({} if np.ndim(theory.masses) == 0 else {"masses": ", ".join(f"{m:g}" for m in np.asarray(theory.masses))}),
        "long_time_limit": str(theory.limit.state),
        "iterations": theory.limit.iterations,
        "time_domain": solution.outcome,
        "error_estimate": solution.error,
    }
    return LabelledArrays(values, coordinates, STRUCTURE_VARIABLES, attributes)


def species_names(structure: StaticStructure) -> list[str]:
    return [chr(ord("A") + a) for a in range(structure.n_species)]


def _check_masses(masses: Sequence[float], n_species: int, dynamics: Dynamics) -> None:
    if dynamics != "newtonian":
        raise InvalidInput(f"masses have no part in {dynamics} dynamics; leave them out, or take newtonian")
    if len(masses) != n_species or not all(math.isfinite(mass) and mass > 0 for mass in masses):
        listed = ", ".join(f"{mass:g}" for mass in masses)
        raise InvalidInput(f"masses are {listed}; allowed: {n_species} finite numbers above 0, one for each species")


def _place(structure: StaticStructure, wavenumber: float | None) -> int:
    k = structure.wavenumber
    if wavenumber is None:
        peak = MeasuredStructureFactor(k, pairs_of_matrix(structure.structure_factor)).main_peak()
        usual = _USUAL_PEAK * (structure.density / _USUAL_DENSITY) ** (1 / 3)
        return int(np.argmin(np.abs(k - (usual if peak is None else peak))))
    if not 0 < wavenumber <= k[-1] + 0.5 * structure.spacing:
        raise InvalidInput(f"wavenumber is {wavenumber:g}; allowed: above 0 up to {k[-1]:g}, the end of the grid")
    return int(np.argmin(np.abs(k - wavenumber)))


def _time(solution: ModeCouplingSolution, curve: np.ndarray) -> float:
    solved = np.isfinite(curve)
    return relaxation_time(solution.t[solved], curve[solved]).value
