"""Retry and cancel: what a user asks of a campaign from any machine, while it runs or not. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from glassdask.campaign.files.driver_lock import live_driver
from glassdask.campaign.files.lease import LeaseRecord, suspended
from glassdask.campaign.files.status import StateStatus, recorded_states, state_status
from glassdask.campaign.observe.job_history import named_jobs
from glassdask.campaign.work.requests import (
    CANCEL,
    RETRY,
    STOP,
    Request,
    chosen_states,
    driver_lock_or_none,
    failed_states,
    is_open,
    lay_request,
    make_request,
    was_answered,
)
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import campaign_folder
from glassdask.outcome import Status
from glassdask.state_point import StatePoint

#: How long a running driver may take to answer; simulations checkpoint meanwhile. [s]
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
    failed = failed_states(folder, chosen, reason)
    unfailed = [item for item in chosen if item.status is not Status.FAILED] if states else []
    sound = {item.state.identifier: item.status for item in unfailed}
    names = tuple(state.identifier for state in failed)
    if not failed:
        return Retried(names, sound)
    laid = lay_request(folder, Request(RETRY, names, reason), failed)
    if laid is None:
        return Retried(names, sound)
    where = _process(live_driver(folder))
    is_answered = was_answered(folder, laid, lambda: True, WAIT_SECONDS)
    return Retried(names, sound, where, is_answered)


@dataclass(frozen=True)
class Cancelled:
    """What was asked for, and what has become of it.

    Parameters
    ----------
    is_done
        False where it has not happened in time; the request stays.
    states
        The named states as they are now.
    driver
        Who was asked, process and host; empty where no driver runs.
    n_asked
        How many of the states were still to be done.
    jobs, lost_jobs
        Batch jobs of a driver that has gone: those cancelled on the site that was named, and those that may be left.
    """

    is_done: bool
    states: tuple[StateStatus, ...] = ()
    driver: str = ""
    n_asked: int = 0
    jobs: tuple[str, ...] | None = None
    lost_jobs: tuple[str, ...] = ()


def cancel(
    path: str | Path,
    states: Sequence[str] = (),
    *,
    site: str | Path | None = None,
    wait: bool = True,
    on_asked: Callable[[str], None] = lambda _: None,
) -> Cancelled:
    """Stops the running driver, or the named states only.

    Without states the driver ends as on Ctrl-C. A state that is named is stopped or never begun and counts as failed, with
    the reason "cancelled", until `retry` brings it back. What is finished stays.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.
    states
        Names or words, as of ``glassdask ls``.
    site
        Site file of a driver that has died: the batch jobs that it has left are cancelled.
    wait
        Wait until it has happened, half a minute at most.
    on_asked
        Called with the driver's name once it was asked to stop.

    Returns
    -------
    Cancelled
        Whether it is done, and what has become of the states.

    Raises
    ------
    InvalidInput
        If the campaign was not started, a word selects no state, or the site has no batch jobs.

    Examples
    --------
    >>> glassdask.cancel("campaign.toml", ["T0.45"]).is_done  # doctest: +SKIP
    True
    """
    folder = campaign_folder(path)
    if states:
        return _cancel_states(folder, chosen_states(folder, states), wait)
    recorded_states(folder)
    driver = live_driver(folder)
    if driver is None:
        return _cancel_left_over_jobs(folder, site)
    return _stop_driver(folder, driver, wait, on_asked)


def _cancel_states(folder: Path, states: Sequence[StatePoint], wait: bool) -> Cancelled:
    left = [state for state in states if is_open(folder, state)]
    driver = ""
    if left:
        laid = lay_request(folder, Request(CANCEL, tuple(state.identifier for state in states)), states)
        if laid:
            driver = _name(live_driver(folder))
            if wait:
                was_answered(folder, laid, lambda: not any(is_open(folder, state) for state in left), WAIT_SECONDS)
    now = tuple(state_status(folder, state) for state in states)
    return Cancelled(not any(is_open(folder, state) for state in states), now, driver, len(left))


def _stop_driver(folder: Path, driver: LeaseRecord, wait: bool, on_asked: Callable[[str], None]) -> Cancelled:
    path = make_request(folder, Request(STOP))
    on_asked(_name(driver))

    def has_gone() -> bool:
        return getattr(live_driver(folder), "token", None) != driver.token

    return Cancelled(wait and was_answered(folder, path, has_gone, WAIT_SECONDS), driver=_name(driver))


def _name(lease: LeaseRecord | None) -> str:
    return f"the driver ({_process(lease)})" if lease else "the driver"


def _process(lease: LeaseRecord | None) -> str:
    return f"process {lease.pid} on {lease.host}{suspended(lease)}" if lease else "the driver"


def _cancel_left_over_jobs(folder: Path, site: str | Path | None) -> Cancelled:
    """Batch jobs of a driver that was killed, which could only wait for it."""
    named = tuple(named_jobs(folder))
    if not named or site is None:
        return Cancelled(is_done=True, lost_jobs=named)
    from glassdask.cluster.pools.left_over_jobs import cancel_left_over
    from glassdask.cluster.schedulers.registry import schedulers
    from glassdask.cluster.site.site import load_site

    where = load_site(site)
    if not where.is_batch:
        raise InvalidInput(
            f"--on {site}: scheduler = {where.scheduler!r} has no batch jobs; allowed: {', '.join(schedulers())}"
        )
    with driver_lock_or_none(folder) as lock:
        if not lock:
            return Cancelled(is_done=False, lost_jobs=named)
        return Cancelled(is_done=True, jobs=tuple(cancel_left_over(where, folder)))
