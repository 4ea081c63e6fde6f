"""States by the words that a user writes: ``lj``, ``T0.8``, ``rho1.2``, ``r0``, names and parts of names.

A word is one component of a state's name; numbers are compared as numbers, so that T1, T1.0 and T1.00 are one. Words of the
same kind are alternatives, those of different kinds must all hold: ``lj T0.8 T1.0`` are the LJ states at these two
temperatures. Components joined by ``_``, up to a whole name, must hold together; several such names are alternatives,
which further words restrict. Standard library only.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from glassdask.counted import did_you_mean
from glassdask.errors import InvalidInput
from glassdask.state_point import StatePoint, canonical, decimal_text

#: Most states that a message names.
_SHOWN = 8
_ALLOWED = (
    "allowed: a name as 'glassdask ls CAMPAIGN --identifiers' prints it, or words such as lj, rho1.2, T0.8 (T = 0.8 and no "
    "other), r0"
)


class _Part(NamedTuple):
    """One component: which attribute of a state, and its value."""

    kind: str
    value: str | float | int


_VALUES: dict[str, Callable[[StatePoint], str | float | int]] = {
    "potential": lambda state: state.potential,
    "rho": lambda state: state.density,
    "T": lambda state: state.temperature,
    "r": lambda state: state.replica,
}
_NUMBER = re.compile(r"(rho|T|r)=?(.*)", re.IGNORECASE)


def selected_states(states: Iterable[StatePoint], words: Sequence[str]) -> list[StatePoint]:
    """The states that the words select, in the campaign's order; all without a word. InvalidInput if a word means
    nothing, or no state is like this.

    >>> some = [StatePoint("lj", T, 1.2) for T in (0.8, 0.85, 1.0)]
    >>> [state.identifier for state in selected_states(some, ["T0.80", "T1"])]
    ['lj_rho1.2_T0.8_r0', 'lj_rho1.2_T1.0_r0']
    """
    known = {state.identifier: state for state in states}
    whole = {word for word in words if word in known}
    values = {kind: sorted({value_of(state) for state in states}) for kind, value_of in _VALUES.items()}
    names: list[list[_Part]] = []
    plain: dict[str, list[_Part]] = {}
    for word in dict.fromkeys(words):
        if word in whole:
            continue
        parts = [_part(piece, word, values["potential"]) for piece in word.split("_")]
        for part in parts:
            _refuse_absent(values[part.kind], part, word)
        if len(parts) > 1:
            names.append(parts)
        else:
            plain.setdefault(parts[0].kind, []).append(parts[0])

    def is_named(name: str, state: StatePoint) -> bool:
        return name in whole or any(all(_has(state, part) for part in parts) for parts in names)

    found = [
        state
        for name, state in known.items()
        if (not (whole or names) or is_named(name, state))
        and all(any(_has(state, part) for part in parts) for parts in plain.values())
    ]
    if not found:
        raise InvalidInput(
            f"no state of the campaign is like {' '.join(words)!r}; {_ALLOWED}; {_nearest(known, words)}"
        )
    return found


def only_state(states: Iterable[StatePoint], words: Sequence[str]) -> StatePoint:
    """The one state that the words select; InvalidInput, which names them, if there are more."""
    found = selected_states(states, words)
    if len(found) > 1:
        named = ", ".join(state.identifier for state in found[:_SHOWN]) + ", …" * (len(found) > _SHOWN)
        raise InvalidInput(
            f"{' '.join(words)!r} selects {len(found)} states ({named}); allowed: one. Add what sets yours apart, such as "
            f"{_distinction(found)}"
        )
    return found[0]


def _part(text: str, word: str, potentials: Sequence[Any]) -> _Part:
    if text in potentials:
        return _Part("potential", text)
    named = _NUMBER.fullmatch(text)
    try:
        if named and named[1] in ("rho", "T"):
            return _Part(named[1], canonical(float(named[2])))
        if named and named[1] == "r":
            return _Part("r", int(named[2]))
    except ValueError:
        pass
    if text in (known := _known_liquids()):
        return _Part("potential", text)  # none of this campaign, which has a message of its own
    inside = f" in {word!r}" * (text != word)
    raise InvalidInput(f"{text!r}{inside} selects no states: {_hint(text, named, (*potentials, *known))}{_ALLOWED}")


def _known_liquids() -> tuple[str, ...]:
    """Of the catalogue, whose files are loaded for messages alone."""
    from glassdask.physics.liquids.catalogue import POTENTIALS

    return POTENTIALS


def _hint(text: str, named: re.Match[str] | None, potentials: Sequence[str]) -> str:
    """What was meant, where that can be guessed."""
    if text.lower() in potentials:
        return f"did you mean {text.lower()!r}? "
    if named and re.fullmatch(r"\d+,\d+", named[2]):
        return f"did you mean {named[1]}{named[2].replace(',', '.')}, with a decimal point? "
    if named and named[1] not in ("rho", "T", "r"):
        return "did you mean T0.8 (temperature), rho1.2 (density) or r0 (replica), spelled like this? "
    if re.fullmatch(r"\d*\.?\d+", text):
        return f"did you mean T{text} (temperature) or rho{text} (density)? "
    return did_you_mean(text, potentials)


def _has(state: StatePoint, part: _Part) -> bool:
    return _VALUES[part.kind](state) == part.value


def _refuse_absent(values: Sequence[Any], part: _Part, word: str) -> None:
    if part.value in values:
        return
    shown = list(values)
    if len(values) > _SHOWN and not isinstance(part.value, str):
        number = part.value
        shown = sorted(sorted(values, key=lambda value: abs(value - number))[:_SHOWN])
    spelled = [_spelled(part.kind, value) for value in shown] + ["…"] * (len(shown) < len(values))
    raise InvalidInput(
        f"{word!r}: no state of the campaign has {_spelled(part.kind, part.value)}; there are {', '.join(spelled)}"
    )


def _spelled(kind: str, value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{kind}{value if isinstance(value, int) else decimal_text(value)}"


def _nearest(names: Iterable[str], words: Sequence[str]) -> str:
    near = difflib.get_close_matches("_".join(words[:4]), list(names), n=3, cutoff=0.3)
    return f"the nearest are {', '.join(near)}" if near else "'glassdask ls CAMPAIGN --identifiers' prints all"


def _distinction(found: Sequence[StatePoint]) -> str:
    """A word that the states do not share."""
    for kind, value_of in _VALUES.items():
        if len({value_of(state) for state in found}) > 1:
            return _spelled(kind, value_of(found[0]))
    return found[0].identifier
