"""Two campaigns beside each other: noise of the errors' size gives chi2/n = 1, and what is not comparable says so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import glassdask
from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.variables import CUBE_VARIABLES, STATE_DIMENSIONS, STATUS, VARIABLES
from glassdask.errors import InvalidInput

TABLE_1 = Path(__file__).parents[3] / "benchmarks" / "results" / "table1.json"
_NAMES = ("relaxation_time", "peak_scattering", "structure_factor_fine", "pressure")


def cube(temperatures: tuple[float, ...] = (0.5, 0.6, 0.8, 1.0), n_lags: int = 30) -> xr.Dataset:
    """Smooth values with errors of a hundredth: no simulation, but every kind of variable."""
    axes = {"potential": np.array(["lj", "wca"]), "T": np.array(temperatures), "rho": np.array([1.2])}
    grids = {
        "species": np.array(["A", "B"]),
        "pair": np.array(["AA", "AB", "BB"]),
        "t": np.concatenate([[0.0], np.geomspace(0.03, 100, n_lags - 1)]),
        "k_fine": np.arange(0.025, 20, 0.05),
    }
    sizes = {name: len(values) for name, values in {**axes, **grids}.items()}
    T = axes["T"][None, :, None]
    values: dict[str, np.ndarray] = {}
    for name in _NAMES:
        shape = [sizes[dim] for dim in (*STATE_DIMENSIONS, *VARIABLES[name].dims)]
        values[name] = np.broadcast_to(5 + T.reshape(1, -1, *[1] * (len(shape) - 2)), shape).copy()
        values[f"{name}_error"] = np.full(shape, 0.01)
    F = np.exp(-grids["t"] / (3 / axes["T"][:, None]))
    values["peak_scattering"][:] = F[None, :, None, None, :]
    values["peak_scattering_error"][..., 0] = 0.0  # F(0) = 1 by definition
    values["mean_wavenumber_fine"] = np.broadcast_to(grids["k_fine"], (2, len(temperatures), 1, sizes["k_fine"]))
    values["status"] = np.full((2, len(temperatures), 1), STATUS.index("done"))
    return dataset(values, {**axes, **grids}, {**VARIABLES, **CUBE_VARIABLES}, STATE_DIMENSIONS)


def remeasured(data: xr.Dataset, seed: int) -> xr.Dataset:
    """The same states, with the noise that their errors stand for."""
    rng = np.random.default_rng(seed)
    noise = {name: data[name] + rng.normal(size=data[name].shape) * data[f"{name}_error"] for name in _NAMES}
    return data.assign(noise)


def written(data: xr.Dataset, path: Path) -> Path:
    write_netcdf(data, path, {})
    return path


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two independent measurements of the same states."""
    return tuple(written(remeasured(cube(), seed), tmp_path / f"{seed}.nc") for seed in (1, 2))  # type: ignore[return-value]


def test_independent_measurements_differ_by_their_errors(pair: tuple[Path, Path]) -> None:
    """chi2/n = 1 within five of the standard deviations that are told, for points that are independent."""
    found = glassdask.compare(*pair)
    assert {one.name for one in found.variables} == set(_NAMES)
    for one in found.variables:
        assert one.chi2_per_point == pytest.approx(1, abs=5 * one.scatter[0]), one.name
        assert one.n_equal == 0
    by_name = {one.name: one for one in found.variables}
    assert by_name["structure_factor_fine"].n_points == 2 * 4 * 3 * 400
    assert by_name["structure_factor_fine"].n_curves == 2 * 4 * 3
    assert by_name["peak_scattering"].n_points == 2 * 4 * 2 * 29, "F(0) = 1 is no measurement"
    assert found.n_states == (8, 8, 8)
    assert found.notes == ()


def test_a_row_is_the_difference_in_units_of_both_errors(pair: tuple[Path, Path]) -> None:
    table = glassdask.compare(*pair, variables=["relaxation_time"]).table
    row = table.query("potential == 'lj' and T == 0.6 and species == 'B'").iloc[0]
    A, B = (xr.open_dataset(path)["relaxation_time"].sel(potential="lj", T=0.6, rho=1.2, species="B") for path in pair)
    assert (row["A"], row["B"]) == (float(A), float(B))
    assert row["difference_in_errors"] == pytest.approx(float(A - B) / (0.01 * np.sqrt(2)))
    assert row["units"] == "tau_MD"


def test_one_state_that_is_off_stands_out(pair: tuple[Path, Path], tmp_path: Path) -> None:
    data = xr.load_dataset(pair[1])
    data["peak_scattering"].loc[{"potential": "wca", "T": 0.8, "species": "A", "t": data["t"][7]}] += 1.0
    found = glassdask.compare(pair[0], written(data, tmp_path / "off.nc"))
    worst = max(found.rows, key=lambda row: abs(row.ratio))
    assert (worst.state, worst.labels) == ({"potential": "wca", "T": 0.8, "rho": 1.2}, {"species": "A"})
    assert worst.place == {"t": float(data["t"][7])}
    assert worst.ratio == pytest.approx(-1 / (0.01 * np.sqrt(2)), abs=5)


def test_only_what_both_have_is_compared(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Other temperatures, shorter runs, times printed with six digits."""
    other = remeasured(cube((0.6, 0.8, 3.0), n_lags=30).isel(t=slice(0, 20)), 3)
    other = other.assign_coords(t=[float(f"{t:.6g}") for t in other["t"].values])
    found = glassdask.compare(pair[0], written(other, tmp_path / "other.nc"))
    assert found.n_states == (4, 8, 6)
    assert {row.state["T"] for row in found.rows} == {0.6, 0.8}
    curves = [row for row in found.rows if row.variable == "peak_scattering"]
    assert {row.n_points for row in curves} == {19}


def test_states_out_of_equilibrium_are_shown_and_not_judged(pair: tuple[Path, Path], tmp_path: Path) -> None:
    data = xr.load_dataset(pair[1])
    data["status"].loc[{"T": 0.5}] = STATUS.index("not_equilibrated")
    data["relaxation_time"].loc[{"T": 0.5}] += 10
    found = glassdask.compare(pair[0], written(data, tmp_path / "young.nc"), ["relaxation_time"])
    assert found.variables[0].n_points == 2 * 3 * 2
    assert found.variables[0].chi2_per_point < 4
    assert sum(not row.is_comparable for row in found.rows) == 4
    assert "2 states not in equilibrium on both sides" in found.notes[0]


def test_the_same_runs_are_recognised(pair: tuple[Path, Path]) -> None:
    found = glassdask.compare(pair[0], pair[0])
    assert "are equal but for rounding: the same runs, or the same seed" in found.notes[0]
    assert all(one.chi2_per_point == 0 for one in found.variables)


def test_campaigns_without_a_common_state_say_what_each_has(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = written(cube((2.0, 3.0)), tmp_path / "hot.nc")
    with pytest.raises(InvalidInput) as error:
        glassdask.compare(pair[0], other)
    assert "no state in common" in str(error.value)
    assert f"{other}: 4 states (lj, wca; T = 2 to 3; rho = 1.2)" in str(error.value)
    assert "at least one state has the same potential, T and rho" in str(error.value)


def test_what_cannot_be_compared_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nothing in common: measured states and critical temperatures"):
        glassdask.compare(pair[0], TABLE_1)
    with pytest.raises(InvalidInput, match="variable 'relaxation_tme': did you mean 'relaxation_time'"):
        glassdask.compare(*pair, variables=["relaxation_tme"])
    (tmp_path / "list.json").write_text('[{"potential": "lj", "rho": 1.2}]')
    with pytest.raises(InvalidInput, match=r"no list of critical temperatures \(KeyError: 'T_mct'\); allowed: a JSON"):
        glassdask.compare(pair[0], tmp_path / "list.json")
    (tmp_path / "broken.nc").write_bytes(b"CDF")
    with pytest.raises(InvalidInput, match="cannot be read as netCDF"):
        glassdask.compare(pair[0], tmp_path / "broken.nc")


def test_the_repositorys_critical_temperatures_are_a_reference() -> None:
    """The list and the file of the same results: equal, but for the digits of the list."""
    found = glassdask.compare(TABLE_1, TABLE_1.with_suffix(".nc"))
    assert found.n_states == (8, 8, 8)
    assert found.variables[0].name == "critical_temperature"
    assert abs(found.variables[0].largest) < 0.01


def test_figures_with_both(pair: tuple[Path, Path], tmp_path: Path) -> None:
    files = glassdask.compare(*pair).draw(tmp_path / "both", "svg")
    assert list(files) == ["compared_relaxation_time", "compared_structure_factor", "compared_scattering"]
    for path in files.values():
        text = path.read_text()
        assert f"{pair[0]}</text>" in text
        assert f"{pair[1]}</text>" in text


def test_a_liquid_that_one_lacks_has_no_panel(pair: tuple[Path, Path], tmp_path: Path) -> None:
    only = written(xr.load_dataset(pair[1]).sel(potential=["lj"]), tmp_path / "lj.nc")
    files = glassdask.compare(pair[0], only).draw(tmp_path / "both", "svg")
    text = files["compared_scattering"].read_text()
    assert "Lennard-Jones, ρ = 1.2</text>" in text
    assert "WCA" not in text


def test_a_campaign_is_compared_with_its_own_cube(tiny_file: Path) -> None:
    """Real data, by the file of the campaign; a campaign without results says so."""
    found = glassdask.compare(tiny_file, tiny_file.with_suffix("") / "observables.nc")
    assert found.n_states == (3, 3, 3)
    assert all(one.chi2_per_point in (0, None) for one in found.variables)
    assert json.dumps(found.as_dict())


def test_errors_that_leave_something_out_are_told_of(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Late lags, whose blocks overlap; and pressure, which follows the energy that a run was given."""
    data = remeasured(cube(), 3)
    late = data["t"] > 0.1 * data["t"].max()
    data["peak_scattering"] = data["peak_scattering"] + 0.05 * late
    found = glassdask.compare(pair[0], written(data.assign(pressure=data["pressure"] + 0.05), tmp_path / "late.nc"))
    of_lags, of_pressure = sorted(found.notes)
    early = float(of_lags.split("chi2/n = ")[1].split()[0])
    n_early = 2 * 4 * 2 * int((~late).sum() - 1)
    assert early == pytest.approx(1, abs=5 * (2 / n_early) ** 0.5)
    assert of_lags.startswith("peak_scattering: ")
    assert "beyond, where blocks of time origins overlap and errors are lower bounds" in of_lags
    assert of_pressure.startswith("pressure: its error is that of the average at a run's own energy")


def test_the_largest_difference_is_one_that_was_measured(pair: tuple[Path, Path]) -> None:
    """Of equal curves, too, whose first point nobody has."""
    with xr.open_dataset(pair[0]) as data:
        first = data.load()
    first["structure_factor_fine"][..., 0] = np.nan
    write_netcdf(first, pair[0], {})
    assert all(np.isfinite([row.A, row.B]).all() for row in glassdask.compare(pair[0], pair[0]).rows)
