"""Positions through periodic boundaries: followed, or refused where nobody can follow them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassdask
from glassdask.arrays import to_host as host
from glassdask.errors import InvalidInput
from glassdask.physics.motion.unwrapping import LONGEST_STEP, unwrap

L = 8.0
PAIRS = [[0, 1], [0, 19]]


def diffusers(n: int = 400, n_frames: int = 20, step: float = 0.15, seed: int = 0):
    """Free particles that fill a box of L, unwrapped."""
    random = np.random.default_rng(seed)
    start = L * random.random((1, n, 3))
    return np.cumsum(np.concatenate([start, random.normal(scale=step, size=(n_frames - 1, n, 3))]), axis=0)


@pytest.mark.parametrize("origin", [0.0, L / 2], ids=["0 to L", "around 0"])
def test_wrapped_positions_give_what_unwrapped_ones_give(xp, origin):
    free = diffusers()
    wrapped = (free + origin) % L - origin
    assert np.abs(wrapped - free).max() > 0.9 * L
    species = np.zeros(400, int)
    for estimate in (
        lambda positions, **box: glassdask.mean_squared_displacement(positions, species, PAIRS, **box),
        lambda positions, **box: glassdask.self_intermediate_scattering(positions, species, [1.0, 7.2], PAIRS, **box),
    ):
        expected = estimate(xp.asarray(free), box_lengths=np.inf)
        np.testing.assert_allclose(estimate(xp.asarray(wrapped), box_lengths=L), expected, rtol=1e-11)
        np.testing.assert_allclose(estimate(xp.asarray(free)), expected, rtol=1e-11)
        with pytest.raises(InvalidInput, match=r"looks wrapped: .*give box_lengths.*or box_lengths = inf"):
            estimate(xp.asarray(wrapped))


@given(st.tuples(*3 * [st.floats(2.0, 9.0)]), st.integers(0, 1000))
def test_steps_below_the_limit_are_found_in_any_box(lengths, seed):
    box, random = np.array(lengths), np.random.default_rng(seed)
    steps = random.uniform(-LONGEST_STEP, LONGEST_STEP, size=(6, 5, 3)) * 0.999 * box
    free = np.cumsum(np.concatenate([box * random.random((1, 5, 3)), steps]), axis=0)
    np.testing.assert_allclose(
        unwrap(free % box, lengths) - unwrap(free % box, lengths)[:1], free - free[:1], atol=1e-12
    )


def test_the_first_frame_stays_and_what_is_unwrapped_stays(xp):
    free = diffusers(n=50)
    np.testing.assert_allclose(host(unwrap(xp.asarray(free), L)), free, atol=1e-12)
    np.testing.assert_array_equal(host(unwrap(xp.asarray(free % L), L))[0], free[0] % L)


@pytest.mark.parametrize(
    ("positions", "box", "message"),
    [
        (diffusers(step=3.0) % L, L, r"moves by 0\.\d\d box lengths .* between the frames 0 and 1; allowed: 0\.4"),
        (np.full((3, 2, 3), np.nan), L, "not finite in frame 0 or 1"),
        (np.zeros((3, 3)), L, r"the shape \(3, 3\)"),
        (np.zeros((3, 2, 3)), [L, L], "allowed: three positive lengths, or one for a cube"),
        (np.zeros((3, 2, 3)), 0.0, "allowed: three positive lengths"),
    ],
)
def test_what_cannot_be_followed_is_refused(positions, box, message):
    with pytest.raises(InvalidInput, match=message):
        unwrap(positions, box)


@pytest.mark.parametrize("step", [0.01, 0.5, 3.0, 40.0])
def test_unwrapped_motion_of_any_length_is_not_taken_for_wrapped(step):
    positions = diffusers(step=step, seed=3)
    glassdask.mean_squared_displacement(positions, np.zeros(400, int), PAIRS)
    drifting = positions + np.arange(20)[:, None, None] * np.array([5.0, 0.0, 0.0])
    glassdask.mean_squared_displacement(drifting, np.zeros(400, int), PAIRS)


def test_few_particles_that_leave_their_places_are_not_taken_for_wrapped():
    positions = np.repeat(diffusers(n_frames=1), 3, axis=0)
    positions[2, 7] += 6.0  # a long jump, which leaves the box
    glassdask.mean_squared_displacement(positions, np.zeros(400, int), [[0, 2]])
