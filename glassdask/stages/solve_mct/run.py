"""Stage solve_mct: what mode-coupling theory makes of a state's S(k), as ``mode_coupling.nc``.

F_ab(k,t), F_s(k,t), their memories, the mean squared displacement, relaxation times and long-time limits of each run by
itself; critical temperatures need S(k) of several temperatures (:mod:`glassdask.stages.collect.critical_temperatures`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import dataset, read_netcdf, unfilled, write_netcdf
from glassdask.datasets.schema.variables import MODE_COUPLING_VARIABLES, state_coordinates
from glassdask.errors import InvalidInput
from glassdask.outcome import ModeCouplingState, Outcome, Status
from glassdask.physics.liquids.liquid import SPECIES, TAU_MD, Liquid
from glassdask.physics.mode_coupling.mode_coupling_dynamics import ModeCouplingSolution
from glassdask.physics.motion.curves.relaxation_time import relaxation_time
from glassdask.physics.structure.bipolar_grid import HALF_WIDTH, smoothed_at
from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs, pairs_of_matrix
from glassdask.physics.structure.wavevectors import octant
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.contract.grids import mode_coupling_times, wavenumber_centres, wavenumber_edges
from glassdask.stages.contract.sections import ModeCouplingSection, WavenumbersSection
from glassdask.stages.reduce import OBSERVABLES
from glassdask.stages.solve_mct import MODE_COUPLING
from glassdask.stages.solve_mct.theory_solution import solved_theory

#: Shells of wavevectors below which S(k) is an even polynomial: three times 2π/L.
_LOWEST_SHELLS = 3
#: The curves in time, of all that is solved; long-time limit and critical coupling follow.
_TIME_SHARE = 0.9


def solve_mct(context: StageContext) -> StageResult:
    """Solves mode-coupling theory for a state.

    An S(k) that the theory cannot take (a crystal's, or one too noisy to be positive definite) makes no failure: the
    state is marked "unusable", the reason lies in the file's attributes.

    Returns
    -------
    StageResult
        Product: ``mode_coupling.nc``; the status of the state is that of `reduce`.
    """
    data = read_netcdf(context.folder / OBSERVABLES)
    section, wavenumbers = context.sections.mode_coupling, context.sections.wavenumbers
    times = mode_coupling_times(section)
    box_length = float(data.attrs.get("box_length", context.sections.system.box_length))
    partials = partials_for_theory(data, wavenumbers, box_length)
    values, reason = {"mct_structure_factor": partials}, ""
    try:
        if data.attrs["status"] == Status.CRYSTALLISED:
            raise InvalidInput("the run has crystallised")
        structure = structure_for_theory(data, partials, wavenumbers, box_length, context.liquid)
        told = context.part("time", 0.0, _TIME_SHARE)
        told(0.0)
        values.update(_solved(structure, context.liquid, data, section, times, told))
    except InvalidInput as error:
        sizes = {
            "pair": data.sizes["pair"],
            "species": data.sizes["species"],
            "k": partials.shape[1],
            "t_mct": times.size,
        }
        values = {**unfilled(MODE_COUPLING_VARIABLES, sizes), **values}
        values["mct_state"], reason = np.array(ModeCouplingState.UNUSABLE.flag), str(error)
    coordinates = {
        "k": wavenumber_centres(wavenumbers),
        "t_mct": times,
        "pair": list(context.liquid.pair_names),
        "species": list(context.liquid.species),
        **state_coordinates(context.state),
    }
    kept = {name: data.attrs[name] for name in ("title", "source", "seed", "status") if name in data.attrs}
    attributes = {
        **kept,
        "dynamics": section.dynamics,
        "mct_reason": reason,
        "campaign": context.execution.campaign,
    }
    write_netcdf(dataset(values, coordinates, MODE_COUPLING_VARIABLES), context.work / MODE_COUPLING, attributes)
    return StageResult(Outcome.DONE, (MODE_COUPLING,), Status(data.attrs["status"]), _summary(values, reason))


def _summary(values: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """What mode-coupling theory says of a state, as plain data; `reason` says why it could not take the state's S(k)."""
    taus = zip(SPECIES, np.asarray(values["mct_relaxation_time"], dtype=float), strict=False)
    finite = {f"mct_relaxation_time_{s}": float(tau) if math.isfinite(tau) else None for s, tau in taus}
    return {"mct_state": ModeCouplingState.flagged(values["mct_state"]), **finite, "mct_reason": reason}


#: Variables of ``observables.nc`` that `partials_for_theory` reads, as far as they are there.
FINE_BINS = ("n_vectors_fine", "mean_wavenumber_fine", "structure_factor_fine")


def partials_for_theory(
    data: xr.Dataset,
    section: WavenumbersSection,
    box_length: float,
    width: float = 1.0,
) -> np.ndarray:
    """S_AA, S_AB, S_BB, … at the wavenumbers of the campaign, from the fine bins of a state: shape (n_pairs, N_k).

    Parameters
    ----------
    data
        ``observables.nc`` of the state.
    section
        The table ``wavenumbers`` of the campaign file.
    box_length
        L of the simulation. [sigma_AA]
    width
        Half width of the parabolas in k, as a share of the usual one.
    """
    _, fine_edges = wavenumber_edges(section)
    count = data["n_vectors_fine"].values if "n_vectors_fine" in data else octant(box_length, fine_edges).count
    return smoothed_at(
        wavenumber_centres(section),
        data["mean_wavenumber_fine"].values,
        data["structure_factor_fine"].values,
        count,
        _LOWEST_SHELLS * 2 * np.pi / box_length,
        width * HALF_WIDTH * section.spacing,
    )


def structure_for_theory(
    data: xr.Dataset, partials: np.ndarray, section: WavenumbersSection, box_length: float, liquid: Liquid
) -> StaticStructure:
    """S(k), density and composition of a state as mode-coupling theory takes them.

    Density and composition are those of the whole numbers of particles that were simulated: S_aa → x_a only for that x_a. Of a
    trajectory that somebody brings they stand in the data.

    Raises
    ------
    InvalidInput
        If S(k) is not positive definite.
    """
    n = int(data.attrs["n_particles"])
    own = data["composition"].values if "composition" in data else None
    composition = np.array(liquid.counts(n)) / n if own is None else own
    return StaticStructure(wavenumber_centres(section), matrix_of_pairs(partials), n / box_length**3, composition)


def _solved(
    structure: StaticStructure,
    liquid: Liquid,
    data: xr.Dataset,
    section: ModeCouplingSection,
    times: np.ndarray,
    told: Callable[[float], None],
) -> dict[str, np.ndarray]:
    """Newtonian: μ_s = k_BT/m_s; overdamped: one D for all species."""
    mobility, masses = float(data["T"]) * TAU_MD**2, list(liquid.masses.values())
    if section.dynamics == "overdamped":
        mobility, masses = section.diffusivity, [1.0]
    theory = solved_theory(
        structure, section.end_time, section.dynamics, mobility, section.n_half, masses=masses, told=told
    )
    solution = theory.solution
    peak = _at_peak(solution, float(data["peak_wavenumber"]))
    n = _n_solved(solution)
    shown = times <= solution.t[n - 1] * (1 + 1e-9)

    def on_times(curves: np.ndarray) -> np.ndarray:
        """On the common times, which come last; NaN beyond the last time that was solved."""
        known = np.concatenate([curves[:n], np.repeat(curves[n - 1 : n], len(curves) - n, axis=0)])
        result = np.full((times.size, *curves.shape[1:]), np.nan)
        result[shown] = solution.collective.grid.interpolated(known, times[shown])
        return np.moveaxis(result, 0, -1)

    tau = [relaxation_time(solution.t[:n], peak[:n, s]).value for s in range(peak.shape[1])]
    values = {
        **theory.variables(on_times),
        "state": np.array(theory.limit.state.flag),
        "is_unresolved": np.array(solution.outcome != "converged"),
        "memory": pairs_of_matrix(on_times(solution.M)),
        "peak_scattering": on_times(peak),
        "relaxation_time": np.array(tau),
    }
    return {f"mct_{name}": value for name, value in values.items()}


def _n_solved(solution: ModeCouplingSolution) -> int:
    """How many times from the first are solved by all three equations; at t = 0 everything is known."""
    curves = (solution.F, solution.F_s, solution.mean_squared_displacement)
    is_known = np.array([np.isfinite(curve).reshape(solution.t.size, -1).all(axis=1) for curve in curves]).all(axis=0)
    return solution.t.size if is_known.all() else int(np.argmin(is_known))


def _at_peak(solution: ModeCouplingSolution, peak_wavenumber: float) -> np.ndarray:
    """F_s(k_p,t), linear in k between the grid's neighbours of k_p, shape (n_times, n_species)."""
    k = solution.structure.wavenumber
    above = int(np.clip(np.searchsorted(k, peak_wavenumber), 1, k.size - 1))
    share = (peak_wavenumber - k[above - 1]) / (k[above] - k[above - 1])
    return (1.0 - share) * solution.F_s[:, :, above - 1] + share * solution.F_s[:, :, above]
