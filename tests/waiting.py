"""Waits for events instead of seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

#: What has not happened by then hangs: a bound for the slowest machine, not a claim about any. [s]
HANGS = 300.0


def wait_until(is_true: Callable[[], Any], seconds: float = HANGS, pause: float = 0.02) -> Any:
    """Waits for something that must happen, and returns what `is_true` gives then.

    Parameters
    ----------
    is_true
        Asked again and again.
    seconds
        After which it is taken to hang.
    pause
        Between two questions; longer where each starts a process. [s]
    """
    end = time.monotonic() + seconds
    while not (found := is_true()):
        assert time.monotonic() < end, f"it did not happen within {seconds:g} s"
        time.sleep(pause)
    return found
