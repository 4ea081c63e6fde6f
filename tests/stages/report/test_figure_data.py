"""Tables of numbers behind figures: every number, its unit, one row a point; too large ones are left out."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from glassdask.campaign.definition.campaign import Campaign
from glassdask.datasets.netcdf import read_netcdf
from glassdask.figures.catalogue import FIGURES
from glassdask.stages.report import figure_data
from glassdask.stages.report.figure_data import tables, write_figure_data, write_table
from glassdask.stages.report.figure_sources import figure_sources


def rows_of(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Comments and rows of a table."""
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    return comments, list(csv.DictReader(lines[len(comments) :]))


def test_a_table_holds_the_numbers_of_the_cube(tiny: Campaign, tmp_path: Path) -> None:
    with figure_sources(tiny.folder) as sources:
        cube = sources["cube"].load()
        data = FIGURES["scattering"].data(sources)
    assert data is not None
    write_figure_data(data, "scattering", tmp_path)
    comments, rows = rows_of(tmp_path / "scattering.csv")
    assert "# t [tau_MD]: lag time" in comments
    assert any(line.startswith("# peak_scattering_error [1]: standard error of ") for line in comments)
    assert len(rows) == int(np.isfinite(cube["peak_scattering"]).sum()), "points where nothing was measured have no row"
    for row in rows:
        where: dict[str, Any] = {"potential": row["potential"], "T": float(row["T"]), "rho": float(row["rho"])}
        value = cube["peak_scattering"].sel(**where, species=row["species"], t=float(row["t"]))
        assert float(row["peak_scattering"]) == float(value), "every digit"


def test_variables_over_other_axes_have_their_own_table() -> None:
    data = xr.Dataset(
        {
            "F": (("T", "t"), np.ones((2, 3))),
            "F_theory": (("T", "t_mct"), np.ones((2, 4))),
            "k_p": ("T", np.ones(2)),
        }
    )
    found = tables(data)
    assert {name: sorted(map(str, table.data_vars)) for name, table in found.items()} == {
        "": ["F", "k_p"],
        "_t_mct": ["F_theory"],
    }


def test_flags_and_labels_are_told(tmp_path: Path) -> None:
    attributes = {"long_name": "status", "units": "1", "flag_values": [0, 1], "flag_meanings": "missing done"}
    data = xr.Dataset(
        {"status": ("T", np.array([0, 1], np.int8), attributes), "tau": ("T", [np.nan, 2.5])}, {"T": [0.5, 1.0]}
    )
    write_table(data, tmp_path / "table.csv")
    comments, rows = rows_of(tmp_path / "table.csv")
    assert "# status [1]: status (0 missing, 1 done)" in comments
    assert rows == [{"T": "1.0", "status": "1", "tau": "2.5"}]


def test_a_table_that_would_be_too_large_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure_data, "MOST_NUMBERS", 5)
    data = xr.Dataset({"F": (("T", "t"), np.ones((2, 3))), "k_p": ("k", np.ones(3))})
    files, left_out = write_figure_data(data, "some", tmp_path)
    assert [path.name for path in files] == ["some.nc", "some_k.csv"]
    assert left_out == "some.csv is left out: 6 numbers, more than 5; some.nc has them"
    assert read_netcdf(tmp_path / "some.nc")["F"].shape == (2, 3)
