"""The driver: what is missing is run, what is lost is run again, and the end is the same."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files import journal
from glassdask.campaign.files.failed_states import forget_failures
from glassdask.campaign.files.failure import read_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.status import campaign_status
from glassdask.campaign.observe.campaign_view import CampaignView
from glassdask.campaign.work.state_stages import has_work, next_stage
from glassdask.campaign.work.verify import ALL_STATES, send_back, verify_campaign
from glassdask.cluster.driver.driver import Driver
from glassdask.cluster.driver.progress import Progress
from glassdask.cluster.pools.launch import local_workers
from tests.waiting import wait_until

#: For what is made again, as its physics is nobody's concern here: of every state, and of one that is simulated again.
SHORT_THEORY: dict[str, dict[str, Any]] = {
    "mode_coupling": {"end_time": 100.0, "n_half": 8},
    "memory": {"dynamics": ["newtonian"], "n_exp": [1], "generations": 5, "bootstrap": 0},
}
SHORT: dict[str, dict[str, Any]] = {"equilibration": {"length": 8.0}, "production": {"length": 32.0}, **SHORT_THEORY}


@pytest.fixture
def campaign(tiny_copy: Path) -> Campaign:
    """A finished campaign to take something away from."""
    return load_campaign(tiny_copy)


def changed(campaign: Campaign, tables: dict[str, dict[str, Any]]) -> Campaign:
    """The campaign whose file says something else."""
    found = {name: getattr(campaign.specification, name).model_copy(update=keys) for name, keys in tables.items()}
    return Campaign(campaign.specification.model_copy(update=found), campaign.states, campaign.folder)


def whole_states(campaign: Campaign) -> set[str]:
    """States whose products are all whole, and made as the campaign's file says; the cube is not the driver's."""
    checks = [check for check in verify_campaign(campaign) if check.state != ALL_STATES]
    return {check.state for check in checks} - {check.state for check in checks if check.verdict != "whole"}


def events(campaign: Campaign, number: int, stage: str) -> list[str]:
    home = state_folder(campaign.folder, campaign.states[number].identifier)
    return [event["event"] for event in journal.events(home, stage)]


def test_a_lost_worker_costs_its_state_nothing_but_time(campaign: Campaign) -> None:
    """SIGKILL of every worker while stages run: the nannies start others, and the states are submitted again."""
    campaign = changed(campaign, SHORT_THEORY)
    for state in campaign.states:
        send_back(campaign, state, "reduce", "a test")
    said: list[str] = []

    def kill_once_each_has_a_stage() -> None:
        wait_until(lambda: sum(events(campaign, i, "reduce")[-1:] == ["started"] for i in range(3)) == 2, pause=0.005)
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)

    def watch(progress: Progress) -> None:
        said.extend(progress.messages)
        progress.messages.clear()

    with local_workers(2, dashboard=False) as (workers, _):
        pids = workers.client.run(os.getpid)
        assert len(pids) == 2
        assert all(worker.startswith("tls://") for worker in pids)
        killer = threading.Thread(target=kill_once_each_has_a_stage, daemon=True)
        killer.start()
        progress = Driver(campaign, workers, watch).run()
    assert not killer.is_alive()
    assert sum(progress.counts.values()) == 3
    assert progress.counts["failed"] == 0
    assert whole_states(campaign) == {state.identifier for state in campaign.states}
    assert any("lost" in message for message in said), "the user hears of it"
    starts = [events(campaign, i, "reduce")[-3:].count("started") for i in range(3)]
    assert sorted(starts) == [1, 2, 2], "each lost stage was started again, the third once"


def n_stages_left(campaign: Campaign) -> int:
    """Stages of states that the campaign's clock counts as to be done."""
    view = CampaignView(campaign)
    view.look()
    assert view.clock is not None
    return sum(bool(row.seconds_left) for row in view.clock.rows if row.stage != "collect")


def test_progress_ends_at_all_work_done_and_counts_every_state(campaign: Campaign) -> None:
    """A damaged input is found by its checksum: the stage before is run again by itself."""
    state = campaign.states[2]
    send_back(campaign, state, "reduce", "a test")
    trajectory = state_folder(campaign.folder, state.identifier) / "trajectory.gsd"
    content = bytearray(trajectory.read_bytes())
    content[len(content) // 2] ^= 1
    trajectory.write_bytes(content)
    short = changed(campaign, SHORT)
    assert n_stages_left(campaign) > 0
    with local_workers(1, dashboard=False) as (workers, _):
        progress = Driver(short, workers).run()
    assert progress.counts.total() == 1
    assert not progress.running
    assert n_stages_left(campaign) == 0
    assert events(campaign, 2, "simulate")[-3:] == ["sent_back", "started", "done"]
    assert whole_states(short) == {state.identifier}
    assert whole_states(campaign) == {other.identifier for other in campaign.states[:2]}


def test_what_cannot_work_fails_once_and_is_tried_again_on_request(tiny_copy: Path) -> None:
    """A k grid of five bins ends before S(k) begins (no file may ask for it): another try cannot mend that."""
    campaign = load_campaign(tiny_copy)
    for state in campaign.states[1:]:
        shutil.rmtree(state_folder(campaign.folder, state.identifier))
    short = campaign.specification.wavenumbers.model_copy(update={"count": 5})
    specification = campaign.specification.model_copy(update={"wavenumbers": short})
    one = Campaign(specification, campaign.states[:1], campaign.folder)
    send_back(one, one.states[0], "reduce", "a test")
    with local_workers(1, dashboard=False) as (workers, _):
        assert has_work(one)
        progress = Driver(one, workers).run()
        assert progress.counts == {"failed": 1}
        assert n_stages_left(one) == 0, "nobody will do what has failed"
        assert not has_work(one)
        assert Driver(one, workers).run().counts == {"failed": 1}
    failure = read_failure(state_folder(one.folder, one.states[0].identifier), "reduce")
    assert failure is not None
    assert failure["reason"] == "input"
    assert "5 bins" in failure["message"]
    assert events(one, 0, "reduce").count("failed") == 1
    one.write_record()
    assert [item.status for item in campaign_status(one.folder)] == ["failed"]
    assert forget_failures(one.folder, one.states) == {one.states[0]: 1}
    assert has_work(one)
    assert next_stage(one, one.states[0]) is not None
