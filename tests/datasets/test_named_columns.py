"""Columns of numbers in a text file: names first, then numbers, each with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.named_columns import read_named_columns, refuse_unknown_names
from glassdask.errors import InvalidInput

ALLOWED = "allowed: x,y"


def written(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text)
    return path


def test_names_numbers_and_places(tmp_path: Path) -> None:
    """Places count lines as an editor does: comments and empty ones too."""
    table = read_named_columns(written(tmp_path, '# mine\n"x", y\n\n1,2e3\n# more\n-3,inf\n'), ALLOWED)
    numbers = table.numbers()
    assert table.names == ["x", "y"]
    assert [place.rpartition(", ")[2] for place in table.places] == ["line 4", "line 6"]
    np.testing.assert_array_equal(numbers["x"], [1.0, -3.0])
    np.testing.assert_array_equal(numbers["y"], [2e3, np.inf])


def test_a_cell_may_be_empty_only_where_that_is_said(tmp_path: Path) -> None:
    table = read_named_columns(written(tmp_path, "x,y\n1,\n2,nan\n"), ALLOWED)
    assert np.isnan(table.numbers(may_be_empty={"y"})["y"]).all()
    with pytest.raises(InvalidInput, match=r"line 2: y is ''; allowed: a finite number"):
        table.numbers(may_be_empty={"x"})


def test_names_without_rows_give_empty_columns(tmp_path: Path) -> None:
    numbers = read_named_columns(written(tmp_path, "x,y\n"), ALLOWED).numbers()
    assert {name: column.shape for name, column in numbers.items()} == {"x": (0,), "y": (0,)}


def test_a_row_has_as_many_cells_as_there_are_names(tmp_path: Path) -> None:
    table = read_named_columns(written(tmp_path, "x,y\n1,2\n3,4,5\n"), ALLOWED)
    with pytest.raises(InvalidInput, match=r"line 3: 3 values for the columns x,y; allowed: 2"):
        table.numbers()


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["x", "z"], "unknown column 'z'; allowed: x,y"),
        (["x", "ypsilon"], "unknown column 'ypsilon'; did you mean 'y'?"),
        (["x", "x"], "2 times the column 'x'"),
    ],
)
def test_names_are_known_and_there_once(names: list[str], words: str) -> None:
    with pytest.raises(InvalidInput) as error:
        refuse_unknown_names(names, ("x", "y"), {"ypsilon": "y"}, Path("table.csv"), "column", ALLOWED)
    assert words in str(error.value)


@pytest.mark.parametrize(("text", "words"), [("", "no line that does not"), ("1,2\n", "no header"), ("\0", "no text")])
def test_a_file_without_names_is_refused(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as error:
        read_named_columns(written(tmp_path, text), ALLOWED)
    assert words in str(error.value)
