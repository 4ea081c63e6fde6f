"""Somebody is told by real commands and servers; what fails or hangs is told of, and the run goes on."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from email import message_from_string, policy
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.definition.notify_section import NotifySection
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.journal import events
from glassdask.cluster.driver.progress import Progress
from glassdask.operations.notification.notifier import Notifier
from glassdask.outcome import FailureReason, Status
from tests.conftest import TINY
from tests.operations.notification.servers import mail_server, silent_server, web_server
from tests.waiting import wait_until


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """Begun, nothing done, one state failed."""
    (tmp_path / "tiny.toml").write_text(TINY)
    begun = load_campaign(tmp_path / "tiny.toml")
    begun.folder.mkdir()
    begun.write_record()
    fail(begun, 0)
    return begun


def fail(campaign: Campaign, number: int) -> None:
    home = state_folder(campaign.folder, campaign.states[number].identifier)
    home.mkdir(parents=True)
    write_failure(home, "simulate", FailureReason.DIVERGED, "particles have flown apart", 1)


def told(campaign: Campaign, error: BaseException | None = None, **section) -> list[str]:
    """A run that ends at once, or by an error; what it says."""
    said: list[str] = []
    is_expected = nullcontext() if error is None else pytest.raises(type(error))
    with is_expected, Notifier(NotifySection(**section), campaign.folder, "tiny", said.append) as notifier:
        notifier.begin()
        if error is not None:
            raise error
    return said


def test_a_command_has_the_facts_in_its_environment_and_on_standard_input(campaign: Campaign, tmp_path: Path) -> None:
    command = (
        f'cat > {tmp_path}/in.json; env | grep ^GLASSDASK_ > {tmp_path}/env; echo "$GLASSDASK_SUBJECT" > {tmp_path}/s'
    )
    assert told(campaign, command=command) == []
    facts = json.loads((tmp_path / "in.json").read_text())
    assert (facts["event"], facts["outcome"], facts["campaign"]) == ("end", "finished", "tiny")
    assert facts["folder"] == str(campaign.folder)
    assert (facts["counts"]["failed"], facts["counts"]["waiting"]) == (1, 2)
    assert facts["failed"] == {"lj_rho1.2_T1.0_r0": "diverged: particles have flown apart"}
    variables = (tmp_path / "env").read_text()
    assert "GLASSDASK_EVENT=end" in variables
    assert "GLASSDASK_N_FAILED=1" in variables
    assert (tmp_path / "s").read_text() == "glassdask: tiny: the run has finished, 1 failed, 2 left\n"
    (event,) = events(campaign.folder, "notify")
    assert (event["event"], event["way"], event["about"]) == ("told", "command", "end")


def test_a_command_that_fails_is_told_of_and_logged(campaign: Campaign) -> None:
    said = told(campaign, command="echo no such room >&2; exit 3")
    assert said == ["notify.command: it ended with the code 3: no such room; the run is not touched by it"]
    (event,) = events(campaign.folder, "notify")
    assert (event["event"], event["message"]) == ("failed", "it ended with the code 3: no such room")
    assert "code 127" in told(campaign, command="no-such-command")[0]


def test_a_command_that_hangs_is_killed_with_all_that_it_has_started(campaign: Campaign, tmp_path: Path) -> None:
    start = time.monotonic()
    said = told(campaign, command=f"(sleep 3; touch {tmp_path}/late) & sleep 600", time_limit=0.5)
    assert time.monotonic() - start < 2.5
    assert said == [
        "notify.command: it took longer than 0.5 s (time_limit) and was killed; the run is not touched by it"
    ]
    time.sleep(max(0.0, 3.5 - (time.monotonic() - start)))
    assert not (tmp_path / "late").exists()


def test_a_mail_arrives(campaign: Campaign) -> None:
    with mail_server() as (server, mails):
        assert told(campaign, mail=["me@example.org", "you@example.org"], mail_server=server, mail_from="it@here") == []
    mail = message_from_string(mails[0], policy=policy.default)
    assert mail["To"] == "me@example.org, you@example.org"
    assert mail["From"] == "it@here"
    assert mail["Subject"] == "glassdask: tiny: the run has finished, 1 failed, 2 left"
    assert "lj_rho1.2_T1.0_r0: diverged: particles have flown apart" in mail.get_content()


def test_a_webhook_gets_the_facts(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also of an address that stands in the environment alone."""
    with web_server() as (address, posts):
        assert told(campaign, webhook=f"{address}/hook") == []
        monkeypatch.setenv("OUR_HOOK", f"{address}/secret-token/refuse")
        said = told(campaign, webhook="$OUR_HOOK")
    assert posts[0]["text"].startswith("glassdask: tiny: the run has finished")
    assert said == [
        "notify.webhook: 127.0.0.1 did not take it (HTTP Error 403: Forbidden); the run is not touched by it"
    ]
    assert "secret-token" not in json.dumps(events(campaign.folder))


def test_servers_that_are_silent_or_not_there_are_given_up(campaign: Campaign) -> None:
    start = time.monotonic()
    with silent_server() as server:
        said = told(campaign, mail="me", mail_server=server, webhook=f"http://{server}/hook", time_limit=0.3)
    assert time.monotonic() - start < 4
    assert len(said) == 2
    assert all("timed out" in line for line in said)
    assert "Connection refused" in told(campaign, webhook=f"http://{server}/hook")[0]
    monkeyed = told(campaign, webhook="$GLASSDASK_NO_SUCH_VARIABLE")
    assert "holds no address that begins with https://" in monkeyed[0]


@pytest.mark.parametrize(("error", "outcome"), [(KeyboardInterrupt(), "interrupted"), (OSError("disk"), "stopped")])
def test_an_end_by_a_signal_or_an_error_is_an_end(
    error: BaseException, outcome: str, campaign: Campaign, tmp_path: Path
) -> None:
    assert told(campaign, error, command=f"cat > {tmp_path}/in.json") == []
    facts = json.loads((tmp_path / "in.json").read_text())
    assert facts["outcome"] == outcome
    assert facts["text"].startswith(f"glassdask: tiny: the run was {outcome} with 2 states left\n")
    assert ("OSError: disk" in facts["text"]) == (outcome == "stopped")


def test_failures_are_told_of_once_and_then_seldom(campaign: Campaign, tmp_path: Path) -> None:
    """The first at once; more of them together, after the interval; what failed before the run is no news."""
    section = NotifySection(command=f"cat >> {tmp_path}/in; echo >> {tmp_path}/in", failure_interval=1.0)
    progress = Progress()
    progress.counts[Status.FAILED] = 5

    def notices() -> list[dict]:
        return [json.loads(line) for line in (tmp_path / "in").read_text().splitlines() if line]

    with Notifier(section, campaign.folder, "tiny", print) as notifier:
        notifier.watch(progress)  # nothing has begun
        notifier.begin()
        notifier.watch(progress)
        progress.counts[Status.FAILED] += 1
        for _ in range(20):
            notifier.watch(progress)
            progress.counts[Status.FAILED] += 1
            time.sleep(0.01)
        wait_until(lambda: (tmp_path / "in").exists() and len(notices()) == 1)
        assert (notices()[0]["event"], notices()[0]["outcome"]) == ("failures", "running")
        time.sleep(1.0)
        notifier.watch(progress)
    assert [notice["event"] for notice in notices()] == ["failures", "failures", "end"]


def test_a_command_that_hangs_holds_no_run_up(campaign: Campaign) -> None:
    said: list[str] = []
    progress = Progress()
    section = NotifySection(command="sleep 600", time_limit=0.5)
    with Notifier(section, campaign.folder, "tiny", said.append) as notifier:
        notifier.begin()
        notifier.watch(progress)
        progress.counts[Status.FAILED] += 1
        start = time.monotonic()
        notifier.watch(progress)
        assert time.monotonic() - start < 0.3, "the driver is at work while it hangs"

        def has_said() -> bool:
            notifier.watch(progress)
            return bool(progress.messages)

        wait_until(has_said)
    assert "notify.command: it took longer" in progress.messages[0]
    assert len(said) == 1, "the end has told of its own trouble"


def test_nobody_is_told_by_default_or_without_work(campaign: Campaign, tmp_path: Path) -> None:
    assert not NotifySection().is_on
    with Notifier(NotifySection(command=f"touch {tmp_path}/x"), campaign.folder, "tiny", print):
        pass
    assert not (tmp_path / "x").exists()
    assert events(campaign.folder, "notify") == []
