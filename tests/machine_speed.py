"""How much slower this machine is at the moment than a quiet core of its time: limits in seconds are for that one."""

from __future__ import annotations

import time

#: Ten million turns of an empty loop of Python 3.11 on a quiet core. [s]
_QUIET_SECONDS = 0.3


def slowness() -> float:
    """Wall-clock time of a fixed loop over that of a quiet core; 1 where the machine is not slower."""
    began = time.perf_counter()
    for _ in range(10_000_000):
        pass
    return max(1.0, (time.perf_counter() - began) / _QUIET_SECONDS)
