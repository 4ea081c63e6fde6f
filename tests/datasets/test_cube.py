"""The cube: ragged grids, replicas, and what is missing says why."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from glassdask.datasets.cube import StateEntry, build_cube
from glassdask.datasets.schema.variables import (
    CUBE_VARIABLES,
    MODE_COUPLING_VARIABLES,
    STATE_VARIABLES,
    STATUS,
)
from glassdask.errors import InvalidInput
from glassdask.outcome import ModeCouplingState
from glassdask.physics.liquids.liquid import SPECIES, pairs_of
from glassdask.state_point import StatePoint
from tests.datasets.synthetic import COORDINATES, state_entry

NAN = math.nan


def status_of(cube, potential: str, T: float, rho: float) -> str:
    return STATUS[int(cube["status"].sel(potential=potential, T=T, rho=rho))]


def test_every_state_lies_where_its_coordinates_say(tmp_path: Path) -> None:
    """A ragged grid: states are found by value, in any order of the file; what is not in the campaign is missing."""
    states = [("wca", 2.0, 1.4), ("lj", 0.5, 1.2), ("lj", 2.0, 1.2), ("wca", 1.0, 1.4)]
    value = {key: float(i + 1) for i, key in enumerate(states)}
    cube = build_cube([state_entry(tmp_path, StatePoint(*key), value[key]) for key in states], COORDINATES)
    assert dict(cube.sizes) == {
        "potential": 2, "T": 3, "rho": 2, "pair": 3, "k": 3, "k_fine": 6, "species": 2, "t": 5, "t_mct": 4,
        "dynamics": 2, "n_exp": 2, "mode": 2,
    }  # fmt: skip
    assert cube["T"].values.tolist() == [0.5, 1.0, 2.0]
    for potential in ("lj", "wca"):
        for T in (0.5, 1.0, 2.0):
            for rho in (1.2, 1.4):
                found = cube["structure_factor"].sel(potential=potential, T=T, rho=rho).values
                expected = value.get((potential, T, rho), math.nan)
                np.testing.assert_array_equal(found, np.full((3, 3), expected))
                assert status_of(cube, potential, T, rho) == ("missing" if math.isnan(expected) else "done")
                assert int(cube["n_replicas"].sel(potential=potential, T=T, rho=rho)) == (not math.isnan(expected))


def test_the_cube_follows_the_schema(tmp_path: Path) -> None:
    cube = build_cube([state_entry(tmp_path, StatePoint("lj", 1.0, 1.2), 1.0)], COORDINATES)
    assert set(cube.data_vars) == {*STATE_VARIABLES, *CUBE_VARIABLES}
    for name, variable in STATE_VARIABLES.items():
        assert cube[name].dims == ("potential", "T", "rho", *variable.dims)
        assert cube[name].dtype == np.dtype(variable.dtype)
    assert cube["status"].attrs["flag_meanings"] == "missing done not_equilibrated crystallised failed"
    assert cube.attrs["source"] == "lammps 1 (cpu)"


def test_a_shorter_run_ends_in_missing_lags(tmp_path: Path) -> None:
    long = state_entry(tmp_path, StatePoint("lj", 1.0, 1.2), 1.0)
    short = state_entry(tmp_path, StatePoint("lj", 2.0, 1.2), 2.0, n_lags=3)
    cube = build_cube([long, short], COORDINATES)
    curve = cube["peak_scattering"].sel(potential="lj", rho=1.2, species="A")
    np.testing.assert_array_equal(curve.sel(T=1.0), [1, 1, 1, 1, 1])
    np.testing.assert_array_equal(curve.sel(T=2.0), [2, 2, 2, math.nan, math.nan])
    np.testing.assert_array_equal(cube["n_origins"].sel(potential="lj", rho=1.2, T=2.0), [7, 7, 7, 0, 0])


@pytest.mark.parametrize("n_replicas", [1, 2, 3, 5])
def test_replicas_are_averaged_with_their_standard_error(n_replicas: int, tmp_path: Path) -> None:
    """Of three or more the scatter tells the error, s / sqrt(n); of two their own errors do, sqrt(e1² + e2²) / 2."""
    values = np.random.default_rng(3).normal(1.0, 0.2, n_replicas)
    entries = [state_entry(tmp_path, StatePoint("lj", 1.0, 1.2, r), value) for r, value in enumerate(values)]
    cube = build_cube(entries, COORDINATES).squeeze()
    np.testing.assert_allclose(cube["structure_factor"], values.mean(), rtol=1e-12)
    own = 0.1 / math.sqrt(n_replicas)
    scatter = np.std(values, ddof=1) / math.sqrt(n_replicas) if n_replicas > 1 else own
    np.testing.assert_allclose(cube["structure_factor_error"], scatter if n_replicas > 2 else own, rtol=1e-12)
    assert int(cube["n_replicas"]) == n_replicas
    np.testing.assert_array_equal(cube["n_origins"], 7 * n_replicas)


def test_a_lag_that_one_replica_reached_is_that_replicas(tmp_path: Path) -> None:
    entries = [
        state_entry(tmp_path, StatePoint("lj", 1.0, 1.2, 0), 1.0, n_lags=3),
        state_entry(tmp_path, StatePoint("lj", 1.0, 1.2, 1), 3.0, n_lags=5),
    ]
    cube = build_cube(entries, COORDINATES).squeeze().sel(species="A")
    np.testing.assert_allclose(cube["peak_scattering"], [2, 2, 2, 3, 3])
    np.testing.assert_allclose(cube["peak_scattering_error"], [0.1 / math.sqrt(2)] * 3 + [0.1] * 2)


def test_crystallised_runs_are_masked(tmp_path: Path) -> None:
    """Fault 22: flagged, kept on disk, out of every average."""
    crystal = state_entry(tmp_path, StatePoint("lj", 0.5, 1.2, 0), 9.0, status="crystallised")
    liquid = state_entry(tmp_path, StatePoint("lj", 0.5, 1.2, 1), 1.0)
    alone = state_entry(tmp_path, StatePoint("lj", 0.4, 1.2, 0), 9.0, status="crystallised")
    cube = build_cube([crystal, liquid, alone], COORDINATES).squeeze()
    assert (cube["structure_factor"].sel(T=0.5) == 1.0).all()
    assert int(cube["n_replicas"].sel(T=0.5)) == 1
    assert np.isnan(cube["structure_factor"].sel(T=0.4)).all()
    assert STATUS[int(cube["status"].sel(T=0.4))] == "crystallised"


def test_equilibrated_replicas_are_preferred(tmp_path: Path) -> None:
    glass = state_entry(tmp_path, StatePoint("lj", 0.5, 1.2, 0), 9.0, status="not_equilibrated")
    liquid = state_entry(tmp_path, StatePoint("lj", 0.5, 1.2, 1), 1.0)
    assert (build_cube([glass, liquid], COORDINATES)["structure_factor"] == 1.0).all()
    cube = build_cube([glass], COORDINATES)
    assert (cube["structure_factor"] == 9.0).all()
    assert STATUS[int(cube["status"].item())] == "not_equilibrated"


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["failed", "missing"], "failed"),
        (["missing", "missing"], "missing"),
        (["crystallised", "failed"], "crystallised"),
    ],
)
def test_a_state_without_data_says_why(statuses: list[str], expected: str) -> None:
    entries = [StateEntry(StatePoint("lj", 1.0, 1.2, r), status) for r, status in enumerate(statuses)]
    cube = build_cube(entries, COORDINATES)
    assert STATUS[int(cube["status"].item())] == expected
    assert np.isnan(cube["relaxation_time"]).all()
    assert int(cube["n_replicas"].item()) == 0


def test_a_file_of_another_grid_is_refused_with_a_way_out(tmp_path: Path) -> None:
    entry = state_entry(tmp_path, StatePoint("lj", 1.0, 1.2), 1.0)
    for name, other in (
        ("k", COORDINATES["k"] + 0.1),
        ("t", COORDINATES["t"][:3]),
        ("t_mct", COORDINATES["t_mct"] * 2),
        ("pair", np.array(["AA", "BB", "AB"])),
        ("pair", np.array(["AA", "AB"])),
        ("species", np.array(["A", "C", "D"])),
    ):
        with pytest.raises(InvalidInput, match=rf"its {name} grid .* --redo-changed"):
            build_cube([entry], {**COORDINATES, name: other})


def mct_state_of(cube) -> str:
    return ModeCouplingState.flagged(cube["mct_state"].item())


def test_theory_lies_beside_what_was_measured(tmp_path: Path) -> None:
    cube = build_cube([state_entry(tmp_path, StatePoint("lj", 1.0, 1.2), 3.0, mct_state="glass")], COORDINATES)
    assert mct_state_of(cube) == "glass"
    assert cube["mct_state"].attrs["flag_meanings"].split()[3] == "glass"
    np.testing.assert_array_equal(cube["mct_scattering"].squeeze(), np.full((3, 3, 4), 3.0))
    np.testing.assert_array_equal(cube["t_mct"], COORDINATES["t_mct"])
    assert (cube["structure_factor"] == 3.0).all()


def test_a_state_without_its_theory_keeps_what_was_measured(tmp_path: Path) -> None:
    cube = build_cube([state_entry(tmp_path, StatePoint("lj", 1.0, 1.2), 3.0, mct_state=None)], COORDINATES)
    assert (cube["structure_factor"] == 3.0).all()
    assert int(cube["n_replicas"].item()) == 1
    assert mct_state_of(cube) == "missing"
    for name, variable in MODE_COUPLING_VARIABLES.items():
        assert cube[name].dims == ("potential", "T", "rho", *variable.dims)
        assert variable.dtype == "int8" or np.isnan(cube[name]).all()


@pytest.mark.parametrize(("other", "expected"), [(None, "liquid"), ("unusable", "liquid"), ("glass", "glass")])
def test_replicas_without_theory_do_not_spoil_the_others(other: str | None, expected: str, tmp_path: Path) -> None:
    """Theory is averaged over the replicas that have it; of several verdicts the last in the list of the schema counts."""
    entries = [
        state_entry(tmp_path, StatePoint("lj", 1.0, 1.2, 0), 1.0, mct_state=other),
        state_entry(tmp_path, StatePoint("lj", 1.0, 1.2, 1), 3.0),
    ]
    for order in (entries, entries[::-1]):
        cube = build_cube(order, COORDINATES)
        assert mct_state_of(cube) == expected
        assert int(cube["mct_is_unresolved"].item()) == 0
        assert (cube["structure_factor"] == 2.0).all()
        assert (cube["mct_scattering"] == (2.0 if other == "glass" else 3.0)).all()
        assert int(cube["n_replicas"].item()) == 2


def test_memories_lie_beside_what_they_reproduce(tmp_path: Path) -> None:
    entries = [
        state_entry(tmp_path, StatePoint("lj", 1.0, 1.2, 0), 1.0),
        state_entry(tmp_path, StatePoint("lj", 1.0, 1.2, 1), 3.0),
        state_entry(tmp_path, StatePoint("lj", 2.0, 1.2), 5.0, has_memory=False),
    ]
    cube = build_cube(entries, COORDINATES).squeeze()
    assert (cube["memory_time"].sel(T=1.0) == 2.0).all()
    np.testing.assert_allclose(cube["memory_time_error"].sel(T=1.0), 0.1 / math.sqrt(2))
    assert cube["memory_scattering"].dims == ("T", "dynamics", "species", "n_exp", "t")
    assert np.isnan(cube["memory_time"].sel(T=2.0)).all()
    assert (cube["structure_factor"].sel(T=2.0) == 5.0).all()


def test_a_campaign_without_states_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one state"):
        build_cube([], COORDINATES)


def test_species_and_pairs_are_found_by_name(tmp_path: Path) -> None:
    """AA, AB, BB are no beginning of AA, AB, AC, BB, BC, CC; what a liquid lacks is missing, also of counts and flags."""
    of_three = {**COORDINATES, "species": np.array(SPECIES[:3]), "pair": np.array(pairs_of(3))}
    entries = [
        state_entry(tmp_path, StatePoint("one", 1.0, 1.2), 1.0, n_species=1),
        state_entry(tmp_path, StatePoint("two", 1.0, 1.2, 0), 2.0, n_species=2),
        state_entry(tmp_path, StatePoint("two", 1.0, 1.2, 1), 4.0, n_species=2),
        state_entry(tmp_path, StatePoint("three", 1.0, 1.2), 5.0, n_species=3),
    ]
    cube = build_cube(entries, of_three).squeeze()
    expected = {
        "one": ([1, NAN, NAN], [1, NAN, NAN, NAN, NAN, NAN]),
        "two": ([3, 3, NAN], [3, 3, NAN, 3, NAN, NAN]),
        "three": ([5] * 3, [5] * 6),
    }
    for potential, (by_species, by_pair) in expected.items():
        here = cube.sel(potential=potential)
        np.testing.assert_array_equal(here["relaxation_time"], by_species)
        np.testing.assert_array_equal(here["structure_factor"].isel(k=1), by_pair)
        np.testing.assert_array_equal(here["mct_memory"].isel(k=1, t_mct=2), by_pair)
        np.testing.assert_array_equal(here["memory_bic"].sel(dynamics="newtonian", n_exp=2), by_species)
    assert (cube["memory_is_misfit"] == 0).all()
