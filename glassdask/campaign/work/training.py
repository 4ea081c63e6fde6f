"""The campaign's trained networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.products import ProductRecord
from glassdask.campaign.files.status import StateStatus
from glassdask.campaign.work.campaign_product import campaign_inputs, campaign_record, commit_product
from glassdask.stages.train import STAGE as TRAIN

if TYPE_CHECKING:
    from pathlib import Path


def training_inputs(campaign: Campaign, statuses: Sequence[StateStatus], options: dict[str, Any]) -> str:
    """Hash of all that networks are made from: every state's observables, and how they are trained."""
    return campaign_inputs(campaign, TRAIN, statuses, options)


def trained_record(campaign: Campaign, inputs: str | None = None) -> ProductRecord | None:
    """The record of whole networks; None where there are none, or where they were made from something else."""
    return campaign_record(campaign, TRAIN, inputs)


def commit_training(
    campaign: Campaign, inputs: str, options: dict[str, Any], make: Callable[[], Sequence[Path]]
) -> ProductRecord:
    """Makes the networks and writes their record last; `make` returns their files, `options` are kept with the record."""
    return commit_product(campaign, TRAIN, inputs, make, options=options)
