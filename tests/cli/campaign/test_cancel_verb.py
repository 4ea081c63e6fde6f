"""``glassdask cancel`` and ``glassdask retry`` beside a driver that runs, one that has died, and none."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from glassdask.campaign.files.failure import read_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.status import campaign_status
from glassdask.campaign.work.requests import CANCEL, REQUESTS, RETRY, STOP, Request, make_request
from tests.cluster.real_slurm import RealSlurm
from tests.command_line import python
from tests.faults.campaigns import (
    RunningDriver,
    assert_whole,
    checkpointed_step,
    events,
    home,
    run,
    simulations,
    write_campaign,
)
from tests.faults.standing_still import standing_still
from tests.waiting import wait_until

GRID = [{"potential": "wca", "density": 1.2, "temperature": [2.0, 3.0, 4.0]}]
STATES = [f"wca_rho1.2_T{T}_r0" for T in ("2.0", "3.0", "4.0")]


def statuses(file: Path) -> dict[str, str]:
    return {item.state.identifier: item.status for item in campaign_status(file.with_suffix(""))}


def failure(file: Path, state: str, stage: str = "simulate") -> dict:
    return read_failure(home(file, state), stage) or {}


def test_a_running_campaign_is_steered_and_loses_nothing(call, tmp_path: Path) -> None:
    """One state at work and one that waits are cancelled, brought back, the driver stopped, and all goes on."""
    file = write_campaign(tmp_path, GRID)
    with standing_still(tmp_path), RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(lambda: any(checkpointed_step(home(file, state)) for state in STATES))
        at_work = next(state for state in STATES if checkpointed_step(home(file, state)))
        waiting, third = (state for state in STATES if state != at_work)
        reached = checkpointed_step(home(file, at_work))

        answer = call("cancel", file, at_work, waiting)
        assert (answer.code, answer.err) == (0, "")
        assert answer.out == "".join(f"{state}: cancelled before the end of simulate\n" for state in (at_work, waiting))
        assert [failure(file, state)["reason"] for state in (at_work, waiting)] == 2 * ["cancelled"]
        assert "'glassdask retry' makes it ready again" in failure(file, waiting)["message"]
        assert events(file, "simulate", at_work) == ["started", "partial", "cancelled"]
        assert events(file, "simulate", waiting) == ["cancelled"]
        assert checkpointed_step(home(file, at_work)) >= reached, "stopped with a checkpoint"
        driver.wait_until(lambda: statuses(file)[third] == "running" and len(simulations(file)) == 1)

        answer = call("retry", file, "--reason", "cancelled")
        assert answer.code == 0
        assert answer.out.startswith("2 ready again: ")
        assert f"process {driver.process.pid} on " in answer.out
        assert "failed" not in statuses(file).values()

        answer = call("cancel", file)
        assert answer.code == 0, answer.out
        assert f"(process {driver.process.pid} on " in answer.out
        assert "has stopped" in answer.out
        assert driver.wait() == 130
        said = driver.output()
        assert f"'glassdask run {file}' goes on" in said, said
        assert "'glassdask cancel' by" in said
        assert list((file.with_suffix("") / REQUESTS).iterdir()) == []
        assert not simulations(file)
        assert checkpointed_step(home(file, at_work)) >= reached
    done = run(file)
    assert done.returncode == 0, done.stderr
    assert_whole(file)
    found = events(file, "simulate", at_work)
    assert found[:4] == ["started", "partial", "cancelled", "sent_back"]
    assert found[-1] == "done"
    assert "lost" not in found


def test_a_driver_that_was_killed_leaves_requests_that_do_no_harm(call, tmp_path: Path) -> None:
    """It was asked to stop, to cancel a state and to bring another back: the next one heeds the last two only."""
    file = write_campaign(tmp_path, GRID)
    folder = file.with_suffix("")
    with standing_still(tmp_path), RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(lambda: any(checkpointed_step(home(file, state)) for state in STATES))
        driver.process.send_signal(signal.SIGSTOP)
        assert call("cancel", file, "--no-wait").code == 0
        answer = call("cancel", file, *STATES[:2], "--no-wait")
        assert "to cancel 2 states" in answer.out
        make_request(folder, Request(RETRY, (STATES[1],)))
        (folder / REQUESTS / "notes.json").write_text("by hand")
    done = run(file)
    assert done.returncode == 1, done.stderr
    assert f"{STATES[0]}: cancelled" in done.stderr
    assert f"{STATES[1]}: ready again" in done.stderr
    assert list((folder / REQUESTS).iterdir()) == []
    found = statuses(file)
    assert found.pop(STATES[0]) == "failed"
    assert not {"failed", "waiting"} & set(found.values())


@pytest.fixture
def fresh(tiny_copy: Path) -> Path:
    """A finished campaign of which one state has to be reduced again and one to be simulated."""
    for state, stages in (("lj_rho1.2_T2.0_r0", ("reduce",)), ("wca_rho1.2_T2.0_r0", ("simulate",))):
        for stage in stages:
            (state_folder(tiny_copy.with_suffix(""), state) / f"{stage}.json").unlink()
    return tiny_copy


def test_without_a_driver_states_are_cancelled_and_brought_back_at_once(call, fresh: Path) -> None:
    names = ["lj_rho1.2_T1.0_r0", "lj_rho1.2_T2.0_r0", "wca_rho1.2_T2.0_r0"]
    before = statuses(fresh)
    answer = call("cancel", fresh, *names)
    assert answer.code == 0
    assert answer.out.splitlines() == [
        f"{names[0]}: nothing to cancel, {before[names[0]]}",
        f"{names[1]}: cancelled before the end of reduce",
        f"{names[2]}: cancelled before the end of simulate",
    ]
    assert statuses(fresh) == {**before, names[1]: "failed", names[2]: "failed"}
    assert "has failed before" not in call("cancel", fresh, names[1]).out, "cancelling again changes nothing"

    answer = call("retry", fresh, names[2], names[0])
    assert answer.code == 0
    assert answer.out == f"1 ready again: {names[2]}; 'glassdask run {fresh}' goes on with them\n"
    assert f"{names[0]} has not failed" in answer.err
    answer = call("retry", fresh, "--reason", "diverged")
    assert answer.code == 2
    assert "'cancelled' (1)" in answer.err
    assert call("retry", fresh).code == 0
    assert statuses(fresh) == before
    assert call("retry", fresh).out == "no state has failed\n"


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_an_unknown_state_is_refused(verb: str, call, fresh: Path) -> None:
    answer = call(verb, fresh, "lj_rho9")
    assert answer.code == 2
    assert "'lj_rho9': no state of the campaign has rho9.0; there are rho" in answer.err


def test_without_a_driver_there_is_nothing_to_stop(call, fresh: Path, tmp_path: Path) -> None:
    assert call("cancel", fresh).out == "no driver runs\n"
    (fresh.with_suffix("") / "jobs.json").write_text(json.dumps({"jobs": ["4", "5"]}))
    answer = call("cancel", fresh)
    assert (answer.code, "(4, 5): --on SITE.toml cancels those" in answer.out) == (0, True)
    (tmp_path / "site.toml").write_text('scheduler = "local"\n')
    answer = call("cancel", fresh, "--on", tmp_path / "site.toml")
    assert answer.code == 2
    assert "allowed: slurm, pbs, lsf" in answer.err


def test_a_dead_process_is_no_driver(call, fresh: Path) -> None:
    """Its requests to cancel are settled by the next command."""
    folder = fresh.with_suffix("")
    code = f"""
import os, sys
from pathlib import Path
from glassdask.campaign.files.lease import Lease
Lease.acquire(Path({str(folder)!r}) / "driver.json", "driver", 60)
os._exit(0)
"""
    python(code)
    assert (folder / "driver.json").exists()
    make_request(folder, Request(CANCEL, ("lj_rho1.2_T2.0_r0", "gone_rho1.0_T1.0_r0")))
    make_request(folder, Request(STOP))
    assert call("cancel", fresh).out == "no driver runs\n"
    assert call("cancel", fresh, "wca_rho1.2_T2.0_r0").code == 0
    assert [statuses(fresh)[name] for name in ("lj_rho1.2_T2.0_r0", "wca_rho1.2_T2.0_r0")] == ["failed", "failed"]
    assert list((folder / REQUESTS).iterdir()) == []


def test_retry_loads_neither_dask_nor_arrays(fresh: Path) -> None:
    code = """
import sys
sys.argv[0] = "glassdask"
from glassdask.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
print({"numpy", "xarray", "dask", "distributed", "pydantic", "rich"} & {*sys.modules})
"""
    for arguments in (("retry", fresh), ("ls", fresh), ("cancel", fresh)):
        assert python(code, *arguments).splitlines()[-1] == "set()"


@pytest.mark.slurm
def test_jobs_of_a_driver_that_was_killed_are_cancelled_on_its_site(slurm: RealSlurm, call, fresh: Path) -> None:
    site = fresh.with_name("site.toml")
    site.write_text(
        'scheduler = "slurm"\ninterface = "lo"\n[pool.cpu]\nqueue = "cpu"\nmemory = "1GB"\nwalltime = "00:05:00"\n'
    )
    job = slurm.run("sbatch", "--parsable", "--partition=cpu", "--output=/dev/null", "--wrap=sleep 300").strip()
    (fresh.with_suffix("") / "jobs.json").write_text(json.dumps({"jobs": [job, "999999"]}))
    answer = call("cancel", fresh, "--on", site)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"no driver runs\ncancelled 1 batch job of a driver that has gone: {job}\n"
    assert json.loads((fresh.with_suffix("") / "jobs.json").read_text()) == {"jobs": []}
    wait_until(lambda: slurm.run("squeue", "--me", "--noheader", "--states=PENDING,RUNNING") == "")
