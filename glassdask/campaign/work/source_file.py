"""What has changed in a campaign file since it was run, and what running it again would do.

Standard library only where nothing has changed: `glassdask status` must start in milliseconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.campaign.definition.fingerprint import fingerprint, recorded_fingerprint
from glassdask.counted import counted
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import CAMPAIGN_RECORD, campaign_folder

if TYPE_CHECKING:
    from glassdask.campaign.definition.campaign import Campaign
    from glassdask.state_point import StatePoint

#: Keys and states that a line names, at most.
_NAMED = 3


def file_difference(path: str | Path) -> str | None:
    """A line on how a campaign file differs from the record of its folder, and what a run would do; None if it does
    not, or for a folder, which has no other source."""
    path = Path(path)
    if path.is_dir():
        return None
    folder = campaign_folder(path)
    if not (folder / CAMPAIGN_RECORD).is_file() or recorded_fingerprint(folder) == fingerprint(path):
        return None
    from glassdask.campaign.definition.campaign import load_campaign

    try:
        now = load_campaign(path)
    except InvalidInput as error:
        return f"{path} is no valid campaign any more; shown is the record of the last run. {error}"
    try:
        before = load_campaign(folder)
    except InvalidInput:  # an older version's record, or a damaged one: the verb says what it needs of it
        return None
    return _difference(path, before, now)


def _difference(path: Path, before: Campaign, now: Campaign) -> str | None:
    from glassdask.campaign.work.changes import changed_keys

    keys = changed_keys(before, now)
    old, new = set(before.states), set(now.states)
    added = [state for state in now.states if state not in old]
    gone = [state for state in before.states if state not in new]
    if not (keys or added or gone):
        return None
    changes = [*keys[:_NAMED], *[f"{len(keys) - _NAMED} more keys"] * (len(keys) > _NAMED)]
    changes += [
        f"{_states(states)} {words}" for states, words in ((added, "new"), (gone, "no longer asked for")) if states
    ]
    return (
        f"{path} has changed since it was run: {'; '.join(changes)}. Shown is the record of that run; "
        f"'glassdask run {path}' goes by the file: {_consequence(before, now, bool(added), bool(gone))}"
    )


def _consequence(before: Campaign, now: Campaign, is_more: bool, is_less: bool) -> str:
    """What a run would do about it."""
    from glassdask.campaign.work.stage_inputs import expected_inputs
    from glassdask.stages.contract.registry import STATE_STAGES
    from glassdask.stages.simulate import STAGE as SIMULATE

    known = set(now.states)
    common = next((state for state in before.states if state in known), None)
    touched = [
        stage.name
        for stage in STATE_STAGES
        if common and expected_inputs(before, common, stage) != expected_inputs(now, common, stage)
    ]
    parts = ["it runs the new states"] * is_more + ["it keeps the files of the others"] * is_less
    if common and SIMULATE.name in touched and _asks_for_more_alone(before, now, common):
        parts.append(
            "finished simulations go on from their checkpoints and what follows from them is made again; those without a "
            "checkpoint stay as they are, and --redo-changed makes them again"
        )
    elif touched:
        parts.append(f"finished products of {', '.join(touched)} stay as they are, and --redo-changed makes them again")
    return ", ".join(parts or ["no finished product is touched"])


def _asks_for_more_alone(before: Campaign, now: Campaign, state: StatePoint) -> bool:
    """Whether the simulation of a state is asked to be longer, and nothing else of it has changed."""
    from glassdask.campaign.work.growth import is_longer
    from glassdask.campaign.work.stage_inputs import expected_inputs
    from glassdask.stages.simulate import GOES_ON_FROM
    from glassdask.stages.simulate import STAGE as SIMULATE

    lengths = {phase: before.tables[phase] for phase in GOES_ON_FROM}
    return all(is_longer(lengths[phase], now.tables[phase]) for phase in lengths) and expected_inputs(
        now, state, SIMULATE, instead=lengths
    ) == expected_inputs(before, state, SIMULATE)


def _states(states: list[StatePoint]) -> str:
    named = ", ".join(state.identifier for state in states[:_NAMED]) + ", …" * (len(states) > _NAMED)
    return f"{counted(len(states), 'state')} ({named})"
