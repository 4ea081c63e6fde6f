"""Methods of what was made of the runs: averages, verdicts, mode-coupling theory, memory functions, networks."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import xarray as xr

from glassdask.fits.search.search import SIGMA as SEARCH_SIGMA
from glassdask.fits.target.target import ERROR_FLOOR
from glassdask.physics.memory.memory_equation import solve_memory_equation
from glassdask.physics.mode_coupling.nonergodicity import nonergodicity_parameter
from glassdask.physics.motion.equilibration import Tolerances
from glassdask.physics.structure import crystallinity
from glassdask.stages.contract.sections import Sections
from glassdask.stages.reduce.run import N_BLOCKS
from glassdask.stages.report.methods_part import Methods


def averages(sections: Sections, cube: xr.Dataset) -> Methods:
    """S(k), F_s(k,t) and their errors; the grids are those of the cube."""
    k, fine, t = (cube[name].values for name in ("k", "k_fine", "t"))
    measured = t[t > 0]
    spacing = k[1] - k[0]
    return Methods(
        "Averages",
        [
            (
                f"S_ab(k) of all wavevectors of the box, averaged over about "
                f"{sections.wavenumbers.structure_frames} frames evenly in time, on {k.size} bins of {spacing:g}/σ_AA centred at {k[0]:g} … {k[-1]:g}/σ_AA, and on "
                f"{fine.size} bins of {fine[1] - fine[0]:g}/σ_AA from which the main peak k_p is read by a parabola; "
                "normalisation 1/N, so that S_ab → x_a δ_ab. The bin below the smallest wavevector is filled by a fit "
                "in k² and marked."
            ),
            (
                "F_s(k,t) as ⟨sin(k|Δr|)/(k|Δr|)⟩ with F_s(k,0) = 1 (eq. 1 of the paper times 1/S(k_p)), at "
                f"{measured.size} lag times from {measured[0]:g} to {measured[-1]:g} τ_MD, on the same bins and at "
                "k_p. τ_α: F_s(k_p,τ_α) = 1/e."
            ),
            (
                f"Standard errors from {N_BLOCKS} blocks of time; of replicas, from their scatter where there are three "
                "or more."
            ),
        ],
    )


def verdicts(sections: Sections) -> Methods:
    """When a run counts as equilibrated, crystallised or odd."""
    quality, allowed = sections.quality, Tolerances()
    return Methods(
        "Verdicts",
        [
            (
                "A run is in equilibrium where the halves of production agree (energy within "
                f"{allowed.energy:g} k_BT, temperature within {allowed.temperature:.1%}, F_s within "
                f"{allowed.scattering:g}, or not significantly at {allowed.significance:g}) and it lasted "
                f"{quality.relaxation_times:g} relaxation times."
            ),
            (
                f"It is crystallised where more than {crystallinity.CRYSTALLISED_FRACTION:.0%} of A are solid-like "
                f"(averaged q6 of {crystallinity.N_NEIGHBOURS} neighbours above {crystallinity.SOLID_LIKE_Q6:g}) in "
                f"two blocks, or a cluster exceeds {crystallinity.CRYSTALLISED_CLUSTER}."
            ),
            (
                f"Flags: measured temperature off by more than {quality.temperature_error:.2%}, energy drift above "
                f"{quality.energy_drift:g} k_BT per particle."
            ),
        ],
    )


def theory(sections: Sections, cube: xr.Dataset) -> Methods:
    """Mode-coupling theory and its critical temperature."""
    section = sections.mode_coupling
    k, t = cube["k"].values, cube["t_mct"].values
    mobility = (
        f"overdamped with diffusivity {section.diffusivity:g}" if section.dynamics == "overdamped" else "Newtonian"
    )
    return Methods(
        "Mode-coupling theory",
        [
            (
                "Eqs. 11 to 13 of the paper (collective and tagged, misprints mended) with the measured S_ab(k) on "
                f"the bipolar grid of {k.size} wavenumbers, Δk = {k[1] - k[0]:g}/σ_AA, {mobility}."
            ),
            (
                f"Time doubling with {section.n_half} points a half, up to {t[-1]:g} τ_MD, kept at {t.size} "
                f"times; iterations of a step end at {_default(solve_memory_equation, 'tolerance'):g}, those of the "
                f"long-time limit at {_default(nonergodicity_parameter, 'tolerance'):g}."
            ),
            (
                "T_mct: S(k) fitted linearly in T through the runs in equilibrium near it, largest eigenvalue of the "
                "stability matrix extrapolated to 1; its error is a jackknife over runs."
            ),
        ],
    )


def memory(sections: Sections) -> Methods:
    """The fits of eq. 6."""
    section = sections.memory
    forms = {
        "newtonian": "Newtonian (second time derivative, Ω = k_p² k_BT/m, all times)",
        "overdamped": f"overdamped (eq. 5, Ω fitted, from {section.overdamped_from:g} τ_MD on)",
    }
    return Methods(
        "Memory functions",
        [
            (
                f"Eq. 6 with N_exp = {', '.join(map(str, section.n_exp))} fitted to F_s(k_p,t) of A and B of every "
                f"state, with the equations: {'; '.join(forms[name] for name in section.dynamics)}."
            ),
            (
                f"CMA-ES from the best of {section.starts} random memories, σ = {SEARCH_SIGMA:g}, at most "
                f"{section.generations} generations a search, then least squares; loss: eq. 7 weighted with the "
                f"standard errors, none below {ERROR_FLOOR:g}."
            ),
            (
                f"Errors from the covariance and {section.bootstrap} resampled sets of time origins; the number of "
                "modes by BIC."
            ),
        ],
    )


def networks(training: Mapping[str, Any]) -> Methods:
    """How networks were trained; `training` holds the options of the study."""
    told = ", ".join(f"{name.replace('_', ' ')} = {value}" for name, value in training.items() if value is not None)
    return Methods(
        "Networks",
        [
            (
                "The paper's network and a smaller one chosen by cross-validation learn F_s(k_p,t) from S(k), T, ρ "
                "and the potential, and are examined on states that they have not seen (R² of eqs. 2 to 4). Options: "
                f"{told}."
            )
        ],
    )


def _default(function: Any, name: str) -> Any:
    """The number that a function uses where nobody gives another."""
    return inspect.signature(function).parameters[name].default
