"""What changed in a campaign file since its products were made, and what that means for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from glassdask.campaign.campaign import Campaign
from glassdask.campaign.folder import CAMPAIGN_RECORD
from glassdask.campaign.stages import changed_products
from glassdask.campaign.verify import send_back


def describe_changes(campaign: Campaign) -> str:
    """The keys that differ from the campaign's record and how many products that touches; empty if nothing differs."""
    before = _recorded(campaign.folder / CAMPAIGN_RECORD)
    if before is None:
        return ""
    after = campaign.record()
    lines = _differences(before["specification"], after["specification"])
    gone = {tuple(s) for s in before["states"]} - {tuple(s) for s in after["states"]}
    new = {tuple(s) for s in after["states"]} - {tuple(s) for s in before["states"]}
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


def _recorded(path: Path) -> dict[str, Any] | None:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
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
