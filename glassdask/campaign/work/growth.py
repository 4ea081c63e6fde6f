"""States whose simulation is done and is now asked to be longer: it goes on from what it kept, and nothing of it is run again.

A simulation's record says how long its phases were asked to be (``lengths``) and which checkpoints lie beside it
(``checkpoints``). Where the inputs with these lengths have the record's hash, nothing but lengths has changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import ProductRecord
from glassdask.campaign.work.stage_inputs import expected_inputs
from glassdask.files.checksum import file_sha256
from glassdask.stages.simulate import GOES_ON_FROM, KEPT_FOLDER, LENGTHS
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.state_point import StatePoint


@dataclass(frozen=True)
class Growth:
    """How a finished simulation is to be longer.

    Parameters
    ----------
    phase
        The first phase that is longer: ``equilibration``, after which production is run anew, or ``production``.
    trouble
        Why it cannot go on; empty where it can.
    """

    phase: str
    trouble: str = ""


def growth(campaign: Campaign, state: StatePoint, record: ProductRecord | None) -> Growth | None:
    """Whether the file asks for more of the simulation that this is the record of, and for nothing else; None if not.

    Cheap where the lengths are those of the file. Else the kept checkpoint, some 100 kB, is compared with its checksum.
    """
    lengths = record.provenance.get(LENGTHS) if record is not None else None
    if record is None or not isinstance(lengths, dict):
        return None
    longer = [phase for phase in GOES_ON_FROM if lengths.get(phase) != campaign.tables[phase]]
    if not longer or not all(is_longer(lengths.get(phase) or {}, campaign.tables[phase]) for phase in longer):
        return None
    if expected_inputs(campaign, state, SIMULATE, instead=lengths) != record.inputs:
        return None
    return Growth(longer[0], _trouble(state_folder(campaign.folder, state.identifier), record, longer[0]))


def is_longer(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a phase under the new table never ends before it does under the old one; equal tables count.

    A phase ends after min(max(least, rate tau), most), tau its relaxation time: a fixed length is both least and most.
    """
    if {name: value for name, value in old.items() if name not in _LENGTH_KEYS} != {
        name: value for name, value in new.items() if name not in _LENGTH_KEYS
    }:
        return False
    return all(after >= before for before, after in zip(_bounds(old, 0.0), _bounds(new, math.inf), strict=True))


_LENGTH_KEYS = ("length", "relaxation_times", "minimum_length", "maximum_length")


def _bounds(table: Mapping[str, Any], rate_of_fixed: float) -> tuple[float, float, float]:
    """Least, rate and most."""
    if table.get("length") is not None:
        return table["length"], rate_of_fixed, table["length"]
    return table["minimum_length"], table["relaxation_times"], table["maximum_length"]


def _trouble(folder: Path, record: ProductRecord, phase: str) -> str:
    name = GOES_ON_FROM[phase]
    path, kept = folder / KEPT_FOLDER / name, record.provenance.get(KEPT_FOLDER, {})
    if name not in kept:
        return f"no checkpoint of its {phase} was kept (execution.keep_checkpoints = false)"
    if not path.is_file():
        return f"its checkpoint {path} is gone"
    if path.stat().st_size != kept[name]["bytes"] or file_sha256(path) != kept[name]["sha256"]:
        return f"its checkpoint {path} is damaged"
    return ""
