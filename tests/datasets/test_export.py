"""Tables and stores for other programs hold the cube's numbers, units and states; they are whole or absent."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from glassdask.datasets.cube import StateEntry, build_cube
from glassdask.datasets.export import export_cube
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint
from tests.datasets.synthetic import COORDINATES, state_entry

ASKED = [("lj", 1.0, 1.2), ("lj", 2.0, 1.2), ("lj", 3.0, 1.2), ("lj", 4.0, 1.2)]


@pytest.fixture
def cube(tmp_path: Path) -> xr.Dataset:
    """T = 1 and 2 with values, 3 failed, 4 not yet done; WCA at T = 1 alone."""
    entries = [
        state_entry(tmp_path, StatePoint("lj", 1.0, 1.2), 1.5),
        state_entry(tmp_path, StatePoint("lj", 2.0, 1.2), 2.5, status="not_equilibrated", n_lags=3),
        StateEntry(StatePoint("lj", 3.0, 1.2), "failed"),
        StateEntry(StatePoint("lj", 4.0, 1.2), "missing"),
        state_entry(tmp_path, StatePoint("wca", 1.0, 1.2), 3.5),
    ]
    return build_cube(entries, COORDINATES).assign_attrs(title="some")


def test_csv_has_a_row_a_value_and_its_units_as_comments(cube: xr.Dataset, tmp_path: Path) -> None:
    files = export_cube(cube, "csv", tmp_path / "out", states=ASKED)
    names = {path.stem for path in files}
    assert {"states", "species", "species_t", "pair_k", "pair_k_fine", "dynamics_species_n_exp_mode"} <= names
    comments = [line for line in (tmp_path / "out" / "species.csv").read_text().splitlines() if line[0] == "#"]
    assert "# relaxation_time [tau_MD]: relaxation time: F_s(k_p,t) = 1/e" in comments
    assert "# T [epsilon_AA/k_B]: temperature" in comments

    curves = pd.read_csv(tmp_path / "out" / "species_t.csv", comment="#")
    assert len(curves) == (5 + 3 + 5) * 2, "a shorter run has fewer times, not empty ones"
    one = curves.query("potential == 'lj' and T == 2 and species == 'B' and t == 0.03").iloc[0]
    assert (one["peak_scattering"], one["peak_scattering_error"], one["status"]) == (2.5, 0.1, "not_equilibrated")


def test_states_without_values_are_marked_and_empty(cube: xr.Dataset, tmp_path: Path) -> None:
    """Failed and missing ones; not the places of a ragged grid that nobody has asked for."""
    export_cube(cube, "csv", tmp_path / "out", states=ASKED)
    states = pd.read_csv(tmp_path / "out" / "states.csv", comment="#").set_index(["potential", "T"])
    assert states["status"].to_dict() == {
        ("lj", 1.0): "done",
        ("lj", 2.0): "not_equilibrated",
        ("lj", 3.0): "failed",
        ("lj", 4.0): "missing",
        ("wca", 1.0): "done",
    }
    assert states.loc[("lj", 3.0)].drop(["rho", "status"]).isna().all(), "counts and flags, too"
    species = pd.read_csv(tmp_path / "out" / "species.csv", comment="#")
    assert species.query("status == 'failed'")["relaxation_time"].isna().all()
    assert len(species.query("status == 'failed'")) == 2


def test_parquet_keeps_types_units_and_attributes(cube: xr.Dataset, tmp_path: Path) -> None:
    parquet = pytest.importorskip(
        "pyarrow.parquet", reason="pyarrow is not installed (pip install 'glassdask[export]')"
    )
    files = export_cube(cube, "parquet", tmp_path / "out", ["structure_factor", "relaxation_time", "n_origins"])
    assert {path.name for path in files} == {"states.parquet", "pair_k.parquet", "species.parquet", "t.parquet"}
    schema = parquet.read_schema(tmp_path / "out" / "pair_k.parquet")
    assert schema.names == [
        "potential",
        "T",
        "rho",
        "status",
        "pair",
        "k",
        "structure_factor",
        "structure_factor_error",
    ]
    assert schema.field("k").metadata[b"units"] == b"1/sigma_AA"
    assert json.loads(schema.metadata[b"glassdask"])["title"] == "some"
    table = pd.read_parquet(tmp_path / "out" / "pair_k.parquet")
    assert len(table) == 3 * 3 * 3
    assert table["structure_factor"].dtype == np.float64
    assert pd.read_parquet(tmp_path / "out" / "t.parquet")["n_origins"].dtype.kind == "i"


def test_zarr_is_the_cube(cube: xr.Dataset, tmp_path: Path) -> None:
    pytest.importorskip("zarr", reason="zarr is not installed (pip install 'glassdask[export]')")
    assert export_cube(cube, "zarr", tmp_path / "cube.zarr") == [tmp_path / "cube.zarr"]
    with xr.open_zarr(tmp_path / "cube.zarr", consolidated=False) as stored:
        assert stored["relaxation_time"].attrs == cube["relaxation_time"].attrs
        for name in cube.data_vars:
            np.testing.assert_array_equal(stored[name].values, cube[name].values)
        assert stored["potential"].values.tolist() == ["lj", "wca"]


def test_large_tables_are_written_in_pieces(cube: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_cube(cube, "csv", tmp_path / "whole", states=ASKED)
    monkeypatch.setattr("glassdask.datasets.export._ROWS", 4)
    export_cube(cube, "csv", tmp_path / "pieces", states=ASKED)
    for path in (tmp_path / "whole").iterdir():
        assert (tmp_path / "pieces" / path.name).read_text() == path.read_text()


def test_it_is_whole_or_absent(cube: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(InvalidInput, match="mine' exists; allowed: the name of a folder that does not exist yet"):
        export_cube(cube, "csv", tmp_path / "mine")
    with pytest.raises(InvalidInput, match="its folder does not exist; make it first"):
        export_cube(cube, "csv", tmp_path / "no" / "where")
    with pytest.raises(InvalidInput, match="variable 'relaxation': did you mean"):
        export_cube(cube, "csv", tmp_path / "out", ["relaxation"])
    monkeypatch.setattr(pd.DataFrame, "to_csv", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left")))
    before = set(tmp_path.iterdir())
    with pytest.raises(OSError, match="No space left"):
        export_cube(cube, "csv", tmp_path / "out")
    assert set(tmp_path.iterdir()) == before


def test_nothing_measured_is_a_table_without_rows(tmp_path: Path) -> None:
    cube = build_cube([StateEntry(StatePoint("lj", 1.0, 1.2), "failed")], COORDINATES)
    export_cube(cube, "csv", tmp_path / "out", ["peak_scattering", "pressure"])
    curves = pd.read_csv(tmp_path / "out" / "species_t.csv", comment="#")
    assert curves.empty
    assert "peak_scattering" in curves.columns
    assert pd.read_csv(tmp_path / "out" / "states.csv", comment="#")["status"].tolist() == ["failed"]
