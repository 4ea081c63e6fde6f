"""What a run has to say first: what changed in its file, or in the package, since the products were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import glassdask
from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record, whole_record
from glassdask.campaign.work.growth import Growth, growth
from glassdask.campaign.work.state_stages import changed_products
from glassdask.campaign.work.verify import send_back
from glassdask.errors import InvalidInput
from glassdask.stages.simulate import GOES_ON_FROM
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.state_point import StatePoint


def describe_changes(campaign: Campaign, begun: Iterable[StatePoint] | None = None) -> str:
    """What differs from the last run of the campaign, which products stand and which go on; empty if all is as it should be.

    Products made from other inputs than the file now asks for are told of at every run, until they are made again; they are
    looked for in the states `begun`, those that may have such, in all by default.
    """
    before, lines = _recorded(campaign.folder), []
    if before is not None:
        lines = [f"  {line}" for line in changed_keys(before, campaign)]
        gone, new = set(before.states) - set(campaign.states), set(campaign.states) - set(before.states)
        if gone or new:
            lines.append(f"  states: {len(new)} new, {len(gone)} no longer asked for (their files are kept)")
    advice = _advice(campaign, campaign.states if begun is None else begun)
    if lines:
        return "\n".join(["The campaign file has changed:", *lines, advice or "No finished product is touched."])
    return advice


def _advice(campaign: Campaign, states: Iterable[StatePoint]) -> str:
    """What becomes of the states whose products were made from other inputs; empty where there are none."""
    longer, stuck, n_changed = Counter[str](), [], 0
    for state in states:
        grows = growth_of(campaign, state)
        if grows is None:
            n_changed += bool(changed_products(campaign, state))
        elif grows.trouble:
            stuck.append(f"{state.identifier}: {grows.trouble}")
        else:
            longer[grows.phase] += 1
    parts = [_GOES_ON[phase].format(_states(longer[phase])) for phase in GOES_ON_FROM if longer[phase]]
    if stuck:
        more = f" (and {len(stuck) - 1} more)" * (len(stuck) > 1)
        parts.append(
            f"{_states(len(stuck))} to be longer and cannot go on: {stuck[0]}{more}; what is there is kept as it is, and --redo-changed "
            "simulates anew, from the start."
        )
    if n_changed:
        parts.append(
            f"{n_changed} {'state holds' if n_changed == 1 else 'states hold'} products made from other inputs than the "
            "file asks for; they are kept as they are. --redo-changed makes them again."
        )
    return "\n".join(parts)


#: What is said of states that are to be longer in a phase.
_GOES_ON = {
    "equilibration": "{} to be equilibrated longer: equilibration goes on from its end, production is then run anew, and "
    "what was made from the old one is kept until it is there.",
    "production": "{} to be longer: production goes on from its end, and what follows from it is made again.",
}


def _states(n: int) -> str:
    return f"{n} {'state is' if n == 1 else 'states are'}"


def growth_of(campaign: Campaign, state: StatePoint) -> Growth | None:
    """Whether and how the finished simulation of a state is to be longer."""
    return growth(campaign, state, whole_record(state_folder(campaign.folder, state.identifier), SIMULATE.name))


def redo_changed(campaign: Campaign, states: Iterable[StatePoint] | None = None) -> int:
    """Takes back every product that was made from other inputs than the file asks for, of these states or of all; returns
    how many states. A simulation that can go on to its new length is left to do so."""
    n_changed = 0
    for state in campaign.states if states is None else states:
        grows = growth_of(campaign, state)
        changed = [] if grows and not grows.trouble else changed_products(campaign, state)
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


def versions_used(campaign: Campaign, states: Iterable[StatePoint] | None = None) -> Counter[tuple[str, str]]:
    """Number of simulated states, among these or all, by version of glassdask and engine with its version."""
    found: Counter[tuple[str, str]] = Counter()
    for state in campaign.states if states is None else states:
        record = read_record(state_folder(campaign.folder, state.identifier), SIMULATE.name)
        if record is not None:
            made = record.provenance
            engine = f"{made.get('engine', 'engine')} {made.get('engine_version', 'unknown')}"
            found[str(made.get("glassdask", "unknown")), engine] += 1
    return found


def describe_versions(used: Counter[tuple[str, str]]) -> str:
    """A warning if runs of several versions (`versions_used`) stand side by side, or would from now on; empty otherwise."""
    others = {version for version, _ in used} - {glassdask.__version__}
    if len(used) < 2 and not others:
        return ""
    lines = [f"  glassdask {version}, {engine}: {n}" for (version, engine), n in sorted(used.items())]
    head = f"Warning: the simulated states were made by these versions; this is glassdask {glassdask.__version__}:"
    advice = "Each product records its own. To have all alike, run the campaign in a new folder."
    return "\n".join([head, *lines, advice])
