"""What a campaign will cost before it runs: particles, steps, frames, disk, core-hours from a short measured pilot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.physics.liquids.kob_andersen import lennard_jones
from glassdask.physics.liquids.liquid import Liquid
from glassdask.stages.contract.run_size import pair_work, run_size
from glassdask.stages.contract.sections import SystemSection, TimeStepSection
from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    from glassdask.stages.simulate.pilot import Pilot, TimedState


@dataclass(frozen=True)
class StatePlan:
    """The size of one state's run; with "until n relaxation times" these are the largest that the file allows."""

    state: str
    n_particles: int
    time_step: float
    n_steps: int
    n_frames: int
    disk_bytes: int
    core_hours: float | None = None


@dataclass(frozen=True)
class PlanTotal:
    """The sum over all states."""

    states: int
    particles: int
    steps: int
    frames: int
    disk_bytes: int
    core_hours: float | None
    is_upper_bound: bool


@dataclass(frozen=True)
class CampaignPlan:
    """Every state, and what the pilots measured, by potential."""

    states: list[StatePlan]
    pilots: dict[str, Pilot] = field(default_factory=dict)
    is_upper_bound: bool = False

    @property
    def total(self) -> PlanTotal:
        """Steps, frames, bytes and core-hours of the whole campaign."""
        hours = [plan.core_hours for plan in self.states if plan.core_hours is not None]
        return PlanTotal(
            states=len(self.states),
            particles=sum(plan.n_particles for plan in self.states),
            steps=sum(plan.n_steps for plan in self.states),
            frames=sum(plan.n_frames for plan in self.states),
            disk_bytes=sum(plan.disk_bytes for plan in self.states),
            core_hours=sum(hours) if len(hours) == len(self.states) else None,
            is_upper_bound=self.is_upper_bound,
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        pilots = {potential: asdict(pilot) for potential, pilot in self.pilots.items()}
        return {"total": asdict(self.total), "pilots": pilots, "states": [asdict(plan) for plan in self.states]}


def plan_campaign(
    campaign: Campaign,
    with_pilot: bool = True,
    say: Callable[[str], None] = lambda _: None,
    steps_per_second: float | None = None,
) -> CampaignPlan:
    """Sizes of all states, and their cost from a pilot of one state for each potential; nothing is written into the
    folder.

    `say` is called with a line before each pilot, which takes seconds on this machine. `steps_per_second` of every
    simulation, where known, replaces them: a thousand or two thousand particles do not fill a GPU, so that there it
    hardly depends on the state.
    """
    rates: dict[str, float] = {}
    pilots: dict[str, Pilot] = {}
    if with_pilot and steps_per_second is None:
        for potential in sorted({state.potential for state in campaign.states}):
            state = _typical(campaign, potential)
            say(f"pilot: {state.identifier} …")
            pilots[potential] = _pilot(campaign, state)
            rates[potential] = pilots[potential].steps_per_second * _work(campaign, state)
    plans = [_state_plan(campaign, state, rates, steps_per_second) for state in campaign.states]
    specification = campaign.specification
    is_bound = specification.production.length is None or specification.equilibration.length is None
    return CampaignPlan(plans, pilots, is_bound)


def timed_state(campaign: Campaign | None) -> TimedState:
    """What simulations of a campaign are timed on: its typical state of the potential that costs most; without a campaign,
    the liquid of rho = 1.2, T = 1 and 1200 LJ particles."""
    from glassdask.stages.simulate import pilot

    if campaign is None:
        known = StatePoint(lennard_jones.LIQUID.name, 1.0, 1.2)
        return pilot.timed_state(known, lennard_jones.LIQUID, SystemSection().box_length, TimeStepSection(), "auto")
    potentials = {state.potential for state in campaign.states}
    state = max((_typical(campaign, potential) for potential in potentials), key=lambda one: _work(campaign, one))
    return pilot.timed_state(state, *_of_pilot(campaign, state))


def _pilot(campaign: Campaign, state: StatePoint) -> Pilot:
    from glassdask.stages.simulate.pilot import pilot_rate

    return pilot_rate(state, *_of_pilot(campaign, state))


def _of_pilot(campaign: Campaign, state: StatePoint) -> tuple[Liquid, float, TimeStepSection, str]:
    """Of a campaign, what the simulation of a state is timed with."""
    specification = campaign.specification
    box_length, engine = specification.system.box_length, specification.execution.engine
    return campaign.liquid_of(state), box_length, specification.time_step, engine


def _typical(campaign: Campaign, potential: str) -> StatePoint:
    """The state of median density and temperature among those of a potential."""
    states = sorted((s for s in campaign.states if s.potential == potential), key=lambda s: (s.density, s.temperature))
    return states[len(states) // 2]


def _work(campaign: Campaign, state: StatePoint) -> float:
    return pair_work(state, campaign.specification)


def _state_plan(
    campaign: Campaign, state: StatePoint, rates: dict[str, float], steps_per_second: float | None
) -> StatePlan:
    size = run_size(state, campaign.specification)
    rate = rates[state.potential] / _work(campaign, state) if rates else steps_per_second
    seconds = None if rate is None else size.n_steps / rate
    return StatePlan(state.identifier, **asdict(size), core_hours=None if seconds is None else seconds / 3600)
