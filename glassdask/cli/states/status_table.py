"""The states of a campaign as a table with counts, and one state's status in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glassdask.campaign.files.overview import Overview
from glassdask.campaign.files.status import StateStatus, counts
from glassdask.campaign.observe.clock import ClockReading
from glassdask.cli.terminal.table import text_table
from glassdask.counted import counted
from glassdask.outcome import Status
from glassdask.stages.contract.registry import scalars
from glassdask.stages.contract.stage import Scalar, Shown
from glassdask.stages.simulate.marks import Marks

#: Failed states of which an overview tells the reason.
_MOST_REASONS = 20


def status_text(statuses: Sequence[StateStatus], marks: Marks | None = None, clock: ClockReading | None = None) -> str:
    """The table of states, the counts and the clock under it, what marks mean, and why states failed."""
    columns = _columns(statuses)
    marks = marks or Marks(("",) * len(statuses), ())
    replica = ["replica"] * any(item.state.replica for item in statuses)
    header = ["potential", "rho", "T", *replica, *map(_heading, columns), "status"]
    rows = [_row(item, columns, bool(replica), sign) for item, sign in zip(statuses, marks.signs, strict=True)]
    reasons = [f"{item.state.identifier}: {item.message}" for item in statuses if item.message]
    return "\n".join(
        [text_table(header, rows), "", counts_text(counts(statuses)), *clock_lines(clock), *marks.notes, *reasons]
    )


def overview_text(found: Overview, clock: ClockReading | None = None) -> str:
    """The liquids and densities of a large campaign, a line each, the counts and the clock under them, and why the first
    states failed."""
    shown = [Status(name) for name, count in found.counts.items() if count]
    rows = [
        [potential, f"{density:g}", f"{cell.coldest:g}", f"{cell.hottest:g}", *[cell.counts[s] or None for s in shown]]
        for (potential, density), cell in found.cells.items()
    ]
    table = text_table(["potential", "rho", "T from", "to", *shown], rows)
    reasons = [f"{item.state.identifier}: {item.message}" for item in found.failed[:_MOST_REASONS]]
    if len(found.failed) > _MOST_REASONS:
        reasons.append(f"… and {len(found.failed) - _MOST_REASONS} more: 'glassdask ls CAMPAIGN --status failed'")
    how = "'glassdask ls' lists states one by one"
    return "\n".join([table, "", how, *found.notes, *reasons, counts_text(found.counts), *clock_lines(clock)])


def clock_lines(clock: ClockReading | None) -> list[str]:
    """What the clock says, where there is one."""
    return [] if clock is None else [f"{clock.share:.1%} of the work done; {clock.words}"]


def status_json(statuses: Sequence[StateStatus], marks: Marks, clock: ClockReading | None = None) -> dict[str, Any]:
    """Counts, states, what is to be noted of them, and the clock, as plain data."""
    states = [{**item.as_dict(), "mark": sign} for item, sign in zip(statuses, marks.signs, strict=True)]
    told = None if clock is None else clock.as_dict()
    return {"counts": counts(statuses), "states": states, "notes": list(marks.notes), "clock": told}


def counts_text(by_status: Mapping[str, int]) -> str:
    """The number of states and, by status, those that there are."""
    found = [f"{count} {name}" for name, count in by_status.items() if count]
    return f"{counted(sum(by_status.values()), 'state')}: " + ", ".join(found)


def state_table(statuses: Sequence[StateStatus], marks: Marks) -> str:
    """The table of states with their identifiers and stages, and what their marks mean."""
    columns = _columns(statuses)
    rows = [
        [item.state.identifier, *_measured(item, columns), item.stage or None, f"{status_word(item)} {sign}".rstrip()]
        for item, sign in zip(statuses, marks.signs, strict=True)
    ]
    table = text_table(["state", *map(_heading, columns), "stage", "status"], rows)
    return "\n".join([table, *[""] * bool(marks.notes), *marks.notes])


def _columns(statuses: Sequence[StateStatus]) -> list[Scalar]:
    return scalars(Shown.STATUS, [item.summary for item in statuses])


def _heading(scalar: Scalar) -> str:
    return scalar.short or scalar.title


def _row(item: StateStatus, columns: Sequence[Scalar], with_replica: bool, sign: str) -> list[str | None]:
    state = item.state
    point = [state.potential, f"{state.density:g}", f"{state.temperature:g}", *[str(state.replica)] * with_replica]
    return [*point, *_measured(item, columns), f"{status_word(item)} {sign}".rstrip()]


def _measured(item: StateStatus, columns: Sequence[Scalar]) -> list[str | None]:
    values = [(item.summary.get(scalar.name), scalar.spec) for scalar in columns]
    return [None if value is None else format(value, spec) for value, spec in values]


def status_word(item: StateStatus) -> str:
    """The status with what else is to be said: stage, phase and share of one at work, flags of a finished one."""
    flags = [word for word in ("temperature_off", "energy_drifting") if item.summary.get(f"is_{word}")]
    share = "" if item.progress is None else f" {item.progress:.0%}"
    at_work = f"{item.stage}{f' ({item.phase})' if item.phase else ''}{share}"
    if item.status is Status.RUNNING:
        return at_work
    goes_on = f", goes on: {at_work}" * item.goes_on
    return item.status + "".join(f" +{flag}" for flag in flags) + goes_on
