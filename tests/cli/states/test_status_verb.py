"""``glassdask status``: one line a state and the counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder

COLUMNS = [
    "potential",
    "rho",
    "T",
    "T meas.",
    "pressure",
    "energy",
    "drift",
    "k_p",
    "S(k_p)",
    "tau_A",
    "tau_B",
    "status",
]


def test_the_table_has_what_the_issue_asked_for(call, tiny_file: Path) -> None:
    """T, measured T, pressure, energy, energy drift, k_p, S(k_p), tau_alpha, status."""
    answer = call("status", tiny_file)
    assert (answer.code, answer.err) == (0, "")
    header, *lines = answer.out.splitlines()
    assert all(name in header for name in COLUMNS)
    first = lines[0].split()
    assert first[:3] == ["lj", "1.2", "1"]
    assert float(first[3]) == pytest.approx(1.0, rel=0.05)
    assert "–" not in answer.out, "every column is filled"
    assert lines[-1].startswith("3 states: ")


def test_folder_and_file_give_the_same_status(call, tiny_file: Path) -> None:
    assert call("status", tiny_file).out == call("status", tiny_file.with_suffix("")).out


def test_status_as_data(call, tiny_file: Path) -> None:
    found = json.loads(call("status", tiny_file, "--json").out)
    assert sum(found["counts"].values()) == len(found["states"]) == 3
    assert found["states"][2]["state"] == "wca_rho1.2_T2.0_r0"
    assert found["states"][2]["summary"]["peak_wavenumber"] == pytest.approx(7.2, abs=0.4)


def test_the_table_is_the_one_at_the_end_of_the_run(call, tiny_file: Path) -> None:
    printed = (tiny_file.parent / "run.txt").read_text()
    assert printed.startswith(call("status", tiny_file).out.strip())
    data, figures = ["observables.nc", "critical_temperature.nc"], ["structure_factor", "scattering", "relaxation_time"]
    figures += ["quality", "mode_coupling", "memory", "memory_modes", "second_mode", "collective_scattering"]
    figures += ["pair_distribution", "mean_squared_displacement", "non_gaussian_parameter", "four_point_susceptibility"]
    figures += ["van_hove"]
    expected = [*data, *(f"{name}.png" for name in figures), "memory.md"]
    *lines, advice = printed.splitlines()
    assert sorted(Path(line).name for line in lines[-len(expected) :]) == sorted(expected)
    assert advice.startswith("'glassdask report ")


def test_a_campaign_that_was_not_started_says_how(call, tiny_file: Path, tmp_path: Path) -> None:
    (tmp_path / "fresh.toml").write_text(tiny_file.read_text())
    answer = call("status", tmp_path / "fresh.toml")
    assert answer.code == 2
    assert "does not exist yet; 'glassdask run FILE.toml' starts the campaign" in answer.err


def test_failed_states_say_why_below_the_table(call, tiny_copy: Path) -> None:
    campaign = load_campaign(tiny_copy)
    home = state_folder(campaign.folder, campaign.states[1].identifier)
    (home / "reduce.json").unlink()
    write_failure(home, "reduce", "input", "no peak", 1)
    lines = call("status", tiny_copy).out.splitlines()
    assert lines[2].split()[-1] == "failed"
    assert lines[-1] == "lj_rho1.2_T2.0_r0: input: no peak"
    assert "1 failed" in lines[-2]


def test_a_measured_value_beyond_its_limit_is_flagged(call, tiny_copy: Path) -> None:
    path = tiny_copy.with_suffix("") / "states" / "lj_rho1.2_T1.0_r0" / "correlate.json"
    record = json.loads(path.read_text())
    record["summary"] |= {"is_temperature_off": True, "is_energy_drifting": False}
    path.write_text(json.dumps(record))
    assert call("status", tiny_copy).out.splitlines()[1].endswith(f"{record['status']} +temperature_off")
