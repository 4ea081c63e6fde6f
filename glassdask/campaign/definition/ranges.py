"""Lists of numbers as a user writes them: one number, a list, or a range with a step or a count."""

from __future__ import annotations

import math
from typing import Any

from glassdask.state_point import canonical

#: More values than any campaign needs: a slip such as step = 1e-6 is caught before memory is.
MOST_VALUES = 10_000
_RANGE_HELP = "allowed: a number, a list of numbers, {start, stop, step} or {start, stop, count}"


def expand_values(value: Any) -> Any:
    """The list of numbers meant by `value`.

    A range includes its stop, which the step must reach (within a millionth of a step).

    >>> expand_values({"start": 0.4, "stop": 1.0, "step": 0.2})
    [0.4, 0.6, 0.8, 1.0]
    >>> expand_values({"start": 1, "stop": 2, "count": 3})
    [1.0, 1.5, 2.0]
    """
    if isinstance(value, dict):
        return _expand_range(value)
    values = value if isinstance(value, list) else [value]
    if len(values) > MOST_VALUES:
        raise ValueError(f"{len(values)} values; allowed: at most {MOST_VALUES}")
    return [_rounded(item) if _is_number(item) else item for item in values]


def _expand_range(value: dict[str, Any]) -> list[float]:
    keys = set(value)
    if keys not in ({"start", "stop", "step"}, {"start", "stop", "count"}):
        raise ValueError(f"a range has the keys {', '.join(sorted(map(str, keys))) or 'none'}; {_RANGE_HELP}")
    for key, item in value.items():
        if not _is_number(item) or not math.isfinite(_rounded(item)):
            raise ValueError(f"{key} of the range is {item!r}; allowed: a finite number")
    start, stop = value["start"], value["stop"]
    count = _count(value)
    if not 1 <= count <= MOST_VALUES:
        raise ValueError(f"the range holds {count} values; allowed: 1 to {MOST_VALUES}, with start <= stop")
    step = value["step"] if "step" in value else (stop - start) / max(count - 1, 1)
    last = canonical(start + (count - 1) * step)
    if "step" in value and not math.isclose(last, stop, rel_tol=1e-9, abs_tol=2e-6 * step):
        raise ValueError(
            f"the range from {start:g} in steps of {step:g} passes its stop {stop:g} by, from {last:g} to "
            f"{canonical(last + step):g}; allowed: a stop that a step reaches, or {{start, stop, count}}"
        )
    return [canonical(start + i * step) for i in range(count)]


def _count(value: dict[str, Any]) -> int:
    if "count" in value:
        count: object = value["count"]
        if not isinstance(count, int):
            raise ValueError(f"count of the range is {count!r}; allowed: a whole number, 1 to {MOST_VALUES}")
        return count
    if value["step"] <= 0:
        raise ValueError(f"step of the range is {value['step']!r}; allowed: above 0")
    n_steps: float = (value["stop"] - value["start"]) / value["step"]
    return math.floor(min(n_steps, 1e9) + 1e-6) + 1


def _rounded(value: float) -> float:
    """The canonical float; a whole number beyond every float is infinite."""
    try:
        return canonical(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
