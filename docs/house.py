"""What pages show of the code itself: its rooms, the life of a state, the catalogues of liquids and of observables."""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import pkgutil
from enum import StrEnum
from pathlib import Path

import glassdask
from glassdask.observables.catalogue import OFFERED
from glassdask.physics import liquids
from glassdask.physics.liquids.catalogue import LIQUIDS
from glassdask.physics.liquids.liquid import Liquid

ROOT = Path(glassdask.__file__).parent
#: From the top down.
ROOMS = (
    *(
        "cli",
        "operations",
        "cluster",
        "campaign",
        "stages",
        "figures",
        "fits",
        "learning",
        "simulation",
        "observables",
        "datasets",
    ),
    *("physics", "processes", "files"),
)


def rooms_table() -> str:
    """Rooms and sub-rooms with the first sentence of their docstrings, as a table of Markdown."""
    rows = ["| room | sub-room | duty |", "|---|---|---|"]
    for room in ROOMS:
        rows.append(f"| **{room}** | | {_duty(ROOT / room)} |")
        inner = sorted(path.parent for path in (ROOT / room).glob("*/**/__init__.py"))
        rows += [f"| | {folder.relative_to(ROOT / room)} | {_duty(folder)} |" for folder in inner]
    return "\n".join(rows)


def liquids_list() -> str:
    """The liquids of the catalogue, each with what the file that declares it says of it."""
    described = {}
    for module in pkgutil.walk_packages(liquids.__path__, f"{liquids.__name__}."):
        declared = importlib.import_module(module.name)
        if isinstance(one := getattr(declared, "LIQUID", None), Liquid):
            described[one.name] = inspect.cleandoc(declared.__doc__ or "")
    return "\n\n".join(_liquid(one, described[name]) for name, one in LIQUIDS.items())


def observables_table() -> str:
    """The observables that campaigns offer, as a table of Markdown, with what their tests compare with below it."""
    rows = ["| observable | what | variables | needs | by itself | definition |", "|---|---|---|---|---|---|"]
    known = []
    for name, one in OFFERED.items():
        variables = ", ".join(f"`{variable}` [{declared.units}]" for variable, declared in one.variables.items()
                              if not variable.endswith("_error"))  # fmt: skip
        title = one.title + ("" if len(one.dimensions) > 1 else f" (in {one.dimensions[0]} dimensions)")
        cells = (f"`{name}`", title, variables, one.needs, "yes" if one.is_default else "no", one.source)
        rows.append("| " + " | ".join(cells) + " |")
        known.append(f"- `{name}`: {one.oracle}.")
    return "\n".join([*rows, "", "Each is tested against what is known:", "", *known])


def reasons_table() -> str:
    """Why an attempt failed, by the word that is stored with the state."""
    from glassdask.outcome import FailureReason

    rows = [f"| `{value}` | {meaning} |" for value, meaning in _meanings(FailureReason).items()]
    return "\n".join(["| reason | what happened |", "|---|---|", *rows])


def _liquid(one: Liquid, text: str) -> str:
    species = ", ".join(f"{100 * x:.3g} % {name}" for name, x in one.composition.items())
    masses = ", ".join(f"m_{name} = {mass:g}" for name, mass in one.masses.items())
    rows = ["| pair | interaction | ε | σ | r_c / σ |", "|---|---|---|---|---|"]
    for name, pair in one.pairs.items():
        given = {key: value for key, value in pair.form.record().items() if key != "interaction"}
        form = ", ".join([pair.form.name, *(f"{key} {value:g}" for key, value in given.items())])
        rows.append(f"| {name} | {form} | {pair.epsilon:g} | {pair.sigma:.5g} | {pair.cutoff / pair.sigma:.6g} |")
    published = ", ".join(f"{T:g} at ρ = {rho:g}" for rho, T in one.critical_temperatures.items())
    parts = [f"### `{one.name}`: {one.title}", text, f"{species}; {masses}.", "\n".join(rows)]
    parts.append(f"T_mct as published: {published}." if published else "")
    return "\n\n".join([part for part in parts if part] + [f"Source: {one.source}."])


def _duty(folder: Path) -> str:
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).replace("|", r"\|")


def life_of_a_state(path: Path) -> None:
    """Draws the stages with their products, and what may become of an attempt, from their declarations."""
    from matplotlib.figure import Figure

    from glassdask.outcome import Outcome
    from glassdask.stages.contract.registry import STAGES
    from glassdask.stages.contract.stage import Scope

    depth: dict[str, int] = {}
    earlier: dict[str, set[str]] = {}
    for name, stage in STAGES.items():
        depth[name] = 1 + max((depth[other] for other in stage.needs), default=-1)
        earlier[name] = {*stage.needs}.union(*(earlier[other] for other in stage.needs))
    columns = [[name for name in STAGES if depth[name] == level] for level in range(max(depth.values()) + 1)]
    places = {
        name: (3.1 * level, -1.9 * (row - (len(column) - 1) / 2))
        for level, column in enumerate(columns)
        for row, name in enumerate(column)
    }
    outcomes = list(_meanings(Outcome).items())
    assert [value for value, _ in outcomes] == list(Outcome)
    figure = Figure(figsize=(1.5 + 1.7 * len(columns), 4.6), layout="constrained")
    axes, below = figure.subplots(2, 1, height_ratios=(4, 3))
    for name, stage in STAGES.items():
        x, y = places[name]
        for other in stage.needs:
            if any(other in earlier[third] for third in stage.needs):
                continue  # that one has needed it already
            arrow = {"arrowstyle": "->", "color": "0.4"}
            axes.annotate("", (x - 0.95, y), (places[other][0] + 0.95, places[other][1]), arrowprops=arrow)
        look = {"boxstyle": "round,pad=0.45", "fc": "#dbe9f6" if stage.scope is Scope.STATE else "#fde8cf", "ec": "0.4"}
        products = "\n".join(product.rpartition("/")[2] for product in stage.products)
        axes.text(x, y, name, ha="center", va="center", weight="bold", size=10, bbox=look)
        axes.text(x, y - 0.42, products, ha="center", va="top", size=6.5, family="monospace")
    axes.set(
        xlim=(-1.6, 3.1 * (len(columns) - 1) + 1.6),
        ylim=(-2.0, 1.6),
        title="blue: of each state; orange: of the campaign",
    )
    for row, (value, meaning) in enumerate(outcomes):
        below.text(0.02, 1 - (row + 0.5) / len(outcomes), value, weight="bold", va="center")
        below.text(0.12, 1 - (row + 0.5) / len(outcomes), meaning, va="center")
    below.set_title("what may become of an attempt", size=10)
    for each in (axes, below):
        each.set_axis_off()
    figure.savefig(path)


def _meanings(enumeration: type[StrEnum]) -> dict[str, str]:
    """The values of an enumeration with the comment above each."""
    lines = [line.strip() for line in inspect.getsource(enumeration).splitlines()]
    pairs = itertools.pairwise(lines)
    return {below.split('"')[1]: above.removeprefix("#: ") for above, below in pairs if above.startswith("#: ")}
