"""What was done, in sentences with the numbers that were used: from the campaign's record, the runs' own and the cube.

The sentences stand in ``methods.txt.j2``; here are the values that they name.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

import numpy as np
import xarray as xr
from jinja2 import Environment, StrictUndefined

import glassdask
from glassdask.counted import counted
from glassdask.fits.search.search import SIGMA as SEARCH_SIGMA
from glassdask.fits.target.target import ERROR_FLOOR
from glassdask.observables.catalogue import observables_named
from glassdask.physics.liquids.liquid import TAU_MD, Liquid
from glassdask.physics.memory.memory_equation import solve_memory_equation
from glassdask.physics.mode_coupling.nonergodicity import nonergodicity_parameter
from glassdask.physics.motion.equilibration import Tolerances
from glassdask.physics.structure import crystallinity
from glassdask.physics.structure.bipolar_grid import HALF_WIDTH
from glassdask.simulation.run.molecular_dynamics import RELAXATION_STEPS
from glassdask.stages.contract.sections import Sections
from glassdask.stages.correlate import STAGE as CORRELATE
from glassdask.stages.fit_memory import STAGE as FIT_MEMORY
from glassdask.stages.reduce import STAGE as REDUCE
from glassdask.stages.reduce.run import N_BLOCKS
from glassdask.stages.report.citation import Citation
from glassdask.stages.report.references import Bibliography, cited_keys, numbered
from glassdask.stages.solve_mct import STAGE as SOLVE_MCT

Run = Mapping[str, Any]
#: Engines as papers call them, and what these cite.
_ENGINES = {
    "lammps": ("LAMMPS", "Thompson2022"),
    "hoomd": ("HOOMD-blue", "Anderson2020"),
    "gamdpy": ("gamdpy", "Pedersen2023"),
}
_PRECISIONS = {
    "float64": "double precision",
    "float32": "single precision",
    "float64 (forces of pairs: float32)": "double precision, forces of pairs in single precision",
}
#: Not of others: the package itself.
_OWN_ENGINES = {"native": "molecular dynamics of glassdask"}
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Letters of a line of the plain text.
_WIDTH = 100
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


@dataclass(frozen=True)
class MethodsText:
    """All of them, in which citations are keys (``[@Kob1995]``), and what these stand for, in the order of their numbers."""

    parts: list[Methods]
    references: dict[str, Citation]

    def numbered(self) -> list[Methods]:
        """The parts with numbers in place of keys."""
        numbers = {key: number for number, key in enumerate(self.references, start=1)}
        return [replace(part, text=numbered(part.text, numbers)) for part in self.parts]

    def plain(self) -> str:
        """One text with numbered references."""
        parts = [
            f"{part.title}\n\n{textwrap.fill(part.text, _WIDTH)}\n\n{_plain_table(part)}" for part in self.numbered()
        ]
        listed = [
            textwrap.fill(f"[{number}] {one.text}", _WIDTH, subsequent_indent="    ")
            for number, one in enumerate(self.references.values(), start=1)
        ]
        return "".join([*parts, "References\n\n", "\n".join(listed), "\n"])

    def markdown(self) -> str:
        """One text that Pandoc completes with `bibtex`: pandoc --citeproc --bibliography methods.bib methods.md"""
        parts = [f"## {part.title}\n\n{part.text}\n\n{_markdown_table(part)}" for part in self.parts]
        return "".join([*parts, "## References\n"])

    def bibtex(self) -> str:
        """What is cited."""
        return "\n\n".join(one.bibtex for one in self.references.values()) + "\n"


def methods(
    sections: Sections,
    runs: Sequence[Run],
    stages: Collection[str],
    cube: xr.Dataset | None,
    training: Mapping[str, Any] | None,
    *,
    has_critical: bool = False,
    made_by: Sequence[str] = (glassdask.__version__,),
    versions: str = "",
) -> MethodsText:
    """The methods of what was really done, as a paper says them.

    ``sections`` are the campaign's record, ``runs`` what each finished simulation recorded of itself, ``stages`` the
    names of those that have products, ``training`` the options of the networks, None if there are none; `has_critical` says
    whether a critical temperature was found, `made_by` the package's versions that made the products, `versions` those of
    libraries. The grids of k and t of the cube are those of the products; None if no run was analysed.
    """
    bibliography = Bibliography()
    environment = Environment(undefined=StrictUndefined)
    environment.filters.update(g=_digits, percent=_percent, span=span, counted=counted)
    environment.globals.update(forms=_forms, cutoffs=_cutoffs, cite=bibliography.cite)
    environment.globals["source_of"] = lambda liquid: bibliography.cite_source(liquid.name, liquid.source)
    template = environment.from_string(files(__package__).joinpath(_TEMPLATE).read_text(encoding="utf-8"))
    potentials = {run["potential"] for run in runs} or (
        set() if cube is None else set(cube["potential"].values.tolist())
    )
    liquids = [sections.liquid_named(name) for name in sorted(potentials)]
    simulated, imported = ([run for run in runs if ("divisor" in run) is own] for own in (True, False))
    sizes = sorted({(run["rho"], run["n_particles"]) for run in runs})
    values = {
        "sizes": sizes,
        "has_critical": has_critical,
        "made_by": made_by,
        "versions": versions,
        "computed": sections.observables.compute,
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
    said = [Methods(title, _one_line(body), *tables.get(title, ())) for title, _, body in parts]
    keys = cited_keys(part.text for part in said)
    return MethodsText(said, {key: bibliography[key] for key in keys})


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def _plain_table(part: Methods) -> str:
    if not part.rows:
        return ""
    columns = [[str(cell) for cell in column] for column in zip(part.header, *part.rows, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    lines = ["  ".join(cell.rjust(n) for cell, n in zip(row, widths, strict=True)) for row in (part.header, *part.rows)]
    return "\n".join(lines) + "\n\n"


def _markdown_table(part: Methods) -> str:
    if not part.rows:
        return ""
    lines = [part.header, ["---"] * len(part.header), *part.rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def _digits(value: float, digits: int = 6) -> str:
    """A number as a paper writes it.

    >>> _digits(0.0001), _digits(1e-9), _digits(2.5e-07), _digits(1e6)
    ('0.0001', '10⁻⁹', '2.5 × 10⁻⁷', '10⁶')
    """
    mantissa, _, exponent = format(value, f".{digits}g").partition("e")
    if not exponent:
        return mantissa
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    return power if mantissa == "1" else f"{mantissa} × {power}"


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
        "engines": sorted({_engine(run) for run in runs}),
        "engine_keys": sorted({_ENGINES[run["engine"]][1] for run in runs if run["engine"] in _ENGINES}),
        "equilibrated": [run["equilibration_steps"] * base_step / run["divisor"] for run in runs],
        "produced": [run["n_steps"] * base_step / run["divisor"] for run in runs],
    }


def _engine(run: Run) -> str:
    device = {"cpu": "processors", "gpu": "graphics processors"}.get(run["device"], run["device"])
    precision = _PRECISIONS.get(run["precision"], f"{run['precision']} precision")
    name, _ = _ENGINES.get(run["engine"], (_OWN_ENGINES.get(run["engine"], run["engine"]), ""))
    return f"{name} {run['engine_version']} (on {device}, in {precision})"


def _forms(liquid: Liquid) -> dict[str, list[str]]:
    """Names of pairs by the formula that they follow."""
    found: dict[str, list[str]] = {}
    for name, pair in liquid.pairs.items():
        found.setdefault(pair.form.formula, []).append(name)
    return found


def _cutoffs(liquid: Liquid) -> str:
    """In units of the pairs' own sigma: one number, or one for each pair where they differ."""
    found = {name: _cutoff(pair.cutoff / pair.sigma) for name, pair in liquid.pairs.items()}
    if len(set(found.values())) == 1:
        return f"{found['AA']} σ_ab"
    return ", ".join(f"{cutoff} σ_{name}" for name, cutoff in found.items())


def _cutoff(value: float) -> str:
    """The minimum of Lennard-Jones' potential by its name.

    >>> _cutoff(2 ** (1 / 6)), _cutoff(2.5)
    ('2^(1/6)', '2.5')
    """
    return "2^(1/6)" if abs(value - 2 ** (1 / 6)) < 1e-6 else _digits(value, 5)


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
        "half_width": HALF_WIDTH,
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
