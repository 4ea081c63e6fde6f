"""What users ask of the driver of a campaign, from any machine that sees its folder: one whole file a request.

The holder of the campaign's driver lock takes requests, in the order in which they were made. Where nobody holds it,
whoever comes next takes what a driver has left behind, before anything else is done: nothing that was asked for is
lost or overtaken. Only a request to stop the driver itself ends with that driver. Standard library only.
"""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from glassdask.campaign.definition.selection import selected_states
from glassdask.campaign.files.driver_lock import driver_lock, live_driver
from glassdask.campaign.files.failed_states import forget_failures, record_cancelled
from glassdask.campaign.files.failure import read_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.lease import Lease
from glassdask.campaign.files.status import StateStatus, recorded_states, state_status
from glassdask.errors import CampaignLocked, InvalidInput
from glassdask.files.atomic_write import write_json
from glassdask.files.reading import read_json
from glassdask.outcome import Status
from glassdask.state_point import StatePoint

REQUESTS = "requests"
RETRY, CANCEL, STOP = "retry", "cancel", "stop"
_VERBS = (RETRY, CANCEL, STOP)
#: Term of the lock while left-over requests are settled, which takes no longer than reading the states. [s]
_TERM_SECONDS = 60.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Request:
    """What somebody asks of the driver.

    Parameters
    ----------
    verb
        ``retry`` (failed states are made ready), ``cancel`` (states are stopped) or ``stop`` (the driver ends).
    states
        Identifiers.
    reason
        Of ``retry``: only failures for this reason; None for all.
    by
        Who asks: user and machine.
    """

    verb: str
    states: tuple[str, ...] = ()
    reason: str | None = None
    by: str = field(default_factory=lambda: f"{_user()} on {socket.gethostname()}")


def make_request(folder: Path, request: Request) -> Path:
    """Lays a request before the driver; returns its file, which is gone once the driver has taken it."""
    place = folder / REQUESTS
    place.mkdir(exist_ok=True)
    path = place / f"{time.time_ns():020d}-{secrets.token_hex(4)}.json"
    write_json(path, asdict(request))
    return path


def take_requests(folder: Path) -> Iterator[Request]:
    """The requests that lie there, oldest first; each file is removed before the next is read. For the lock's holder.

    A file that is no request is removed, too: it could only have been put there by hand.
    """
    try:
        names = sorted(os.listdir(folder / REQUESTS))  # noqa: PTH208  looked at twice a second
    except FileNotFoundError:
        return
    for name in names:
        if name.startswith(".") or not name.endswith(".json"):
            continue
        request = _read(folder / REQUESTS / name)
        if request is not None:
            yield request
        (folder / REQUESTS / name).unlink(missing_ok=True)


def apply_pending_requests(folder: Path, states: Iterable[StatePoint]) -> list[str]:
    """Does what a driver that has gone was asked for, by the files alone; returns lines for the user.

    For the lock's holder before it begins: requests to stop were meant for that driver and are dropped.
    """
    known = {state.identifier: state for state in states}
    return [line for request in take_requests(folder) for line in apply_to_files(folder, request, known)]


def apply_to_files(folder: Path, request: Request, states: dict[str, StatePoint]) -> list[str]:
    """Does what is asked for where no driver runs; returns lines for the user.

    A request to stop has nothing to do here; states that are not among those given by identifier are passed over.
    """
    asked = [states[name] for name in request.states if name in states]
    if request.verb == RETRY:
        return [f"{state.identifier}: ready again" for state in forget_failures(folder, asked, request.reason)]
    if request.verb == CANCEL:
        return [f"{s.identifier}: cancelled" for s in asked if record_cancelled(folder, s, request.by)]
    return []


@contextmanager
def driver_lock_or_none(folder: Path) -> Iterator[Lease | None]:
    """Holds the campaign for a moment if nobody does, left-over requests settled first.

    None where another process holds the campaign: then it has to be asked. InvalidInput if the folder cannot be
    written.
    """
    lock = None
    with ExitStack() as stack:
        try:
            lock = stack.enter_context(driver_lock(folder, _TERM_SECONDS))
            apply_pending_requests(folder, recorded_states(folder))
        except CampaignLocked:
            lock = None
        except PermissionError as error:
            raise InvalidInput(f"{folder} cannot be written ({error.strerror}); ask its owner") from None
        yield lock


def was_answered(folder: Path, path: Path, is_over: Callable[[], bool], seconds: float) -> bool:
    """Waits until a request (its file is `path`) is taken and, as `is_over` sees in the campaign's files, acted on;
    settles it itself if the driver ends before. False if the time is up; the request stays."""
    end = time.monotonic() + seconds
    while path.exists() or not is_over():
        if live_driver(folder) is None:
            with driver_lock_or_none(folder) as lock:
                if lock:
                    return True
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def lay_request(folder: Path, request: Request, states: Iterable[StatePoint]) -> Path | None:
    """Lays a request before the driver and returns its file; where nobody drives, does at once what it asks, by the files
    of these states, and returns None."""
    with driver_lock_or_none(folder) as lock:
        if lock:
            apply_to_files(folder, request, {state.identifier: state for state in states})
            return None
    return make_request(folder, request)


def failed_states(folder: Path, chosen: Sequence[StateStatus], reason: str | None) -> list[StatePoint]:
    """Those of the states that have failed, for this reason; InvalidInput if all failed for others."""
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


def is_open(folder: Path, state: StatePoint) -> bool:
    """Whether a state is still to be done, and so can be cancelled."""
    return state_status(folder, state).status in (Status.RUNNING, Status.WAITING)


def chosen_states(folder: Path, words: Sequence[str]) -> list[StatePoint]:
    """The recorded states that the words select (`glassdask.campaign.definition.selection`); all of the campaign
    without a word."""
    return selected_states(recorded_states(folder), words)


def _read(path: Path) -> Request | None:
    found = read_json(path) or {}
    try:
        request = Request(found["verb"], tuple(map(str, found["states"])), found["reason"], str(found["by"]))
    except (KeyError, TypeError):
        return None
    return request if request.verb in _VERBS else None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a number without a name, as in containers
        return f"user {os.getuid()}"
