"""The rule by which frames were taken, found from times that files have rounded, cut and lost."""

from __future__ import annotations

import numpy as np
import pytest

import glassdask
from glassdask.errors import InvalidInput
from glassdask.physics.motion.frame_schedule import frame_schedule
from glassdask.physics.motion.lag_times import frame_steps

BLOCKS = frame_steps(12, 1024, 2.5)
ROUNDINGS = {
    "double": lambda steps: steps * 0.00123,
    "single": lambda steps: (steps * 0.00123).astype(np.float32),
    "picoseconds in seconds": lambda steps: steps * 1e-12,
    "three decimals": lambda steps: np.round(steps / 3, 3),
    "steps from far away": lambda steps: steps + 5_000_000,
    "six digits": lambda steps: np.array([float(f"{step * 0.25:.6g}") for step in steps]),
}


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_rule_is_found_whatever_the_rounding(rounding):
    rounded = ROUNDINGS[rounding]
    linear, blocks = frame_schedule(rounded(np.arange(3000))), frame_schedule(rounded(BLOCKS))
    assert (linear.kind, linear.n_missing) == ("linear", 0)
    assert (blocks.kind, blocks.n_blocks, blocks.offsets.size, blocks.n_missing) == ("blocks", 12, 24, 0)
    np.testing.assert_array_equal(blocks.origins, np.flatnonzero(BLOCKS % 1024 == 0))
    unit = (rounded(np.array([0, 1024])) @ [-1, 1]) / 1024  # to the digits of a time
    assert linear.spacing == pytest.approx(unit, rel=1e-4)
    assert blocks.block_time == pytest.approx(1024 * unit, rel=1e-4)


@pytest.mark.parametrize(
    ("steps", "n_blocks", "n_origins"),
    [(BLOCKS[:-1], 12, 12), (BLOCKS[:-10], 12, 12), (BLOCKS[5:], 12, 12), (np.delete(BLOCKS, [30, 77, 150]), 12, 13)],
    ids=["without the final frame", "last block cut", "begun late", "three frames lost"],
)
def test_blocks_are_found_where_frames_are_not_there(steps, n_blocks, n_origins):
    found = frame_schedule(steps * 0.005)
    assert (found.kind, found.n_blocks, found.offsets.size, found.origins.size) == ("blocks", n_blocks, 24, n_origins)
    assert found.n_missing == (3 if n_origins == 13 else 0)
    np.testing.assert_allclose(found.offsets, 0.005 * BLOCKS[:24], rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("times", "kind", "words"),
    [
        ([3.0], "single", "one frame, at 3"),
        ([3.0, 4.5], "linear", "2 frames, one every 1.5 from 3 to 4.5"),
        (np.delete(np.arange(50.0), [7, 8, 20]), "linear", "47 frames, one every 1 from 0 to 49, 3 missing"),
        (2.0 ** np.arange(12), "log", "12 log-spaced frames, 1 to 2047 after the first"),
        (np.append(0, 1.3 ** np.arange(20)), "log", "21 log-spaced frames, 1 to 146.192 after the first"),
        (np.append(np.arange(10), 10 * np.arange(1, 11)), "log", "20 log-spaced frames, 1 to 100 after the first"),
        ((np.arange(20)[:, None] * 1000 + np.arange(50)).ravel(), "blocks", "20 blocks of 1000, in each 50 frames"),
        (np.sort(np.random.default_rng(0).random(40)), "irregular", "40 frames at irregular times, 0.000"),
        (np.arange(40) + np.random.default_rng(0).normal(scale=0.03, size=40), "irregular", "40 frames at irregular"),
    ],
)
def test_what_is_understood_is_said(times, kind, words):
    found = frame_schedule(times)
    assert found.kind == kind
    assert words in found.describe()


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0.0, 1.0, 1.0, 2.0], "frame 2 is at 1 and frame 1 at 1; sort the frames and drop"),
        ([0.0, 5.0, 1.0], "frame 2 is at 1 and frame 1 at 5"),
        ([], "at least one frame"),
        ([0.0, np.nan], "expected finite times"),
    ],
)
def test_bad_times_are_named(times, message):
    with pytest.raises(InvalidInput, match=message):
        glassdask.frame_schedule(times)
