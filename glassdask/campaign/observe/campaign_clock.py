"""Reckons a campaign's clock from plain numbers: declared costs, what is done, what is at work, how many workers there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glassdask.campaign.observe.clock import NO_DRIVER, ClockReading, StageRow, makespan
from glassdask.campaign.observe.rates import Rates

#: How many workers run which stages.
Crews = Mapping[tuple[str, ...], int]
#: Two looks further apart than this: the driver itself stood still, and with it perhaps the machine. [s]
_PAUSE_SECONDS = 60.0
#: The pace of an attempt counts as the share of the stage that it is known from, against so much for what stages usually take.
_PRIOR_SHARE = 0.1
#: An attempt that says nothing of itself is never nearer its end than this share of what it was expected to take.
_LEAST_LEFT = 0.1


@dataclass(slots=True)
class _Attempt:
    """A stage at work, as it was seen: since when; when it first and last told of another share, and which. [s]"""

    stage: int
    since: float
    first: tuple[float, float] | None = None
    last: tuple[float, float] | None = None

    def note(self, now: float, fraction: float | None) -> None:
        if fraction is None:
            return
        if self.first is None or fraction < self.first[1]:
            self.first = self.last = (now, fraction)
        elif self.last is None or fraction != self.last[1]:
            self.last = (now, fraction)

    def shift(self, seconds: float) -> None:
        """Time in which nobody worked."""
        self.since += seconds
        self.first, self.last = (
            None if seen is None else (seen[0] + seconds, seen[1]) for seen in (self.first, self.last)
        )

    @property
    def gained(self) -> tuple[float, float]:
        """Share that it was seen to gain, and in how many seconds."""
        if self.first is None or self.last is None:
            return 0.0, 0.0
        return self.last[1] - self.first[1], self.last[0] - self.first[0]

    def seconds_left(self, now: float, expected: float) -> float:
        """Of a stage that is expected to take so long as a whole."""
        if self.last is None:
            return max(expected - (now - self.since), _LEAST_LEFT * expected)
        gained, took = self.gained
        own = took / gained if gained > 0 else expected
        whole = (gained * own + _PRIOR_SHARE * expected) / (gained + _PRIOR_SHARE)
        return max(0.0, (1.0 - self.last[1]) * whole - (now - self.last[0]))


class CampaignClock:
    """The clock of states that each go through all stages in their order, and of what is made of them at the end.

    Parameters
    ----------
    stages
        Names of the states' stages, in their order.
    costs
        Declared, shape (n_states, n_stages).
    at_the_end
        Declared cost of what the run makes of all states, by name.
    """

    def __init__(
        self, stages: Sequence[str], costs: NDArray[np.float64], at_the_end: Mapping[str, float] | None = None
    ):
        self._stages, self._costs = tuple(stages), costs
        self._at_the_end = dict(at_the_end or {})
        n_states, n_stages = costs.shape
        self._n_done = np.zeros(n_states, dtype=np.int64)
        self._failed = np.zeros(n_states, dtype=bool)
        self._head_start = np.zeros(n_states)
        self._attempts: dict[int, _Attempt] = {}
        self._looked: float | None = None
        typical = dict(zip(self._stages, costs.mean(axis=0).tolist() if n_states else [0.0] * n_stages, strict=True))
        self.rates = Rates({**typical, **self._at_the_end})

    # --- facts --------------------------------------------------------------------------------------------------------

    def note(self, state: int, n_done: int, has_failed: bool = False) -> None:
        """So many stages of a state are done; the next one has failed and is given up, or has not."""
        self._n_done[state], self._failed[state] = n_done, has_failed

    def give_head_start(self, state: int, share: float) -> None:
        """This share of a state's first stage was done before: what is there becomes longer."""
        self._head_start[state] = share

    def learn(self, state: int, stage: str, seconds: float) -> None:
        """A product of a state has taken so long, as a whole."""
        self.rates.learn(stage, float(self._costs[state, self._stages.index(stage)]), seconds)

    def look(self, at_work: Iterable[tuple[int, float | None]], now: float) -> None:
        """The states at work with the share of their stage that is done, or None where it does not say."""
        pause = 0.0 if self._looked is None else now - self._looked
        if pause > _PAUSE_SECONDS:
            for attempt in self._attempts.values():
                attempt.shift(pause)
        self._looked = now
        seen = {}
        for state, fraction in at_work:
            stage = int(self._n_done[state])
            if stage == len(self._stages):
                continue
            known = self._attempts.get(state)
            attempt = known if known is not None and known.stage == stage else _Attempt(stage, now)
            attempt.note(now, fraction)
            seen[state] = attempt
        self._attempts = seen

    # --- what follows -------------------------------------------------------------------------------------------------

    def reading(self, crews: Crews | None, now: float, is_collected: bool = False) -> ClockReading:
        """The clock now.

        Parameters
        ----------
        crews
            How many workers run which stages; None where nobody drives the campaign.
        now
            Unix time.
        is_collected
            Whether what is made at the end is there already.
        """
        parts = [
            (self._stages[a.stage], a.gained[0] * float(self._costs[state, a.stage]), a.gained[1])
            for state, a in self._attempts.items()
        ]
        rates = self.rates.rates(parts)
        whole = self._costs * np.array([rates[name] for name in self._stages])
        left = self._left(whole, now)
        done = self._done(whole, left)
        last = {name: cost * rates[name] for name, cost in self._at_the_end.items()}
        rest_of_last = 0.0 if is_collected else sum(last.values())
        total, rest = float(done.sum() + left.sum()) + sum(last.values()), float(left.sum()) + rest_of_last
        is_measured = self.rates.is_measured(parts)
        seconds, why = self._seconds_left(left, crews, rest_of_last, is_measured)
        rows = list(self._rows(done, left))
        rows += [
            StageRow(name, int(is_collected), 0, 0, 1, float(is_collected), last[name], last[name] * (not is_collected))
            for name in last
        ]
        return ClockReading(
            share=1.0 - rest / total if total > 0 else 1.0,
            seconds_left=seconds,
            why=why,
            n_workers=sum((crews or {}).values()),
            work_seconds=rest if is_measured or not rest else None,
            rows=tuple(_of_all(row, total, is_measured) for row in rows),
            time=now,
        )

    def _is_done(self) -> NDArray[np.bool_]:
        """Shape (n_states, n_stages)."""
        return np.arange(len(self._stages)) < self._n_done[:, None]

    def _left(self, whole: NDArray[np.float64], now: float) -> NDArray[np.float64]:
        """Seconds of every stage that are left, shape (n_states, n_stages)."""
        left = np.where(self._is_done() | self._failed[:, None], 0.0, whole)
        left[:, 0] *= 1.0 - self._head_start
        for state, attempt in self._attempts.items():
            expected = float(whole[state, attempt.stage])
            if attempt.last is None and attempt.stage == 0:
                expected = float(left[state, 0])
            left[state, attempt.stage] = min(attempt.seconds_left(now, expected), 10.0 * expected)
        return left

    def _done(self, whole: NDArray[np.float64], left: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seconds of every stage that are behind, shape (n_states, n_stages)."""
        done = np.where(self._is_done(), whole, 0.0)
        fresh = (self._n_done == 0) & ~self._failed
        done[fresh, 0] = (self._head_start * whole[:, 0])[fresh]
        for state, attempt in self._attempts.items():
            place = state, attempt.stage
            done[place] = (
                max(0.0, whole[place] - left[place]) if attempt.last is None else attempt.last[1] * whole[place]
            )
        return done

    def _seconds_left(
        self, left: NDArray[np.float64], crews: Crews | None, after: float, is_measured: bool
    ) -> tuple[float | None, str]:
        """Until the end, or why that is not known."""
        if not left.any() and not after:
            return 0.0, ""
        if crews is None:
            return None, NO_DRIVER
        if not any(crews.values()):
            return None, "no worker is there yet"
        if not is_measured:
            return None, "how long the rest takes is not known before something is measured"
        chains = left.sum(axis=1)
        seconds = float(chains.max(initial=0.0))
        for columns, n_workers in self._crews_at(crews):
            part = left[:, columns].sum(axis=1)
            if part.any():
                if not n_workers:
                    names = " and ".join(self._stages[column] for column in columns)
                    return None, f"no worker for {names} is there at the moment"
                seconds = max(seconds, self._makespan(part, n_workers))
        return seconds + after, ""

    def _crews_at(self, crews: Crews) -> list[tuple[list[int], int]]:
        """Stages that the same workers run, by their columns, and how many workers those are."""
        found: dict[tuple[tuple[str, ...], ...], list[int]] = {}
        for column, name in enumerate(self._stages):
            found.setdefault(tuple(crew for crew in crews if name in crew), []).append(column)
        return [(columns, sum(crews[crew] for crew in of)) for of, columns in found.items()]

    def _makespan(self, chains: NDArray[np.float64], n_workers: int) -> float:
        """As the driver hands out work: what is at work, then states that have begun, then the costliest first."""
        running = np.zeros(len(chains), dtype=bool)
        running[list(self._attempts)] = True
        waiting = np.flatnonzero(~running & (chains > 0))
        order = np.lexsort((-self._costs[waiting, 0], self._n_done[waiting] == 0))
        return makespan(chains[running].tolist(), chains[waiting[order]].tolist(), n_workers)

    def _rows(self, done: NDArray[np.float64], left: NDArray[np.float64]) -> Iterable[StageRow]:
        """The states' stages; their weights in seconds."""
        n_stages = len(self._stages)
        n_running = np.bincount([attempt.stage for attempt in self._attempts.values()], minlength=n_stages)
        n_failed = np.bincount(self._n_done[self._failed], minlength=n_stages)
        n_done = self._is_done().sum(axis=0)
        for column, name in enumerate(self._stages):
            behind, rest = float(done[:, column].sum()), float(left[:, column].sum())
            share = behind / (behind + rest) if behind + rest > 0 else 1.0
            at_work, given_up = int(n_running[column]), int(n_failed[column])
            yield StageRow(name, int(n_done[column]), at_work, given_up, len(self._costs), share, behind + rest, rest)


def _of_all(row: StageRow, total: float, is_measured: bool) -> StageRow:
    """With the weight as a part of all work, and without seconds as long as nobody knows what they are worth."""
    seconds_left = row.seconds_left if is_measured or not row.seconds_left else None
    return replace(row, weight=row.weight / total if total > 0 else 0.0, seconds_left=seconds_left)
