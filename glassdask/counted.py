"""Words that messages share: "1 job", "2 jobs"; and "did you mean"."""

from __future__ import annotations

from collections.abc import Iterable


def counted(count: int, noun: str) -> str:
    """The number with its noun, in the plural where it is not one.

    >>> counted(1, "state"), counted(0, "state"), counted(1200, "batch job")
    ('1 state', '0 states', '1,200 batch jobs')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"


def did_you_mean(word: str, allowed: Iterable[str], cutoff: float = 0.6) -> str:
    """What precedes "allowed: …" where one of the allowed words is so near that it may have been meant; else nothing.

    >>> did_you_mean("runing", ["running", "waiting"]), did_you_mean("x", ["running"])
    ("did you mean 'running'? ", '')
    """
    import difflib  # milliseconds that only mistakes take

    near = difflib.get_close_matches(word, list(allowed), n=1, cutoff=cutoff)
    return f"did you mean {near[0]!r}? " if near else ""
