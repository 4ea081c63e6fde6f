"""A user's own F(t): what is right is read as it is, what is wrong is named with its line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from glassdask.datasets.liquids import described
from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.own_files.scattering_file import MeasuredScattering, read_scattering
from glassdask.datasets.schema.variables import BLOCK_VARIABLES, VARIABLES, state_coordinates
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.state_point import StatePoint

T = np.geomspace(0.1, 100.0, 12)
A, B = np.exp(-T / 10), np.exp(-T / 3)
ERROR = np.full(T.size, 1e-3)


def written(folder: Path, header: str, *columns: np.ndarray) -> Path:
    path = folder / "F.csv"
    rows = np.column_stack(columns).tolist() if columns else []
    path.write_text("\n".join([header, *(",".join(map(repr, row)) for row in rows)]) + "\n")
    return path


def with_line(path: Path, number: int, text: str) -> Path:
    lines = path.read_text().split("\n")
    lines[number - 1] = text
    path.write_text("\n".join(lines))
    return path


def message(path: Path) -> str:
    with pytest.raises(InvalidInput) as error:
        read_scattering(path)
    return str(error.value)


def assert_read(measured: MeasuredScattering, errors: bool = False, **F: np.ndarray) -> None:
    np.testing.assert_array_equal(measured.times, T)
    assert list(measured.F) == list(F)
    for name, values in F.items():
        np.testing.assert_array_equal(measured.F[name], values)
    assert list(measured.error) == (list(F) if errors else [])


# What is right


def test_one_component_is_called_A(tmp_path: Path) -> None:
    assert_read(read_scattering(written(tmp_path, "t,F", T, A)), A=A)
    assert_read(read_scattering(str(written(tmp_path, "F, error ,t", A, ERROR, T))), errors=True, A=A)
    assert_read(read_scattering(written(tmp_path, "t,F_A", T, A)), A=A)


def test_two_components_in_any_order(tmp_path: Path) -> None:
    path = written(tmp_path, "# mine\nerror_B,F_B,t,F_A,error_A", ERROR, B, T, A, 2 * ERROR)
    measured = read_scattering(path)
    assert_read(measured, errors=True, A=A, B=B)
    np.testing.assert_array_equal(measured.error["A"], 2 * ERROR)
    assert measured.blocks == {}


@pytest.mark.parametrize("header", ["t,F_A,F_B,F_C,F_D", "t,F1,F2,F3,F4", "t,Fs_A,Fs_B,Fs_C,Fs_D"])
def test_up_to_five_components(header: str, tmp_path: Path) -> None:
    assert_read(read_scattering(written(tmp_path, header, T, A, B, A, B)), A=A, B=B, C=A, D=B)
    assert "no column F_B beside" in message(written(tmp_path, "t,F_A,F_C", T, A, B))


def test_of_a_cube_those_that_the_liquid_has() -> None:
    """And their masses, which say how fast they start."""
    heavy = replace(liquid_named("lj"), name="heavy", masses={"A": 1.0, "B": 4.0})
    F = np.array([A, B, np.full(T.size, np.nan)])
    cube = xr.Dataset(
        {"peak_scattering": (("potential", "species", "t"), [F])},
        {"potential": ["heavy"], "species": ["A", "B", "C"], "t": T},
        {"liquids": described([heavy])},
    )
    measured = read_scattering(cube)
    assert_read(measured, A=A, B=B)
    assert measured.masses == {"A": 1.0, "B": 4.0}


def test_errors_of_one_component_only(tmp_path: Path) -> None:
    measured = read_scattering(written(tmp_path, "t,F_A,F_B,error_B", T, A, B, ERROR))
    assert list(measured.error) == ["B"]


@pytest.mark.parametrize("cell", ["", "nan", "NaN"])
def test_values_may_be_missing(cell: str, tmp_path: Path) -> None:
    path = with_line(written(tmp_path, "t,F,error", T, A, ERROR), 4, f"{float(T[2])!r},{cell},")
    measured = read_scattering(path)
    assert np.isnan(measured.F["A"]).nonzero()[0].tolist() == [2]
    assert np.isnan(measured.error["A"]).nonzero()[0].tolist() == [2]


def test_netcdf_of_one_and_of_two_components(tmp_path: Path) -> None:
    path = tmp_path / "F.nc"
    xr.Dataset({"F": ("t", A)}, {"t": T}).to_netcdf(path)
    assert_read(read_scattering(path), A=A)
    both = xr.Dataset({"F": (("t", "species"), np.array([B, A]).T)}, {"t": T, "species": ["B", "A"]})
    both["error"] = 0 * both["F"] + 1e-3
    both.expand_dims(rho=[1.2]).to_netcdf(path)
    assert_read(read_scattering(path), errors=True, A=A, B=B)


def state_file(folder: Path, n_blocks: int = 0) -> Path:
    values = {"peak_scattering": np.array([A, B]), "peak_scattering_error": np.array([ERROR, ERROR])}
    if n_blocks:
        values["peak_scattering_blocks"] = np.array([[A] * n_blocks, [B] * n_blocks])
    coordinates = {"t": T, "species": ["A", "B"], **state_coordinates(StatePoint("lj", 1.0, 1.2))}
    path = folder / "observables.nc"
    write_netcdf(dataset(values, coordinates, {**VARIABLES, **BLOCK_VARIABLES}), path, {})
    return path


def test_the_observables_of_a_state_are_accepted(tmp_path: Path) -> None:
    assert_read(read_scattering(state_file(tmp_path)), errors=True, A=A, B=B)


def test_blocks_of_a_state_are_kept(tmp_path: Path) -> None:
    measured = read_scattering(state_file(tmp_path, n_blocks=5))
    assert measured.blocks["B"].shape == (5, T.size)
    np.testing.assert_array_equal(measured.blocks["B"][3], B)


def test_a_state_chosen_from_a_cube_as_the_message_says_is_accepted(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    cube = xr.Dataset({"F": (("T", "t"), np.array([A, B]))}, {"T": [1.0, 2.0], "t": T})
    cube.to_netcdf("cube.nc")
    text = message(Path("cube.nc"))
    assert "further dimensions T (2)" in text
    assert "glassdask fit" in text
    assert "xarray.open_dataset('cube.nc').sel(T=1.0).squeeze().to_netcdf('state.nc')" in text
    with xr.open_dataset("cube.nc") as data:
        data.sel(T=1.0).squeeze().to_netcdf("state.nc")
    assert_read(read_scattering("state.nc"), A=A)


# What is wrong


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("t,n", "unknown column 'n'"),
        ("t,Fx", "unknown column 'Fx'; did you mean 'F'?"),
        ("t,sigmas", "unknown column 'sigmas'; did you mean 'error'?"),
        ("t,t", "2 times the column 't'"),
        ("t,F_B", "no column F_A beside t, F_B"),
        ("F,error", "no column t beside F, error"),
        ("t,error", "no column F_A beside t, error"),
    ],
)
def test_a_wrong_name_of_a_column(header: str, words: str, tmp_path: Path) -> None:
    assert words in message(written(tmp_path, header, T, A))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("t,F,F_B", "the column F_B does not go with F;"),
        ("t,F_A,error", "the column error does not go with F_A;"),
        ("t,F,error_A", "the column error_A does not go with F;"),
        ("t,F_A,error_B", "no column F_B"),
    ],
)
def test_columns_that_do_not_go_together(header: str, words: str, tmp_path: Path) -> None:
    assert words in message(written(tmp_path, header, T, A, ERROR))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nan,0.9", "line 5: t is nan; allowed: a finite time"),
        ("-1,0.9", "line 5: t is -1; allowed: a finite time, 0 or later"),
        (",0.9", "line 5: t is ''; allowed: a finite number"),
        ("0.2,0.9", "line 5: t is 0.2 after 0.351"),
        (f"{float(T[2])!r},0.9", "average the rows of the same t"),
        ("1.0,nearly", "line 5: F is 'nearly'; allowed: a finite number"),
        ("1,0,0,9", "line 5: 4 values for the columns t,F (separator: comma); allowed: 2; write decimals with a point"),
    ],
)
def test_a_wrong_row(line: str, words: str, tmp_path: Path) -> None:
    assert words in message(with_line(written(tmp_path, "t,F", T, A), 5, line))


def test_unsorted_times(tmp_path: Path) -> None:
    text = message(written(tmp_path, "t,F", T[::-1], A[::-1]))
    assert "line 3: t is 53.3" in text
    assert "sort the rows by t" in text


def test_an_error_below_zero(tmp_path: Path) -> None:
    path = with_line(written(tmp_path, "t,F,error", T, A, ERROR), 3, f"{float(T[1])!r},0.9,-0.1")
    assert "line 3: the error of F of A is -0.1 at t = 0.187" in message(path)


def test_no_rows(tmp_path: Path) -> None:
    assert "has no times; allowed: a row for each time" in message(written(tmp_path, "t,F"))


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere.nc"])
def test_no_such_file(name: str, tmp_path: Path) -> None:
    assert "No such file" in message(tmp_path / name)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (xr.Dataset({"phi": ("t", A)}, {"t": T}), "has the variables phi; allowed: one is F(species, t)"),
        (xr.Dataset({"F": ("time", A)}, {"time": T}), ".rename(time='t')"),
        (xr.Dataset({"F": ("t", A)}), "with values of both as coordinates"),
        (xr.Dataset({"F": ("t", A.astype(str))}, {"t": T}), "numbers"),
        (xr.Dataset({"F": (("species", "t"), [A, B])}, {"t": T}), "with values of both as coordinates"),
        (xr.Dataset({"F": (("species", "t"), [A, B])}, {"t": T, "species": ["A", "C"]}), "the species are A, C"),
        (
            xr.Dataset({"F": (("species", "t"), [A, B]), "error": ("t", ERROR)}, {"t": T, "species": ["A", "B"]}),
            "error has other species or dimensions than F",
        ),
        (xr.Dataset({"F": ("t", A[::-1])}, {"t": T[::-1]}), "t[1]: t is 53.3"),
    ],
)
def test_a_netcdf_file_of_another_layout(data: xr.Dataset, words: str, tmp_path: Path) -> None:
    data.to_netcdf(tmp_path / "F.nc")
    assert words in message(tmp_path / "F.nc")
