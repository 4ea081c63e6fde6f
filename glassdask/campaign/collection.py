"""The campaign's own product: the cube of all states and the figures drawn from it, with a record like a stage's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import glassdask
from glassdask.campaign.campaign import Campaign
from glassdask.campaign.folder import FIGURES_FOLDER, state_folder
from glassdask.campaign.products import (
    ProductRecord,
    damaged_files,
    describe_files,
    inputs_hash,
    read_record,
    record_path,
    write_record,
)
from glassdask.campaign.stages import STATE_STAGES
from glassdask.campaign.status import StateStatus

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
    inputs = collection_inputs(campaign, statuses)
    record = read_record(campaign.folder, COLLECT)
    if record is None or record.inputs != inputs or damaged_files(campaign.folder, record):
        record = _collect(campaign, statuses, inputs)
    return [campaign.folder / name for name in record.files]


def collection_inputs(campaign: Campaign, statuses: Sequence[StateStatus]) -> str:
    """Hash of all that the cube is made from: the file, the package, every state's status and observables."""
    states = [[item.state.identifier, item.status, _observables(campaign, item)] for item in statuses]
    return inputs_hash({"campaign": campaign.identity, "glassdask": glassdask.__version__, "states": states})


def _observables(campaign: Campaign, item: StateStatus) -> dict:
    """Sizes and checksums of a state's last product; empty where there is none."""
    record = read_record(state_folder(campaign.folder, item.state.identifier), STATE_STAGES[-1].name)
    return record.files if record else {}


def _collect(campaign: Campaign, statuses: Sequence[StateStatus], inputs: str) -> ProductRecord:
    from glassdask.tasks.collect import collect
    from glassdask.tasks.report import report

    folder = campaign.folder
    record_path(folder, COLLECT).unlink(missing_ok=True)
    cube = collect(folder, statuses, campaign.tables, campaign.identity)
    files = [cube, *report(cube, folder / FIGURES_FOLDER)]
    names = [str(path.relative_to(folder)) for path in files]
    provenance = {"glassdask": glassdask.__version__, "campaign": campaign.identity}
    record = ProductRecord(COLLECT, inputs, describe_files(folder, names), provenance=provenance)
    write_record(folder, record)
    return record
