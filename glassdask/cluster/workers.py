"""Where stages run, as the driver sees it: is there room for a stage, what must it ask of a worker, what is needed."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from distributed import Client


class Workers(Protocol):
    """Workers of one or more pools on one Dask scheduler."""

    client: Client

    def pool_with_room(self, stage: str, flying: Counter[str]) -> str | None:
        """A pool that can take one more stage of this name now, or None.

        Parameters
        ----------
        stage
            Name of the stage.
        flying
            Stages that were given to each pool and have not come back.
        """
        ...

    def resources(self, pool: str) -> dict[str, float]:
        """What a stage on this pool asks of its worker."""
        ...

    def tend(self, needed: Counter[str]) -> list[str]:
        """Brings the pools to the size that is needed; returns lines for the user.

        Parameters
        ----------
        needed
            Stages by name that are ready or running.
        """
        ...

    def retire(self, address: str) -> None:
        """A worker's time is up: it gets no more stages and ends."""
        ...


class FixedWorkers:
    """Workers that are all alike and whose number nobody changes: this machine, an MPI world, a running scheduler."""

    def __init__(self, client: Client):
        self.client = client

    def pool_with_room(self, stage: str, flying: Counter[str]) -> str | None:  # noqa: ARG002
        """One stage a thread of the workers that are there."""
        return "all" if flying["all"] < sum(self.client.ncores().values()) else None

    def resources(self, pool: str) -> dict[str, float]:  # noqa: ARG002
        """Nothing: any worker will do."""
        return {}

    def tend(self, needed: Counter[str]) -> list[str]:  # noqa: ARG002
        """Nothing to do."""
        return []

    def retire(self, address: str) -> None:
        """The worker is closed in good order; what it ran has come back."""
        self.client.retire_workers([address], close_workers=True)
