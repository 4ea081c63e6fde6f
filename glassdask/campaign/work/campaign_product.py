"""Products that a campaign has one of (the cube with its figures, networks, the report), with a record like that of a
state's stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.journal import journal_bytes
from glassdask.campaign.files.products import (
    ProductRecord,
    damaged_files,
    describe_files,
    read_record,
    record_path,
    write_record,
)
from glassdask.campaign.files.status import StateStatus
from glassdask.files.checksum import json_sha256
from glassdask.stages.collect import STAGE as COLLECT
from glassdask.stages.collect import n_collected
from glassdask.stages.contract.context import CampaignContext, StageResult
from glassdask.stages.contract.registry import CAMPAIGN_STAGES
from glassdask.stages.contract.stage import Stage


def campaign_inputs(
    campaign: Campaign, stage: Stage, statuses: Sequence[StateStatus], options: dict[str, Any] | None = None
) -> str:
    """Hash of all that a product is made from: the file, the package, every state's status and products, those of the
    campaign that it needs, and options if any."""
    made_from: dict[str, Any] = {"campaign": campaign.identity, "glassdask": glassdask.__version__}
    made_from["states"] = [_facts(campaign, stage, item) for item in statuses]
    earlier = [read_record(campaign.folder, other.name) for other in CAMPAIGN_STAGES if other.name in stage.needs]
    if earlier:
        made_from["needs"] = [None if record is None else [record.inputs, record.files] for record in earlier]
    of_states = json_sha256(made_from)
    if options is None:
        return of_states
    return json_sha256({"states": of_states, "options": options, "revision": stage.revision})


def _facts(campaign: Campaign, stage: Stage, item: StateStatus) -> list[Any]:
    """Status of a state, sizes and checksums of the products that the cube is made of, and how much its journal tells."""
    folder = state_folder(campaign.folder, item.state.identifier)
    records = [read_record(folder, name) for name in COLLECT.needs]
    products = {name: facts for record in records if record for name, facts in record.files.items()}
    return [item.state.identifier, item.status, products, *[journal_bytes(folder)] * stage.tells_of_attempts]


def campaign_record(campaign: Campaign, stage: Stage, inputs: str | None = None) -> ProductRecord | None:
    """The record of a whole product; None where there is none, or where it was made from something else."""
    record = read_record(campaign.folder, stage.name)
    if record is None or inputs not in (None, record.inputs) or damaged_files(campaign.folder, record):
        return None
    return record


def is_current(campaign: Campaign, stage: Stage, statuses: Sequence[StateStatus]) -> bool:
    """Whether a product is whole and shows what there is now."""
    return campaign_record(campaign, stage, campaign_inputs(campaign, stage, statuses)) is not None


def current_product(
    campaign: Campaign,
    stage: Stage,
    statuses: Sequence[StateStatus],
    given: Callable[[], Any] = lambda: None,
    say: Callable[[str], None] = lambda _: None,
    is_forced: bool = False,
) -> ProductRecord:
    """The product of what there is now, made again only where something has changed, a file is not whole, or it is forced.

    `given` makes what else the stage works with (`CampaignContext.given`); it is called only where the product is made.
    """
    inputs = campaign_inputs(campaign, stage, statuses)
    record = None if is_forced else campaign_record(campaign, stage, inputs)
    return record or make_product(campaign, stage, inputs, campaign_context(campaign, statuses, given(), say))


def campaign_context(
    campaign: Campaign, statuses: Sequence[StateStatus], given: Any, say: Callable[[str], None]
) -> CampaignContext:
    """What a stage of the campaign is given."""
    return CampaignContext(campaign.folder, campaign.identity, campaign.specification, statuses, given, say)


def make_product(
    campaign: Campaign, stage: Stage, inputs: str, context: CampaignContext, **provenance: Any
) -> ProductRecord:
    """Makes a product and writes its record last, with this provenance besides version and campaign."""
    record_path(campaign.folder, stage.name).unlink(missing_ok=True)
    started = time.monotonic()
    result: StageResult = stage.function(context)
    took = {"seconds": round(time.monotonic() - started, 3), "states": n_collected(context.statuses)}
    made = {
        "glassdask": glassdask.__version__,
        "campaign": campaign.identity,
        **result.provenance,
        **took,
        **provenance,
    }
    record = ProductRecord(stage.name, inputs, describe_files(campaign.folder, list(result.files)), provenance=made)
    write_record(campaign.folder, record)
    return record
