"""Requests to the driver: whole files, taken in order, by whoever holds the campaign."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files import journal
from glassdask.campaign.files.driver_lock import driver_lock, live_driver
from glassdask.campaign.files.failed_states import forget_failures, record_cancelled
from glassdask.campaign.files.failure import read_failure, write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.work.requests import (
    CANCEL,
    REQUESTS,
    RETRY,
    STOP,
    Request,
    apply_pending_requests,
    chosen_states,
    driver_lock_or_none,
    make_request,
    take_requests,
    was_answered,
)
from glassdask.errors import InvalidInput
from tests.campaign.campaign_files import campaign_from
from tests.waiting import HANGS


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """A campaign of one state that was started and has no products."""
    campaign = campaign_from(tmp_path)
    campaign.folder.mkdir()
    campaign.write_record()
    return campaign


def test_requests_are_taken_in_the_order_of_their_making(tmp_path: Path) -> None:
    made = [Request(RETRY, (f"state {i}",), "diverged") for i in range(5)] + [Request(STOP)]
    paths = [make_request(tmp_path, request) for request in made]
    (tmp_path / REQUESTS / ".half.partial-1.json").write_text("{")
    for name, text in (("0.json", "{"), ("1.json", '{"verb": "dance", "states": [], "reason": null, "by": ""}')):
        (tmp_path / REQUESTS / name).write_text(text)
    assert list(take_requests(tmp_path)) == made
    assert not any(path.exists() for path in paths)
    assert list(take_requests(tmp_path)) == []
    assert " on " in made[0].by


def test_a_request_whose_taker_dies_is_taken_again(tmp_path: Path) -> None:
    make_request(tmp_path, Request(STOP))
    taking = take_requests(tmp_path)
    next(taking)
    del taking
    assert list(take_requests(tmp_path)) == [Request(STOP)]


def test_a_folder_without_requests(tmp_path: Path) -> None:
    assert list(take_requests(tmp_path)) == []
    assert apply_pending_requests(tmp_path, []) == []


def test_what_was_left_over_is_settled_in_order_and_a_stop_is_dropped(campaign: Campaign) -> None:
    name = campaign.states[0].identifier
    for verb in (STOP, CANCEL, RETRY, CANCEL):
        make_request(campaign.folder, Request(verb, (name, "gone")))
    said = apply_pending_requests(campaign.folder, campaign.states)
    assert said == [f"{name}: cancelled", f"{name}: ready again", f"{name}: cancelled"]
    home = state_folder(campaign.folder, name)
    assert (read_failure(home, "simulate") or {})["reason"] == "cancelled"
    assert [event["event"] for event in journal.events(home)] == ["cancelled", "sent_back", "cancelled"]


def test_one_who_holds_the_campaign_has_to_be_asked(campaign: Campaign) -> None:
    with driver_lock_or_none(campaign.folder) as lock:
        assert lock
        with driver_lock_or_none(campaign.folder) as second_lock:
            assert not second_lock
    assert live_driver(campaign.folder) is None
    path = make_request(campaign.folder, Request(CANCEL, (campaign.states[0].identifier,)))
    with driver_lock(campaign.folder, 60):
        driver = live_driver(campaign.folder)
        assert driver is not None
        assert driver.pid == os.getpid()
        before = time.monotonic()
        assert not was_answered(campaign.folder, path, lambda: True, 0.3)
        assert time.monotonic() - before < HANGS
        assert path.exists(), "it stays until it is taken"
    assert was_answered(campaign.folder, path, lambda: False, 5.0), "the driver has gone: settled by who waits"
    assert not path.exists()
    assert read_failure(state_folder(campaign.folder, campaign.states[0].identifier), "simulate")


def test_a_folder_that_cannot_be_written_says_so(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """A permission error from the system, as root knows none."""

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("glassdask.campaign.work.requests.driver_lock", refuse)
    with pytest.raises(InvalidInput, match="cannot be written"), driver_lock_or_none(campaign.folder):
        pass


def test_states_are_chosen_by_identifier(campaign: Campaign) -> None:
    name = campaign.states[0].identifier
    assert chosen_states(campaign.folder, []) == list(campaign.states)
    assert chosen_states(campaign.folder, [name, name]) == list(campaign.states)
    with pytest.raises(InvalidInput, match="'x' in 'lj_x' selects no states"):
        chosen_states(campaign.folder, ["lj_x", name])


def test_failures_are_forgotten_for_a_reason_and_tries_count_anew(campaign: Campaign) -> None:
    state = campaign.states[0]
    home = state_folder(campaign.folder, state.identifier)
    home.mkdir(parents=True)
    for _ in range(2):
        journal.record_event(home, "simulate", "failed")
    write_failure(home, "simulate", "diverged", "NaN", 2)
    assert forget_failures(campaign.folder, campaign.states, "memory") == {}
    assert journal.failures(home, "simulate") == 2
    assert not record_cancelled(campaign.folder, state, "a test"), "it has failed already"
    assert forget_failures(campaign.folder, campaign.states, "diverged") == {state: 1}
    assert read_failure(home, "simulate") is None
    assert journal.failures(home, "simulate") == 0


def test_a_finished_state_is_not_cancelled(tiny_copy: Path, tiny: Campaign) -> None:
    folder = tiny_copy.with_suffix("")
    assert not record_cancelled(folder, tiny.states[0], "a test")
    assert not list(folder.rglob("*.failed.json"))
