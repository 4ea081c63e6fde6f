"""``glassdask analyse``: from a file to numbers, tables and figures; every slip has one message and leaves no half result."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.datasets.netcdf import read_netcdf
from glassdask.operations.trajectories.analysis import PROGRESS
from glassdask.simulation import TRAJECTORY
from tests.command_line import environment

#: Saves after every frame, and stands still after some, to be killed there.
_SLOW = """
import sys, time
from glassdask.operations.trajectories import analysis
from glassdask.stages.reduce import own_trajectory
analysis._SAVE_SECONDS = 0.0
steps = own_trajectory.OwnAnalysis.steps
def slowly(self):
    for step in steps(self):
        yield step
        time.sleep(0.05 if step.part == "correlations" else 0.0)
own_trajectory.OwnAnalysis.steps = slowly
analysis.analyse(sys.argv[1], output=sys.argv[2], figures=False)
"""


@pytest.fixture
def trajectory(tiny: Campaign) -> Path:
    """Of the first state of the tiny campaign."""
    return state_folder(tiny.folder, tiny.states[0].identifier) / TRAJECTORY


def test_one_command_from_a_file_to_theory_and_memory(call, trajectory: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    answer = call(
        "analyse",
        trajectory,
        "--output",
        output,
        "--time-step",
        "0.01",
        "--temperature",
        "1.0",
        "--mct",
        "--fit",
        "--json",
    )
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert (found["n_particles"], found["dimension"]) == (412, 3)
    assert found["density"] == pytest.approx(412 / 7.0**3, rel=1e-6)
    assert found["k_p"] == pytest.approx(7.2, abs=0.4)
    assert 1.5 < found["peak"] < 4.0
    assert set(found["relaxation_time"]) == {"A", "B"} == set(found["species"])
    assert found["mct"]["outcome"] in ("liquid", "glass", "not_converged")
    assert set(found["memory"]["species"]) == {"A", "B"}
    assert {"observables.nc", "structure_factor.csv", "scattering.csv", "correlations.csv"} <= set(found["files"])
    assert all((output / name).stat().st_size > 0 for name in found["files"])
    assert not (output / PROGRESS).exists()
    data, table = read_netcdf(output / "observables.nc"), pd.read_csv(output / "scattering.csv")
    assert np.allclose(table["F_A"], data["peak_scattering"].sel(species="A"), rtol=1e-12)
    assert "GSD" in answer.err
    assert "blocks" in answer.err


def test_its_tables_are_what_mct_and_fit_read(call, trajectory: Path, tmp_path: Path) -> None:
    assert call("analyse", trajectory, "--output", tmp_path / "out", "--no-figures").code == 0
    rho = f"{412 / 7.0**3:.8g}"
    theory = call(
        "mct",
        tmp_path / "out" / "structure_factor.csv",
        "--density",
        rho,
        "--composition",
        "0.8,0.2",
        "--end-time",
        "10",
        "--json",
    )
    assert theory.code == 0, theory.err
    memory = call("fit", tmp_path / "out" / "scattering.csv", "--n-exp", "1", "--json")
    assert memory.code == 0, memory.err


def test_in_words(call, trajectory: Path, tmp_path: Path) -> None:
    answer = call("analyse", trajectory, "--output", tmp_path / "out", "--no-figures")
    assert answer.code == 0
    assert "S_AA(k_p)" in answer.out
    assert "tau_alpha" in answer.out
    assert "times in steps" in answer.out


def test_killed_at_any_moment_it_goes_on_to_the_same_numbers(call, trajectory: Path, tmp_path: Path) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, "-c", _SLOW, str(trajectory), str(killed)]
    with subprocess.Popen(command, env=environment()) as process:
        deadline = time.monotonic() + 60
        while not (killed / PROGRESS).exists() or "motion.n_done" not in _names(killed / PROGRESS):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)
    assert not (killed / "observables.nc").exists()
    again, straight = (call("analyse", trajectory, "--output", folder, "--no-figures") for folder in (killed, whole))
    assert "goes on from" in again.err
    assert "goes on from" not in straight.err
    found, expected = (read_netcdf(folder / "observables.nc") for folder in (killed, whole))
    for name in expected.data_vars:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def _names(path: Path) -> list[str]:
    try:
        with np.load(path) as stored:
            return list(stored)
    except (OSError, ValueError):
        return []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mct", "--dynamics", "newtonian"], "needs --temperature"),
        (["--mct", "--temperature", "1"], "give --time-step"),
        (["--density", "2.0"], "the file's box gives 1.20117"),
        (["--observables", "non_gausian_parameter"], "did you mean 'non_gaussian_parameter'"),
        (["--types", "A=Z"], "A"),
        (["--types", "1"], "1=A,2=B"),
        (["--length-unit", "3"], "--length-unit"),
        (["--temperature", "-1"], "allowed: a finite number above 0"),
        (["--box", "1,2,3,4,5"], "one, two or three lengths"),
    ],
)
def test_a_slip_has_one_message_and_writes_no_results(
    call, trajectory: Path, tmp_path: Path, options, message: str
) -> None:
    answer = call("analyse", trajectory, "--output", tmp_path / "out", *options)
    assert answer.code == 2
    assert message in answer.err
    assert "Traceback" not in answer.err
    assert not list(tmp_path.rglob("*.nc"))


def test_a_file_that_is_not_there(call, tmp_path: Path) -> None:
    answer = call("analyse", tmp_path / "none.gsd", "--output", tmp_path / "out")
    assert answer.code == 2
    assert "none.gsd" in answer.err
    assert not (tmp_path / "out").exists()


def test_a_file_without_a_box_is_a_cube_of_its_density(call, trajectory: Path, tmp_path: Path) -> None:
    from glassdask.datasets.trajectories.own_trajectory import open_trajectory

    with open_trajectory(trajectory) as frames, (tmp_path / "run.xyz").open("w") as stream:
        for index in range(12):
            stream.write(f"{len(frames.species)}\n\n")
            for kind, row in zip(frames.species, frames.positions(index), strict=True):
                stream.write(f"{'AB'[kind]} {row[0]:.6f} {row[1]:.6f} {row[2]:.6f}\n")
    refused = call("analyse", tmp_path / "run.xyz", "--output", tmp_path / "out", "--no-figures")
    assert refused.code == 2
    assert "box" in refused.err
    answer = call(
        "analyse",
        tmp_path / "run.xyz",
        "--output",
        tmp_path / "out",
        "--no-figures",
        "--density",
        "1.2011662",
        "--json",
    )
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["box"][0][0] == pytest.approx(7.0, rel=1e-6)


def test_progress_that_is_damaged_is_begun_again(call, trajectory: Path, tmp_path: Path) -> None:
    for damage in (b"", b"PK\x03\x04 cut", b"no archive"):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / PROGRESS).write_bytes(damage)
        answer = call("analyse", trajectory, "--output", tmp_path / "out", "--no-figures", "--observables", "overlap")
        assert answer.code == 0, answer.err
        assert "goes on from" not in answer.err


def test_newtonian_memory_has_the_rate_of_each_mass(call, trajectory: Path, tmp_path: Path) -> None:
    options = ("--time-step", "0.01", "--temperature", "1.0", "--mass", "A=1,B=2", "--fit", "--no-figures", "--json")
    answer = call("analyse", trajectory, "--output", tmp_path / "out", "--observables", "overlap", *options)
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    rates = {name: fits["fits"][0]["omega"] for name, fits in found["memory"]["species"].items()}
    assert rates["A"] == pytest.approx(found["k_p"] ** 2, rel=1e-6)
    assert rates["B"] == pytest.approx(found["k_p"] ** 2 / 2, rel=1e-6)
