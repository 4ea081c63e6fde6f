"""Whether the configurations that states are to start from are there and fit, before anything is run."""

from __future__ import annotations

from collections.abc import Iterable

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import record_path
from glassdask.errors import InvalidInput
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.stages.simulate.imported import read_import
from glassdask.state_point import StatePoint


def check_starts(campaign: Campaign, states: Iterable[StatePoint]) -> None:
    """Looks at the file of each of these states that was not simulated yet.

    Raises
    ------
    InvalidInput
        For the first that is missing or does not fit: number of particles, species, box; and how many more do not.
    """
    template = campaign.specification.system.start
    if template is None:
        return
    from glassdask.stages.simulate.given_start import checked_start, start_path

    troubles = []
    for state in states:
        folder = state_folder(campaign.folder, state.identifier)
        if record_path(folder, SIMULATE.name).exists() or read_import(folder) is not None:
            continue
        liquid, box_length = campaign.liquid_of(state), campaign.specification.system.box_length
        try:
            checked_start(start_path(template, state), state, liquid, box_length)
        except InvalidInput as error:
            troubles.append(str(error))
    if troubles:
        more = f" ({len(troubles) - 1} more like this)" if len(troubles) > 1 else ""
        raise InvalidInput(f"{troubles[0]}{more}")
