"""Faults 1 to 6: any process of a running campaign may be killed at any moment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import psutil

from glassdask.campaign.files import journal
from glassdask.physics.liquids.liquid import n_particles
from tests.faults.campaigns import (
    RunningDriver,
    assert_whole,
    checkpointed_step,
    events,
    home,
    is_running,
    kill,
    newest_log,
    processes_of,
    run,
    simulations,
    step_of,
    times_of_change,
    write_campaign,
)
from tests.faults.standing_still import standing_still
from tests.same_process import glassdask_here
from tests.waiting import wait_until

TWO_STATES = [{"potential": "wca", "density": 1.2, "temperature": [2.0, 3.0]}]
HOT, HOTTER = "wca_rho1.2_T2.0_r0", "wca_rho1.2_T3.0_r0"


def kill_in_production(driver: RunningDriver, attempt: int, seconds: float) -> None:
    """Ends the simulation of an attempt some time after it has written a checkpoint of its own."""
    folder = home(driver.file)
    driver.wait_until(lambda: journal.attempts(folder, "simulate") == attempt)
    reached = checkpointed_step(folder)
    driver.wait_until(lambda: checkpointed_step(folder) > reached)
    time.sleep(seconds)
    for simulation in simulations(driver.file):
        kill(simulation)


def test_simulations_killed_at_random_go_on_and_every_frame_is_there_once(tmp_path):
    """Checkpoints come every 0.1 s, so that a kill may fall into one, or between frames and checkpoint.

    The run looks every 64 steps at least: with a pause in each look, its 16,384 steps last 10 s on any machine.
    """
    file = write_campaign(tmp_path, production={"length": 128.0}, execution={"checkpoint_seconds": 0.1})
    random = np.random.default_rng(20)
    with standing_still(tmp_path, pause=0.04) as slow, RunningDriver(file, "--workers", "1") as driver:
        for attempt in (1, 2, 3):
            kill_in_production(driver, attempt, random.uniform(0.0, 0.3))
        slow.end()
        assert driver.wait() == 0, driver.output()
    assert driver.output().count("lost") == 3
    assert events(file, "simulate") == 3 * ["started", "lost"] + ["started", "done"]
    assert_whole(file)


def test_a_killed_worker_loses_its_state_to_another_attempt_and_nothing_else(tmp_path):
    file = write_campaign(tmp_path, TWO_STATES)
    with standing_still(tmp_path) as hold, RunningDriver(file, "--workers", "2") as driver:
        driver.wait_until(lambda: all(checkpointed_step(home(file, state)) for state in (HOT, HOTTER)))
        reached = checkpointed_step(home(file, HOT))
        pid = journal.events(home(file, HOT))[-1]["pid"]
        kill(psutil.Process(pid))
        hold.end()
        assert driver.wait() == 0, driver.output()
    assert f"simulate of {HOT}: lost" in driver.output()
    assert events(file, "simulate", HOT) == ["started", "started", "done"]
    assert events(file, "simulate", HOTTER) == ["started", "done"]
    assert reached > 0
    assert_whole(file)


def test_a_killed_driver_is_followed_by_another_that_does_nothing_twice(tmp_path):
    file = write_campaign(tmp_path, TWO_STATES)
    with standing_still(tmp_path) as hold, RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(lambda: any(checkpointed_step(home(file, state)) for state in (HOT, HOTTER)))
        first, second = sorted((home(file, HOT), home(file, HOTTER)), key=checkpointed_step, reverse=True)
        hold.only(second.name)
        driver.wait_until(lambda: (first / "fit_memory.json").exists() and checkpointed_step(second) > 0)
        left = processes_of(driver.process.pid)
        assert len(left) >= 2
        driver.process.kill()
        wait_until(lambda: not any(map(is_running, left)))
    before, reached = times_of_change(first), checkpointed_step(second)
    again = run(file)
    assert again.returncode == 0, again.stderr
    assert times_of_change(first) == before
    for stage in ("simulate", "reduce", "solve_mct", "fit_memory", "correlate"):
        assert events(file, stage, first.name) == ["started", "done"]
    assert events(file, "simulate", second.name) == ["started", "started", "done"]
    assert reached > 0
    assert_whole(file)


def assert_stops_politely(file: Path, stopped_by: signal.Signals) -> None:
    """SIGTERM as a batch system sends it to a driver; SIGINT as a terminal sends it, to the driver and its workers.

    The simulation stands still: left alone, it would never end.
    """
    with standing_still(file.parent), RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(lambda: step_of(home(file)) > 0)
        children = processes_of(driver.process.pid)
        assert checkpointed_step(home(file)) == 0
        (os.killpg if stopped_by == signal.SIGINT else os.kill)(driver.process.pid, stopped_by)
        assert driver.wait() == 130
        assert not simulations(file)
        wait_until(lambda: not any(map(is_running, children)))  # Python's own resource tracker comes last
    assert driver.output().splitlines() == [
        "glassdask: stopping: checkpoints are written; once more to end now",
        f"glassdask: stopped by {stopped_by.name}. Simulations keep a checkpoint: 'glassdask run {file}' goes on.",
    ]
    assert events(file, "simulate") == ["started", "partial"]
    assert checkpointed_step(home(file)) > 0
    assert "1 waiting" in glassdask_here("status", file).stdout


def test_sigterm_lets_simulations_checkpoint_and_another_run_goes_on(tmp_path):
    """Even if the next attempt was killed while it took over the checkpoints of the first."""
    file = write_campaign(tmp_path, execution={"checkpoint_seconds": 600})
    assert_stops_politely(file, signal.SIGTERM)
    (first,) = home(file).glob("work/simulate/*/*")
    (first.parent / "attempt-2-killed").mkdir()
    shutil.copy(first / "checkpoints.json", first.parent / "attempt-2-killed")
    with standing_still(tmp_path) as hold, RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(lambda: "continuing production" in newest_log(home(file)))
        hold.end()
        assert driver.wait() == 0, driver.output()
    assert events(file, "simulate") == ["started", "partial", "started", "done"]
    assert_whole(file)


def test_after_ctrl_c_a_changed_file_does_not_go_on_from_checkpoints_of_other_inputs(tmp_path):
    file = write_campaign(tmp_path, execution={"checkpoint_seconds": 600})
    assert_stops_politely(file, signal.SIGINT)
    write_campaign(tmp_path, system={"box_length": 6.6})
    again = run(file)
    assert again.returncode == 0, again.stderr
    assert "system.box_length: 6.5 -> 6.6" in again.stderr
    done = json.loads((home(file) / "simulate.json").read_text())
    assert done["provenance"]["simulation"]["n_particles"] == n_particles(1.2, 6.6)
    assert_whole(file)


def test_ctrl_c_while_the_workers_start_is_as_quiet(tmp_path):
    file = write_campaign(tmp_path)
    with standing_still(tmp_path), RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(driver.workers)
        os.killpg(driver.process.pid, signal.SIGINT)
        assert driver.wait() == 130
    assert driver.output().splitlines() == [
        "glassdask: stopping: checkpoints are written; once more to end now",
        f"glassdask: stopped by SIGINT. Simulations keep a checkpoint: 'glassdask run {file}' goes on.",
    ]


def test_a_second_ctrl_c_ends_a_run_at_once_and_leaves_no_process(tmp_path):
    """Workers, simulations and Python's own trackers follow their driver without a word."""
    file = write_campaign(tmp_path)
    with standing_still(tmp_path), RunningDriver(file, "--workers", "2") as driver:
        driver.wait_until(lambda: step_of(home(file)) > 0)
        children = processes_of(driver.process.pid)
        os.kill(simulations(file)[0].pid, signal.SIGSTOP)  # its checkpoint would end the driver before the second
        os.killpg(driver.process.pid, signal.SIGINT)
        driver.wait_until(lambda: "stopping" in driver.output())
        os.killpg(driver.process.pid, signal.SIGINT)
        assert driver.wait() == 130
        os.kill(simulations(file)[0].pid, signal.SIGCONT)
        wait_until(lambda: not any(map(is_running, children)))
    assert driver.output().splitlines() == [
        "glassdask: stopping: checkpoints are written; once more to end now",
        "glassdask: ended at once; what is finished is kept",
    ]
