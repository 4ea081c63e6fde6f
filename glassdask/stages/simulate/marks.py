"""States beside each other that are not alike: of another length than the file asks for, or made by another version. Standard
library only, and one pass: `status` marks 10,000 of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glassdask.counted import counted
from glassdask.stages.simulate import ASKED, MADE_BY

#: Length in words and version of a state.
Kind = tuple[str, str]
#: Of a state of another length; of one made by another version than most.
LENGTH, VERSION = "†", "‡"
#: What made a state whose record does not say: 0.1.0 or an older version.
_UNKNOWN = "a version that did not note itself"
#: A number of every state that was simulated; an imported one has no length to be asked for, and no engine.
_OF_SIMULATED = "measured_temperature"


@dataclass(frozen=True)
class Marks:
    """What marks states.

    Parameters
    ----------
    signs
        One a state, empty for most.
    notes
        What the signs mean, a line each; empty where there are none.
    """

    signs: tuple[str, ...]
    notes: tuple[str, ...]


def marks_of(summaries: Sequence[Mapping[str, Any]], asked: str) -> Marks:
    """The marks of states, by what their records say.

    Parameters
    ----------
    summaries
        Of the latest record of each state; empty where it has none.
    asked
        What the campaign asks for (`glassdask.stages.simulate.asked_lengths`).
    """
    kinds = [kind_of(summary, asked) for summary in summaries]
    signs, notes = signs_of(Counter(kinds), asked)
    return Marks(tuple(signs[kind] for kind in kinds), notes)


def kind_of(summary: Mapping[str, Any], asked: str) -> Kind:
    """What may tell a state from others: its length, and the version that has made it, empty where nothing was simulated."""
    version = str(summary.get(MADE_BY, _UNKNOWN)) if _OF_SIMULATED in summary else ""
    return str(summary.get(ASKED, asked)), version


def signs_of(kinds: Mapping[Kind, int], asked: str) -> tuple[dict[Kind, str], tuple[str, ...]]:
    """The sign of each kind of states, of which there are so many, and the notes."""
    others, made_by = Counter[str](), Counter[str]()
    for (length, version), count in kinds.items():
        others[length] += count * (length != asked)
        made_by[version] += count * bool(version)
    others, made_by = +others, +made_by
    most = made_by.most_common(1)[0][0] if made_by else ""
    rest = {version: count for version, count in made_by.items() if version != most}
    signs = {kind: LENGTH * (kind[0] != asked) + VERSION * (kind[1] in rest) for kind in kinds}
    notes = [f"{LENGTH} of another length than asked for ({asked}): {_listed(others)}"] * bool(others)
    notes += [f"{VERSION} made by another version than most ({most}): {_listed(rest)}"] * bool(rest)
    return signs, tuple(notes)


def _listed(found: Mapping[str, int]) -> str:
    return "; ".join(f"{words}, {counted(count, 'state')}" for words, count in sorted(found.items()))
