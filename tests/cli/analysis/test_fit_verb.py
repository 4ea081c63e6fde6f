"""``glassdask fit`` of one's own F(t): every method, every file that is asked for; every slip has one message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.datasets.netcdf import read_netcdf
from glassdask.outcome import MemoryVerdict
from glassdask.physics.memory.dynamics import Dynamics
from tests.command_line import glassdask
from tests.exact_memories import exact_scattering
from tests.stages.fit_memory.known_memory import NOISE, TIMES, csv_file, known_curve, simple_curve

#: Few points, one mode: a fit of these takes a moment.
SHORT = np.geomspace(0.05, 50.0, 20)


def file_of(folder: Path, dynamics: Dynamics) -> Path:
    return csv_file(folder / "F.csv", t=TIMES, F=known_curve(dynamics), error=np.full(TIMES.size, NOISE))


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    """One mode of overdamped dynamics, without errors."""
    return csv_file(tmp_path / "F.csv", t=SHORT, F=simple_curve(SHORT))


def answer_of(*arguments: str | Path) -> dict[str, Any]:
    """The JSON of a call that must succeed; bare NaN or Infinity in it is refused."""
    done = glassdask("fit", *arguments, "--json")
    assert done.returncode == 0, done.stderr

    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(done.stdout, parse_constant=refuse)


# --- what it does ---------------------------------------------------------------------------------------------------


def test_a_file_of_ones_own_with_everything(tmp_path: Path) -> None:
    path, output, plot = file_of(tmp_path, "newtonian"), tmp_path / "memory.nc", tmp_path / "memory.png"
    answer = answer_of(
        path, "--dynamics", "newtonian", "--omega", "1", "--n-exp", "2", "--output", output, "--plot", plot
    )
    assert (answer["dynamics"], answer["dynamics_reason"]) == ("newtonian", "given")
    assert (answer["time_unit"], answer["method"], answer["seed"]) == ("the unit of the file", "evolution", 1)
    assert answer["read"].startswith(f"{TIMES.size} rows of t,F")
    assert answer["doubts"] == []
    found = answer["species"]["A"]
    assert (found["omega"], found["points"], found["best_n_exp"]) == (1.0, TIMES.size, 2)
    fast, slow = found["fits"][0]["modes"]
    assert slow["time"] == pytest.approx(60.0, rel=0.05)
    assert fast["verdict"] == slow["verdict"] == "determined"
    data = read_netcdf(output)
    assert data["F_fit"].dims == ("species", "n_exp", "t")
    assert data.attrs["scattering_file"] == str(path)
    assert plot.read_bytes().startswith(b"\x89PNG")


def test_the_answer_in_words(simple: Path) -> None:
    done = glassdask("fit", simple, "--dynamics", "overdamped", "--n-exp", "1-2")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("overdamped dynamics (given): F' + Omega F + M*F' = 0; times in the unit of the file")
    assert lines[1].split() == ["species", "n_exp", "loss", "BIC", "Omega", "c", "w", "tau", "b"]
    assert lines[2].split()[:2] == ["A", "1"]
    assert any(line.startswith("BIC prefers n_exp = ") for line in lines)
    assert any("no Omega was given: estimated" in line for line in lines)
    assert sum("offsets a_i are 0 by choice" in line for line in lines) == 1


def test_the_inversion(tmp_path: Path) -> None:
    plot = tmp_path / "memory.png"
    arguments = (file_of(tmp_path, "overdamped"), "--dynamics", "overdamped", "--omega", "1", "--method", "inversion")
    found = answer_of(*arguments, "--plot", plot)["species"]["A"]
    assert found["M"][0] == pytest.approx(8.0, rel=0.1)
    assert len(found["M"]) == len(found["F_residual"]) == found["points"]
    assert plot.is_file()
    words = glassdask("fit", *arguments).stdout
    assert "rms residual" in words
    assert "exponentials" in words


# --- mistakes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("arguments", "words"), [
    (("--omega", "0"), "--omega is '0'; allowed: a number above 0, or one for each species"),
    (("--omega", "1/2"), "--omega is '1/2'; allowed"),
    (("--omega", "1,2"), "Omega has 2 values for the species A"),
    (("--n-exp", "5"), "--n-exp is '5'; allowed: numbers from 1 to 4, such as 2 or 1,2,3 or 1-4"),
    (("--n-exp", "3-1"), "--n-exp is '3-1'; allowed"),
    (("--n-exp", "two"), "--n-exp is 'two'; allowed"),
    (("--t-min", "0"), "--t-min is 0; allowed: a finite number, above 0"),
    (("--t-min", "49"), "t_min is 49: 1 points"),
    (("--lasso", "-1"), "--lasso is -1; allowed: a finite number, 0 or more"),
    (("--bootstrap", "1"), "--bootstrap is 1; allowed: 0, or 2 or more"),
    (("--method", "inversion", "--dynamics", "newtonian"), "the inversion is for overdamped dynamics"),
    (("--method", "inversion", "--n-exp", "2"), "--n-exp has no part in --method inversion"),
    (("--method", "inversion", "--fit-omega"), "--fit-omega has no part in --method inversion"),
    (("--method", "inversion", "--checkpoint", "c.json"), "--checkpoint has no part in --method inversion"),
    (("--output", "no/memory.nc"), "--output 'no/memory.nc': its folder does not exist"),
    (("--plot", "./F.csv"), "--plot './F.csv' is the file of F(t) itself"),
    (("--plot", "memory"), "--plot is 'memory'; allowed: a name that ends in .png, .pdf, .svg"),
    (("--checkpoint", "notes.txt"), "notes.txt is there and is no checkpoint of a fit"),
])  # fmt: skip
def test_a_mistake_has_one_message(
    call, simple: Path, tmp_path: Path, monkeypatch, arguments: tuple[str, ...], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    before = simple.read_bytes()
    answer = call("fit", "F.csv", *arguments)
    assert answer.code == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1
    assert answer.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["F.csv", "notes.txt"]
    assert simple.read_bytes() == before


@pytest.mark.parametrize(("columns", "words"), [
    ({"time": SHORT, "Fx": SHORT}, "unknown column 'Fx'; did you mean 'F'?"),
    ({"t": SHORT[::-1], "F": SHORT}, "sort the rows by t"),
    ({"t": SHORT, "F": 1 + SHORT}, "it does not start at its maximum"),
    ({"t": SHORT, "F": np.full(20, np.nan)}, "F of A has 0 finite values after t = 0; allowed: 6 or more"),
    ({"t": SHORT[:5], "F": simple_curve(SHORT)[:5]}, "F of A has 5 finite values"),
])  # fmt: skip
def test_bad_data_have_one_message(call, tmp_path: Path, columns: dict[str, np.ndarray], words: str) -> None:
    answer = call("fit", csv_file(tmp_path / "F.csv", **columns))
    assert answer.code == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1
    assert answer.out == ""


def test_a_slip_in_a_process_of_its_own_has_no_traceback(tmp_path: Path) -> None:
    done = glassdask("fit", csv_file(tmp_path / "F.csv", t=SHORT, Fx=SHORT))
    assert done.returncode == 2
    assert done.stderr.startswith("glassdask: ")
    assert "did you mean 'F'?" in done.stderr
    assert "Traceback" not in done.stderr


def test_options_of_files_are_not_for_campaigns(call, tmp_path: Path) -> None:
    (tmp_path / "campaign.toml").touch()
    answer = call("fit", tmp_path / "campaign.toml", "--t-min", "1")
    assert answer.code == 2
    assert "--t-min belongs to a file of F(t)" in answer.err


def test_the_fits_of_a_campaign_are_those_of_its_files(call, tiny: Campaign, tiny_file: Path) -> None:
    """One entry a state, equation, species and number of modes; the table shows those of the lowest BIC."""
    states = json.loads(call("fit", tiny_file, "--json").out)["states"]
    assert len(states) == 3
    for state in states:
        data = read_netcdf(tiny.folder / "states" / state["state"] / "memory.nc")
        assert len(state["fits"]) == data["memory_bic"].size == 8
        for fit in state["fits"]:
            here = data.sel(dynamics=fit["dynamics"], species=fit["species"], n_exp=fit["n_exp"])
            assert fit["chi2_per_point"] == here["memory_chi2_per_point"].item()
            assert len(fit["modes"]) == fit["n_exp"]
        assert sum(fit["is_best"] for fit in state["fits"]) == 4
    lines = call("fit", tiny_file).out.splitlines()
    assert lines[0].split()[:4] == ["state", "equation", "species", "N_exp"]
    assert lines[-1].startswith("3 of 3 states; times in tau_MD")
    assert len(lines) == 1 + 3 * 4 + 2


def test_a_state_of_a_campaign_brings_omega_and_the_theory_s_memory(tiny: Campaign) -> None:
    """What k_p and the measured temperature say is not fitted."""
    home = tiny.folder / "states" / tiny.states[0].identifier
    data = read_netcdf(home / "memory.nc").sel(dynamics="newtonian", n_exp=2)
    answer = answer_of(home / "observables.nc", "--n-exp", "2")
    assert (answer["dynamics"], answer["time_unit"]) == ("newtonian", "tau_MD")
    assert "of the campaign" in answer["dynamics_reason"]
    assert any("Omega = k_p^2 k_BT/m" in note for note in answer["notes"])
    for species in "AB":
        here = answer["species"][species]
        assert here["omega"] == pytest.approx(float(data["memory_omega"].sel(species=species)))
        assert here["fits"][0]["chi2_per_point"] <= 1.2


# --- what is said where F is not reproduced -------------------------------------------------------------------------


def said_of(call, folder: Path, *arguments: str, **columns: np.ndarray) -> tuple[dict[str, Any], str]:
    """The JSON and the table of a fit."""
    path = csv_file(folder / "F.csv", **columns)
    return json.loads(call("fit", path, *arguments, "--json").out), call("fit", path, *arguments).out


def verdicts(answer: dict[str, Any]) -> set[str]:
    return {mode["verdict"] for fit in answer["species"]["A"]["fits"] for mode in fit["modes"]}


def test_an_oscillation_is_said_not_to_be_reproduced(call, tmp_path: Path) -> None:
    """e^(−t/5) cos 3t begins linearly and vibrates: no memory equation gives it, the overdamped one misses it by 0.25."""
    t, output = np.geomspace(0.01, 30.0, 50), tmp_path / "memory.nc"
    columns = {"t": t, "F": np.exp(-t / 5.0) * np.cos(3.0 * t)}
    answer, table = said_of(call, tmp_path, "--n-exp", "1,2", "--output", str(output), **columns)
    assert (answer["dynamics"], answer["dynamics_reason"]) == ("overdamped", "default")
    assert verdicts(answer) == {"not_reproduced"}
    assert not any(fit["is_reproduced"] for fit in answer["species"]["A"]["fits"])
    assert answer["species"]["A"]["fits"][0]["rms_deviation"] > 0.1
    for words in ("F of A is not reproduced; n_exp = 1: rms deviation 0.", "F of A contradicts overdamped dynamics"):
        assert any(note.startswith(words) for note in answer["notes"])
        assert f"note: {words}" in table
    assert table.count("not reproduced\n") == 3
    data = read_netcdf(output)
    assert (data["is_reproduced"] == 0).all()
    assert set(data["verdict"].sel(n_exp=2).values.flat) == {MemoryVerdict.NOT_REPRODUCED.flag}
    assert data.attrs["time_unit"] == "the unit of the file"


def test_a_column_of_zeros_is_no_error(call, tmp_path: Path) -> None:
    """It is read as if it were not there; a curve that no overdamped memory gives is not reproduced either way."""
    F = 0.4 * np.exp(-((SHORT / 0.5) ** 1.5)) + 0.6 * np.exp(-((SHORT / 10.0) ** 0.7))
    answer, table = said_of(call, tmp_path, "--n-exp", "1", t=SHORT, F=F, error=np.zeros(20))
    assert "every error is 0, as no measurement's is: they are taken to be unknown" in table
    assert answer["species"]["A"]["fits"][0]["chi2_per_point"] is None
    assert verdicts(answer) == {"not_reproduced"}
    some = np.where(SHORT < 1.0, 0.0, 2e-3)
    answer, table = said_of(call, tmp_path, "--n-exp", "1", t=SHORT, F=simple_curve(SHORT), error=some)
    assert f"{(SHORT < 1.0).sum()} of 20 errors are 0, and taken as 0.001" in table
    assert answer["species"]["A"]["fits"][0]["chi2_per_point"] < 0.1
    assert verdicts(answer) == {"determined"}


def test_known_errors_judge_a_fit_by_chi2_per_point(call, tmp_path: Path) -> None:
    """The same curve, errors of 2e-3: a mean of squares, in the table by the name that JSON and files have."""
    F = 0.4 * np.exp(-((SHORT / 0.5) ** 1.5)) + 0.6 * np.exp(-((SHORT / 10.0) ** 0.7))
    answer, table = said_of(call, tmp_path, "--n-exp", "1", t=SHORT, F=F, error=np.full(20, 2e-3))
    (fit,) = answer["species"]["A"]["fits"]
    assert fit["chi2_per_point"] == pytest.approx(fit["mean_loss"] / 2e-3**2, rel=1e-9)
    assert f"chi2_per_point is {fit['chi2_per_point']:.3g} (allowed " in table
    assert table.splitlines()[1].split()[2] == "chi2_per_point"
    assert verdicts(answer) == {"not_reproduced"}


def test_a_plateau_below_0_is_said(call, tmp_path: Path) -> None:
    F = 1.2 * np.exp(-SHORT) - 0.2
    answer, table = said_of(call, tmp_path, "--n-exp", "1", t=SHORT, F=F)
    assert "note: F of A ends below 0 (-0.2 at t = 50)" in table
    assert verdicts(answer) == {"not_reproduced"}


def test_a_stretched_exponential_of_atoms_is_told_to_be_none(call, tmp_path: Path) -> None:
    """Newtonian dynamics need a fast mode at the edge of the search: that is said, and what the beginning says instead."""
    t = np.geomspace(0.01, 100.0, 40)
    answer, table = said_of(call, tmp_path, "--dynamics", "newtonian", "--n-exp", "1", t=t, F=np.exp(-((t / 5) ** 0.6)))
    found = answer["species"]["A"]
    assert found["short_time_slope"] == pytest.approx(0.6, abs=0.02)
    assert found["fits"][0]["modes"][0]["weight"] > 1e4
    assert "shows no ballistic beginning" in table
    assert "give --dynamics overdamped" in table
    assert "at a bound of the search: tau_1 = " in table
    assert "is over before the first time, 0.01" in table


def test_atoms_are_told_from_colloids_by_their_beginning(call, tmp_path: Path) -> None:
    """The default is overdamped: ballistic data are told to be no such."""
    t = np.geomspace(0.01, 100.0, 40)
    columns = {"t": t, "F": exact_scattering(t, 60.0, 0.3, 20.0, "newtonian")}
    answer, table = said_of(call, tmp_path, "--n-exp", "1", **columns)
    assert "F of A contradicts overdamped dynamics" in table
    assert "give --dynamics newtonian" in table
    assert answer["species"]["A"]["short_time_slope"] == pytest.approx(2.0, abs=0.05)
    answer, table = said_of(call, tmp_path, "--n-exp", "1", "--dynamics", "newtonian", **columns)
    assert "contradicts" not in table
    (mode,) = answer["species"]["A"]["fits"][0]["modes"]
    assert abs(mode["weight"] - 60.0) < 2.0 * mode["weight_error"] < 0.01
    assert table.startswith("newtonian dynamics (given): F'' + Omega F + M*F' = 0; times in the unit of the file")
