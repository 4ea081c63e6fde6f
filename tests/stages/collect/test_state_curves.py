"""The curves of a state as plain data: measured ones as they are stored, rough ones while the simulation runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.datasets.netcdf import read_netcdf
from glassdask.stages.collect.state_curves import state_curves
from tests.simulation.small_runs import endless_request, start_child
from tests.waiting import wait_until

F_KEYS = {"t", "F_A", "F_A_error", "F_B", "F_B_error"}
S_KEYS = {"k", "k_p", *(f"S_{pair}{end}" for pair in ("AA", "AB", "BB") for end in ("", "_error"))}
PEAK_KEYS = {"k_peak", "S_p", *(f"S_{pair}_peak" for pair in ("AA", "AB", "BB"))}
MCT_KEYS = {"t_mct", "F_mct_A", "F_mct_B"}


@pytest.fixture(scope="module")
def home(tiny: Campaign) -> Path:
    return state_folder(tiny.folder, tiny.states[0].identifier)


def numbers(values: list[float | None]) -> np.ndarray:
    return np.array(values, dtype=float)


def test_a_finished_state_gives_what_its_files_hold(home: Path) -> None:
    curves = state_curves(home)
    assert curves.keys() == F_KEYS | S_KEYS | PEAK_KEYS | MCT_KEYS
    assert json.loads(json.dumps(curves, allow_nan=False)) == curves
    data = read_netcdf(home / "observables.nc")
    np.testing.assert_array_equal(numbers(curves["F_B"]), data["peak_scattering"].sel(species="B"))
    np.testing.assert_array_equal(numbers(curves["S_AB_error"]), data["structure_factor_error"].sel(pair="AB"))
    assert curves["k_p"] == float(data["peak_wavenumber"])
    assert len(curves["t_mct"]) == len(curves["F_mct_A"])


def test_the_curve_around_the_peak_is_that_of_which_k_p_is_the_maximum(home: Path) -> None:
    """Of a reduced state from its files, whose bins keep no count of their vectors: they are those of its box."""
    curves = state_curves(home)
    S = numbers(curves["S_AA_peak"])
    assert curves["k_peak"][int(S.argmax())] == pytest.approx(curves["k_p"], abs=1e-9)
    assert (
        S.max()
        == curves["S_p"]
        == pytest.approx(read_netcdf(home / "observables.nc")["peak_structure_factor"].values[0], rel=1e-9)
    )


def test_a_simulated_state_shows_rough_curves_near_the_measured_ones(
    tiny: Campaign, home: Path, tmp_path: Path
) -> None:
    """Six frames and eight origins a lag, N = 412: S(k) to some 0.2 at its peak, F_s to 0.1, k_p to 0.3."""
    rough_home = tmp_path / "states" / home.name
    rough_home.mkdir(parents=True)
    shutil.copy(tiny.folder / "campaign.json", tmp_path)
    for name in ("trajectory.gsd", "simulate.json"):
        shutil.copy(home / name, rough_home)
    rough, measured = state_curves(rough_home), state_curves(home)
    assert rough["is_so_far"]
    assert rough.keys() == F_KEYS | S_KEYS | PEAK_KEYS | {"is_so_far"}
    assert json.dumps(rough, allow_nan=False)
    assert rough["k_p"] == pytest.approx(measured["k_p"], abs=0.3)
    np.testing.assert_allclose(rough["t"], measured["t"][: len(rough["t"])])
    np.testing.assert_allclose(rough["F_A"], measured["F_A"][: len(rough["t"])], atol=0.1)
    n_k = len(rough["k"])
    np.testing.assert_allclose(rough["k"], measured["k"][:n_k])
    assert rough["k"][-1] < 16
    is_known = np.isfinite(numbers(rough["S_AA"]))
    assert is_known.sum() >= n_k - 3, "only the lowest bins hold no vector of the lattice"
    np.testing.assert_allclose(
        numbers(rough["S_AA"])[is_known], numbers(measured["S_AA"][:n_k])[is_known], atol=0.35
    )  # 412 particles, six frames


def test_a_running_simulation_shows_what_it_has_written(tmp_path: Path) -> None:
    """A real one of 77 particles; then its files vanish one after the other, as at the end of an attempt."""
    home = tmp_path / "states" / "wca_rho1.2_T1.0_r0"
    attempt = home / "work" / "simulate" / "inputs" / "attempt-1-abc"
    assert state_curves(home) == {"is_so_far": True}
    child = start_child(endless_request(attempt, checkpoint_seconds=0.2))
    try:
        wait_until(lambda: len(list(attempt.glob("segments/frames-*.gsd"))) > 2)
        curves = state_curves(home)
    finally:
        child.kill()
        child.wait()
    assert curves["is_so_far"]
    assert curves["t"][:3] == pytest.approx([0.0, 0.03, 0.06])
    assert curves["F_A"][0] == pytest.approx(1.0)
    F = numbers(curves["F_A"])
    assert np.all(F <= 1.0 + 1e-12)
    assert F[-1] < 0.9
    assert 5.0 < curves["k_p"] < 9.0
    (attempt / "request.json").unlink()
    assert state_curves(home) == {"is_so_far": True}
    shutil.rmtree(attempt)
    assert state_curves(home) == {"is_so_far": True}


@pytest.mark.parametrize("content", [b"", b"no netCDF"])
def test_a_file_that_cannot_be_read_counts_as_absent(content: bytes, home: Path, tmp_path: Path) -> None:
    for name in ("observables.nc", "trajectory.gsd"):
        (tmp_path / name).write_bytes(content)
    shutil.copy(home / "mode_coupling.nc", tmp_path)
    assert state_curves(tmp_path).keys() == MCT_KEYS | {"is_so_far"}
