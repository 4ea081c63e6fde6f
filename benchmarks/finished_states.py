"""Finishes states of a campaign of stand-ins within a millisecond each: records of their own, hard links to the data of one that
was run.

Made for measuring what a large campaign costs, and used for nothing else.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.journal import JOURNAL
from glassdask.campaign.files.products import ProductRecord, read_record, write_record
from glassdask.campaign.files.state_index import add_to_index, state_changed
from glassdask.campaign.work.stage_inputs import basis_of_inputs, inputs_up_to
from glassdask.campaign.work.stock import finished_line
from glassdask.files import atomic_write
from glassdask.stages.contract.registry import STATE_STAGES
from glassdask.state_point import StatePoint

#: ext4 allows 65,000 names of a file.
_MOST_LINKS = 50_000
#: When folders were changed last, in Unix time: long ago.
_LONG_AGO = 1_600_000_000


def finish(campaign: Campaign, states: Sequence[StatePoint], model: StatePoint, is_noted: bool = True) -> None:
    """Finishes these states as the finished one is.

    `is_noted`: in the index, too, as the driver that has run them would have done; without, as a version without index.
    """
    home, basis = state_folder(campaign.folder, model.identifier), basis_of_inputs(campaign)
    records = [record for stage in STATE_STAGES if (record := read_record(home, stage.name))]
    spare = campaign.folder.with_suffix(".spare")
    lines = []
    for number, state in enumerate(states):
        if number % _MOST_LINKS == 0:
            shutil.rmtree(spare, ignore_errors=True)
            shutil.copytree(home, spare)
        folder = state_folder(campaign.folder, state.identifier)
        if folder.exists():
            continue
        _write(campaign, state, records, spare, folder)
        os.utime(folder, (_LONG_AGO, _LONG_AGO))
        if is_noted and (line := finished_line(campaign, state, state_changed(str(folder)), basis)):
            lines.append(line)
    add_to_index(campaign.folder, lines)


def _write(campaign: Campaign, state: StatePoint, records: Sequence[ProductRecord], spare: Path, folder: Path) -> None:
    inputs = inputs_up_to(campaign, state, STATE_STAGES[-1])
    folder.mkdir(parents=True)
    flush, atomic_write._flush = atomic_write._flush, lambda path: None  # noqa: ARG005  a hundred thousand need not survive a power cut
    try:
        for record in records:
            for name in record.files:
                os.link(spare / name, folder / name)
            summary = record.summary | {"measured_temperature": state.temperature}
            write_record(folder, replace(record, inputs=inputs[record.stage], summary=summary))
    finally:
        atomic_write._flush = flush
    os.link(spare / JOURNAL, folder / JOURNAL)
