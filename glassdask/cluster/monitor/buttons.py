"""What a button of the page asks for: the requests of `glassdask retry` and `glassdask cancel`, laid before the driver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from glassdask.campaign.files.status import recorded_states, state_status
from glassdask.campaign.work.requests import CANCEL, RETRY, Request, failed_states, is_open, lay_request
from glassdask.counted import counted
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint

#: States that an answer names one by one, at most.
_NAMED = 5


def ask(folder: Path, verb: str, names: Sequence[str], reason: str | None = None) -> str:
    """What a button asks for, without waiting for the driver's answer.

    Parameters
    ----------
    folder
        Of the campaign.
    verb
        ``retry`` or ``cancel``.
    names
        Identifiers; to retry, all of the campaign without one.
    reason
        To retry only what failed for it.

    Returns
    -------
    str
        What was asked, in words.

    Raises
    ------
    InvalidInput
        If the verb is another, the campaign has no such state, or there is nothing to retry or to cancel.
    """
    known = {state.identifier: state for state in recorded_states(folder)}
    absent = [name for name in names if name not in known]
    if verb not in (RETRY, CANCEL) or absent or (verb == CANCEL and not names):
        what = f"no state {absent[0]!r} in this campaign" if absent else f"{verb!r} of {counted(len(names), 'state')}"
        raise InvalidInput(f"{what}; allowed: retry, or cancel with the names of its states")
    chosen = [known[name] for name in names] or list(known.values())
    if verb == RETRY:
        wanted = failed_states(folder, [state_status(folder, state) for state in chosen], reason)
    else:
        wanted = [state for state in chosen if is_open(folder, state)]
    if not wanted:
        raise InvalidInput(_nothing(folder, verb, chosen))
    request = Request(verb, tuple(state.identifier for state in wanted), reason if verb == RETRY else None)
    laid = lay_request(folder, replace(request, by=f"{request.by}, by the page"), wanted)
    listed = ", ".join(request.states[:_NAMED]) + ", …" * (len(wanted) > _NAMED)
    if laid is None:
        return f"{listed}: {'ready again' if verb == RETRY else 'cancelled'}; no driver runs, the next run goes on"
    return f"Asked the driver to {verb} {listed}; it acts within seconds."


def _nothing(folder: Path, verb: str, chosen: Sequence[StatePoint]) -> str:
    if len(chosen) > 1:
        return f"nothing to {verb}: none of {counted(len(chosen), 'state')} {'has failed' if verb == RETRY else 'is still to be done'}"
    status = state_status(folder, chosen[0]).status
    return f"nothing to {verb}: {chosen[0].identifier} is {status.replace('_', ' ')}"
