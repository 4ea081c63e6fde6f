"""What a campaign has to learn from: states that are done, as their files say it; of the others it is said what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.variables import (
    CRITICAL_VARIABLES,
    MODE_COUPLING_VARIABLES,
    VARIABLES,
    state_coordinates,
)
from glassdask.errors import InvalidInput
from glassdask.outcome import Status
from glassdask.stages.collect.campaign_cube import campaign_coordinates
from glassdask.stages.train.training_data import TrainingData, training_data
from glassdask.state_point import StatePoint
from tests.stages.sections import sections

#: The tables of a campaign file that say its grids.
_TABLES: dict[str, Any] = {
    "wavenumbers": {"spacing": 0.4, "count": 20, "fine_bins": 8},
    "frames": {"block_length": 64, "per_octave": 2.5},
    "time_step": {"base_step": 0.03},
    "production": {"length": 20.0},
    "mode_coupling": {"end_time": 1e4, "times_per_octave": 4},
    "memory": {"dynamics": ["newtonian"], "n_exp": [1]},
}
SPECIFICATION = sections(**_TABLES)
GRIDS = campaign_coordinates(SPECIFICATION)
T, T_MCT, K = GRIDS["t"], GRIDS["t_mct"], GRIDS["k"]
LABELS = {"pair": ["AA", "AB", "BB"], "species": ["A", "B"]}


@dataclass(frozen=True)
class Item:
    """One replica, with what its files are to say; `coupling` None leaves the theory's file out."""

    state: StatePoint
    status: Status = Status.DONE
    coupling: float | None = 1.5
    n_t: int = field(default=T.size)
    solved: tuple[float, float] = (0.0, np.inf)

    @property
    def t_mct(self) -> np.ndarray:
        """0 and the times that theory was solved at."""
        first, last = self.solved
        return T_MCT[(T_MCT == 0) | ((first <= T_MCT) & (last >= T_MCT))]


def lj(temperature: float, replica: int = 0, **options: Any) -> Item:
    return Item(StatePoint("lj", temperature, 1.2, replica), **options)


def measured(item: Item) -> np.ndarray:
    """F of A and B of a run, shape (2, n_t): no two of them are alike."""
    tau = np.array([[10.0], [5.0]]) / item.state.temperature * (1 + 0.01 * item.state.replica)
    return np.exp(-T[: item.n_t] / tau)


def theory(item: Item) -> np.ndarray:
    """F of A and B, linear in ln t between 0.01 and 10⁴, shape (2, n_t_mct)."""
    slope = np.array([[0.05], [0.06]]) / item.state.temperature
    return 1.0 - slope * np.log(np.maximum(item.t_mct, 0.01) / 0.01)


def structure(item: Item) -> np.ndarray:
    return np.outer([0.8, 0.1, 0.2], 1.0 + 0.1 * item.state.temperature * np.exp(-K)) + 1e-3 * item.state.replica


def write(folder: Path, item: Item) -> None:
    """Both files of a run, as the stages leave them; only what is read here."""
    home = folder / "states" / item.state.identifier
    home.mkdir(parents=True)
    F, about = measured(item), state_coordinates(item.state)
    values: dict[str, Any] = {"peak_scattering": F, "peak_scattering_error": 0.01 * F}
    observed = dataset(values, {"t": T[: item.n_t], "species": LABELS["species"], **about}, VARIABLES)
    write_netcdf(observed, home / "observables.nc", {})
    if item.coupling is None:
        return
    values = {"mct_structure_factor": structure(item), "mct_peak_scattering": theory(item)}
    if item.coupling >= 0:
        values["mct_critical_coupling"] = item.coupling
    solved = dataset(values, {"k": K, "t_mct": item.t_mct, **LABELS, **about}, MODE_COUPLING_VARIABLES)
    write_netcdf(solved, home / "mode_coupling.nc", {})


def collected(folder: Path, items: list[Item], **options: Any) -> TrainingData:
    for item in items:
        write(folder, item)
    return training_data(folder, items, SPECIFICATION, **options)


def critical(potential: str, density: float, value: float) -> xr.Dataset:
    """A campaign's own critical temperature."""
    coordinates = {"potential": [potential], "rho": [density]}
    return dataset({"critical_temperature": [[value]]}, coordinates, CRITICAL_VARIABLES, ("potential", "rho"))


# --- what is learned from ---------------------------------------------------------------------------------------------


def test_done_states_are_rows(tmp_path: Path) -> None:
    """Each number from its own file, t = 0 left out; one row a replica."""
    items = [lj(1.0), lj(1.0, 1), lj(2.0, coupling=2.5), Item(StatePoint("wca", 1.5, 1.4))]
    data = collected(tmp_path, items)
    samples = data.samples
    assert data.left_out == {}
    assert len(samples) == 4
    np.testing.assert_array_equal(samples.wavenumber, K)
    np.testing.assert_array_equal(samples.lag_time, T[1:])
    assert samples.state.tolist() == [0, 0, 1, 2]
    for row, item in enumerate(items):
        state = item.state
        found = samples.potential[row], samples.temperature[row], samples.density[row], samples.replica[row]
        assert found == (state.potential, state.temperature, state.density, state.replica)
        np.testing.assert_allclose(samples.scattering[row], measured(item)[:, 1:].T, rtol=1e-12)
        np.testing.assert_allclose(samples.scattering_error[row], 0.01 * measured(item)[:, 1:].T, rtol=1e-12)
        np.testing.assert_allclose(samples.structure_factor[row], structure(item), rtol=1e-12)
        assert samples.critical_coupling[row] == item.coupling


def test_a_shorter_run_ends_in_nan(tmp_path: Path) -> None:
    """At its own last time: nothing is made up."""
    samples = collected(tmp_path, [lj(1.0), lj(2.0, n_t=9), lj(3.0)]).samples
    assert samples.is_measured.sum(axis=1).tolist() == [T.size - 1, 8, T.size - 1]
    assert np.isfinite(samples.scattering[1, :8]).all()
    assert np.isnan(samples.scattering_error[1, 8:]).all()
    assert np.isfinite(samples.theory[1]).all()


def test_theory_is_at_the_times_of_the_measurement(tmp_path: Path) -> None:
    """Here it is linear in ln t, so that interpolation is exact."""
    items = [lj(1.0), lj(2.0), lj(3.0)]
    samples = collected(tmp_path, items).samples
    for row, item in enumerate(items):
        slope = np.array([0.05, 0.06]) / item.state.temperature
        np.testing.assert_allclose(samples.theory[row], 1 - slope * np.log(T[1:, None] / 0.01), atol=2e-3)


def test_outside_of_the_theorys_times_nothing_has_moved_or_moves_any_more(tmp_path: Path) -> None:
    """1 before its first, its last value after its last."""
    items = [lj(1.0), lj(2.0, solved=(0.3, np.inf)), lj(3.0, solved=(0.0, 5.0))]
    whole, late, early = collected(tmp_path, items).samples.theory
    assert (late[T[1:] < 0.3] == 1.0).all()
    assert (late[T[1:] > 0.4] < 0.96).all()
    is_after = T[1:] > 5.0
    assert is_after.any()
    assert (early[is_after] == early[is_after][0]).all()
    assert (np.diff(whole, axis=0) < 0).all()


# --- what is not ------------------------------------------------------------------------------------------------------


def test_states_that_are_not_used_are_said_with_the_reason(tmp_path: Path) -> None:
    """Whether or not there are files of them."""
    items = [
        lj(1.0),
        lj(2.0),
        lj(3.0),
        lj(0.9, status=Status("crystallised")),
        lj(0.8, status=Status("failed")),
        lj(0.7, status=Status("waiting")),
        lj(0.6, status=Status.NOT_EQUILIBRATED),
        lj(2.5, coupling=None),
        lj(2.6, coupling=np.nan),
        lj(2.7, coupling=-1.0),  # of a release that did not know it
    ]
    for item in items:
        write(tmp_path, item)
    data = training_data(tmp_path, [*items, lj(2.8)], SPECIFICATION)
    assert data.samples.temperature.tolist() == [1.0, 2.0, 3.0]
    assert data.left_out == {
        "lj_rho1.2_T0.9_r0": "crystallised",
        "lj_rho1.2_T0.8_r0": "failed",
        "lj_rho1.2_T0.7_r0": "waiting",
        "lj_rho1.2_T0.6_r0": "not_equilibrated",
        "lj_rho1.2_T2.5_r0": "not yet reduced",
        "lj_rho1.2_T2.6_r0": "no critical coupling",
        "lj_rho1.2_T2.7_r0": "no critical coupling",
        "lj_rho1.2_T2.8_r0": "not yet reduced",
    }


def test_glasses_are_used_where_one_asks_for_them(tmp_path: Path) -> None:
    """Never crystals."""
    items = [lj(1.0), lj(2.0), lj(0.5, status=Status.NOT_EQUILIBRATED), lj(0.4, status=Status("crystallised"))]
    data = collected(tmp_path, items, with_glasses=True)
    assert data.samples.temperature.tolist() == [1.0, 2.0, 0.5]
    assert list(data.left_out.values()) == ["crystallised"]


def test_a_campaign_of_crystals_is_refused_with_their_number(tmp_path: Path) -> None:
    items = [lj(T, status=Status("crystallised")) for T in (0.5, 0.6, 0.7, 0.8)]
    with pytest.raises(
        InvalidInput,
        match=r"0 states of this campaign can be learned from \(4 crystallised\); allowed: 3 or more, dozens",
    ):
        collected(tmp_path, items)


def test_two_states_are_too_few_however_many_replicas_they_have(tmp_path: Path) -> None:
    items = [lj(T, replica) for T in (1.0, 2.0) for replica in range(4)]
    with pytest.raises(InvalidInput, match=r"2 states of this campaign can be learned from \(it has no more\)"):
        collected(tmp_path, items)
    rest = [lj(3.0, status=Status("failed")), lj(4.0, status="failed"), lj(5.0, status="waiting")]
    with pytest.raises(
        InvalidInput, match=r"2 states .* \(2 failed, 1 waiting\); .* run more of it, at temperatures where"
    ):
        training_data(tmp_path, [*items, *rest], SPECIFICATION)


def test_files_of_another_grid_are_refused(tmp_path: Path) -> None:
    """Made before the campaign file was changed: their numbers would stand at other times."""
    items = [lj(T) for T in (1.0, 2.0, 3.0)]
    collected(tmp_path, items)
    changed = sections(**_TABLES | {"time_step": {"base_step": 0.02}})
    with pytest.raises(InvalidInput, match=r"its t grid .* is not the campaign's; .* --redo-changed"):
        training_data(tmp_path, items, changed)


# --- critical temperatures --------------------------------------------------------------------------------------------


def test_without_its_own_the_critical_temperature_is_the_papers(tmp_path: Path) -> None:
    """Table 1; NaN for a density that it does not hold."""
    items = [lj(1.0), Item(StatePoint("wca", 2.0, 1.4)), Item(StatePoint("lj", 1.0, 1.05))]
    samples = collected(tmp_path, items).samples
    np.testing.assert_array_equal(samples.critical_temperature, [0.9, 1.77, np.nan])


def test_the_campaigns_own_critical_temperature_comes_first(tmp_path: Path) -> None:
    """Where it was found: of its own potential and density, and not of others."""
    items = [lj(1.0), Item(StatePoint("wca", 2.0, 1.2)), Item(StatePoint("lj", 1.0, 1.4))]
    samples = collected(tmp_path, items, critical=critical("lj", 1.2, 0.87)).samples
    np.testing.assert_array_equal(samples.critical_temperature, [0.87, 0.74, 1.87])
    not_found = training_data(tmp_path, items, SPECIFICATION, critical("lj", 1.2, np.nan)).samples
    np.testing.assert_array_equal(not_found.critical_temperature, [0.9, 0.74, 1.87])
