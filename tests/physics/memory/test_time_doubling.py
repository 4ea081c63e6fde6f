"""The grid of doubling steps: what it holds, and that half the step holds all of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassdask.errors import InvalidInput
from glassdask.physics.memory.time_doubling import DoublingGrid

grids = st.builds(
    DoublingGrid,
    n_half=st.integers(2, 40).map(lambda half: 2 * half),
    first_step=st.floats(1e-12, 1e6),
    n_levels=st.integers(0, 60),
)


@given(grids)
def test_steps_are_equal_in_a_block_and_double_from_one_to_the_next(grid):
    """Differences of times lose their last digits where the step is small beside the time: 2N, at most 80, roundings."""
    N, t = grid.n_half, grid.times
    assert t.shape == (2 * N + 1 + N * grid.n_levels,)
    assert t[0] == 0.0
    steps = np.diff(t)
    np.testing.assert_allclose(steps[: 2 * N], grid.first_step, rtol=1e-13)
    for level in range(1, grid.n_levels + 1):
        upper = steps[(level + 1) * N : (level + 2) * N]
        assert grid.step(level) == grid.first_step * 2**level
        np.testing.assert_allclose(upper, grid.step(level), rtol=1e-13)


@given(grids)
def test_each_time_is_found_by_its_level_and_place(grid):
    """Powers of two are exact: no tolerance."""
    N = grid.n_half
    for i in range(2 * N + 1):
        assert grid.times[grid.index(0, i)] == grid.step(0) * i
    for level in range(1, grid.n_levels + 1):
        for i in range(N + 1, 2 * N + 1):
            assert grid.times[grid.index(level, i)] == grid.step(level) * i


@given(grids)
def test_half_the_step_holds_every_time(grid):
    fine = grid.halved()
    assert fine.n_half == 2 * grid.n_half
    assert fine.first_step == grid.first_step / 2
    np.testing.assert_array_equal(fine.times[grid.places_in_halved()], grid.times)


@given(
    n_half=st.sampled_from([4, 16, 32, 64]),
    first_step=st.floats(1e-12, 10.0),
    end_time=st.floats(1e-6, 1e12),
)
def test_grid_reaches_its_end_with_a_first_step_no_longer_than_asked(n_half, first_step, end_time):
    """Above one block of the asked step the first step is cut by less than a half: no level is wasted."""
    grid = DoublingGrid.reaching(n_half, first_step, end_time)
    assert grid.times[-1] == pytest.approx(end_time, rel=1e-14)
    assert grid.first_step <= first_step * (1 + 1e-8)
    if end_time > 2 * n_half * first_step:
        assert grid.first_step > 0.5 * first_step * (1 - 1e-8)
    else:
        assert grid.n_levels == 0


def test_a_decade_costs_the_same_everywhere():
    """A doubling adds N times: log2(10) N of them a decade, up to one block more at the end."""
    early, late = (DoublingGrid.reaching(32, 1e-6, end).times.size for end in (1e3, 1e13))
    assert late - early == pytest.approx(10 * math.log2(10) * 32, abs=32)


def test_values_between_the_times_are_those_of_a_smooth_function():
    """Splines in ln t over thirty steps an octave: e^{−t} to 2e-6, the times themselves to rounding, F(0) before the first.

    A step at the start of the first block is a whole octave of ln t, but there F is still F(0): 1e-5 t is lost.
    """
    grid = DoublingGrid.reaching(32, 1e-5, 50.0)
    values = np.stack([np.exp(-grid.times), 1.0 / (1.0 + grid.times)], axis=1)
    between = np.concatenate([[0.0, 1e-7], np.geomspace(1e-5, 50.0, 1000)])
    exact = np.stack([np.exp(-between), 1.0 / (1.0 + between)], axis=1)
    np.testing.assert_allclose(grid.interpolated(values, between), exact, rtol=0, atol=2e-6)
    np.testing.assert_allclose(grid.interpolated(values, grid.times), values, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(grid.interpolated(values, [0.0, 9e-6 * grid.first_step / 1e-5]), values[[0, 0]])
    for outside in (-1e-3, 50.1, math.nan):
        with pytest.raises(InvalidInput, match="allowed: 0 to 50"):
            grid.interpolated(values, [1.0, outside])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, 1.0, 1), "n_half is 5"),
        ((2, 1.0, 1), "n_half is 2"),
        ((4, 0.0, 1), "first_step is 0"),
        ((4, math.inf, 1), "first_step is inf"),
        ((4, 1.0, -1), "n_levels is -1"),
        ((4, 1.0, 301), "n_levels is 301"),
    ],
)
def test_impossible_grids_are_named(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        DoublingGrid(*arguments)


@pytest.mark.parametrize("end_time", [0.0, -1.0, math.nan, math.inf])
def test_impossible_ends_are_named(end_time):
    with pytest.raises(InvalidInput, match="end_time is"):
        DoublingGrid.reaching(32, 1e-3, end_time)
