"""Retry and cancel on the campaign's page: behind the token of its run, the same requests as the verbs make."""

from __future__ import annotations

import json
import shutil
import stat
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from selenium.webdriver import Keys

import glassdask
from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.campaign.files.failure import clear_failure, write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import remove_product
from glassdask.campaign.files.status import state_status
from glassdask.campaign.work.requests import REQUESTS
from glassdask.cluster.monitor.monitoring import start_monitoring
from glassdask.cluster.monitor.page_token import PAGE_TOKEN
from glassdask.cluster.pools.launch import local_workers
from tests.chromium import Browser
from tests.waiting import HANGS, wait_until


@dataclass
class Served:
    """A campaign on show: its folder, its page, a state that has failed and one that waits."""

    folder: Path
    address: str
    failed: str
    waiting: str

    @property
    def token(self) -> str:
        return (self.folder / PAGE_TOKEN).read_text().strip()

    def requests(self) -> list[dict]:
        """Those that lie before the driver, oldest first."""
        return [json.loads(path.read_text()) for path in sorted((self.folder / REQUESTS).glob("*.json"))]

    def forget(self) -> None:
        for path in (self.folder / REQUESTS).glob("*.json"):
            path.unlink()

    def status(self, name: str) -> str:
        (state,) = [state for state in load_campaign(self.folder).states if state.identifier == name]
        return state_status(self.folder, state).status


@pytest.fixture(scope="module")
def on_show(tiny_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One campaign for all tests, on a real scheduler's dashboard."""
    home = tmp_path_factory.mktemp("on-show") / "copy"
    shutil.copytree(tiny_file.parent, home)
    campaign = load_campaign(home / tiny_file.name)
    failed, waiting, _ = (state.identifier for state in campaign.states)
    with local_workers(1, is_secure=False) as (workers, lines), start_monitoring(campaign, workers.scheduler):
        yield Served(campaign.folder, lines[0].split()[-1], failed, waiting)
    assert not (campaign.folder / PAGE_TOKEN).exists(), "it ends with the run"


@pytest.fixture
def served(on_show: Served) -> Served:
    """With one state that has failed, one that waits, and no request."""
    on_show.forget()
    for name in (on_show.failed, on_show.waiting):
        home = state_folder(on_show.folder, name)
        remove_product(home, "fit_memory")
        clear_failure(home, "fit_memory")
        if name == on_show.failed:
            write_failure(home, "fit_memory", "diverged", "what happened; what to do", 3)
    return on_show


def asked(served: Served, body: bytes, **headers: str) -> tuple[int, str]:
    """Status and words of the answer to a request."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"{served.address}/request.json", body, names, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=HANGS) as answer:
            return answer.status, json.loads(answer.read())["message"]
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())["message"]


def body(verb: str, *names: str, reason: str | None = None) -> bytes:
    return json.dumps({"verb": verb, "states": names, "reason": reason}).encode()


def test_without_the_token_of_this_run_nothing_happens(served: Served) -> None:
    """None, another run's, and one in a cookie, which a browser would send for any page that asks."""
    assert stat.S_IMODE((served.folder / PAGE_TOKEN).stat().st_mode) == 0o600
    retry = body("retry", served.failed)
    with driver_lock(served.folder, 60.0):
        status, words = asked(served, retry)
        assert (status, "needs the token of this run" in words, str(served.folder) in words) == (403, True, True)
        status, words = asked(served, retry, Cookie=f"token={served.token}")
        assert status == 403
        for other in (served.token[:-1], served.token[::-1], "é"):
            status, words = asked(served, retry, X_Glassdask_Token=other)
            assert (status, "not the token of this run" in words) == (403, True)
        assert served.requests() == []
    assert served.status(served.failed) == "failed"


def test_requests_are_those_of_the_verbs(served: Served) -> None:
    """While a driver runs: they lie before it; `by` says who has asked, and how."""
    with driver_lock(served.folder, 60.0):
        glassdask.cancel(served.folder, [served.waiting], wait=False)
        (of_verb,) = served.requests()
        served.forget()
        status, words = asked(served, body("cancel", served.waiting), X_Glassdask_Token=served.token)
        assert (status, words) == (200, f"Asked the driver to cancel {served.waiting}; it acts within seconds.")
        (of_button,) = served.requests()
        assert of_button == of_verb | {"by": f"{of_verb['by']}, by the page"}
        served.forget()
        assert asked(served, body("retry", reason="diverged"), X_Glassdask_Token=served.token)[0] == 200
        assert [(found["verb"], found["states"], found["reason"]) for found in served.requests()] == [
            ("retry", [served.failed], "diverged")
        ]


def test_where_no_driver_runs_it_is_done_at_once(served: Served) -> None:
    """As the verbs do: by the files."""
    status, words = asked(served, body("retry", served.failed), X_Glassdask_Token=served.token)
    assert (status, words) == (200, f"{served.failed}: ready again; no driver runs, the next run goes on")
    assert served.status(served.failed) == "waiting"
    assert asked(served, body("cancel", served.waiting), X_Glassdask_Token=served.token)[0] == 200
    assert served.status(served.waiting) == "failed"
    assert served.requests() == []


def test_what_cannot_be_asked_for_is_said_in_words(served: Served) -> None:
    done = load_campaign(served.folder).states[2].identifier
    for wrong, words in (
        (b"no JSON", "a request is JSON"),
        (b"[]", "a request is JSON"),
        (b'{"verb": "retry", "states": "lj"}', "a request is JSON"),
        (body("stop"), "'stop'"),
        (body("cancel"), "with the names of its states"),
        (body("retry", "../../etc"), "no state '../../etc' in this campaign"),
        (body("retry", done), f"nothing to retry: {done} is"),
        (body("cancel", served.failed), f"nothing to cancel: {served.failed} is failed"),
        (body("retry", served.failed, reason="disk"), "allowed: 'diverged' (1)"),
    ):
        status, said = asked(served, wrong, X_Glassdask_Token=served.token)
        assert (status, words in said) == (400, True), said
    assert served.requests() == []


def test_a_folder_that_cannot_be_written_has_no_token(tiny_copy: Path) -> None:
    """A folder lies where its file would: there are no buttons, and words that say so; the page is there."""
    campaign = load_campaign(tiny_copy)
    (campaign.folder / PAGE_TOKEN).mkdir()
    with (
        local_workers(1, is_secure=False) as (workers, lines),
        start_monitoring(campaign, workers.scheduler) as monitor,
    ):
        assert monitor.token is None
        served = Served(campaign.folder, lines[0].split()[-1], "", "")
        status, words = asked(served, body("retry"), X_Glassdask_Token="any")
        assert (status, "takes no requests from its page" in words) == (403, True)


@pytest.mark.browser
def test_the_buttons_in_a_browser(served: Served, browser: Browser) -> None:
    """Without the token the commands; with another's, words and no buttons any more; with that of the run, requests."""
    with driver_lock(served.folder, 60.0):
        browser.resize(1280, 1000)
        browser.open(f"{served.address}#state={served.failed}")
        browser.wait(lambda: "glassdask retry" in browser.text("#steer"), "the state to open")
        assert browser.text("#steer code") == f"glassdask retry {served.folder.resolve()} {served.failed}"
        assert f"cat {served.folder.resolve()}/{PAGE_TOKEN}" in browser.text("#token-why")
        give(browser, "the-token-of-another-run")
        browser.click("#steer button")
        browser.wait(lambda: "not the token of this run" in browser.text("#answer"), "a refusal")
        assert served.requests() == []
        assert browser.is_visible("#token-form")
        give(browser, served.token)
        assert not browser.is_visible("#token-place")
        browser.click("#steer button")
        browser.wait(lambda: "Asked the driver" in browser.text("#answer"), "an answer")
        assert [found["verb"] for found in served.requests()] == ["retry"]
        served.forget()

        browser.click_cell(served.waiting)
        browser.wait(lambda: "Cancel" in browser.text("#steer"), "the other state")
        browser.click("#steer button")
        assert served.waiting in browser.text("#question")
        browser.press(Keys.ESCAPE)
        assert not browser.is_visible("#confirm")
        assert served.requests() == [], "Escape cancels nothing, and closes the question only"
        assert browser.text("#chosen") == served.waiting
        browser.click("#steer button")
        browser.click('#confirm button[value="yes"]')
        wait_until(served.requests)
        assert [(found["verb"], found["states"]) for found in served.requests()] == [("cancel", [served.waiting])]
        assert served.token not in browser.run("return location.href")
        refused = [said for said in browser.complaints() if "403" not in said]
        assert refused == []


def give(browser: Browser, token: str) -> None:
    browser.click("#token")
    browser.press(token, Keys.ENTER)
    browser.wait(lambda: browser.run("return Boolean(document.querySelector('#steer button'))"), "a button")
