"""What a run would do with each state, and whether it can, before anything is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files import journal
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import record_path, whole_record
from glassdask.campaign.work.changes import growth_of
from glassdask.campaign.work.state_stages import changed_products, has_failed
from glassdask.campaign.work.stock import Stock
from glassdask.errors import InvalidInput
from glassdask.outcome import Word
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.stages.contract.stage import Stage
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.stages.simulate.imported import read_import
from glassdask.state_point import StatePoint


class Work(Word):
    """What becomes of a state, in the order in which it is told."""

    #: Nothing was begun.
    NEW = "new"
    #: Begun and not done: what is missing is run, a simulation from its last checkpoint.
    UNFINISHED = "unfinished"
    #: Its finished simulation goes on to be longer; what follows is made again.
    LONGER = "longer"
    #: Made from other inputs than the file asks for, and made again.
    REDONE = "redone"
    #: Made from other inputs than the file asks for, and kept.
    CHANGED = "changed"
    #: To be longer, but what it would go on from is gone; kept.
    STUCK = "cannot go on"
    #: A stage has spent its tries, and is left.
    FAILED = "failed"
    #: Nothing is left to do.
    DONE = "done"


#: States in which a run does nothing.
LEFT = frozenset((Work.CHANGED, Work.STUCK, Work.FAILED, Work.DONE))


@dataclass(frozen=True)
class StateWork:
    """What a run would do with one state.

    Parameters
    ----------
    state
        Which.
    work
        In a word.
    stages
        That would be run, in their order.
    detail
        The phase that is to be longer, or why it cannot be; stages that have changed; the one that has failed.
    """

    state: StatePoint
    work: Work
    stages: tuple[str, ...] = ()
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "state": self.state.identifier,
            "work": self.work.value,
            "stages": list(self.stages),
            "detail": self.detail,
        }


def check_starts(campaign: Campaign, states: Iterable[StatePoint]) -> None:
    """Looks at the file of each of these states that was not simulated yet.

    Raises
    ------
    InvalidInput
        For the first that is missing or does not fit: number of particles, species, box; and how many more do not.
    """
    template = campaign.specification.system.start
    if template is None:
        return
    from glassdask.stages.simulate.given_start import checked_start, start_path

    troubles = []
    for state in states:
        folder = state_folder(campaign.folder, state.identifier)
        if record_path(folder, SIMULATE.name).exists() or read_import(folder) is not None:
            continue
        liquid, box_length = campaign.liquid_of(state), campaign.specification.system.box_length
        try:
            checked_start(start_path(template, state), state, liquid, box_length)
        except InvalidInput as error:
            troubles.append(str(error))
    if troubles:
        more = f" ({len(troubles) - 1} more like this)" if len(troubles) > 1 else ""
        raise InvalidInput(f"{troubles[0]}{more}")


def work_of_states(
    campaign: Campaign,
    states: Iterable[StatePoint],
    redo_changed: bool = False,
    retry_failed: bool = False,
    stock: Stock | None = None,
) -> list[StateWork]:
    """What a run would do with these states; nothing is written.

    Parameters
    ----------
    campaign, states
        Which.
    redo_changed, retry_failed
        As of `glassdask.run_campaign`.
    stock
        What there is, where that is known.
    """
    stock = stock or Stock(campaign, is_reader=True)
    return [_work(campaign, state, redo_changed, retry_failed, stock) for state in states]


def counts_of_work(states: Iterable[StateWork]) -> dict[Work, int]:
    """Number of states by what becomes of them, those that there are."""
    found = Counter(item.work for item in states)
    return {work: found[work] for work in Work if found[work]}


def _work(campaign: Campaign, state: StatePoint, redo: bool, retry: bool, stock: Stock) -> StateWork:
    if state in stock.finished:
        return StateWork(state, Work.DONE)
    if stock.is_new(state):
        return StateWork(state, Work.NEW, _names(STATE_STAGES))
    folder = state_folder(campaign.folder, state.identifier)
    missing = [stage for stage in STATE_STAGES if whole_record(folder, stage.name) is None]
    grows, changed = growth_of(campaign, state), changed_products(campaign, state)
    is_longer = grows is not None and not grows.trouble
    is_redone = bool(changed) and redo and not is_longer
    due = STATE_STAGES[0] if is_longer else changed[0] if is_redone else missing[0] if missing else None
    if due is not None and not is_redone and not retry and has_failed(campaign, state, due):
        return StateWork(state, Work.FAILED, (), due.name)
    if grows is not None and is_longer:
        return StateWork(state, Work.LONGER, _names(STATE_STAGES), grows.phase)
    if is_redone:
        again = STATE_STAGES[STATE_STAGES.index(changed[0]) :]
        return StateWork(state, Work.REDONE, _names(s for s in STATE_STAGES if s in again or s in missing))
    if missing:
        is_new = len(missing) == len(STATE_STAGES) and not journal.events(folder)
        return StateWork(state, Work.NEW if is_new else Work.UNFINISHED, _names(missing))
    if grows is not None:
        return StateWork(state, Work.STUCK, (), grows.trouble)
    if changed:
        return StateWork(state, Work.CHANGED, (), ", ".join(_names(changed)))
    return StateWork(state, Work.DONE)


def _names(stages: Iterable[Stage]) -> tuple[str, ...]:
    return tuple(stage.name for stage in stages)
