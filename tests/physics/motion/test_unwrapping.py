"""Positions through periodic boundaries: followed, or refused where nobody can follow them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassdask
from glassdask.arrays import to_host as host
from glassdask.errors import InvalidInput
from glassdask.physics.motion.unwrapping import LONGEST_STEP, Unwrapper, unwrap

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


# --- cells of any shape -----------------------------------------------------------------------------------------------

#: Columns of a crystal's cell, tilted by almost half of a lattice vector as LAMMPS allows; and a parallelogram.
TRICLINIC = np.array([[7.0, 0.0, 0.0], [3.4, 6.0, 0.0], [-2.5, 2.9, 8.0]])
TILTED = np.array([[6.0, 0.0], [2.9, 5.0]])


def walkers_in(cell, n=300, n_frames=60, step=0.2, seed=0):
    """Free walkers from everywhere in a cell, unwrapped, and wrapped into it."""
    random = np.random.default_rng(seed)
    d = len(cell)
    steps = random.normal(scale=step, size=(n_frames, n, d))
    steps[0] = random.random((n, d)) @ cell
    free = np.cumsum(steps, axis=0)
    s = free @ np.linalg.inv(cell)
    return free, (s - np.floor(s)) @ cell


@pytest.mark.parametrize("cell", [TRICLINIC, TILTED, np.diag([5.0, 9.0])], ids=["triclinic", "tilted", "rectangle"])
def test_walkers_are_followed_through_any_cell(xp, cell):
    free, wrapped = walkers_in(cell)
    assert np.abs(wrapped - free).max() > cell[0, 0]
    np.testing.assert_allclose(host(unwrap(xp.asarray(wrapped), cell)), free, rtol=0, atol=1e-12)
    np.testing.assert_allclose(host(unwrap(xp.asarray(free), cell)), free, rtol=0, atol=1e-12)
    one_each = np.repeat(cell[None], 60, axis=0)
    np.testing.assert_allclose(host(unwrap(xp.asarray(wrapped), one_each)), free, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shape", [np.eye(3) * 8.0, TRICLINIC], ids=["cube", "triclinic"])
def test_walkers_at_constant_pressure_move_as_they_step(shape):
    """A barostat breathes by 1 % and carries all along; what is left are the walkers' own steps.

    Each is measured in the mean of the two cells of its frames, which is within 1 % of the one it was made in, at random:
    over 400 frames the sum is off by 1 % of one step a step, sqrt(400) 0.01 0.1 = 0.02, of a motion of 3.5 and cells whose
    image flags times the fluctuating length would be off by 0.08 L.
    """
    random = np.random.default_rng(5)
    n_frames, n = 400, 200
    scale = 1 + 0.01 * np.sin(np.arange(n_frames) / 7.0)
    cells = scale[:, None, None] * shape
    steps = random.normal(scale=0.1, size=(n_frames, n, 3))
    steps[0] = random.random((n, 3)) @ cells[0]
    s = np.cumsum(steps @ np.linalg.inv(cells), axis=0)
    wrapped = (s - np.floor(s)) @ cells
    found = unwrap(wrapped, cells)
    np.testing.assert_allclose(found, np.cumsum(steps, axis=0), rtol=0, atol=0.02)
    moved, expected = (((walk[-1] - walk[0]) ** 2).sum(axis=1).mean() for walk in (found, np.cumsum(steps, axis=0)))
    assert moved == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("cell", [8.0, [8.0, 7.0, 9.0], TRICLINIC], ids=["cube", "box", "triclinic"])
def test_frame_by_frame_is_the_same_to_the_bit_also_after_a_restart(xp, cell):
    matrix = cell if np.ndim(cell) == 2 else np.diag(np.broadcast_to(np.asarray(cell, float), 3))
    wrapped = walkers_in(matrix, n=30)[1]
    expected = host(unwrap(xp.asarray(wrapped), cell))
    first, second = Unwrapper(cell), Unwrapper(1.0)
    found = [host(first.follow(xp.asarray(frame))) for frame in wrapped[:25]]
    kept = first.state()
    assert all(isinstance(array, np.ndarray) for array in kept.values())
    second.restore(kept, xp)
    found += [host(second.follow(xp.asarray(frame), cell)) for frame in wrapped[25:]]
    np.testing.assert_array_equal(found, expected)
    assert second.n_frames == 60


def test_a_cell_that_changes_is_followed_frame_by_frame():
    cells = (1 + 0.005 * np.sin(np.arange(60.0)))[:, None, None] * TRICLINIC
    s = walkers_in(TRICLINIC)[1] @ np.linalg.inv(TRICLINIC)
    unwrapper = Unwrapper(cells[0])
    found = [unwrapper.follow(frame, cell) for frame, cell in zip(s @ cells, cells, strict=True)]
    np.testing.assert_array_equal(found, unwrap(s @ cells, cells))


def test_all_moving_together_by_more_than_a_quarter_are_refused():
    """They may as well have gone the other way round; none of them by more than 0.4 L."""
    start = L * np.random.default_rng(1).random((1, 50, 3))
    walk = np.concatenate([start, start + 0.1, start + np.array([0.1, 0.1, 0.3 * L])]) % L
    with pytest.raises(InvalidInput, match=r"by 0\.29 box lengths .*root mean square.* frames 1 and 2; allowed: 0\.25"):
        unwrap(walk, L)


@pytest.mark.parametrize(
    ("frames", "cells", "message"),
    [
        ([np.zeros((3, 3)), np.full((3, 3), 2.2)], [5.0, None], r"moves by 0\.44 .* the frames 0 and 1"),
        ([np.zeros((3, 3)), np.zeros((3, 3)), np.full((3, 3), np.nan)], [5.0] * 3, "not finite in frame 1 or 2"),
        ([np.zeros((3, 3)), np.zeros((4, 3))], [5.0, 5.0], r"the shape \(4, 3\) in frame 1; expected \(3, 3\)"),
        ([np.zeros((3, 2))], [5.0], r"the shape \(3, 2\) in frame 0; expected \(N, 3\)"),
        ([np.zeros((3, 3))], [[5.0, 5.0]], "allowed: three positive lengths"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_frame(frames, cells, message):
    unwrapper = Unwrapper(5.0)
    for frame, cell in zip(frames[:-1], cells, strict=False):
        unwrapper.follow(frame, cell)
    with pytest.raises(InvalidInput, match=message):
        unwrapper.follow(frames[-1], cells[-1])
