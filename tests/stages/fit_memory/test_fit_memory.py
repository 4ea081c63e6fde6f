"""Stage fit_memory: on real runs, the memories reproduce F_s(k_p,t) within its errors, and every fault has its word."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import xarray as xr

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.datasets import accessor  # noqa: F401  registers Dataset.glass
from glassdask.datasets.netcdf import read_netcdf
from glassdask.datasets.schema.variables import MEMORY_PARAMETER_VARIABLES, MEMORY_VARIABLES
from glassdask.figures.memory.memory import fitted_memory
from glassdask.figures.memory.second_mode import second_weight
from glassdask.fits.refinement.memory_fit import accurate_solution
from glassdask.outcome import MemoryVerdict
from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.stages.contract.context import Execution, StageContext, StageResult
from glassdask.stages.fit_memory import STAGE as FIT_MEMORY
from glassdask.stages.fit_memory.memory_starts import memory_of_theory
from glassdask.stages.fit_memory.memory_verdict import memory_verdict
from glassdask.stages.fit_memory.run import CHECKPOINT, MEMORY, fit_memory
from tests.waiting import wait_until


def products(campaign: Campaign, name: str) -> list[xr.Dataset]:
    return [read_netcdf(state_folder(campaign.folder, state.identifier) / name) for state in campaign.states]


def fitted_anew(campaign: Campaign, work: Path, folder: Path | None = None, **memory: Any) -> StageResult:
    """The stage of the first state, with other entries of the table ``memory``."""
    state = campaign.states[0]
    tables = campaign.specification.only(FIT_MEMORY.sections)
    tables = tables.model_copy(update={"memory": tables.memory.model_copy(update=memory)})
    work.mkdir(parents=True)
    home = folder or state_folder(campaign.folder, state.identifier)
    return fit_memory(StageContext(state, tables, home, work, campaign.seed_of(state), Execution(campaign="x")))


def test_two_newtonian_modes_fit_every_state_within_its_errors(tiny: Campaign) -> None:
    """χ²/n ≤ 1.2 for both species of real molecular dynamics; one mode does not reach it in every state."""
    for data in products(tiny, MEMORY):
        newtonian = data.sel(dynamics="newtonian")
        assert (newtonian["memory_chi2_per_point"].sel(n_exp=2) <= 1.2).all()
        assert (
            newtonian["memory_chi2_per_point"].sel(n_exp=2) <= newtonian["memory_chi2_per_point"].sel(n_exp=1) * 1.001
        ).all()
        assert not newtonian["memory_is_unresolved"].any()


def test_the_memory_in_the_file_gives_the_scattering_in_the_file(tiny: Campaign) -> None:
    """Solved again from its parameters, with a solver good to 1e-6; the file's F is good to 5e-6, in single precision.

    Two modes may have the same time: where a second is of no use, the fit of one is kept, split in two.
    """
    for data in products(tiny, MEMORY):
        t = data["t"].values
        for dynamics in data["dynamics"].values:
            fit = data.sel(dynamics=dynamics, species="A", n_exp=2)
            F, _ = accurate_solution(fitted_memory(fit), float(fit["memory_omega"]), t[1:], str(dynamics))  # type: ignore[arg-type]
            np.testing.assert_allclose(fit["memory_scattering"][1:], F, atol=6e-6)
            assert fit["memory_scattering"][0] == 1.0
            assert np.all(np.diff(fit["memory_time"].values) >= 0)


def test_the_error_of_M_is_that_of_resampled_data(tiny: Campaign) -> None:
    """M(t) is that of the parameters. Its error is known for the number of modes that was resampled, as the parameters' is; at
    t = 0, where M = c + Σ w, it is no larger than the sum of theirs."""
    for data in products(tiny, MEMORY):
        for dynamics in data["dynamics"].values:
            fits = data.sel(dynamics=dynamics, species="A")
            is_resampled = fits["memory_parameter_bootstrap_error"].notnull().any("parameter").values
            np.testing.assert_array_equal(fits["memory_kernel_error"].notnull().all("t").values, is_resampled)
            assert is_resampled.sum() == 1
            fit = fits.isel(n_exp=int(np.argmax(is_resampled)))
            np.testing.assert_allclose(fit["memory_kernel"], fitted_memory(fit)(data["t"].values), rtol=1e-12)
            of_weights = fit["memory_parameter_bootstrap_error"].sel(parameter=["K", "A_1", "A_2"]).sum(skipna=True)
            assert 0 < float(fit["memory_kernel_error"][0]) <= float(of_weights) * (1 + 1e-9), "the triangle inequality"


def test_newtonian_omega_is_that_of_the_measured_temperature(tiny: Campaign) -> None:
    for observed, data in zip(products(tiny, "observables.nc"), products(tiny, MEMORY), strict=True):
        expected = observed["peak_wavenumber"] ** 2 * observed["measured_temperature"] * TAU_MD**2
        np.testing.assert_allclose(data["memory_omega"].sel(dynamics="newtonian"), expected.item())
        assert len(np.unique(data["memory_omega"].sel(dynamics="overdamped"))) > 1, "fitted"


def test_the_file_follows_the_schema_and_every_parameter_has_a_verdict(tiny: Campaign) -> None:
    schema = {**MEMORY_VARIABLES, **MEMORY_PARAMETER_VARIABLES}
    for data in products(tiny, MEMORY):
        assert set(data.data_vars) == set(schema)
        for name, variable in schema.items():
            assert data[name].dims == variable.dims
            assert data[name].dtype == np.dtype(variable.dtype)
        fit = data.sel(dynamics="newtonian", n_exp=2)
        names = ["K", "A_1", "A_2", "tau_1", "tau_2", "b_1", "b_2"]
        assert (fit["memory_verdict"].sel(parameter=names) > 0).all()
        assert (fit["memory_verdict"].sel(parameter="Omega") == MemoryVerdict.MISSING.flag).all(), "not fitted"
        assert (data["memory_verdict"].sel(dynamics="overdamped", n_exp=2, parameter="Omega") > 0).all()
        np.testing.assert_array_equal(fit["memory_weight"], fit["memory_parameter"].sel(parameter=["A_1", "A_2"]))
        one = data.sel(n_exp=1)
        assert one["memory_weight"].sel(mode=2).isnull().all()


def test_the_plateau_of_a_liquid_is_no_more_than_bounded(tiny: Campaign) -> None:
    """F has decayed: K only has an upper limit, far below M(0)."""
    for data in products(tiny, MEMORY):
        fit = data.sel(dynamics="newtonian", n_exp=2)
        assert fit["memory_baseline_is_bounded"].all()
        assert (fit["memory_baseline_limit"] < 0.05 * fit["memory_weight"].sum("mode")).all()


def test_errors_from_blocks_of_time_are_there_for_the_preferred_number_of_modes(tiny: Campaign) -> None:
    for data in products(tiny, MEMORY):
        place = data["memory_bic"].argmin("n_exp")
        chosen = data["memory_parameter_bootstrap_error"].isel(n_exp=place).sel(parameter="A_1")
        assert (chosen >= 0).all()
        other = data["memory_parameter_bootstrap_error"].isel(n_exp=1 - place).sel(parameter="A_1")
        assert other.isnull().all()


def test_blocks_of_the_reduction_average_to_the_mean(tiny: Campaign) -> None:
    """Where each tenth of production has as many origins; t = 0 has one in every frame."""
    for data in products(tiny, "observables.nc"):
        blocks = data["peak_scattering_blocks"]
        assert blocks.dims == ("species", "block", "t")
        assert blocks.sizes["block"] == 10
        first = blocks.isel(t=1)
        np.testing.assert_allclose(first.mean("block"), data["peak_scattering"].isel(t=1), atol=2e-3)


def test_the_cube_holds_the_fits_and_says_how_many_modes(tiny: Campaign) -> None:
    with glassdask.open_campaign(tiny.folder) as cube:
        chosen = cube.glass.memory_n_exp
        assert chosen.dims == ("potential", "T", "rho", "dynamics", "species")
        fitted = cube["memory_bic"].notnull().any("n_exp")
        assert set(np.unique(chosen.where(fitted).values[fitted.values])) <= {1.0, 2.0}
        assert (chosen.where(~fitted, 0) == 0).all()
        share, error = second_weight(cube.sel(n_exp=2))
        assert np.all((share[np.isfinite(share)] > 0) & (share[np.isfinite(share)] < 1))
        assert np.all(error[np.isfinite(error)] > 0)


def test_the_verdict_counts_what_bic_prefers(tiny: Campaign) -> None:
    with glassdask.open_campaign(tiny.folder) as cube:
        text = memory_verdict(cube.load())
    assert text.count("\n| newtonian") == 4
    assert text.count("\n| overdamped") == 4
    assert "With the newtonian equation BIC prefers two or more modes in" in text
    assert "of 6 fits (species and states)" in text


def test_a_start_from_mode_coupling_theory_is_its_memory_at_the_peak(tiny: Campaign) -> None:
    theory, observed = products(tiny, "mode_coupling.nc")[0], products(tiny, "observables.nc")[0]
    k = float(observed["peak_wavenumber"])
    t, M = memory_of_theory(theory, "A", k)
    above = int(np.searchsorted(theory["k"].values, k))
    both = theory["mct_self_memory"].sel(species="A").isel(k=[above - 1, above]).values
    low, high = both.min(axis=0) * (1 - 1e-6), both.max(axis=0) * (1 + 1e-6)
    np.testing.assert_array_equal(np.clip(M, low, high), M)
    assert t.shape == M.shape


def test_the_same_seed_gives_the_same_product(tiny: Campaign, tmp_path: Path) -> None:
    fitted_anew(tiny, tmp_path / "inputs" / "one")
    again, first = read_netcdf(tmp_path / "inputs" / "one" / MEMORY), products(tiny, MEMORY)[0]
    for name in first.data_vars:
        if name != "memory_seconds":
            np.testing.assert_array_equal(again[name], first[name])


@pytest.mark.parametrize("fault", ["crystallised", "few"])
def test_what_cannot_be_fitted_is_done_with_a_reason(fault: str, tiny: Campaign, tmp_path: Path) -> None:
    """A crystal, and F_s whose errors are known at a few lags only: no failure of the state, its other stages count."""
    home = tmp_path / "state"
    shutil.copytree(state_folder(tiny.folder, tiny.states[0].identifier), home)
    with xr.open_dataset(home / "observables.nc") as opened:
        data = opened.load()
    if fault == "crystallised":
        data.attrs["status"] = "crystallised"
        words = "the run has crystallised"
    else:
        data["peak_scattering_error"][:, 4:] = np.nan
        words = "F_s of A has 3 finite values after t = 0; allowed: 6 or more"
    data.to_netcdf(home / "new.nc")
    (home / "new.nc").replace(home / "observables.nc")
    result = fitted_anew(tiny, tmp_path / "inputs" / "one", home)
    assert result.outcome == "done"
    assert words in result.summary["memory_reason"]
    assert result.summary["memory_n_exp_A"] is None
    written = read_netcdf(tmp_path / "inputs" / "one" / MEMORY)
    assert words in written.attrs["memory_reason"]
    assert written["memory_bic"].isnull().all()


CHILD = """
    import json, os, signal, sys
    from pathlib import Path
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.fits.search import checkpoint
    from glassdask.stages.fit_memory.run import CHECKPOINT, fit_memory
    from glassdask.stages.contract.context import StageContext

    folder, work, campaign = Path(sys.argv[1]), Path(sys.argv[2]), load_campaign(sys.argv[3])
    state = campaign.states[0]
    work.mkdir(parents=True)
    original = checkpoint.SearchCheckpoint.__init__
    checkpoint.SearchCheckpoint.__init__ = lambda self, path, problem: original(self, path, problem, seconds=0.0)

    def stand_still():  # to be killed here, however slow the other process is
        if (work / CHECKPOINT).exists() and len(json.loads((work / CHECKPOINT).read_text())["answers"]) > 1:
            os.kill(os.getpid(), signal.SIGSTOP)

    tables, seed = campaign.specification, campaign.seed_of(state)
    fit_memory(StageContext(state, tables, folder, work, seed, keep_alive=stand_still))
"""


def test_a_killed_task_goes_on_from_its_generation_and_ends_the_same(tiny: Campaign, tmp_path: Path) -> None:
    """Fault 26, with SIGKILL: the next attempt takes the searches' answers over and ends at the same numbers."""
    state = tiny.states[0]
    home = state_folder(tiny.folder, state.identifier)
    killed = tmp_path / "inputs" / "attempt-1"
    arguments = [str(home), str(killed), str(tiny.folder)]
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(CHILD), *arguments])
    try:
        wait_until(lambda: child.poll() is not None or psutil.Process(child.pid).status() == psutil.STATUS_STOPPED)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert child.returncode == -signal.SIGKILL, "it has ended before it could be killed"
    assert not (killed / MEMORY).exists()
    left = answers_of(killed)
    generations = max(len(answers) for answers in left.values())
    assert generations >= 1
    fitted_anew(tiny, tmp_path / "inputs" / "attempt-2")
    after = answers_of(tmp_path / "inputs" / "attempt-2")
    assert all(after[name][: len(answers)] == answers for name, answers in left.items())
    again, undisturbed = read_netcdf(tmp_path / "inputs" / "attempt-2" / MEMORY), products(tiny, MEMORY)[0]
    for name in ("memory_weight", "memory_time", "memory_stretch", "memory_loss", "memory_evaluations"):
        np.testing.assert_array_equal(again[name], undisturbed[name])


def answers_of(work: Path) -> dict[str, list[list[float]]]:
    return json.loads((work / CHECKPOINT).read_text())["answers"]
