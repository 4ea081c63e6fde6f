"""One part of the methods: a title, sentences, and a table if it has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Methods:
    """A paragraph of the methods, and a table if it has one.

    Parameters
    ----------
    title
        What it is about.
    sentences
        Plain text.
    header, rows
        Of the table.
    """

    title: str
    sentences: list[str]
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


def span(values: Sequence[float]) -> str:
    """The range of numbers, or the number that all are.

    >>> span([1.0, 2.5]), span([3, 3])
    ('1 … 2.5', '3')
    """
    lowest, highest = float(np.min(values)), float(np.max(values))
    return f"{lowest:g}" if f"{lowest:g}" == f"{highest:g}" else f"{lowest:g} … {highest:g}"
