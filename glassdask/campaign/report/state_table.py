"""The table of a campaign's states, for people and as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from glassdask.campaign.files.status import STATUSES
from glassdask.campaign.observe.state_facts import StateFacts
from glassdask.campaign.report.exclusions import unfinished
from glassdask.outcome import UNFINISHED
from glassdask.stages.contract.registry import scalars
from glassdask.stages.contract.stage import Scalar, Shown

_STATE = (("potential", ""), ("ρ", "1/σ_AA³"), ("T", "ε_AA/k_B"), ("replica", ""), ("status", ""))
_FLAGS = (("is_temperature_off", "temperature off"), ("is_energy_drifting", "energy drifting"))
#: Of the runs' own records, in the CSV only: name, unit.
_RUN = {
    "n_particles": "1",
    "time_step": "tau_LJ",
    "divisor": "1",
    "equilibration_steps": "1",
    "n_steps": "1",
    "n_frames": "1",
    "temperature_standard_error": "epsilon_AA/k_B",
    "pressure": "epsilon_AA/sigma_AA^3",
    "engine": "",
    "engine_version": "",
    "device": "",
}


def table_header(facts: Sequence[StateFacts]) -> list[tuple[str, str]]:
    """Name and unit of each column."""
    return [*_STATE, *(scalar.heading() for scalar in _scalars(Shown.REPORT, facts)), ("verdict", "")]


def table_rows(facts: Sequence[StateFacts]) -> list[list[str]]:
    """A row a state, in words; empty where nothing is known."""
    shown = _scalars(Shown.REPORT, facts)
    return [_row(one, shown) for one in facts]


def _scalars(shown: Shown, facts: Sequence[StateFacts]) -> list[Scalar]:
    return scalars(shown, [one.item.summary for one in facts])


def _row(facts: StateFacts, shown: Sequence[Scalar]) -> list[str]:
    state, item = facts.state, facts.item
    point = [state.potential, f"{state.density:g}", f"{state.temperature:g}", str(state.replica), item.status]
    values = [(item.summary.get(scalar.name), scalar.spec) for scalar in shown]
    return [*point, *("" if value is None else format(value, spec) for value, spec in values), verdict(facts)]


def verdict(facts: StateFacts) -> str:
    """Why a state is not simply done, in words; empty where it is."""
    item = facts.item
    flags = [words for key, words in _FLAGS if item.summary.get(key)]
    open_ends = [unfinished(item)] if item.status in UNFINISHED else []
    return "; ".join([*open_ends, *filter(None, [str(item.summary.get("reasons") or "")]), *flags])


def count_rows(facts: Sequence[StateFacts]) -> tuple[list[str], list[list[str]]]:
    """Number of states by potential and density, a column a status that occurs, and the sum."""
    counts = Counter((one.state.potential, one.state.density, one.item.status) for one in facts)
    statuses = [status for status in STATUSES if any(key[2] == status for key in counts)]
    groups = sorted({key[:2] for key in counts})
    rows = []
    for potential, rho in groups:
        numbers = [counts[potential, rho, status] for status in statuses]
        rows.append([potential, f"{rho:g}", *map(str, numbers), str(sum(numbers))])
    return ["potential", "ρ [1/σ_AA³]", *statuses, "all"], rows


def state_csv(facts: Sequence[StateFacts]) -> str:
    """Everything that is known of the states in numbers as CSV; comments give the units."""
    summary = {scalar.name: scalar.unit for scalar in _scalars(Shown.CSV, facts)}
    units = {"T": "epsilon_AA/k_B", "rho": "1/sigma_AA^3", **summary, **_RUN}
    text = io.StringIO()
    text.write("".join(f"# {name} [{unit}]\n" for name, unit in units.items() if unit))
    names = ["potential", "rho", "T", "replica", "status", *summary, *_RUN, "seed", "verdict"]
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(_csv_row(one, summary) for one in facts)
    return text.getvalue()


def _csv_row(facts: StateFacts, summary: Iterable[str]) -> list[Any]:
    state, item, run = facts.state, facts.item, facts.run
    point = [state.potential, state.density, state.temperature, state.replica, item.status]
    known = [*(item.summary.get(name) for name in summary), *(run.get(name) for name in _RUN)]
    return [*point, *("" if value is None else value for value in known), facts.seed, verdict(facts)]
