"""A network trained by several ranks (DDP), each on a worker of its own; lost ranks cost the time since a checkpoint.

1. find as many workers as there are ranks, and a free port where rank 0 will be;
2. send each rank to its worker, where it runs as a child process;
3. watch ranks and workers until rank 0 is done, or any rank or worker is lost, has failed or is out of time;
4. stop the others: without one of them, none can go on;
5. begin again at 1, from the checkpoint that rank 0 has left.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from glassdask.cluster.back_off import back_off
from glassdask.cluster.driver.state_book import MOST_LOSSES
from glassdask.cluster.ranks.gang_attempt import GangAttempt
from glassdask.cluster.ranks.placement import Placement
from glassdask.cluster.ranks.rank_side import RankAnswer
from glassdask.cluster.runtime.workers import Workers
from glassdask.errors import GlassdaskError
from glassdask.files.atomic_write import remove_partial_files
from glassdask.outcome import Outcome, StopReason

#: A rank that fails so often at the same point will fail there again.
_MOST_FAILURES = 2
#: Pause after the first loss without a new checkpoint; it doubles with every further one.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 120.0
_POLL_SECONDS = 0.5


class GangLost(GlassdaskError):
    """Ranks were lost again and again, and nothing was trained in between."""


class RankFailed(GlassdaskError):
    """The training itself fails: bad input, or an error in the code."""


class Gang:
    """Runs trainings on several workers at once: with batch jobs, of pools that run the stage "train"."""

    def __init__(self, workers: Workers, n_ranks: int, tell: Callable[[str], None] = lambda _: None):
        self._workers, self._tell = workers, tell
        self._placement = Placement(workers, n_ranks, tell)

    def run(self, request: Path, on_poll: Callable[[], None] = lambda: None) -> None:
        """Trains all that a request for :mod:`glassdask.learning.training.rank` names; returns when it is whole. No
        rank is left behind, whatever ends it.

        `on_poll` is called about twice a second, as for a lease's heartbeat; what it raises stops the ranks and goes
        on. RankFailed if a rank fails twice at the same point; GangLost if ranks or workers are lost again and again
        without a new checkpoint in between; OutOfTime if the batch job that the driver shares with its workers ends.
        """
        content = json.loads(request.read_text(encoding="utf-8"))
        folder = Path(content["folder"])
        troubles = _Troubles(folder)
        while True:
            attempt = GangAttempt(self._workers, self._placement.find(on_poll), content, self._placement.scale_pools)
            result = attempt.run(on_poll)
            if result.outcome is Outcome.DONE:
                remove_partial_files(folder)  # of writers that were killed
                return
            for address in attempt.out_of_time():
                self._workers.retire(address)
            pause = troubles.pause_after(result)
            self._tell(f"training: {result.message}; it goes on from its last checkpoint")
            self._wait(pause, on_poll)

    def _wait(self, seconds: float, on_poll: Callable[[], None]) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._placement.scale_pools()
            on_poll()
            time.sleep(min(_POLL_SECONDS, left))


class _Troubles:
    """Counts attempts that have ended early since the last one that left something new in the folder."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._point: set[tuple[str, int, int]] | None = None
        self._losses = self._failures = 0

    def pause_after(self, result: RankAnswer) -> float:
        """How long to wait before the next attempt [s]; raises RankFailed or GangLost if there should be none."""
        point = self._weights()
        if point != self._point:
            self._losses = self._failures = 0
        self._point = point
        self._losses += 1
        self._failures += result.outcome is Outcome.FAILED
        kept = f"what is trained is kept in {self._folder}"
        if self._failures >= _MOST_FAILURES:
            raise RankFailed(
                f"training failed {self._failures} times at the same point: {result.message} ({result.reason}). "
                f"Mend that and run the same command again; {kept}"
            )
        if self._losses > MOST_LOSSES:
            raise GangLost(
                f"training was lost {self._losses} times in a row without a new checkpoint; last: {result.message}. "
                "Look at what its workers have printed and at their limits of memory and time, then run the same command "
                f"again; {kept}"
            )
        if result.reason == StopReason.DEADLINE:
            return 0.0
        return back_off(self._losses, _FIRST_PAUSE, _LONGEST_PAUSE)

    def _weights(self) -> set[tuple[str, int, int]]:
        """Weights and checkpoint as the file system tells them apart: each write makes a new file."""
        found = ((path.name, path.stat()) for path in self._folder.glob("[!.]*.pt"))
        return {(name, entry.st_ino, entry.st_mtime_ns) for name, entry in found}
