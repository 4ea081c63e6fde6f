"""Lets go of futures for good: a worker that still holds an answer, which nobody else can take, would not be retired."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from distributed import Client, Future

from glassdask.cluster.runtime.workers import LOST_WORKER

_LONGEST, _POLL_SECONDS = 5.0, 0.02


def release_futures(client: Client, futures: Sequence[Future[Any]]) -> None:
    """Cancels futures, and waits until their workers have dropped the answers, which a message of its own tells them.

    Does nothing where the scheduler has gone.
    """
    keys = {future.key for future in futures}
    with suppress(*LOST_WORKER, RuntimeError):
        client.cancel(list(futures), force=True)
        end = time.monotonic() + _LONGEST
        while time.monotonic() < end:
            if not any(keys & set(held) for held in client.has_what().values()):
                return
            time.sleep(_POLL_SECONDS)
