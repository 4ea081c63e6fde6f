"""How many states waited, were at work and were finished, over time: from when each stage began and ended."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable

#: What is counted.
QUEUE = ("waiting", "running", "finished")
_MOST_POINTS = 100


class QueueHistory:
    """Beginnings and ends of stages, little by little and in any order."""

    def __init__(self) -> None:
        self._begun: list[float] = []
        self._ended: list[float] = []
        self._finished: list[float] = []

    def add(self, begun: float, ended: float, is_last: bool) -> None:
        """One finished stage of a state, the last of its stages or not. Unix times."""
        insort(self._begun, begun)
        insort(self._ended, ended)
        if is_last:
            insort(self._finished, ended)

    def series(
        self, n_states: int, begun: Iterable[float], n_finished: int, now: float | None
    ) -> dict[str, list[float]]:
        """States that waited (or had failed), were at work, and were finished, at points of time that are as far from each
        other; ``time`` holds them.

        Parameters
        ----------
        n_states
            Of the campaign.
        begun
            When each state that is at work now began. [Unix time]
        n_finished
            States that are finished now.
        now
            The last point; None, as where nobody works any more, for the end of the last stage. [Unix time]
        """
        at_work = sorted(begun)
        starts = [*self._begun[:1], *at_work[:1]]
        end = now if now is not None else self._ended[-1] if self._ended else None
        if not starts or end is None or end <= min(starts):
            return {name: [] for name in ("time", *QUEUE)}
        first = min(starts)
        times = [first + (end - first) * i / _MOST_POINTS for i in range(_MOST_POINTS + 1)]
        running, finished = [], []
        for time in times:
            open_ones = bisect_right(self._begun, time) - bisect_right(self._ended, time)
            running.append(float(max(0, open_ones + bisect_right(at_work, time))))
            finished.append(float(min(n_finished, bisect_right(self._finished, time))))
        running[-1], finished[-1] = float(len(at_work)), float(n_finished)
        waiting = [max(0.0, n_states - a - b) for a, b in zip(running, finished, strict=True)]
        return {"time": times, "waiting": waiting, "running": running, "finished": finished}
