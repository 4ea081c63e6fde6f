"""The one reader of tables: whatever separates, comments, compresses or encodes them, the numbers are the file's."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.tables.number_cells import last_digits, number
from glassdask.datasets.tables.number_table import NumberTable, TableOptions, read_number_table
from glassdask.errors import InvalidInput

X, Y = [0.25, 1.5, 200.0, 3e-5], [-0.125, 2.0, 3.75, 1e-7]
ROWS = [f"{x!r} {y!r}" for x, y in zip(X, Y, strict=True)]


def read(path: Path, **options) -> NumberTable:
    return read_number_table(path, "allowed: x,y", lambda name: name in ("x", "y"), TableOptions(**options))


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "table"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def table(separator: str = " ", decimal: str = ".", header: str = "x y", end: str = "\n") -> str:
    """The numbers in a layout."""
    lines = [line.replace(".", decimal).replace(" ", separator) for line in (header, *ROWS)]
    return end.join(lines) + end


def assert_read(found: NumberTable) -> None:
    numbers = found.numbers()
    assert found.names == ["x", "y"]
    np.testing.assert_array_equal(numbers["x"], X)
    np.testing.assert_array_equal(numbers["y"], Y)


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("separator", [",", ";", "\t", " ", "    ", "\t\t ", " ; ", " , ", "|"])
def test_separators_and_decimal_commas(separator: str, decimal: str, tmp_path: Path) -> None:
    given = {"separator": "|"} if separator == "|" else {}
    if separator.strip() == "," == decimal:
        with pytest.raises(InvalidInput, match="comma"):
            read(written(tmp_path, table(separator, decimal)))
        return
    found = read(written(tmp_path, table(separator, decimal)), **given)
    assert_read(found)
    assert found.layout is not None
    assert (", decimal commas" in found.layout.in_words()) == (decimal == ",")


@pytest.mark.parametrize(
    "header", ["# x y", "#x\ty", "% x, y", "# title\n# columns: x, y\n# 3rd line", "@ x y", "x [1/nm] y [1]", '"x" "y"']
)
def test_headers(header: str, tmp_path: Path) -> None:
    assert_read(read(written(tmp_path, "\n".join([header, *ROWS]))))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, end: str, tmp_path: Path) -> None:
    text = ("" if encoding == "utf-8" else f"# k in 1/µm, ± 1 °C{end}") + table(end=end)
    assert_read(read(written(tmp_path, text.encode(encoding))))


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files_of_any_name(compress, tmp_path: Path) -> None:
    whole = compress(table().encode())
    assert_read(read(written(tmp_path, whole)))
    with pytest.raises(InvalidInput, match="damaged compressed file"):
        read(written(tmp_path, whole[:-9]))


def test_rows_end_in_comments_separators_and_nothing(tmp_path: Path) -> None:
    text = "x,y,\n" + ",\n".join(row.replace(" ", ",") for row in ROWS[:-1]) + ",  # the last but one\n\n"
    assert_read(read(written(tmp_path, text + ROWS[-1].replace(" ", ",") + ",\n\x1a")))


def test_rows_that_end_in_a_separator_below_names_that_do_not(tmp_path: Path) -> None:
    assert_read(read(written(tmp_path, "x,y\n" + "".join(row.replace(" ", ",") + ",\n" for row in ROWS))))


def test_row_numbers_are_left_out_and_that_is_said(tmp_path: Path) -> None:
    rows = [f"{i},{row.replace(' ', ',')}" for i, row in enumerate(ROWS)]
    for header in (",x,y", "index,x,y", "x,y"):  # pandas, pandas, R
        found = read(written(tmp_path, "\n".join([header, *rows])))
        assert_read(found)
        assert "row numbers" in found.notes[0]
    bare = read(written(tmp_path, "\n".join([",0,1", *rows])))
    assert (bare.names, bare.n_columns) == (None, 2)
    with pytest.raises(
        InvalidInput, match=r"line 4: 2 values for the columns"
    ):  # one number is missing: no row numbers
        read(written(tmp_path, "\n".join(["n,x,y", *rows[:2], ROWS[2].replace(" ", ",")])))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1.0D+05", 1e5),
        ("5.68-304", 5.68e-304),
        ("-1.5+100", -1.5e100),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1e3),
        ("\u22121", -1.0),
        ("1q2", 100.0),
    ],
)
def test_numbers_of_fortran_and_others(cell: str, value: float) -> None:
    assert number(cell) == value


@pytest.mark.parametrize(
    "cell",
    ["1_0", "0x1A", "1.2.3", "1,2", "1 2", "--1", "1.5-3", "1.5-30", "\u0661", "1e", "e5", "50%", "1.5#2", "1e1000x"],
)
def test_what_is_no_number(cell: str) -> None:
    assert number(cell) is None


def test_columns_are_named_and_left_out_by_the_user(tmp_path: Path) -> None:
    rows = [f"7 {row}" for row in ROWS]
    path = written(tmp_path, "\n".join(["n what ever", *rows]))
    found = read(path, columns=("_", "x", "y"))
    assert list(found.numbers()) == ["x", "y"]
    np.testing.assert_array_equal(found.numbers()["y"], Y)
    with pytest.raises(InvalidInput, match=r"--columns has 2 names \(x,y\), but .* has 3 columns"):
        read(path, columns=("x", "y"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no line that does not begin with #"),
        ("# x y\n", "no line that does not begin with #"),
        ("a text\nof words\nand nothing else\n", "no separator divides its lines"),
        ("x,y\n1,234\n2,345\n3,456\n", "may separate columns or be decimal commas"),
        ("x y\n1,234 5,678\n2,345 6,789\n", "'1,234' is 1234 or 1.234"),
        ("x;y\n1,234;5,678\n2,345;6,789\n", "--decimal comma"),
        ("x;y\n0,5;1\n0,7;1.5\n0,8;2\n", "line 3: y is '1.5'"),
        ("x;y\n0.5;1\n0.7;1.234,5\n0.8;2\n", "line 3: y is '1.234,5'; allowed: a finite number; write all decimals alike"),
        ("x,y\n1.0,2.0\n2.0\n3.0,4.0\n", "line 3: 1 values for the columns x,y (separator: comma); allowed: 2"),
        ("x,y\n1.0,2.0\n2.0;3.0\n3.0,4.0\n", "line 3: 1 values"),
        ("x,y\n1.0,2.0\n2.0,3.0,4.0\n3.0,4.0\n", "line 3: 3 values"),
        ("x,y\n1.0,2.0\n2.0,3.0.1\n3.0,4.0\n", "line 3: y is '3.0.1'; allowed: a finite number"),
        ('x,y\n1.0,2.0\n2.0,"3.0\n3.0,4.0\n', "line 3: 1 values"),
        ("x,y\n1.0,2.0\n2.0,3.0#5\n3.0,4.0\n", "line 3: y is '3.0#5'"),
        ("x,y\n1.0,2.0\n2.0,\n3.0,4.0\n", "line 3: y is ''"),
    ],
)  # fmt: skip
def test_what_has_two_meanings_or_none_is_refused(content: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as error:
        read(written(tmp_path, content)).numbers()
    assert words in str(error.value)
    assert str(tmp_path / "table") in str(error.value)


def test_what_the_user_says_settles_two_meanings(tmp_path: Path) -> None:
    path = written(tmp_path, "x,y\n1,234\n2,345\n")
    assert read(path, separator="comma").numbers()["y"].tolist() == [234.0, 345.0]
    path = written(tmp_path, "x y\n1,234 5,678\n2,345 6,789\n")
    assert read(path, decimal="comma").numbers()["x"].tolist() == [1.234, 2.345]
    for option, value in (("separator", "ab"), ("separator", "5"), ("decimal", ";")):
        with pytest.raises(InvalidInput, match=f"--{option} is '{value}'; allowed: "):
            read(path, **{option: value})


def test_a_comment_that_looks_like_a_row_and_a_cut_off_end_are_said(tmp_path: Path) -> None:
    found = read(written(tmp_path, "x y\n1.0 2.25\n#1.5 2.5\n2.0 3.25\n3.0 4.25\n4.0 5.2"))
    assert found.doubts[0] == "line 3 looks like a row but begins as a comment: left out"
    assert "line 6 ends without a line end in '5.2'" in found.doubts[1]


def test_an_empty_cell_is_a_missing_value_only_where_that_is_said(tmp_path: Path) -> None:
    found = read(written(tmp_path, "x,y\n1.5,\n2.5,nan\n3.5,NA\n4.5,1.0\n"))
    assert np.isnan(found.numbers(may_be_empty={"y"})["y"][:3]).all()
    with pytest.raises(InvalidInput, match=r"line 2: y is ''; allowed: a finite number"):
        found.numbers()


def test_names_without_rows_give_empty_columns(tmp_path: Path) -> None:
    assert {name: column.shape for name, column in read(written(tmp_path, "x,y\n")).numbers().items()} == {
        "x": (0,),
        "y": (0,),
    }


@pytest.mark.parametrize("as_columns", [True, False])
def test_arrays_that_numpy_saved(as_columns: bool, tmp_path: Path) -> None:
    rows = np.column_stack([X, Y])
    np.save(tmp_path / "rows.npy", rows if as_columns else np.tile(rows.T, 2))
    found = read(tmp_path / "rows.npy", columns=("x", "y"))
    np.testing.assert_array_equal(found.numbers()["x"][:4], X)
    np.savez_compressed(tmp_path / "named.npz", x=X, y=Y, bin_edges=np.arange(5.0))
    named = read(tmp_path / "named.npz")
    assert_read(named)
    assert named.notes == ("the arrays bin_edges were left out",)
    records = np.array(list(zip(X, Y, strict=True)), dtype=[("x", float), ("y", float)])
    np.save(tmp_path / "records.npy", records)
    assert_read(read(tmp_path / "records.npy"))


def test_arrays_that_are_no_table_are_refused_and_no_code_of_theirs_runs(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x=X, y=[1.0])
    np.save(tmp_path / "cube.npy", np.zeros((2, 2, 2)))
    np.save(tmp_path / "pickle.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "other.npz").read_bytes()[:100])
    for name, words in {
        "other.npz": "x (4,), y (1,)",
        "cube.npy": "(2, 2, 2)",
        "pickle.npy": "cannot be read",
        "cut.npz": "cannot be read",
    }.items():
        with pytest.raises(InvalidInput) as error:
            read(tmp_path / name)
        assert words in str(error.value)


def test_the_last_digit_is_that_of_the_format() -> None:
    """%.10g leaves zeros out, fixed formats do not: 12.5 among numbers of ten digits is 12.50000000."""
    cells = ["0.1700287985", "12.5", "1", "0"]
    np.testing.assert_allclose(
        last_digits(cells, np.array([float(cell) for cell in cells])), [1e-10, 1e-8, 1e-9, 1e-10]
    )
    cells = ["1.000", "0.002", "123.400"]
    np.testing.assert_allclose(last_digits(cells, np.array([float(cell) for cell in cells])), 1e-3)
    cells = ["1.000e+00", "2.500e-07"]
    np.testing.assert_allclose(last_digits(cells, np.array([float(cell) for cell in cells])), [1e-3, 1e-10])
