"""`glassdask.status`, `retry`, `cancel`: their values; what they do to a driver that runs, tests/cli/campaign says."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import glassdask
from glassdask.errors import InvalidInput

LJ, WCA = "lj_rho1.2_T2.0_r0", "wca_rho1.2_T2.0_r0"


def test_status_is_a_table_of_states(tiny_file: Path) -> None:
    table = glassdask.status(tiny_file)
    assert list(table.index) == ["lj_rho1.2_T1.0_r0", LJ, WCA]
    first = ["potential", "temperature", "density", "replica", "status", "stage", "phase", "progress", "message"]
    assert list(table.columns)[:9] == first
    assert table.loc[LJ, ["potential", "temperature", "density"]].tolist() == ["lj", 2.0, 1.2]
    assert pd.api.types.is_float_dtype(table["measured_temperature"])
    assert table.loc[WCA, "measured_temperature"] == pytest.approx(2.0, rel=0.1)
    assert list(glassdask.status(tiny_file.with_suffix(""), ["lj", "T2"]).index) == [LJ]


def test_states_are_cancelled_and_brought_back(unfinished: Path) -> None:
    done = glassdask.cancel(unfinished, ["T2"])
    assert (done.is_done, done.n_asked, done.driver) == (True, 2, "")
    assert {item.state.identifier: item.status for item in done.states} == {LJ: "failed", WCA: "failed"}
    assert glassdask.cancel(unfinished, ["T2"]).n_asked == 0

    back = glassdask.retry(unfinished, ["lj"], reason="cancelled")
    assert (back.states, back.driver) == ((LJ,), None)
    assert back.sound.keys() == {"lj_rho1.2_T1.0_r0"}
    with pytest.raises(
        InvalidInput, match=r"--reason 'diverged': no state has failed for it; allowed: 'cancelled' \(1\)"
    ):
        glassdask.retry(unfinished, reason="diverged")
    assert glassdask.retry(unfinished).states == (WCA,)
    assert glassdask.retry(unfinished).states == ()


def test_what_a_driver_has_left_is_named(tiny_copy: Path) -> None:
    assert glassdask.cancel(tiny_copy).lost_jobs == ()
    (tiny_copy.with_suffix("") / "jobs.json").write_text(json.dumps({"jobs": ["4", "5"]}))
    done = glassdask.cancel(tiny_copy)
    assert (done.is_done, done.lost_jobs, done.jobs) == (True, ("4", "5"), None)


@pytest.mark.parametrize("operation", [glassdask.status, glassdask.cancel, glassdask.retry, glassdask.report])
def test_a_campaign_that_was_not_started_is_refused(operation, tiny_file: Path, tmp_path: Path) -> None:
    (tmp_path / "new.toml").write_text(tiny_file.read_text())
    with pytest.raises(InvalidInput, match=r"new does not exist yet; 'glassdask run FILE\.toml' starts the campaign"):
        operation(tmp_path / "new.toml")
