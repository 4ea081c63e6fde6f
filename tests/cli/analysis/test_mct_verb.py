"""``glassdask mct``: of a campaign, of one's own S(k), of hard spheres; every slip has one message and writes nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from glassdask.campaign.definition.campaign import Campaign
from glassdask.cli.analysis.mct import budget_lines, critical_rows
from glassdask.cli.terminal.own_files import is_data_file
from glassdask.datasets.netcdf import read_netcdf
from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick

K = bipolar_wavenumbers(0.4, 50)
TABLE_1 = Path(__file__).parents[3] / "benchmarks" / "results" / "table1.nc"


@pytest.fixture
def mixture(tmp_path: Path) -> tuple[Path, float]:
    """A CSV file of a glass of hard spheres, and its density."""
    structure = percus_yevick(K, 0.55, (0.8, 1.0), (0.2, 0.8))
    S = structure.structure_factor
    path = tmp_path / "S.csv"
    table = np.column_stack([K, S[0, 0], S[0, 1], S[1, 1]])
    np.savetxt(path, table, delimiter=",", header="k,AA,AB,BB", comments="", fmt="%.12g")
    return path, structure.density


def test_a_file_of_ones_own(call, mixture: tuple[Path, float], tmp_path: Path) -> None:
    path, density = mixture
    output = tmp_path / "F.nc"
    answer = call(
        "mct", path, "--density", f"{density:.12g}", "--composition", "0.2,0.8", "--diffusivity", "2",
        "--end-time", "100", "--wavenumber", "7", "--output", output, "--json",
    )  # fmt: skip
    found = json.loads(answer.out)
    assert answer.code == 0
    assert found["outcome"] == "glass"
    assert found["wavenumber"] == pytest.approx(7.0)
    assert len(found["nonergodicity"]["AA"]) == 50
    assert set(found["relaxation_time"]) == {"A", "B"}
    data = read_netcdf(output)
    assert {"scattering", "self_scattering", "memory"} <= set(data.data_vars)
    assert data.attrs["mobility"] == 2.0


def test_hard_spheres_in_words(call) -> None:
    answer = call("mct", "--packing-fraction", "0.45", "--end-time", "1000")
    assert answer.code == 0
    assert answer.out.startswith("liquid: correlations decay to zero")
    assert "Percus–Yevick" in answer.out
    assert f"{DEFAULT_DYNAMICS} dynamics with D = 1; times in length²/D" in answer.out


@pytest.mark.parametrize("verb", ["mct", "fit"])
def test_one_default_for_the_dynamics_of_own_tables(call, verb: str) -> None:
    assert f"[default: {DEFAULT_DYNAMICS}" in " ".join(call(verb, "--help").out.split())


def test_a_campaign(call, tiny: Campaign, tiny_file: Path) -> None:
    answer = call("mct", tiny_file, "--json")
    rows = json.loads(answer.out)["critical_temperatures"]
    assert answer.code == 0
    assert [(row["potential"], row["rho"]) for row in rows] == [("lj", 1.2), ("wca", 1.2)]
    assert all(row["T_mct"] is None and row["message"] for row in rows)  # hot liquids only
    assert "T_mct" in call("mct", tiny.folder).out
    same = call("mct", tiny_file, "--other-box", tiny_file)
    assert same.code == 2
    assert "both campaigns have boxes of" in same.err


def test_where_errors_come_from_stands_beside_them() -> None:
    """Of one mixture with a budget, and of the committed Table 1, which was collected before there were budgets."""
    old = xr.load_dataset(TABLE_1).sel(potential=["lj"], rho=[1.2])
    (row,) = critical_rows(old)
    assert (row["errors"], row["a"] is not None) == (None, True)
    assert budget_lines([row]) == [
        "errors are of the statistics alone: these data were collected before the treatment of S(k) was looked at"
    ]
    parts = xr.DataArray([[[0.003, np.nan, 0.004]]], dims=("potential", "rho", "error_source"))
    names = ("critical_temperature", "exponent_parameter", "exponent_a", "exponent_b", "critical_coupling")
    budgets = {f"{name}_error_part": parts for name in names}
    totals = {f"{name}_error": (("potential", "rho"), [[0.005]]) for name in names}
    new = old.assign(budgets | totals).assign_coords(error_source=["statistics", "window", "end"])
    (row,) = critical_rows(new)
    assert row["errors"]["T_mct"] == {"statistics": 0.003, "window": None, "end": 0.004, "total": 0.005}
    assert list(row["errors"]) == ["T_mct", "exponent_parameter", "a", "b", "g_c"]
    assert json.dumps(row, allow_nan=False)
    assert "0.33" in budget_lines([row])[-1]  # percent of 0.897


@pytest.mark.parametrize(("arguments", "words"), [
    ((), "give one of SOURCE"),
    (("{file}", "--packing-fraction", "0.5"), "give one of SOURCE"),
    (("{file}",), "--density is missing"),
    (("{file}", "--density", "-1"), "--density is -1; allowed: a finite number above 0"),
    (("{file}", "--density", "1.16"), "composition is 1, but"),
    (("{file}", "--density", "1.16", "--composition", "0.2/0.8"), "--composition is '0.2/0.8'; allowed: numbers"),
    (("{file}", "--density", "1.16", "--composition", "0.2,0.7"), "with the sum 0.9; allowed: the sum 1"),
    (("{file}", "--density", "1.16", "--composition", "0.2,0.8", "--temperature", "1"), "--temperature has no part in"),
    (("{file}", "--density", "1.16", "--composition", "0.2,0.8", "--diffusivity", "0"), "--diffusivity is 0; allowed"),
    (("{file}", "--density", "1.16", "--composition", "0.2,0.8", "--wavenumber", "99"), "wavenumber is 99; allowed"),
    (("{file}", "--density", "1.16", "--composition", "0.2,0.8", "--diameters", "1"), "--diameters belongs to"),
    (("{file}", "--density", "1.16", "--composition", "0.2,0.8", "--output", "no/F.nc"), "its folder does not exist"),
    (("--packing-fraction", "0.9"), "packing_fraction is 0.9; allowed: above 0 and below 0.7405, where no more spheres of 1 diameter have room"),
    (("--packing-fraction", "0.5", "--density", "1"), "say the same thing twice"),
    (("--packing-fraction", "0.5", "--other-box", "."), "--other-box belongs to a campaign"),
])  # fmt: skip
def test_a_mistake_has_one_message(
    call, mixture: tuple[Path, float], tmp_path: Path, monkeypatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = call("mct", *(argument.format(file=mixture[0]) for argument in arguments))
    assert answer.code == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1
    assert answer.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["S.csv"]


def test_options_of_files_are_not_for_campaigns(call, tiny_file: Path) -> None:
    answer = call("mct", tiny_file, "--density", "1.2")
    assert answer.code == 2
    assert "--density belongs to a file of S(k)" in answer.err


def test_an_S_that_is_not_positive_definite_is_refused(call, tmp_path: Path) -> None:
    path = tmp_path / "S.csv"
    S = percus_yevick(K, 0.3, (0.8, 1.0), (0.2, 0.8)).structure_factor
    table = np.column_stack([K, S[0, 0], np.full(K.size, 0.0), S[1, 1]])
    table[10, 2] = 2.0
    np.savetxt(path, table, delimiter=",", header="k,AA,AB,BB", comments="")
    answer = call("mct", path, "--density", "0.635", "--composition", "0.2,0.8")
    assert answer.code == 2
    assert "has no inverse" in answer.err


def test_any_layout_and_ending_and_what_was_understood(call, tmp_path: Path) -> None:
    """Without an ending, compressed, columns named by the user, decimal commas in the file and in --composition."""
    structure = percus_yevick(K, 0.45, (0.8, 1.0), (0.2, 0.8))
    S = structure.structure_factor
    table = np.column_stack([K, K, S[0, 0] / 0.2, S[0, 1], S[1, 1] / 0.8])
    path = tmp_path / "S"
    text = "\n".join(";".join(f"{value:.12g}".replace(".", ",") for value in row) for row in table.tolist())
    path.write_bytes(gzip.compress(text.encode()))
    answer = call(
        "mct", path, "--density", f"{structure.density:.12g}", "--composition", "0,2;0,8", "--columns", "k,_,AA,AB,BB",
        "--end-time", "1", "--json",
    )  # fmt: skip
    assert answer.code == 0
    found = json.loads(answer.out)
    assert (
        "50 rows of k,_,AA,AB,BB, separator: semicolon, decimal commas; k = 0.2 … 19.8 in steps of 0.4" in found["read"]
    )
    assert "normalisation self-cross-by-N (told by" in found["read"]
    assert answer.err.splitlines() == [f"read: {found['read']}"]


def test_a_wrong_digit_is_said(call, tmp_path: Path) -> None:
    S = percus_yevick(K, 0.45).structure_factor[0, 0].copy()
    S[30] += 0.01
    path = tmp_path / "S.tsv"
    np.savetxt(path, np.column_stack([K, S]), header="k S(k)")
    density = f"{0.45 * 6 / np.pi:.10g}"
    found = json.loads(call("mct", path, "--density", density, "--end-time", "1", "--json").out)
    assert any("line 32: AA is " in said for said in found["warnings"])


@pytest.mark.parametrize(("name", "content", "is_data"), [
    ("S", "k AA\n1 2\n", True), ("S.out", "# k AA\n1.0 2.0\n", True), ("S.csv", "k,AA\n", True), ("S.nc", "", True),
    ("c.conf", "# a campaign\n[campaign]\nseed = 1\n", False), ("c.toml", "", False), ("c", "seed = 1\n", False),
])  # fmt: skip
def test_a_file_is_known_by_what_is_in_it(name: str, content: str, is_data: bool, tmp_path: Path) -> None:
    """A table is never answered as TOML; a campaign may have any ending."""
    path = tmp_path / name
    path.write_text(content)
    assert is_data_file(str(path)) == is_data
    assert not is_data_file(str(tmp_path))
