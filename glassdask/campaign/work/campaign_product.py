"""Products that a campaign has one of (the cube with its figures, networks), with a record like that of a state's stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import FIGURES_FOLDER, state_folder
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
from glassdask.stages.contract.stage import Stage


def campaign_inputs(
    campaign: Campaign, stage: Stage, statuses: Sequence[StateStatus], options: dict[str, Any] | None = None
) -> str:
    """Hash of all that a product is made from: the file, the package, every state's status and products, options if any."""
    states = [[item.state.identifier, item.status, _products(campaign, item)] for item in statuses]
    of_states = json_sha256({"campaign": campaign.identity, "glassdask": glassdask.__version__, "states": states})
    if options is None:
        return of_states
    return json_sha256({"states": of_states, "options": options, "revision": stage.revision})


def _products(campaign: Campaign, item: StateStatus) -> dict[str, dict[str, Any]]:
    """Sizes and checksums of a state's products that the cube is made of; empty where there are none."""
    folder = state_folder(campaign.folder, item.state.identifier)
    records = [read_record(folder, name) for name in COLLECT.needs]
    return {name: facts for record in records if record for name, facts in record.files.items()}


def campaign_record(campaign: Campaign, stage: Stage, inputs: str | None = None) -> ProductRecord | None:
    """The record of a whole product; None where there is none, or where it was made from something else."""
    record = read_record(campaign.folder, stage.name)
    if record is None or inputs not in (None, record.inputs) or damaged_files(campaign.folder, record):
        return None
    return record


def commit_product(
    campaign: Campaign, stage: Stage, inputs: str, make: Callable[[], Sequence[Path]], **provenance: Any
) -> ProductRecord:
    """Makes a product (`make` returns its files, in the campaign's folder) and writes its record last, with this
    provenance besides version and campaign."""
    record_path(campaign.folder, stage.name).unlink(missing_ok=True)
    names = [str(path.relative_to(campaign.folder)) for path in make()]
    made = {"glassdask": glassdask.__version__, "campaign": campaign.identity, **provenance}
    record = ProductRecord(stage.name, inputs, describe_files(campaign.folder, names), provenance=made)
    write_record(campaign.folder, record)
    return record


def collected_files(campaign: Campaign, statuses: Sequence[StateStatus]) -> list[Path]:
    """The cube and the figures of what there is; made again only where a state has changed or a file is not whole."""
    inputs = campaign_inputs(campaign, COLLECT, statuses)
    record = campaign_record(campaign, COLLECT, inputs)
    if record is None:
        record = commit_product(campaign, COLLECT, inputs, lambda: _collect(campaign, statuses))
    return [campaign.folder / name for name in record.files]


def is_collected(campaign: Campaign, statuses: Sequence[StateStatus]) -> bool:
    """Whether cube, critical temperatures and figures are those of what there is now."""
    return campaign_record(campaign, COLLECT, campaign_inputs(campaign, COLLECT, statuses)) is not None


def _collect(campaign: Campaign, statuses: Sequence[StateStatus]) -> list[Path]:
    from glassdask.stages.collect.critical_temperatures import critical_temperatures, write_critical_temperatures
    from glassdask.stages.collect.run import collect
    from glassdask.stages.report.run import report

    folder, tables = campaign.folder, campaign.specification
    cube = collect(folder, statuses, tables, campaign.identity)
    critical = write_critical_temperatures(critical_temperatures(folder, statuses, tables), folder, campaign.identity)
    return [cube, critical, *report(cube, critical, folder / FIGURES_FOLDER)]
