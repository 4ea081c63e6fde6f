"""Frames of statics: evenly in time, and the same whether a run is over or still going on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.physics.motion.lag_times import frame_steps
from glassdask.physics.structure.spread_frames import even_spacing, nearest_to_multiples, spread_frames


@given(st.sets(st.integers(0, 10_000), min_size=2, max_size=200), st.integers(1, 300))
def test_no_wanted_time_has_a_nearer_frame(steps: set[int], count: int) -> None:
    base = np.array(sorted(steps))
    chosen = spread_frames(base, count)
    spacing = even_spacing(int(base[-1] - base[0]), count)
    assert chosen[0] == 0
    assert np.all(np.diff(chosen) > 0)
    wanted = range(int(base[0]), int(base[-1]) + 1, spacing)
    assert len(chosen) <= len(wanted)
    for time in wanted:
        assert np.abs(base[chosen] - time).min() == np.abs(base - time).min()


@given(st.integers(0, 2**40), st.integers(2, 5000))
def test_there_are_about_as_many_as_asked_for(length: int, count: int) -> None:
    spacing = even_spacing(length, count)
    assert spacing & (spacing - 1) == 0
    if length >= count:
        assert (count - 1) / 2**0.5001 <= length / spacing <= (count - 1) * 2**0.5001
    assert even_spacing(length, 1) > length


@given(st.integers(1, 12), st.floats(1, 8), st.integers(1, 40), st.integers(1, 60))
def test_a_longer_run_needs_no_frame_that_a_shorter_one_passed_over(
    power: int, per_octave: float, n_blocks: int, count: int
) -> None:
    """What lets S(k) be taken while a run goes on: the frames of the longer run, as far as the shorter one reaches, are
    among those of the shorter one."""
    long = frame_steps(n_blocks, 2**power, per_octave)
    wanted = set(long[spread_frames(long, count)].tolist())
    for n in range(1, n_blocks):
        short = frame_steps(n, 2**power, per_octave)
        assert wanted & set(range(int(short[-1]) + 1)) <= set(short[spread_frames(short, count)].tolist())


def test_of_two_frames_as_near_the_earlier_is_taken() -> None:
    assert nearest_to_multiples(np.array([0, 3, 5, 8]), 4).tolist() == [0, 1, 3]


@pytest.mark.parametrize(("length", "count"), [(-1, 3), (3, 0)])
def test_what_has_no_meaning_is_refused(length: int, count: int) -> None:
    with pytest.raises(InvalidInput, match="allowed: from 0, from 1"):
        even_spacing(length, count)
