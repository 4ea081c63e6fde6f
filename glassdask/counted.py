"""Numbers of things in messages: "1 job", "2 jobs"."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """The number with its noun, in the plural where it is not one.

    >>> counted(1, "state"), counted(0, "state"), counted(1200, "batch job")
    ('1 state', '0 states', '1,200 batch jobs')
    """
    return f"{count:,} {noun}{'s' * (count != 1)}"
