"""How long to wait after bad luck: one rule for whatever is tried again."""

from __future__ import annotations


def back_off(n: int, first: float, longest: float) -> float:
    """The pause after the n-th bad luck in a row: it doubles each time, from the first to the longest. [s]

    Examples
    --------
    >>> [back_off(n, 0.5, 3.0) for n in (1, 2, 3, 4, 1000)]
    [0.5, 1.0, 2.0, 3.0, 3.0]
    """
    return min(longest, first * 2.0 ** min(n - 1, 60))
