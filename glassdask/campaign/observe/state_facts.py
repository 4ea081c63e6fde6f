"""All that the files of a campaign say of each state: its status, the records of its products, its journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.journal import events
from glassdask.campaign.files.products import ProductRecord, read_record
from glassdask.campaign.files.status import StateStatus, campaign_status
from glassdask.campaign.work.stage_inputs import expected_inputs
from glassdask.stages.contract.registry import STAGES, STATE_STAGES
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.state_point import StatePoint


@dataclass(frozen=True)
class StateFacts:
    """One state as its files tell of it: status and summary, records of its finished stages by name, journal; and the
    seed of its random numbers."""

    item: StateStatus
    records: Mapping[str, ProductRecord]
    events: Sequence[dict[str, Any]]
    seed: int

    @property
    def state(self) -> StatePoint:
        """Which state."""
        return self.item.state

    @property
    def run(self) -> dict[str, Any]:
        """What the simulation recorded of itself, as plain data; empty where there is none."""
        record = self.records.get(SIMULATE.name)
        if record is None:
            return {}
        made = record.provenance
        engine = {name: made.get(name) for name in ("engine", "engine_version", "device", "precision")}
        point = {"potential": self.state.potential, "T": self.state.temperature, "rho": self.state.density}
        return {**made.get("simulation", {}), **engine, **point}


def state_facts(campaign: Campaign) -> list[StateFacts]:
    """Reads them, in the order of the campaign: four small records and a journal a state, a few seconds for 10,000 states."""
    return [_facts(campaign, item) for item in campaign_status(campaign.folder)]


def _facts(campaign: Campaign, item: StateStatus) -> StateFacts:
    folder = state_folder(campaign.folder, item.state.identifier)
    found = {stage.name: read_record(folder, stage.name) for stage in STATE_STAGES}
    records = {name: record for name, record in found.items() if record is not None}
    return StateFacts(item, records, events(folder), campaign.seed_of(item.state))


def products(facts: Iterable[StateFacts]) -> Iterator[tuple[StateFacts, ProductRecord]]:
    """Every finished product with its state."""
    for state in facts:
        for record in state.records.values():
            yield state, record


def n_changed(campaign: Campaign, facts: Iterable[StateFacts]) -> int:
    """States with a product that was made from other inputs than the record of the campaign asks for."""
    return sum(_is_changed(campaign, state) for state in facts)


def _is_changed(campaign: Campaign, facts: StateFacts) -> bool:
    return any(
        record.inputs != expected_inputs(campaign, facts.state, STAGES[name]) for name, record in facts.records.items()
    )
