"""Fault 24: a stage that holds the interpreter for longer than Dask waits for a worker's heartbeat."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.command_line import environment
from tests.faults.campaigns import events, write_campaign
from tests.waiting import HANGS

#: Longer than Dask's limit, which is the larger of worker-ttl and ten heartbeats, 5 s for one worker.
SECONDS = 9

#: Python imports a module of this name at its start: the process of a simulation then stands still with its
#: interpreter held, as HOOMD-blue holds it through a run.
HOLD_IN_SIMULATION = f"""
import ctypes, sys

if "glassdask.simulation.run.child" in sys.orig_argv:
    ctypes.PyDLL(None).sleep({SECONDS})
"""

CAMPAIGN_THEN_CONTROL = f"""
import ctypes, json, os, sys
from glassdask.campaign.definition.campaign import load_campaign
from glassdask.cluster.runtime.settings import SETTINGS
from glassdask.cluster.pools.launch import local_workers
from glassdask.cluster.driver.driver import Driver

def hold_the_interpreter():
    ctypes.PyDLL(None).sleep({SECONDS})

def workers_given_up(client):
    return sum(event.get("action") == "worker-ttl-timed-out" for _, event in client.get_events("scheduler"))

if __name__ == "__main__":
    SETTINGS["distributed.scheduler.worker-ttl"] = "2 s"
    with local_workers(1, dashboard=False) as (workers, _):
        client = workers.client
        before = client.run(os.getpid)
        progress = Driver(load_campaign(sys.argv[1]), workers).run()
        is_same = client.run(os.getpid) == before
        given_up = workers_given_up(client)
        client.submit(hold_the_interpreter).exception()
        control = workers_given_up(client)
    print(json.dumps([is_same, given_up, progress.messages, dict(progress.counts), control]))
"""


def test_a_simulation_that_holds_its_interpreter_does_not_cost_the_worker(tmp_path):
    """The same hold in the worker itself makes Dask give it up, or this test would say nothing."""
    file = write_campaign(tmp_path)
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(HOLD_IN_SIMULATION)
    path = os.pathsep.join([str(tmp_path / "python"), environment()["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-c", CAMPAIGN_THEN_CONTROL, str(file)],
        env=environment() | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    is_same_process, given_up, messages, counts, control = json.loads(done.stdout.splitlines()[-1])
    assert control >= 1
    assert is_same_process
    assert given_up == 0
    assert messages == []
    assert counts == {"done": 1}
    for stage in ("simulate", "reduce", "solve_mct", "fit_memory", "correlate"):
        assert events(file, stage) == ["started", "done"]
