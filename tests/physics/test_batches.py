"""Batches that do not fit are halved once; NumPy's own error for an array that is too large stands for a full device."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from glassdask.arrays import to_host
from glassdask.physics.batches import Batches
from glassdask.physics.frame_upload import FrameUpload

#: No machine has so many bytes: a real MemoryError.
_ENDLESS = 2**60


def _sum_of_at_most(limit: int, tried: list[int]):
    def work(part: np.ndarray) -> int:
        tried.append(len(part))
        if len(part) > limit:
            np.empty(_ENDLESS, np.uint8)
        return int(part.sum())

    return work


def test_every_item_is_worked_on_once_and_in_order() -> None:
    batches = Batches(4)
    assert batches.over(np.arange(10), lambda part: part.tolist()) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert batches.over([], list) == []


def test_a_batch_that_does_not_fit_is_halved_and_so_are_the_next() -> None:
    tried: list[int] = []
    batches = Batches(16)
    assert sum(batches.over(np.arange(40), _sum_of_at_most(8, tried))) == sum(range(40))
    assert tried == [16, 8, 8, 8, 8, 8]
    assert batches.over(np.arange(8), _sum_of_at_most(8, tried)) == [28]


def test_the_second_time_is_an_error_with_the_remedy() -> None:
    with pytest.raises(MemoryError, match=r"8 at a time do not fit .*runs_per_gpu.*array = 'numpy'"):
        Batches(16).over(np.arange(40), _sum_of_at_most(3, []))
    with pytest.raises(MemoryError, match="1 at a time"):
        Batches(1).over(np.arange(2), _sum_of_at_most(0, []))


def test_frames_arrive_whole_while_earlier_ones_are_worked_on(xp: ModuleType) -> None:
    """Buffers are taken in turn: what was computed from one batch must not change when later ones arrive."""
    random = np.random.default_rng(3)
    frames = [random.random((n, 50, 3)) for n in (4, 4, 4, 3, 6, 1)]
    upload = FrameUpload(xp)
    sums = []
    for batch in frames:
        with upload(batch) as there:
            sums.append((there**2).sum(axis=1))
    for batch, found in zip(frames, sums, strict=True):
        np.testing.assert_allclose(to_host(found), (batch**2).sum(axis=1), rtol=1e-14)
