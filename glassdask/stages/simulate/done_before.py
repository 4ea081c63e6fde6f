"""How much of a simulation that becomes longer is done already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glassdask.stages.contract.run_size import run_size
from glassdask.stages.contract.sections import Sections
from glassdask.stages.simulate import GOES_ON_FROM, LENGTHS
from glassdask.state_point import StatePoint


def share_done_before(state: StatePoint, sections: Sections, provenance: Mapping[str, Any]) -> float:
    """Steps of a finished run that a longer one goes on from, over all steps of that one, 0 to 1.

    Parameters
    ----------
    state
        Which state.
    sections
        What is asked for now.
    provenance
        Of the record of the finished run. Where equilibration becomes longer, production is run anew.
    """
    made, asked = provenance.get("simulation", {}), provenance.get(LENGTHS, {})
    tables = {phase: getattr(sections, phase).model_dump(mode="json") for phase in GOES_ON_FROM}
    if not asked or asked == tables:
        return 0.0
    kept = float(made.get("equilibration_steps", 0))
    if asked.get("equilibration") == tables["equilibration"]:
        kept += float(made.get("n_steps", 0))
    return min(1.0, kept / run_size(state, sections).n_steps)
