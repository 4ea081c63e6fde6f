"""The campaign's trained networks: a product with a record like a stage's, made from all states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.products import (
    ProductRecord,
    damaged_files,
    describe_files,
    read_record,
    record_path,
    write_record,
)
from glassdask.campaign.files.status import StateStatus
from glassdask.campaign.work.collection import collection_inputs
from glassdask.files.checksum import json_sha256

if TYPE_CHECKING:
    from pathlib import Path

TRAIN = "train"
#: Raised when the code changes what is trained.
_REVISION = 1


def training_inputs(campaign: Campaign, statuses: Sequence[StateStatus], options: dict[str, Any]) -> str:
    """Hash of all that networks are made from: every state's observables, and how they are trained."""
    made_from = {"states": collection_inputs(campaign, statuses), "options": options, "revision": _REVISION}
    return json_sha256(made_from)


def trained_record(campaign: Campaign, inputs: str | None = None) -> ProductRecord | None:
    """The record of whole networks; None where there are none, or where they were made from something else."""
    record = read_record(campaign.folder, TRAIN)
    if record is None or damaged_files(campaign.folder, record) or inputs not in (None, record.inputs):
        return None
    return record


def commit_training(
    campaign: Campaign, inputs: str, options: dict[str, Any], make: Callable[[], Sequence[Path]]
) -> ProductRecord:
    """Makes the networks and writes their record last.

    Parameters
    ----------
    campaign, inputs, options
        What they are made from; options are kept with the record.
    make
        Makes the product and returns its files, in the campaign's folder.
    """
    record_path(campaign.folder, TRAIN).unlink(missing_ok=True)
    names = [str(path.relative_to(campaign.folder)) for path in make()]
    provenance = {"glassdask": glassdask.__version__, "campaign": campaign.identity, "options": options}
    record = ProductRecord(TRAIN, inputs, describe_files(campaign.folder, names), provenance=provenance)
    write_record(campaign.folder, record)
    return record
