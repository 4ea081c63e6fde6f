"""The lane of ``make quick``: its names are there, and it holds tests that see most broken lines of the record."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests import quick_lane
from tests.conftest import COSTLY

TESTS = Path(__file__).parent
RECORD = TESTS.parent / "benchmarks" / "results" / "mutations.md"


def functions(path: str) -> dict[str, tuple[set[str], set[str]]]:
    """Names of a file's tests, with their marks and arguments."""
    found = {}
    for node in ast.walk(ast.parse((TESTS / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            marks = {
                name for decorator in node.decorator_list for name in re.findall(r"mark\.(\w+)", ast.unparse(decorator))
            }
            found[node.name] = (marks, {argument.arg for argument in node.args.args})
    return found


FILES = [path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py")]
QUICK = {
    function
    for path in FILES
    if quick_lane.may_hold_quick_tests(path)
    for function, (marks, fixtures) in functions(path).items()
    if quick_lane.is_quick(path, function, marks, fixtures, COSTLY)
}


@pytest.mark.parametrize("path", [*quick_lane.FILES, *quick_lane.LEFT_OUT_FILES])
def test_every_file_that_is_named_is_there(path: str) -> None:
    assert path in FILES


@pytest.mark.parametrize("path", [*quick_lane.LEFT_OUT, *quick_lane.TAKEN])
def test_every_test_that_is_named_is_there(path: str) -> None:
    named = (*quick_lane.LEFT_OUT.get(path, ()), *quick_lane.TAKEN.get(path, ()))
    assert set(named) <= set(functions(path))


def test_what_takes_seconds_is_not_in_the_lane() -> None:
    def is_quick(path: str, mark: str = "", fixture: str = "") -> bool:
        return quick_lane.is_quick(path, "test_something", {mark}, {fixture}, COSTLY)

    assert is_quick("physics/test_mixture.py")
    assert not any(is_quick("physics/test_mixture.py", mark) for mark in ("slow", "slurm", "browser", "mpi"))
    assert not any(is_quick("stages/contract/test_grids.py", "", fixture) for fixture in ("tiny", "slurm", "trained"))
    assert not any(
        is_quick(path) for path in ("cluster/ranks/test_training_gang.py", "faults/test_disk.py", "test_docs.py")
    )


def test_the_lane_sees_three_quarters_of_the_broken_lines() -> None:
    """By the tests that the record names for them."""
    rows = [line.split(" | ") for line in RECORD.read_text(encoding="utf-8").splitlines() if re.match(r"\| \w+/", line)]
    assert len(rows) == 234
    seen = [row for row in rows if set(re.findall(r"test_\w+", row[2])) & QUICK or "doctest" in row[2]]
    assert len(seen) >= 176
