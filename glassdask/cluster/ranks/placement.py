"""Which workers the ranks of a gang sit on: all of one pool, far apart, and no two on one GPU."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

from distributed import Future, wait

from glassdask.cluster.pools.batch_workers import BatchWorkers
from glassdask.cluster.ranks.rank_side import WorkerPlace, worker_place
from glassdask.cluster.runtime.workers import LOST_WORKER, FixedWorkers, Workers, release_futures, submit_to
from glassdask.errors import InvalidInput
from glassdask.stages.train import STAGE as TRAIN

_POLL_SECONDS = 0.5
#: How long workers may take to say where they are: those that are there, and, once there are enough, the others.
_ANSWER_SECONDS, _FURTHER_SECONDS = 30.0, 3.0
#: From one question to the next where the answers have not sufficed.
_PAUSE = 5.0
#: How long lost workers that nobody submits anew may take to return.
_PATIENCE = 120.0


class Placement:
    """Finds workers for the ranks of a gang, and asks the pools for as many as that takes."""

    def __init__(self, workers: Workers, n_ranks: int, tell: Callable[[str], None]):
        self._workers, self._n_ranks, self._tell = workers, n_ranks, tell
        self._workers_per_rank = 1
        most = _most_ranks(workers)
        if not 1 <= n_ranks <= most:
            allowed = "1 or more" if most == sys.maxsize else f"1 to {most}, what one pool of the site file can hold"
            raise InvalidInput(f"n_ranks is {n_ranks}; allowed: {allowed} (a GPU, or a worker without one, for each)")

    def scale_pools(self) -> None:
        """Brings the pools to the size that the gang needs; called all the time."""
        for line in self._workers.scale_pools(Counter({TRAIN.name: self._n_ranks * self._workers_per_rank})):
            self._tell(line)

    def find(self, on_poll: Callable[[], None]) -> list[WorkerPlace]:
        """Distinct workers that are there and free, that of rank 0 first; waits until there are enough, or none will
        come."""
        begin, next_look = time.monotonic(), 0.0
        seen: set[str] = set()
        while True:
            self.scale_pools()
            pools = {pool: addresses for pool, addresses in self._pools() if len(addresses) >= self._n_ranks}
            there = {address for addresses in pools.values() for address in addresses}
            if not there <= seen or time.monotonic() >= next_look:
                for pool, addresses in pools.items():
                    if found := self._places_of(pool, addresses, on_poll):
                        return found
                seen, next_look = there, time.monotonic() + _PAUSE
            self._check_patience(time.monotonic() - begin)
            on_poll()
            time.sleep(_POLL_SECONDS)

    def _pools(self) -> Iterator[tuple[str, list[str]]]:
        """Pools that train, and the addresses of their workers."""
        known = self._workers.client.scheduler_info(n_workers=-1)["workers"]
        seen: Counter[str] = Counter()
        while pool := self._workers.pool_with_room(TRAIN.name, seen):
            needed = set(self._workers.resources(pool) or {})
            running = {address: info for address, info in known.items() if info["status"] == "running"}
            yield pool, [address for address, info in running.items() if needed <= set(info["resources"])]
            seen[pool] = sys.maxsize

    def _places_of(self, pool: str, addresses: list[str], on_poll: Callable[[], None]) -> list[WorkerPlace]:
        places = self._ask(pool, addresses, on_poll)
        for place in places:
            if place.is_late:
                self._workers.retire(place.address)
        self._workers_per_rank = max([self._workers_per_rank, *(place.runs_per_gpu for place in places)])
        return place_ranks([place for place in places if not place.is_late], self._n_ranks)

    def _ask(self, pool: str, addresses: list[str], on_poll: Callable[[], None]) -> list[WorkerPlace]:
        """What workers say that answer soon; one that is busy or dying does not."""
        client = self._workers.client
        resources = self._workers.resources(pool)
        futures = [submit_to(client, a, worker_place, pool, key=f"place-{a}", resources=resources) for a in addresses]
        try:
            begin = time.monotonic()
            while (waited := time.monotonic() - begin) < _ANSWER_SECONDS and not all(f.done() for f in futures):
                if waited > _FURTHER_SECONDS and sum(f.done() for f in futures) >= self._n_ranks:
                    break
                with suppress(TimeoutError):
                    wait(futures, timeout=_POLL_SECONDS)
                on_poll()
            return [place for future in futures if (place := _place(future))]
        finally:
            release_futures(client, futures)

    def _check_patience(self, waited: float) -> None:
        if isinstance(self._workers, FixedWorkers) and waited > _PATIENCE:
            n = len(self._workers.client.nthreads())
            raise InvalidInput(
                f"{self._n_ranks} ranks need as many free workers, and {n} are there; train on fewer ranks, or start "
                "more workers"
            )


def place_ranks(places: Sequence[WorkerPlace], n_ranks: int) -> list[WorkerPlace]:
    """So many of these, on distinct hosts and in distinct jobs as far as they go; none if there are not enough GPUs."""
    left, chosen = list(places), list[WorkerPlace]()
    hosts: Counter[str] = Counter()
    jobs: Counter[str] = Counter()
    while left and len(chosen) < n_ranks:
        best = min(left, key=lambda place: (hosts[place.host], jobs[place.job]))
        chosen.append(best)
        hosts[best.host] += 1
        jobs[best.job] += 1
        left = [place for place in left if place is not best and not place.shares_gpu_with(best)]
    return chosen if len(chosen) == n_ranks else []


def _place(future: Future[Any]) -> WorkerPlace | None:
    """The answer, if there is one; a worker that died over it is no place for a rank. What it raised is raised here."""
    if not future.done():
        return None
    try:
        found: WorkerPlace = future.result(timeout=_FURTHER_SECONDS)
        return found
    except LOST_WORKER:
        return None


def _most_ranks(workers: Workers) -> int:
    """Ranks that fit into one pool of batch jobs: GPUs and processors together train nothing."""
    if not isinstance(workers, BatchWorkers):
        return sys.maxsize
    site = workers.site
    pools = [pool for name, pool in site.pool.items() if TRAIN.name in site.stages_of(name)]
    return max((pool.count * (pool.gpus or pool.workers_per_job) for pool in pools), default=0)
