"""What a campaign will cost before it runs: particles, steps, frames, disk, core-hours from a short measured pilot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.work.state_stages import campaign_cost, relative_cost
from glassdask.physics.liquids.kob_andersen import lennard_jones
from glassdask.physics.liquids.liquid import Liquid
from glassdask.stages.contract.registry import CAMPAIGN_STAGES, STAGES, STATE_STAGES
from glassdask.stages.contract.run_size import DECLARED_RATE, MOST_QUICKER, pair_work, run_size
from glassdask.stages.contract.sections import SystemSection, TimeStepSection
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    from glassdask.stages.simulate.pilot import Pilot, TimedState


@dataclass(frozen=True)
class StatePlan:
    """The size of one state's run; with "until n relaxation times" these are the largest that the file allows. `stages` are
    core-hours of each, `core_hours` of all, where a rate is known."""

    state: str
    n_particles: int
    time_step: float
    n_steps: int
    n_frames: int
    disk_bytes: int
    core_hours: float | None = None
    stages: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PlanTotal:
    """The sum over all states, and what the campaign's own stages take: core-hours of those that a run makes (`stages`, and
    `core_hours` of all), and of those that it leaves to verbs of their own (`on_request`)."""

    states: int
    particles: int
    steps: int
    frames: int
    disk_bytes: int
    core_hours: float | None
    is_upper_bound: bool
    stages: dict[str, float] = field(default_factory=dict)
    on_request: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class CampaignPlan:
    """Every state, what the pilots measured, by potential, and core-hours of the campaign's own stages."""

    states: list[StatePlan]
    pilots: dict[str, Pilot] = field(default_factory=dict)
    is_upper_bound: bool = False
    whole: dict[str, float] = field(default_factory=dict)

    @property
    def total(self) -> PlanTotal:
        """Steps, frames, bytes and core-hours of the whole campaign."""
        names = self.states[0].stages if self.states else ()
        stages = {name: sum(plan.stages[name] for plan in self.states) for name in names}
        stages |= {name: hours for name, hours in self.whole.items() if not STAGES[name].is_on_request}
        return PlanTotal(
            states=len(self.states),
            particles=sum(plan.n_particles for plan in self.states),
            steps=sum(plan.n_steps for plan in self.states),
            frames=sum(plan.n_frames for plan in self.states),
            disk_bytes=sum(plan.disk_bytes for plan in self.states),
            core_hours=sum(stages.values()) if names else None,
            is_upper_bound=self.is_upper_bound,
            stages=stages,
            on_request={name: hours for name, hours in self.whole.items() if STAGES[name].is_on_request},
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

    Simulations cost what the pilots measured. Other stages cost what they declare (in steps of 1200 LJ particles, as measured
    for each stage on one machine), with such a step as quick as the pilots found this machine to be; where a rate is given
    instead, as on the machine of the declarations.
    """
    rates: dict[str, float] = {}
    pilots: dict[str, Pilot] = {}
    if with_pilot and steps_per_second is None:
        for potential in sorted({state.potential for state in campaign.states}):
            state = _typical(campaign, potential)
            say(f"pilot: {state.identifier} …")
            pilots[potential] = _pilot(campaign, state)
            rates[potential] = pilots[potential].steps_per_second * _work(campaign, state)
    rate = _seconds_a_unit(rates) if rates or steps_per_second is not None else None
    plans = [_state_plan(campaign, state, rates, steps_per_second, rate) for state in campaign.states]
    whole = {} if rate is None else _whole_hours(len(plans), rate)
    specification = campaign.specification
    is_bound = specification.production.length is None or specification.equilibration.length is None
    return CampaignPlan(plans, pilots, is_bound, whole)


def _seconds_a_unit(rates: dict[str, float]) -> float:
    """Of declared cost, for stages that no pilot measures, from the speeds that pilots of simulations have found, if any."""
    if not rates:
        return DECLARED_RATE
    speed = sum(rates.values()) / len(rates) * DECLARED_RATE
    return DECLARED_RATE / min(speed, MOST_QUICKER)


def _whole_hours(n_states: int, rate: float) -> dict[str, float]:
    return {stage.name: campaign_cost(stage, n_states) * rate / 3600 for stage in CAMPAIGN_STAGES}


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
    campaign: Campaign,
    state: StatePoint,
    rates: dict[str, float],
    steps_per_second: float | None,
    others: float | None,
) -> StatePlan:
    """`others`: seconds of a unit of cost, of stages that no pilot measures; None where nothing is known."""
    size = run_size(state, campaign.specification)
    rate = rates[state.potential] / _work(campaign, state) if rates else steps_per_second
    if rate is None or others is None:
        return StatePlan(state.identifier, **asdict(size))
    hours = {stage.name: relative_cost(campaign, state, stage) * others / 3600 for stage in STATE_STAGES}
    hours[SIMULATE.name] = size.n_steps / rate / 3600
    return StatePlan(state.identifier, **asdict(size), core_hours=sum(hours.values()), stages=hours)
