"""What was done, in sentences with the numbers that were used: from the campaign's record, the runs' own and the cube.

The sentences stand in ``methods.txt.j2``; here are the values that they name.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import numpy as np
import xarray as xr
from jinja2 import Environment, StrictUndefined

from glassdask.counted import counted
from glassdask.fits.search.search import SIGMA as SEARCH_SIGMA
from glassdask.fits.target.target import ERROR_FLOOR
from glassdask.observables.catalogue import observables_named
from glassdask.physics.liquids.liquid import TAU_MD, Liquid
from glassdask.physics.memory.memory_equation import solve_memory_equation
from glassdask.physics.mode_coupling.nonergodicity import nonergodicity_parameter
from glassdask.physics.motion.equilibration import Tolerances
from glassdask.physics.structure import crystallinity
from glassdask.simulation.run.molecular_dynamics import RELAXATION_STEPS
from glassdask.stages.contract.sections import Sections
from glassdask.stages.correlate import STAGE as CORRELATE
from glassdask.stages.fit_memory import STAGE as FIT_MEMORY
from glassdask.stages.reduce import STAGE as REDUCE
from glassdask.stages.reduce.run import N_BLOCKS
from glassdask.stages.solve_mct import STAGE as SOLVE_MCT

Run = Mapping[str, Any]
_TEMPLATE = "methods.txt.j2"
_DYNAMICS = "Molecular dynamics"
_TIME_STEPS = ["potential", "n", "time step [τ_MD]", "T [ε_AA/k_B]", "ρ [1/σ_AA³]", "runs"]


@dataclass(frozen=True)
class Methods:
    """A paragraph of the methods, as plain text under its title, and a table if it has one."""

    title: str
    text: str
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def methods(
    sections: Sections,
    runs: Sequence[Run],
    stages: Collection[str],
    cube: xr.Dataset | None,
    training: Mapping[str, Any] | None,
) -> list[Methods]:
    """The methods of what was really done.

    ``sections`` are the campaign's record, ``runs`` what each finished simulation recorded of itself, ``stages`` the
    names of those that have products, ``training`` the options of the networks, None if there are none. The grids of k
    and t of the cube are those of the products; None if no run was analysed.
    """
    environment = Environment(undefined=StrictUndefined)
    environment.filters.update(g=_digits, percent=_percent, span=span, counted=counted)
    environment.globals.update(forms=_forms, cutoffs=_cutoffs)
    template = environment.from_string(files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8"))
    potentials = {run["potential"] for run in runs} or (
        set() if cube is None else set(cube["potential"].values.tolist())
    )
    liquids = [sections.liquid_named(name) for name in sorted(potentials)]
    simulated, imported = ([run for run in runs if ("divisor" in run) is own] for own in (True, False))
    sizes = sorted({(run["rho"], run["n_particles"]) for run in runs})
    values = {
        "sizes": sizes,
        "observables": [one.title for one in observables_named(sections.observables.compute).values()],
        **_of_runs(simulated, sections),
        **_of_liquids(liquids),
        **_constants(),
        **_grids(cube),
    }
    text = template.render(
        sections=sections, runs=simulated, imported=imported, stages=stages, training=training, **values
    )
    parts = [part.partition("\n") for part in re.split("^# ", text, flags=re.MULTILINE)[1:]]
    tables = {_DYNAMICS: (_TIME_STEPS, _time_steps(simulated, sections.time_step.base_step))}
    return [Methods(title, _one_line(body), *tables.get(title, ())) for title, _, body in parts]


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def _digits(value: float, digits: int = 6) -> str:
    return format(value, f".{digits}g")


def _percent(value: float, digits: int = 0) -> str:
    return format(value, f".{digits}%")


def span(values: Sequence[float]) -> str:
    """The range of numbers, or the number that all are.

    >>> span([1.0, 2.5]), span([3, 3])
    ('1 … 2.5', '3')
    """
    lowest, highest = float(np.min(values)), float(np.max(values))
    return f"{lowest:g}" if f"{lowest:g}" == f"{highest:g}" else f"{lowest:g} … {highest:g}"


def _alike(liquids: Sequence[Liquid]) -> list[list[Liquid]]:
    """Liquids that differ in their cut-offs alone are one mixture."""
    found: dict[Any, list[Liquid]] = {}
    for one in liquids:
        pairs = tuple((pair.epsilon, pair.sigma, pair.form, pair.shift) for pair in one.pairs.values())
        kind = one.mixture, tuple(one.composition.values()), tuple(one.masses.values()), pairs, one.is_of_the_paper
        found.setdefault(kind, []).append(one)
    return list(found.values())


def _of_liquids(liquids: Sequence[Liquid]) -> dict[str, Any]:
    """Mixtures, the species that any of them has, and what is said of masses and of crystals."""
    majorities = {max(one.composition, key=one.composition.__getitem__) for one in liquids}
    return {
        "mixtures": _alike(liquids),
        "species": max((one.species for one in liquids), key=len, default=()),
        "has_masses": any(set(one.masses.values()) != {1.0} for one in liquids),
        "majority": majorities.pop() if len(majorities) == 1 else "the majority species",
    }


def _of_runs(runs: Sequence[Run], sections: Sections) -> dict[str, Any]:
    """What the runs recorded of themselves; lengths in tau_MD."""
    base_step = sections.time_step.base_step
    return {
        "engines": sorted({f"{r['engine']} {r['engine_version']} ({r['device']}, {r['precision']})" for r in runs}),
        "equilibrated": [run["equilibration_steps"] * base_step / run["divisor"] for run in runs],
        "produced": [run["n_steps"] * base_step / run["divisor"] for run in runs],
    }


def _forms(liquid: Liquid) -> dict[str, list[str]]:
    """Names of pairs by the formula that they follow."""
    found: dict[str, list[str]] = {}
    for name, pair in liquid.pairs.items():
        found.setdefault(pair.form.formula, []).append(name)
    return found


def _cutoffs(liquid: Liquid) -> str:
    """In units of the pairs' own sigma: one number, or one for each pair where they differ."""
    found = {name: _digits(pair.cutoff / pair.sigma, 5) for name, pair in liquid.pairs.items()}
    if len(set(found.values())) == 1:
        return f"{found['AA']} σ_ab"
    return ", ".join(f"{cutoff} σ_{name}" for name, cutoff in found.items())


def _constants() -> dict[str, Any]:
    """Numbers and names that no campaign file sets."""
    return {
        **{stage.name.upper(): stage.name for stage in (REDUCE, SOLVE_MCT, FIT_MEMORY, CORRELATE)},
        "tau_MD": TAU_MD,
        "relaxation_steps": RELAXATION_STEPS,
        "n_blocks": N_BLOCKS,
        "allowed": Tolerances(),
        "crystal": crystallinity,
        "step_tolerance": _default(solve_memory_equation, "tolerance"),
        "limit_tolerance": _default(nonergodicity_parameter, "tolerance"),
        "search_sigma": SEARCH_SIGMA,
        "error_floor": ERROR_FLOOR,
    }


def _grids(cube: xr.Dataset | None) -> dict[str, np.ndarray]:
    """Grids of k and of the later times, those of t = 0 left out."""
    if cube is None:
        return {}
    grids = {name: cube[name].values for name in ("k", "k_fine", "t", "t_mct")}
    return {**grids, "t": grids["t"][grids["t"] > 0]}


def _default(function: Any, name: str) -> Any:
    """The number that a function uses where nobody gives another."""
    return inspect.signature(function).parameters[name].default


def _time_steps(runs: Sequence[Run], base_step: float) -> list[list[str]]:
    groups: dict[tuple[str, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run["potential"], int(run["divisor"])), []).append(run)
    return [
        [potential, str(n), f"{base_step / n:.4g}", *(span([r[x] for r in here]) for x in ("T", "rho")), str(len(here))]
        for (potential, n), here in sorted(groups.items())
    ]
