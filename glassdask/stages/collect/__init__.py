"""Stage collect: the cube of all states, critical temperatures, and the curves of single states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from glassdask.datasets import CUBE
from glassdask.datasets.coverage import coverage
from glassdask.outcome import Status
from glassdask.stages.contract.stage import Scope, Stage

if TYPE_CHECKING:
    from glassdask.stages.contract.context import HasStatus

CRITICAL_TEMPERATURE = "critical_temperature.nc"
FIGURES_FOLDER = "figures"
#: Figures and files of any campaign, and what each state adds, in steps of 1200 LJ particles.
_STEPS, _STEPS_A_STATE = 15_000, 1000


def _cost(n_states: int) -> float:
    from glassdask.stages.contract.run_size import REFERENCE_WORK

    return (_STEPS + _STEPS_A_STATE * n_states) * REFERENCE_WORK


STAGE = Stage(
    name="collect",
    scope=Scope.CAMPAIGN,
    needs=("reduce", "solve_mct", "fit_memory", "correlate"),
    sections=(),
    products=(CUBE, CRITICAL_TEMPERATURE),
    revision=1,
    campaign_cost=_cost,
)
_WITHOUT_DATA = (Status.WAITING, Status.RUNNING, Status.FAILED)


def has_data(status: Status) -> bool:
    """Whether a state of this status has all that is collected of it."""
    return status not in _WITHOUT_DATA


def n_collected(statuses: Iterable[HasStatus]) -> int:
    """How many states have all that is collected of them: done, or flagged by what was found."""
    return sum(has_data(item.status) for item in statuses)


def coverage_of(statuses: Iterable[HasStatus]) -> str:
    """How much of a campaign there is to collect, in words: "3 of 8 states"; each replica counts."""
    items = list(statuses)
    return coverage(n_collected(items), len(items))
