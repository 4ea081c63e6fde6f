"""What changed in a campaign file since its products were made, and what that means for them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.work.state_stages import changed_products
from glassdask.campaign.work.verify import send_back
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint


def describe_changes(campaign: Campaign) -> str:
    """What differs from the last run of the campaign, and which products stand; empty if all is as it should be.

    Products made from other inputs than the file now asks for are told of at every run, until they are made again.
    """
    before, lines = _recorded(campaign.folder), []
    if before is not None:
        lines = [f"  {line}" for line in changed_keys(before, campaign)]
        gone, new = set(before.states) - set(campaign.states), set(campaign.states) - set(before.states)
        if gone or new:
            lines.append(f"  states: {len(new)} new, {len(gone)} no longer asked for (their files are kept)")
    touched = sum(bool(changed_products(campaign, state)) for state in campaign.states)
    advice = "No finished product is touched."
    if touched:
        advice = (
            f"{touched} {'state holds' if touched == 1 else 'states hold'} products made from other inputs than the "
            "file asks for; they are kept as they are. --redo-changed makes them again."
        )
    if lines:
        return "\n".join(["The campaign file has changed:", *lines, advice])
    return advice if touched else ""


def redo_changed(campaign: Campaign, states: Iterable[StatePoint] | None = None) -> int:
    """Takes back every product that was made from other inputs than the file asks for, of these states or of all; returns
    how many states."""
    n_changed = 0
    for state in campaign.states if states is None else states:
        changed = changed_products(campaign, state)
        if changed:
            send_back(campaign, state, changed[0].name, "made from other inputs than the campaign file asks for")
            n_changed += 1
    return n_changed


def _recorded(folder: Path) -> Campaign | None:
    """The campaign as it was when it was last run; None if it never was, or its record is damaged or outdated."""
    try:
        return load_campaign(folder)
    except InvalidInput:
        return None


def changed_keys(before: Campaign, after: Campaign) -> list[str]:
    """Every key of the file whose value differs, with both values; the grid of states aside."""
    lines: list[str] = []
    tables = before.tables, after.tables
    for section in sorted(set(tables[0]) | set(tables[1])):
        old, new = tables[0].get(section), tables[1].get(section)
        if not (isinstance(old, dict) and isinstance(new, dict)):
            continue
        lines += [
            f"{section}.{key}: {old.get(key)!r} -> {new.get(key)!r}"
            for key in sorted(set(old) | set(new))
            if old.get(key) != new.get(key)
        ]
    return lines
