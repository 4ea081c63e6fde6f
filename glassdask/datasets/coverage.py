"""How much of a campaign its products hold: "3 of 8 states", an attribute of the cube and of critical temperatures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glassdask.counted import counted

#: Name of the attribute; products of version 0.1.0, made when a run had ended, are without.
COVERAGE = "coverage"


def coverage(n_there: int, n_asked: int) -> str:
    """The words.

    >>> coverage(3, 8), coverage(0, 1)
    ('3 of 8 states', '0 of 1 state')
    """
    return f"{n_there:,} of {counted(n_asked, 'state')}"


def incomplete_coverage(attributes: Mapping[str, Any]) -> str:
    """The words of a product's attributes where states are missing; else nothing.

    >>> incomplete_coverage({"coverage": "3 of 8 states"}), incomplete_coverage({"coverage": "8 of 8 states"})
    ('3 of 8 states', '')
    """
    words = str(attributes.get(COVERAGE, ""))
    there, _, asked = words.partition(" of ")
    return "" if there == asked.partition(" ")[0] else words
