"""What is seen of a campaign, of a real one that is finished and of the same when something is taken away."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import STATIC_PAGE, state_folder
from glassdask.campaign.files.lease import Lease
from glassdask.campaign.files.products import read_record, remove_product, write_record
from glassdask.campaign.observe.campaign_view import CampaignView, Live
from glassdask.campaign.observe.page import StaticPage
from glassdask.campaign.work.verify import send_back
from glassdask.stages.contract.registry import STATE_STAGES

_STAGES = [stage.name for stage in STATE_STAGES]


@pytest.fixture
def campaign(tiny_copy: Path) -> Campaign:
    """A finished campaign to take something away from."""
    return load_campaign(tiny_copy)


def looked(campaign: Campaign) -> CampaignView:
    view = CampaignView(campaign)
    view.look()
    return view


def test_a_finished_campaign(tiny: Campaign) -> None:
    found = looked(tiny).full()
    json.dumps(found, allow_nan=False)
    assert found["work"] == 1.0
    assert sum(found["counts"].values()) == 3
    assert found["states"]["share"] == [1.0] * 3
    assert found["running"] == found["failures"] == []
    assert found["hours"]["left"] == 0
    assert found["hours"]["finish"] is None
    assert not found["driver"]["is_alive"]


def test_hours_are_those_of_the_records_and_pace_counts_every_stage(tiny: Campaign) -> None:
    found = looked(tiny).full()
    seconds = 0.0
    for state in tiny.states:
        for name in _STAGES:
            record = read_record(state_folder(tiny.folder, state.identifier), name)
            assert record is not None
            seconds += record.provenance["seconds"]
    assert found["hours"]["used"] == pytest.approx(seconds / 3600)
    pace = found["pace"]
    width = pace["time"][1] - pace["time"][0]
    for name in _STAGES:
        assert sum(pace[name]) * width / 3600 == pytest.approx(3)


def test_what_is_left_is_estimated_from_what_was_done(campaign: Campaign) -> None:
    """Of three states of nearly the same cost one is taken back: about half of the others' time is left."""
    state = campaign.states[0]
    took = sum(_seconds(campaign, state.identifier, name) for name in _STAGES)
    send_back(campaign, state, "simulate", "a test")
    for name in _STAGES:
        remove_product(state_folder(campaign.folder, state.identifier), name)
    found = looked(campaign).full()
    assert 0.4 < found["work"] < 0.8
    assert 0.2 * took < 3600 * found["hours"]["left"] < 5 * took
    assert found["states"]["share"][0] == 0


def test_what_is_left_is_on_gpus_as_far_as_what_is_done_was(campaign: Campaign) -> None:
    """Records of two simulations that say "gpu"; the third is taken back."""
    for state in campaign.states[1:]:
        home = state_folder(campaign.folder, state.identifier)
        record = read_record(home, "simulate")
        assert record is not None
        write_record(home, replace(record, provenance=record.provenance | {"device": "gpu"}))
    send_back(campaign, campaign.states[0], "simulate", "a test")
    hours = looked(campaign).full()["hours"]
    took = sum(_seconds(campaign, state.identifier, "simulate") for state in campaign.states[1:])
    assert hours["on_gpus"] == pytest.approx(took / 3600)
    assert 0 < hours["left_on_gpus"] < hours["left"]


def _seconds(campaign: Campaign, identifier: str, stage: str) -> float:
    record = read_record(state_folder(campaign.folder, identifier), stage)
    assert record is not None
    return record.provenance["seconds"]


def test_failures_are_grouped_by_reason_and_stage(campaign: Campaign) -> None:
    for state, reason in zip(campaign.states, ("diverged", "disk", "diverged"), strict=True):
        home = state_folder(campaign.folder, state.identifier)
        remove_product(home, "fit_memory")
        write_failure(home, "fit_memory", reason, "what happened; what to do", 1)
    groups = looked(campaign).full()["failures"]
    assert [(g["reason"], g["stage"], g["count"]) for g in groups] == [
        ("diverged", "fit_memory", 2),
        ("disk", "fit_memory", 1),
    ]
    assert groups[0]["states"] == [campaign.states[0].identifier, campaign.states[2].identifier]
    assert groups[0]["message"] == "diverged: what happened; what to do"


def test_a_worker_s_word_counts_more_than_files_and_only_changes_are_news(campaign: Campaign) -> None:
    state = campaign.states[1]
    home = state_folder(campaign.folder, state.identifier)
    remove_product(home, "fit_memory")
    lease = Lease.acquire(home / "lease.json", "fit_memory", 60.0)
    view = looked(campaign)
    version = view.version
    assert (view.since(version)["changed"], view.since(version)["measured"]) == ([], [])
    view.look({state.identifier: Live("fit_memory", "bootstrap", 0.5, 12.0)})
    news = view.since(version)
    assert news["changed"] == [[1, 4, 0.7]]
    row = {"state": state.identifier, "stage": "fit_memory", "phase": "bootstrap", "fraction": 0.5, "rate": 12.0}
    assert news["running"] == [row]
    view.look({state.identifier: Live("simulate", "production", 0.9, 12.0)})
    assert view.running()[0]["fraction"] is None  # what was said of another stage
    lease.release()


def test_the_file_holds_details_and_loads_nothing(campaign: Campaign) -> None:
    page = StaticPage(looked(campaign))
    path = page.write(60.0)
    assert path == campaign.folder / STATIC_PAGE
    text = path.read_text()
    assert "<script src" not in text
    assert '<link rel="stylesheet"' not in text
    held = json.loads(text.partition('id="held">')[2].partition("</script>")[0].replace("<\\/", "</"))
    assert held["is_live"] is False
    assert set(held["details"]) == {state.identifier for state in campaign.states}
    curves = held["details"][campaign.states[0].identifier]["curves"]
    assert 10 < len(curves["t"]) <= 60
    assert len(curves["t"]) == len(curves["F_A"])


def test_text_of_a_campaign_cannot_become_a_script(campaign: Campaign) -> None:
    home = state_folder(campaign.folder, campaign.states[0].identifier)
    remove_product(home, "fit_memory")
    write_failure(home, "fit_memory", "code", "</script><script>alert(1)</script>", 1)
    text = StaticPage(looked(campaign)).write(60.0).read_text()
    assert "</script><script>alert" not in text


def test_details_of_states_that_stand_still_are_gathered_once(campaign: Campaign) -> None:
    """In processor time: all of them again would cost as much again."""
    page = StaticPage(looked(campaign))
    seconds = []
    for _ in range(2):
        before = time.process_time()
        page.write(60.0)
        seconds.append(time.process_time() - before)
    assert seconds[1] < 0.5 * seconds[0]
