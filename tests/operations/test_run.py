"""`glassdask.run_campaign`: what happened is its value, in a session as in a thread."""

from __future__ import annotations

import gc
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import glassdask
from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.campaign.files.status import StateStatus
from glassdask.errors import CampaignLocked, InvalidInput
from glassdask.operations.run import CampaignRun
from glassdask.outcome import Status
from tests.waiting import wait_until

LJ, WCA = "lj_rho1.2_T2.0_r0", "wca_rho1.2_T2.0_r0"


def run(file: Path, **options) -> CampaignRun:
    return glassdask.run_campaign(file, workers=1, dashboard=False, quiet=True, **options)


def test_what_is_missing_is_made_and_told(unfinished: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """First of one state: the other waits on. The cube is of what there is, each time."""
    handler = signal.getsignal(signal.SIGINT)
    done = run(unfinished, states=["lj"])
    assert done.folder == unfinished.with_suffix("")
    assert done.failed == {}
    assert done.table["status"].to_dict()[WCA] == "waiting"
    assert done.table["stage"].to_dict() == {"lj_rho1.2_T1.0_r0": "", LJ: "", WCA: "fit_memory"}
    assert {path.name for path in done.files} >= {"observables.nc", "critical_temperature.nc"}
    assert all(path.is_file() for path in done.files)
    assert capfd.readouterr().out == "", "what is told goes to standard error"

    done = run(unfinished)
    assert "waiting" not in set(done.table["status"])
    with done.cube() as cube:
        assert cube.sizes["potential"] == 2
    assert signal.getsignal(signal.SIGINT) is handler
    assert gc.get_freeze_count() == 0


def test_a_thread_runs_a_campaign_and_another_cancels_it(unfinished: Path) -> None:
    """Python's signals come to the main thread only, which is free for other work."""

    def run_and_catch() -> CampaignRun | KeyboardInterrupt:
        try:
            return run(unfinished)
        except KeyboardInterrupt as end:
            return end

    def is_at_work() -> bool:
        return "running" in set(glassdask.status(unfinished)["status"])

    with ThreadPoolExecutor(1) as threads:
        future = threads.submit(run_and_catch)
        wait_until(lambda: is_at_work() or future.done())
        cancelled = glassdask.cancel(unfinished)
        end = future.result()
    assert cancelled.is_done
    assert isinstance(end, glassdask.Interrupted)
    assert f"'glassdask run {unfinished}' goes on" in str(end)
    assert run(unfinished).failed == {}


def test_ctrl_c_leaves_the_session_as_it_was(unfinished: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """At once, in the main thread, and the same call goes on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    folder = unfinished.with_suffix("")

    def interrupt() -> None:
        wait_until(lambda: "running" in set(glassdask.status(folder)["status"]))
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(glassdask.Interrupted, match=r"stopped by SIGINT\. Simulations keep a checkpoint"):
            run(unfinished)
    finally:
        thread.join()
        assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
    assert "stopping: checkpoints are written; once more to end now" in capfd.readouterr().err
    assert not (folder / "driver.json").exists(), "the campaign is free"
    assert run(unfinished).failed == {}


def test_a_state_that_failed_is_told_with_its_reason(tiny: glassdask.campaign.definition.campaign.Campaign) -> None:
    statuses = [StateStatus(state, Status.DONE) for state in tiny.states[:2]]
    failed = StateStatus(tiny.states[2], Status.FAILED, "simulate", message="diverged: at step 7")
    done = CampaignRun(tiny.folder, (*statuses, failed), ())
    assert done.failed == {WCA: "diverged: at step 7"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"states": ["T9"]}, r"'T9': no state of the campaign has T9\.0; there are T1\.0, T2\.0"),
        ({"workers": 0}, r"workers = 0; allowed: 1 or more"),
        ({"site": "SITE", "workers": 2}, r"--workers 2 is for this machine; with --on, the site file says how many"),
        ({"site": "no.toml"}, r"no\.toml: No such file or directory; allowed: a site file"),
    ],
)
def test_bad_input_is_refused_in_the_verbs_words(options: dict, words: str, tiny_file: Path, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('scheduler = "local"\n')
    if options.get("site") == "SITE":
        options = {**options, "site": tmp_path / "site.toml"}
    with pytest.raises(InvalidInput, match=words):
        glassdask.run_campaign(tiny_file, **options)


def test_a_campaign_that_is_not_there_or_has_a_driver_is_refused(tiny_copy: Path, tmp_path: Path) -> None:
    with pytest.raises(
        InvalidInput, match=r"none\.toml: No such file or directory; allowed: a campaign file or folder"
    ):
        glassdask.run_campaign(tmp_path / "none.toml")
    with driver_lock(load_campaign(tiny_copy).folder, 60), pytest.raises(CampaignLocked, match="one campaign has one"):
        run(tiny_copy)
