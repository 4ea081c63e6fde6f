"""What a driver knows while it runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.work.state_stages import relative_cost
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.stages.contract.stage import Stage
from glassdask.state_point import StatePoint


@dataclass
class Progress:
    """Numbers for a progress bar: work in the unit of `relative_cost`, states that are at work or have ended, and what
    the user should hear of, which whoever shows it takes out."""

    campaign: Campaign
    total_cost: float = 0.0
    finished_cost: float = 0.0
    running: dict[StatePoint, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    messages: list[str] = field(default_factory=list)
    _n_finished: Counter[StatePoint] = field(default_factory=Counter)

    def cost(self, state: StatePoint, stage: Stage) -> float:
        """Work of a stage. [arbitrary]"""
        return relative_cost(self.campaign, state, stage)

    def expect(self, state: StatePoint) -> None:
        """Counts a state's work as to be done."""
        self.total_cost += sum(self.cost(state, stage) for stage in STATE_STAGES)

    def set_next(self, state: StatePoint, stage: Stage) -> None:
        """The stages before this one are done, this one and those after it are not."""
        self._set_finished(state, STATE_STAGES.index(stage))

    def set_ended(self, state: StatePoint, status: str) -> None:
        """Nothing more will be done for the state in this run."""
        self.counts[status] += 1
        self._set_finished(state, len(STATE_STAGES))

    def _set_finished(self, state: StatePoint, n_stages: int) -> None:
        costs = [self.cost(state, stage) for stage in STATE_STAGES]
        self.finished_cost += sum(costs[:n_stages]) - sum(costs[: self._n_finished[state]])
        self._n_finished[state] = n_stages
