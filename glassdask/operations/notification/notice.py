"""What is told: facts of a campaign at one moment, as a message, as JSON and as variables of an environment."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassdask.campaign.files.status import StateStatus, campaign_status, counts
from glassdask.counted import counted
from glassdask.outcome import Status

#: States that a notice names.
_MOST_NAMED = 20
#: Letters of a reason that it gives.
_MOST_LETTERS = 500
#: What a notice is about.
FAILURES, END = "failures", "end"


@dataclass(frozen=True)
class Notice:
    """What somebody is told.

    Parameters
    ----------
    event
        ``failures`` while a run goes on, or ``end``.
    outcome
        ``running``, ``finished``, ``interrupted`` or ``stopped`` (by an error).
    campaign, folder, host
        Which, where its files are, and where it runs.
    counts
        States by status.
    failed
        Why states have failed, by name; of more than twenty the first.
    message
        All of it in a few lines; the first says the most.
    """

    event: str
    outcome: str
    campaign: str
    folder: str
    host: str
    counts: dict[str, int]
    failed: dict[str, str]
    message: str

    @property
    def subject(self) -> str:
        """Its first line."""
        return self.message.partition("\n")[0]

    def as_dict(self) -> dict[str, Any]:
        """Plain data; the message as ``text``, which chats show."""
        return {
            "event": self.event, "outcome": self.outcome, "campaign": self.campaign, "folder": self.folder,
            "host": self.host, "counts": self.counts, "failed": self.failed, "text": self.message,
        }  # fmt: skip

    def environment(self) -> dict[str, str]:
        """Variables for a command."""
        facts = {
            "EVENT": self.event, "OUTCOME": self.outcome, "CAMPAIGN": self.campaign, "FOLDER": self.folder,
            "HOST": self.host, "MESSAGE": self.message, "SUBJECT": self.subject,
            **{f"N_{status.upper()}": str(count) for status, count in self.counts.items()},
        }  # fmt: skip
        return {f"GLASSDASK_{name}": value.replace("\0", " ") for name, value in facts.items()}


def notice_of(folder: Path, campaign: str, event: str, outcome: str, reason: str = "") -> Notice:
    """The facts as the campaign's files have them now.

    Parameters
    ----------
    folder
        The campaign's.
    campaign
        Its name.
    event, outcome
        As of `Notice`.
    reason
        Why the run has ended, where it was not done.
    """
    statuses = list(campaign_status(folder))
    found = {str(status): count for status, count in counts(statuses).items()}
    failed = _failed(statuses)
    lines = [_headline(campaign, event, outcome, found), ", ".join(f"{n} {status}" for status, n in found.items() if n)]
    lines += [reason[:_MOST_LETTERS]] * bool(reason)
    lines += [f"{name}: {why}" for name, why in failed.items()]
    if found[Status.FAILED] > len(failed):
        lines.append(f"and {found[Status.FAILED] - len(failed)} more that failed")
    host = socket.gethostname()
    lines.append(f"{host}: {folder.resolve()}; 'glassdask status' shows it")
    return Notice(event, outcome, campaign, str(folder.resolve()), host, found, failed, "\n".join(lines))


def _failed(statuses: Iterable[StateStatus]) -> dict[str, str]:
    failed = [item for item in statuses if item.status is Status.FAILED]
    return {item.state.identifier: item.message[:_MOST_LETTERS] for item in failed[:_MOST_NAMED]}


def _headline(campaign: str, event: str, outcome: str, found: dict[str, int]) -> str:
    n_failed, n_left = found[Status.FAILED], found[Status.WAITING] + found[Status.RUNNING]
    if event == FAILURES:
        return f"glassdask: {campaign}: {counted(n_failed, 'state')} failed, the run goes on"
    if outcome != "finished":
        return f"glassdask: {campaign}: the run was {outcome} with {counted(n_left, 'state')} left"
    words = [f"{n_failed} failed"] * bool(n_failed) + [f"{n_left} left"] * bool(n_left)
    return f"glassdask: {campaign}: the run has finished" + (f", {', '.join(words)}" if words else "")
