"""Where stages run, as the driver sees it: is there room for a stage, what must it ask of a worker, what is needed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from distributed import Client, Future
from distributed.client import FutureCancelledError
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker

from glassdask.errors import GlassdaskError
from glassdask.stages.contract.registry import STATE_STAGES

#: What a vanished worker looks like from the driver.
LOST_WORKER = (KilledWorker, CommClosedError, FutureCancelledError, OSError)
#: Seconds for which an answer of the scheduler about its workers is taken as still true; each costs milliseconds.
_SIZE_SECONDS = 1.0
#: How long workers may take to drop answers, and the time between two looks. [s]
_RELEASE_SECONDS, _POLL_SECONDS = 5.0, 0.02


class OutOfTime(GlassdaskError):
    """The batch job that the driver itself runs in ends: the same command goes on in the next one.

    The exit code is that of a temporary failure (EX_TEMPFAIL of sysexits.h), so that a job script can tell.
    """

    exit_code = 75


class WorkersGone(GlassdaskError):
    """All workers have died, and nothing will start others."""

    exit_code = 75


class Workers(Protocol):
    """Workers of one or more pools on one Dask scheduler, which is `scheduler` if it lives in this process."""

    client: Client
    scheduler: Any | None

    def pool_with_room(self, stage: str, in_flight: Counter[str]) -> str | None:
        """A pool that can take one more stage of this name now, or None; `in_flight` counts stages that each pool was
        given."""
        ...

    def is_first_choice(self, pool: str, stage: str) -> bool:
        """Whether a stage of this name would be sent to this pool if every pool had room."""
        ...

    def resources(self, pool: str) -> dict[str, float] | None:
        """What a stage on this pool asks of its worker."""
        ...

    def crews(self) -> dict[tuple[str, ...], int]:
        """How many workers run which stages, as far as they are there now."""
        ...

    def scale_pools(self, needed: Counter[str]) -> list[str]:
        """Brings the pools to the size that stages, ready or running, need by name; returns lines for the user."""
        ...

    def retire(self, address: str) -> None:
        """A worker's time is up: it gets no more stages and ends."""
        ...

    def suspended_runs(self) -> set[str]:
        """Keys of the stages whose batch jobs are suspended: they will go on, and cannot say so themselves."""
        ...


class FixedWorkers:
    """Workers that are all alike and whose number nobody changes: this machine, an MPI world, a running scheduler.

    `can_return`: somebody starts a new worker in place of a lost one. `scheduler`: theirs, if it lives in this process.
    """

    def __init__(self, client: Client, can_return: bool = True, scheduler: Any | None = None):
        self.client, self.scheduler = client, scheduler
        self._can_return = can_return
        self._threads = 0
        self._asked = float("-inf")

    def pool_with_room(self, stage: str, in_flight: Counter[str]) -> str | None:  # noqa: ARG002
        """One stage a thread of the workers that are there; one may wait while there is none."""
        return "all" if in_flight["all"] < max(self._can_return, self._n_threads()) else None

    def is_first_choice(self, pool: str, stage: str) -> bool:  # noqa: ARG002
        """There is one pool."""
        return True

    def _n_threads(self) -> int:
        if time.monotonic() - self._asked > _SIZE_SECONDS:
            self._threads = self._ask()
            self._asked = time.monotonic()
        return self._threads

    def _ask(self) -> int:
        try:
            return sum(self.client.ncores().values())
        except (OSError, RuntimeError):  # what Dask raises where the scheduler has gone
            if self._can_return:
                raise
            return 0

    def resources(self, pool: str) -> dict[str, float] | None:  # noqa: ARG002
        """Nothing: any worker will do."""
        return None

    def crews(self) -> dict[tuple[str, ...], int]:
        """All run all stages."""
        return {tuple(stage.name for stage in STATE_STAGES): self._n_threads()}

    def scale_pools(self, needed: Counter[str]) -> list[str]:  # noqa: ARG002
        """Only looks whether anybody is left; WorkersGone if not, and no worker can return."""
        if not self._can_return and not self._n_threads():
            raise WorkersGone("no worker is left; every simulation keeps a checkpoint: run the same command again")
        return []

    def retire(self, address: str) -> None:  # noqa: ARG002
        """Raises OutOfTime: all workers share one batch job, the driver's."""
        raise OutOfTime("this batch job's time is up; every simulation keeps a checkpoint: run the same command again")

    def suspended_runs(self) -> set[str]:
        """None that could be told: nobody asks a batch system here."""
        return set()


def submit_to(
    client: Client, address: str, function: Callable[..., Any], *arguments: Any, key: str, resources: Any = None
) -> Future[Any]:
    """Has this worker, and no other, call the function."""
    pinned = {"workers": [address], "allow_other_workers": False, "pure": False}
    return client.submit(function, *arguments, key=f"{key}-{time.time_ns()}", resources=resources, **pinned)


def release_futures(client: Client, futures: Sequence[Future[Any]]) -> None:
    """Cancels futures, and waits until their workers have dropped the answers, which a message of its own tells them:
    a worker that still holds an answer, which nobody else can take, would not be retired.

    Does nothing where the scheduler has gone.
    """
    keys = {future.key for future in futures}
    with suppress(*LOST_WORKER, RuntimeError):
        client.cancel(list(futures), force=True)
        end = time.monotonic() + _RELEASE_SECONDS
        while time.monotonic() < end:
            if not any(keys & set(held) for held in client.has_what().values()):
                return
            time.sleep(_POLL_SECONDS)
