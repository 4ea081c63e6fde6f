"""One pass over the frames of a trajectory, in their order, that feeds any number of observables.

Pairs of frames are grouped by their end. What observables need of an origin is held only while ends are to come; a few pairs
are worked on together, and their rows added to sums in the order of the pairs. So memory does not grow with the trajectory,
and a pass that was stopped at any frame goes on to the same bits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.observables.averages import N_BLOCKS, Average, BlockSums, block_of_times
from glassdask.observables.frames import Frames
from glassdask.observables.observable import Needs, Observable, OneFrame, RowsOfFrames, RowsOfLags, Values
from glassdask.observables.setting import Setting

#: Pairs that are worked on together, and bytes of the positions of their ends: what stays in the caches of a core, and what
#: fills a device.
_ON_HOST, _ON_DEVICE = (32, 2**22), (512, 2**28)
Pairs = NDArray[np.int64]


class PassOverFrames:
    """A pass that can be stopped after any frame, saved and gone on with.

    Parameters
    ----------
    frames
        The trajectory.
    pairs_of_lags
        For each lag of the setting its (origin, end) pairs of frames, shape (n_pairs, 2).
    observables
        What is measured, by name.
    setting
        What estimators are told.
    single
        Frames that observables of single frames look at, increasing; all by default.
    n_blocks
        Equal spans of time that error bars come from.

    Raises
    ------
    InvalidInput
        If pairs, lags and frames do not belong together, or an observable is not defined in as many dimensions.

    Attributes
    ----------
    n_frames
        That are looked at.
    n_done
        Of them so far.
    """

    def __init__(
        self,
        frames: Frames,
        pairs_of_lags: Sequence[ArrayLike],
        observables: Mapping[str, Observable],
        setting: Setting,
        single: ArrayLike | None = None,
        n_blocks: int = N_BLOCKS,
    ):
        self._frames, self._setting, self._observables = frames, setting, dict(observables)
        _check_dimension(self._observables, setting.dimension)
        pairs = _checked(pairs_of_lags, len(setting.lag_times), len(frames))
        wanted = np.arange(len(frames)) if single is None else np.asarray(single, dtype=np.int64)
        self._block = block_of_times(frames.times, n_blocks)
        self._rows = _rows_of(self._observables, setting)
        n_lags = len(setting.lag_times)
        self._sums = {
            kind: BlockSums((n_blocks,) if needs is Needs.FRAMES else (n_blocks, n_lags))
            for kind, (needs, _) in self._rows.items()
        }
        self._of_frames = {kind: rows for kind, (needs, rows) in self._rows.items() if needs is Needs.FRAMES}
        self._of_lags = {kind: rows for kind, (needs, rows) in self._rows.items() if needs is Needs.LAGS}
        lag = np.repeat(np.arange(len(pairs)), [len(found) for found in pairs])
        self._pairs = (
            np.concatenate([np.empty((0, 2), np.int64), *pairs]) if self._of_lags else np.empty((0, 2), np.int64)
        )
        self._lag = lag[: len(self._pairs)]
        self._single = set(wanted.tolist()) if self._of_frames else set()
        self._plan()
        self.n_done = 0
        self._held: dict[int, dict[str, Any]] = {}
        self._pending: list[int] = []
        self._n_ends = self._n_finished = 0

    def _plan(self) -> None:
        """Pairs in the order of their ends, and of frames when they are needed for the last time."""
        order = np.lexsort((self._pairs[:, 0], self._pairs[:, 1]))
        self._pairs, self._lag = self._pairs[order], self._lag[order]
        needed = np.union1d(np.unique(self._pairs), np.array(sorted(self._single), dtype=np.int64)).astype(np.int64)
        self._needed = needed.tolist()
        self.n_frames = len(self._needed)
        self._last_use = np.full(len(self._frames), -1, dtype=np.int64)
        np.maximum.at(self._last_use, self._pairs, self._pairs[:, 1:2])
        self._first_pair = np.searchsorted(self._pairs[:, 1], np.arange(len(self._frames) + 1))
        on_device = self._setting.xp is not np
        self._most_pairs, most_bytes = _ON_DEVICE if on_device else _ON_HOST
        self._most_frames = max(1, most_bytes // max(1, 8 * self._setting.species.size * self._setting.dimension))

    def steps(self) -> Iterator[int]:
        """Goes on with the pass; after each frame, yields how many are done. What is saved then holds all of them."""
        for index in self._needed[self.n_done :]:
            frame = OneFrame(self._frames, index, self._setting.xp)
            if index in self._single:
                for kind, rows in self._of_frames.items():
                    self._sums[kind].add((int(self._block[index]),), rows.of_frame(frame))
            if self._last_use[index] >= 0:
                self._hold(frame)
                self._await(index)
            self.n_done += 1
            self._finish_if_many()
            yield self.n_done
        self._finish()

    def _hold(self, frame: OneFrame) -> None:
        self._held[frame.index] = {kind: rows.prepare(frame) for kind, rows in self._of_lags.items()}

    def _await(self, index: int) -> None:
        """The pairs that end in a frame are to be worked on."""
        self._pending += range(self._first_pair[index], self._first_pair[index + 1])
        self._n_ends += 1

    def _finish_if_many(self) -> None:
        if len(self._pending) >= self._most_pairs or self._n_ends >= self._most_frames:
            self._finish()

    def _finish(self) -> None:
        """Rows of the pairs that wait; states that nobody needs any more are dropped."""
        if self._pending:
            which = np.array(self._pending)
            for kind, rows in self._of_lags.items():
                self._add_rows(kind, rows, which)
        self._pending, self._n_ends, self._n_finished = [], 0, self.n_done
        present = self._last_finished()
        self._held = {index: states for index, states in self._held.items() if self._last_use[index] > present}

    def _last_finished(self) -> int:
        """The last frame of which no pair waits."""
        return self._needed[self._n_finished - 1] if self._n_finished else -1

    def _add_rows(self, kind: str, rows: RowsOfLags, which: NDArray[np.int64]) -> None:
        if rows.lags is not None:
            which = which[np.isin(self._lag[which], rows.lags)]
        for start in range(0, len(which), self._most_pairs):
            part = which[start : start + self._most_pairs]
            used, local = np.unique(self._pairs[part], return_inverse=True)
            states = [self._held[int(index)][kind] for index in used]
            found = rows.of_pairs(states, local.reshape(-1, 2).astype(np.int64))
            for pair, row in zip(part, found, strict=True):
                self._sums[kind].add((int(self._block[self._pairs[pair, 0]]), int(self._lag[pair])), row)

    def saved(self) -> dict[str, NDArray[Any]]:
        """All that a pass of the same frames needs to go on from here, as arrays by name.

        Pairs that wait go on waiting: worked on in other groups, a matrix product would round their last bit otherwise.
        """
        numbers = {"n_done": np.array(self.n_done), "n_finished": np.array(self._n_finished)}
        arrays = {"identity": self._identity(), **numbers}
        for kind, sums in self._sums.items():
            arrays |= {f"{kind}.counts": sums.counts.copy(), f"{kind}.sums": sums.sums.copy()}
        return arrays

    def restore(self, saved: Mapping[str, NDArray[Any]]) -> None:
        """Goes on where another pass was saved; origins that are still needed are read again.

        Raises
        ------
        InvalidInput
            If it was a pass over other frames, or of other observables.
        """
        names = {
            "identity",
            "n_done",
            "n_finished",
            *(f"{kind}.{part}" for kind in self._sums for part in ("counts", "sums")),
        }
        if set(saved) != names or not np.array_equal(saved["identity"], self._identity()):
            raise InvalidInput(
                "what was saved belongs to a pass over other frames or of other observables; begin again without it"
            )
        self.n_done, self._n_finished = int(saved["n_done"]), int(saved["n_finished"])
        for kind, sums in self._sums.items():
            sums.counts, sums.sums = saved[f"{kind}.counts"].copy(), saved[f"{kind}.sums"].copy()
        self._pending, self._n_ends, self._held = [], 0, {}
        present = self._last_finished()
        for number, index in enumerate(self._needed[: self.n_done]):
            if self._last_use[index] > present:
                self._hold(OneFrame(self._frames, index, self._setting.xp))
            if number >= self._n_finished and self._last_use[index] >= 0:
                self._await(index)

    def _identity(self) -> NDArray[np.uint8]:
        """A digest of what is measured of which frames."""
        digest = hashlib.sha256()
        s = self._setting
        numbers = (
            self._pairs,
            self._lag,
            self._needed,
            sorted(self._single),
            self._frames.times,
            s.species,
            s.masses,
            s.cell,
        )
        for array in (*numbers, s.lag_times, s.wavenumbers, s.grid, s.edges):
            digest.update(np.ascontiguousarray(np.asarray(array, dtype=float)).tobytes() + b";")
        lengths = (s.overlap_distance, s.neighbour_distance, s.broken_distance, s.distance, s.shell_half_width)
        options = (s.names, lengths, s.max_vectors, s.max_centres, s.remove_drift, sorted(self._observables))
        digest.update(repr(options).encode())
        return np.frombuffer(digest.digest(), dtype=np.uint8)

    def average(self, name: str) -> Average:
        """The average that an observable is made of, as far as the pass has come."""
        return self._sums[_kind(self._observables[name])].average()

    def values(self) -> Values:
        """The variables of all observables, as far as the pass has come."""
        found: Values = {}
        for name, observable in self._observables.items():
            found |= observable.values(self.average(name), self._setting)
        return found


def measure(
    frames: Frames,
    pairs_of_lags: Sequence[ArrayLike],
    observables: Mapping[str, Observable],
    setting: Setting,
    single: ArrayLike | None = None,
    keep_alive: Callable[[], None] = lambda: None,
    progress: Callable[[int, int], None] = lambda _done, _n: None,
) -> Values:
    """Measures observables of a trajectory in one pass over its frames.

    Parameters
    ----------
    frames, pairs_of_lags, observables, setting, single
        As for `PassOverFrames`.
    keep_alive
        Called after every frame.
    progress
        Called after every frame with the frames that are done, and all that are looked at.

    Returns
    -------
    dict
        Arrays by the names of the variables that the observables declare, on the host.

    Raises
    ------
    InvalidInput
        As for `PassOverFrames`.
    """
    going = PassOverFrames(frames, pairs_of_lags, observables, setting, single)
    for done in going.steps():
        keep_alive()
        progress(done, going.n_frames)
    return going.values()


def _kind(observable: Observable) -> str:
    """What observables that share their rows have in common."""
    maker = observable.rows
    return f"{maker.__module__.rpartition('.')[2]}.{getattr(maker, '__qualname__', type(maker).__qualname__)}"


def _rows_of(observables: Mapping[str, Observable], setting: Setting) -> dict[str, tuple[Needs, Any]]:
    found: dict[str, tuple[Needs, RowsOfFrames | RowsOfLags]] = {}
    for observable in observables.values():
        if _kind(observable) not in found:
            found[_kind(observable)] = observable.needs, observable.rows(setting)
    return found


def _checked(pairs_of_lags: Sequence[ArrayLike], n_lags: int, n_frames: int) -> list[Pairs]:
    pairs = [np.asarray(found, dtype=np.int64).reshape(-1, 2) for found in pairs_of_lags]
    if len(pairs) != n_lags:
        raise InvalidInput(f"there are pairs of {len(pairs)} lags and {n_lags} lag times; allowed: as many")
    for found in pairs:
        if found.size and (found.min() < 0 or found.max() >= n_frames or np.any(found[:, 0] > found[:, 1])):
            raise InvalidInput(
                f"pairs name the frames {found.min()} … {found.max()}; allowed: 0 … {n_frames - 1}, an origin no later than "
                "its end"
            )
    return pairs


def _check_dimension(observables: Mapping[str, Observable], dimension: int) -> None:
    for name, observable in observables.items():
        if dimension not in observable.dimensions:
            allowed = " and ".join(map(str, observable.dimensions))
            raise InvalidInput(
                f"{name} is defined in {allowed} dimensions; this trajectory has {dimension}: leave it out"
            )
