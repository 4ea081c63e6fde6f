"""Damaged tables: never another error than InvalidInput, never other numbers in silence.

benchmarks/damaged_tables.py does the same with 2,000 tables; its record is benchmarks/results/damaged_tables.md.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from glassdask.datasets.own_files.odd_values import breaks_of_grid, compared
from tests.datasets.tables.damaged_tables import CHANGED, DAMAGED, REFUSED, WARNED, Answer, damaged, outcome
from tests.datasets.tables.tables_of_others import CASES, ONE, TWO, K, curve, text_of


@cache
def whole(name: str, folder: Path) -> Answer:
    return CASES[name].read(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


@settings(max_examples=120, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(DAMAGED)
def test_no_traceback_and_nothing_changed_in_silence(folder: Path, drawn) -> None:
    name, mutations = drawn
    content = damaged(CASES[name], mutations)
    assert outcome(CASES[name], content, whole(name, folder), folder) != CHANGED


@pytest.mark.parametrize("row", [0, 1, 5, 9, 17, 30, 50, 98, 99])
def test_a_wrong_second_digit_anywhere_is_seen(row: int, folder: Path) -> None:
    """S of hard spheres at packing fraction 0.5 is smooth to 1 % of itself, its lowest k and its peak included."""
    for factor in (0.95, 1.05):
        S = ONE.copy()
        S[row] *= factor
        content = ("k,AA\n" + text_of([K, S], ",")).encode()
        assert outcome(CASES["one component"], content, whole("one component", folder), folder) == WARNED


@pytest.mark.parametrize(
    ("name", "old", "new", "result"),
    [
        ("comma", b"\n3.8,", b"\n3.9,", WARNED),
        ("comma", b"\n3.8,", b"\n#.8,", WARNED),
        ("comma", b"\n0.6,0.17", b"\n0.6;0.17", REFUSED),
        ("comma", b"k,AA,AB,BB", b"k,BB,AB,AA", REFUSED),
        ("comma", b"k,AA,AB,BB", b"AA,k,AB,BB", REFUSED),
        ("F, error", b"t,F,error", b"t,error,F", WARNED),
        ("F, from 0", b"\n0,1\n", b"\n0,3\n", WARNED),
        ("F, decimal commas", b"\n0,01;0", b"\n0.01;0", REFUSED),
    ],
)
def test_what_each_damage_leads_to(name: str, old: bytes, new: bytes, result: str, folder: Path) -> None:
    content = CASES[name].content
    assert content.count(old) == 1
    assert outcome(CASES[name], content.replace(old, new), whole(name, folder), folder) == result


def test_a_file_cut_off_anywhere_in_its_last_line_is_refused_or_said(folder: Path) -> None:
    case = CASES["comma"]
    last = len(case.content) - case.content.rstrip(b"\n").rfind(b"\n") - 1
    for cut in range(2, last - 1):
        assert outcome(case, case.content[:-cut], whole("comma", folder), folder) != CHANGED


@pytest.mark.parametrize("sigma", [1e-4, 0.01, 0.03])
def test_noise_is_not_odd(sigma: float, folder: Path) -> None:
    """Of 20 tables of 100 rows at most one has a value that the reader names: medians of few rows scatter, too."""
    rng = np.random.default_rng(3)
    case = CASES["one component"]
    named = 0
    for _ in range(20):
        content = ("k,AA\n" + text_of([K, abs(ONE + sigma * rng.normal(size=K.size))], ",")).encode()
        named += bool(case.read(folder, content).doubts)
    assert named <= 1


def test_the_resolution_is_what_is_promised(folder: Path) -> None:
    """A value that is off by more than the stated resolution is named with its line and what its neighbours lead to."""
    case, found = CASES["comma"], whole("comma", folder)
    assert found.resolution is not None
    for row in (15, 30, 70):
        S = TWO.copy()
        S[2, row] += 1.5 * found.resolution["BB"][row]
        doubts = case.read(folder, ("k,AA,AB,BB\n" + text_of([K, *S], ",")).encode()).doubts
        assert any(f"line {row + 2}: BB is " in doubt and f"at k = {K[row]:.6g}" in doubt for doubt in doubts)


def test_polynomials_through_neighbours_are_exact_for_polynomials() -> None:
    """Degree 5 through six, also on an uneven grid; the limit is then that of the digits."""
    x = np.cumsum(0.5 + np.random.default_rng(1).random(40))
    y = 1 + (x / 10) ** 3 - (x / 12) ** 5
    found = compared(x, y, np.full(40, 1e-12))
    np.testing.assert_allclose(found.expected[3:-3], y[3:-3], rtol=1e-9)
    even = np.cos(K / 4)  # smooth in k²
    assert abs(compared(K**2, even, np.full(100, 1e-12)).expected[:3] - even[:3]).max() < 1e-6
    assert not found.is_odd(y).any()


def test_missing_rows_and_uneven_grids() -> None:
    digits = np.full(100, 1e-10)
    assert breaks_of_grid(K, digits) == ([], [])
    assert breaks_of_grid(np.delete(K, [40, 41]), digits[2:]) == ([39], [])
    moved = K.copy()
    moved[50] += 0.01
    assert breaks_of_grid(moved, digits) == ([], [50])
    assert breaks_of_grid(K**1.1, digits) is None
    assert curve(np.array([0.0]))[0] == 1.0
