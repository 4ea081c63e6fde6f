"""The campaign's own product: the cube of all states, critical temperatures, and the figures drawn from them, with a record
like a stage's."""

from __future__ import annotations

from collections.abc import Sequence
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
from glassdask.stages.contract.registry import STATE_STAGES

COLLECT = "collect"


def collected_files(campaign: Campaign, statuses: Sequence[StateStatus]) -> list[Path]:
    """The cube and the figures of what there is; made again only where a state has changed or a file is not whole.

    Parameters
    ----------
    campaign
        What was run.
    statuses
        Every state with its status.
    """
    record = read_record(campaign.folder, COLLECT) if is_collected(campaign, statuses) else None
    if record is None:
        record = _collect(campaign, statuses, collection_inputs(campaign, statuses))
    return [campaign.folder / name for name in record.files]


def collection_inputs(campaign: Campaign, statuses: Sequence[StateStatus]) -> str:
    """Hash of all that the cube is made from: the file, the package, every state's status and observables."""
    states = [[item.state.identifier, item.status, _observables(campaign, item)] for item in statuses]
    return json_sha256({"campaign": campaign.identity, "glassdask": glassdask.__version__, "states": states})


def _observables(campaign: Campaign, item: StateStatus) -> dict[str, dict[str, Any]]:
    """Sizes and checksums of a state's products beside its trajectory; empty where there are none."""
    folder = state_folder(campaign.folder, item.state.identifier)
    records = [read_record(folder, stage.name) for stage in STATE_STAGES[1:]]
    return {name: facts for record in records if record for name, facts in record.files.items()}


def is_collected(campaign: Campaign, statuses: Sequence[StateStatus]) -> bool:
    """Whether cube, critical temperatures and figures are those of what there is now."""
    record = read_record(campaign.folder, COLLECT)
    return (
        record is not None
        and record.inputs == collection_inputs(campaign, statuses)
        and not damaged_files(campaign.folder, record)
    )


def _collect(campaign: Campaign, statuses: Sequence[StateStatus], inputs: str) -> ProductRecord:
    from glassdask.stages.collect.critical_temperatures import critical_temperatures, write_critical_temperatures
    from glassdask.stages.collect.run import collect
    from glassdask.stages.report.run import report

    folder = campaign.folder
    record_path(folder, COLLECT).unlink(missing_ok=True)
    cube = collect(folder, statuses, campaign.specification, campaign.identity)
    critical = write_critical_temperatures(
        critical_temperatures(folder, statuses, campaign.specification), folder, campaign.identity
    )
    files = [cube, critical, *report(cube, critical, folder / FIGURES_FOLDER)]
    names = [str(path.relative_to(folder)) for path in files]
    provenance = {"glassdask": glassdask.__version__, "campaign": campaign.identity}
    record = ProductRecord(COLLECT, inputs, describe_files(folder, names), provenance=provenance)
    write_record(folder, record)
    return record
