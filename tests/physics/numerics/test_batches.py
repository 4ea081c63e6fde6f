"""Batches that do not fit are halved until they do; NumPy's own error for an array that is too large stands for a full device."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from glassdask.arrays import to_host
from glassdask.physics.numerics.batches import Batches, NoRoom
from glassdask.physics.numerics.frame_upload import FrameUpload

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


def test_a_batch_is_halved_until_it_fits() -> None:
    tried: list[int] = []
    assert sum(Batches(16).over(np.arange(6), _sum_of_at_most(1, tried))) == sum(range(6))
    assert tried == [6, 3, 1, 1, 1, 1, 1, 1]


def test_where_not_even_one_fits_is_an_error_with_the_remedy() -> None:
    tried: list[int] = []
    with pytest.raises(MemoryError, match=r"not even one at a time fits .*runs_per_gpu.*array = 'numpy'"):
        Batches(2).over(np.arange(4), _sum_of_at_most(0, tried))
    assert tried == [2, 1, 1], "the last try is one with an empty pool"


def test_batches_inside_of_batches_end_with_one_message() -> None:
    def work(part: np.ndarray) -> list[int]:
        return Batches(4).over(part, _sum_of_at_most(0, []))

    with pytest.raises(NoRoom) as raised:
        Batches(4).over(np.arange(4), work)
    assert str(raised.value).count("not even one") == 1


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
