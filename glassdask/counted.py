"""Words that messages share: "1 job", "2 jobs"; "12 min"; and "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable


def counted(count: int, noun: str) -> str:
    """The number with its noun, in the plural where it is not one.

    >>> counted(1, "state"), counted(0, "state"), counted(1200, "batch job")
    ('1 state', '0 states', '1,200 batch jobs')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"


def duration(seconds: float) -> str:
    """How long something takes, as all that people read says it: in the unit that leaves a number they can take in.

    >>> duration(0.42), duration(40), duration(720), duration(12_240), duration(181_440)
    ('0.4 s', '40 s', '12 min', '3.4 h', '2.1 d')
    """
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    for unit, length, most, digits in (("s", 1, 100, 0), ("min", 60, 100, 0), ("h", 3600, 36, 1)):
        if round(seconds / length, digits) < most:
            return f"{seconds / length:.{digits}f} {unit}"
    days = seconds / 86_400
    return f"{days:.1f} d" if days < 100 else f"{days:,.0f} d"


def did_you_mean(word: str, allowed: Iterable[str], cutoff: float = 0.6) -> str:
    """What precedes "allowed: …" where one of the allowed words is so near that it may have been meant; else nothing.

    >>> did_you_mean("runing", ["running", "waiting"]), did_you_mean("x", ["running"])
    ("did you mean 'running'? ", '')
    """
    import difflib  # milliseconds that only mistakes take

    near = difflib.get_close_matches(word, list(allowed), n=1, cutoff=cutoff)
    return f"did you mean {near[0]!r}? " if near else ""
