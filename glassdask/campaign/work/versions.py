"""Which versions of the package and of the engine made a campaign's runs."""

from __future__ import annotations

from collections import Counter

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record
from glassdask.stages.simulate import STAGE as SIMULATE


def versions_used(campaign: Campaign) -> Counter[tuple[str, str]]:
    """Number of simulated states by version of glassdask and engine with its version."""
    found: Counter[tuple[str, str]] = Counter()
    for state in campaign.states:
        record = read_record(state_folder(campaign.folder, state.identifier), SIMULATE.name)
        if record is not None:
            made = record.provenance
            engine = f"{made.get('engine', 'engine')} {made.get('engine_version', 'unknown')}"
            found[str(made.get("glassdask", "unknown")), engine] += 1
    return found


def describe_versions(campaign: Campaign) -> str:
    """A warning if runs of several versions stand side by side, or would from now on; empty otherwise."""
    used = versions_used(campaign)
    others = {version for version, _ in used} - {glassdask.__version__}
    if len(used) < 2 and not others:
        return ""
    lines = [f"  glassdask {version}, {engine}: {n}" for (version, engine), n in sorted(used.items())]
    head = f"Warning: the simulated states were made by these versions; this is glassdask {glassdask.__version__}:"
    advice = "Each product records its own. To have all alike, run the campaign in a new folder."
    return "\n".join([head, *lines, advice])
