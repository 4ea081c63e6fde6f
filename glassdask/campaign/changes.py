"""What changed in a campaign file since its products were made, and what that means for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from glassdask.campaign.campaign import Campaign, load_campaign
from glassdask.campaign.stages import changed_products
from glassdask.campaign.verify import send_back
from glassdask.errors import InvalidInput


def describe_changes(campaign: Campaign) -> str:
    """The keys that differ from the campaign's record and how many products that touches; empty if nothing differs."""
    before, after = _recorded(campaign.folder), campaign.record()["specification"]
    if before is None:
        return ""
    lines = _differences(before.record()["specification"], after)
    gone, new = set(before.states) - set(campaign.states), set(campaign.states) - set(before.states)
    if gone or new:
        lines.append(f"  states: {len(new)} new, {len(gone)} no longer asked for (their files are kept)")
    if not lines:
        return ""
    touched = sum(bool(changed_products(campaign, state)) for state in campaign.states)
    advice = f"{touched} states hold products made from other inputs; they are kept as they are. "
    advice += "--redo-changed makes them again." if touched else ""
    return "\n".join(
        ["The campaign file has changed:", *lines, advice if touched else "No finished product is touched."]
    )


def redo_changed(campaign: Campaign) -> int:
    """Takes back every product that was made from other inputs than the file asks for; returns how many states."""
    states = 0
    for state in campaign.states:
        changed = changed_products(campaign, state)
        if changed:
            send_back(campaign, state, changed[0].name, "made from other inputs than the campaign file asks for")
            states += 1
    return states


def _recorded(folder: Path) -> Campaign | None:
    """The campaign as it was when it was last run; None if it never was, or its record is damaged or outdated."""
    try:
        return load_campaign(folder)
    except InvalidInput:
        return None


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    lines = []
    for section in sorted(set(before) | set(after)):
        old, new = before.get(section), after.get(section)
        if not (isinstance(old, dict) and isinstance(new, dict)) or section == "grid":
            continue
        lines += [
            f"  {section}.{key}: {old.get(key)!r} -> {new.get(key)!r}"
            for key in sorted(set(old) | set(new))
            if old.get(key) != new.get(key)
        ]
    return lines
