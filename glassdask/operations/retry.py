"""Makes failed states ready again, also while a driver runs. Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from glassdask.campaign.files.driver_lock import live_driver
from glassdask.campaign.files.failure import read_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.lease import suspended
from glassdask.campaign.files.status import StateStatus, state_status
from glassdask.campaign.work.requests import (
    RETRY,
    Request,
    apply_to_files,
    chosen_states,
    driver_lock_or_none,
    make_request,
    was_answered,
)
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder
from glassdask.outcome import Status
from glassdask.state_point import StatePoint

#: How long to wait for a running driver. [s]
WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Retried:
    """What has become ready again.

    Parameters
    ----------
    states
        Identifiers of the states that had failed.
    sound
        States that were named and have not failed, with what they are instead: done, running, …
    driver
        Who goes on with them: process and host; None where nobody runs the campaign, and the next run does.
    is_answered
        False where that driver has not answered in time: it takes the states up when it does.
    """

    states: tuple[str, ...]
    sound: Mapping[str, Status]
    driver: str | None = None
    is_answered: bool = True


def retry(path: str | Path, states: Sequence[str] = (), *, reason: str | None = None) -> Retried:
    """Makes failed states ready again; a driver that runs, wherever that is, takes them up within seconds.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.
    states
        Names or words, as of ``glassdask ls``; all without one.
    reason
        Only states that failed for this reason, such as ``"diverged"`` or ``"cancelled"``.

    Returns
    -------
    Retried
        The states, and who goes on with them.

    Raises
    ------
    InvalidInput
        If the campaign was not started, a word selects no state, or no state has failed for the reason.

    Examples
    --------
    >>> glassdask.retry("campaign.toml", ["lj", "T0.45"], reason="diverged").states  # doctest: +SKIP
    ('lj_rho1.2_T0.45_r0',)
    """
    folder = campaign_folder(path)
    chosen = [state_status(folder, state) for state in chosen_states(folder, states)]
    failed = _failed(folder, chosen, reason)
    sound = (
        {item.state.identifier: item.status for item in chosen if item.status is not Status.FAILED} if states else {}
    )
    names = tuple(state.identifier for state in failed)
    if not failed:
        return Retried(names, sound)
    request = Request(RETRY, names, reason)
    with driver_lock_or_none(folder) as lock:
        if lock:
            apply_to_files(folder, request, {state.identifier: state for state in failed})
            return Retried(names, sound)
    driver = live_driver(folder)
    where = f"process {driver.pid} on {driver.host}{suspended(driver)}" if driver else "the driver"
    is_answered = was_answered(folder, make_request(folder, request), lambda: True, WAIT_SECONDS)
    return Retried(names, sound, where, is_answered)


def _failed(folder: Path, chosen: Sequence[StateStatus], reason: str | None) -> list[StatePoint]:
    """Those of the states that have failed, for this reason."""
    reasons: dict[StatePoint, str] = {}
    for item in chosen:
        if item.status is Status.FAILED:
            failure = read_failure(state_folder(folder, item.state.identifier), item.stage) or {}
            reasons[item.state] = str(failure.get("reason", ""))
    found = [state for state in reasons if reason in (None, reasons[state])]
    if reasons and not found:
        there = ", ".join(f"{name!r} ({count})" for name, count in Counter(reasons.values()).items())
        raise InvalidInput(f"--reason {reason!r}: no state has failed for it; allowed: {there}")
    return found
