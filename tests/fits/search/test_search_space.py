"""Coordinates: there and back without loss, starts where memories are, bounds that hold what F can tell."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassdask.fits.refinement.memory_fit import accurate_solution
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.target import Target
from glassdask.physics.memory.memory_kernels import StretchedMemory

T = np.geomspace(1e-4, 1e4, 80)
GLASS = StretchedMemory.from_invariants(2.0, [20.0, 3.0], [0.1, 30.0], [0.7, 0.9])
LIQUID = StretchedMemory.from_invariants(0.0, [8.0, 4.0], [0.05, 50.0], [0.8, 0.6])


def target_of(memory: StretchedMemory) -> Target:
    return Target(T, accurate_solution(memory, 1.0, T, "overdamped")[0])


def space_of(memory: StretchedMemory = GLASS, n_exp: int = 2, fits_omega: bool = False, Omega: float = 1.0):
    return SearchSpace.of(target_of(memory), n_exp, "overdamped", Omega, fits_omega)


@pytest.mark.parametrize("fits_omega", [False, True])
def test_a_memory_has_one_point_and_a_point_one_memory(fits_omega):
    """1 + 3 N coordinates, 2 + 3 N with Ω; rounding of logarithms."""
    space = space_of(fits_omega=fits_omega, Omega=1.3)
    assert space.dimension == 7 + fits_omega
    Omega, memory = space.memory(space.coordinates(GLASS, 1.7 if fits_omega else None))
    assert pytest.approx(1.7 if fits_omega else 1.3) == Omega
    assert_allclose(memory.candidate(1.0), GLASS.candidate(1.0), rtol=1e-12)


def test_a_fitted_rate_is_reported_and_not_where_its_fit_began():
    space = space_of(fits_omega=True, Omega=1.3)
    assert_allclose(space.parameters(space.coordinates(GLASS, 1.7)), [*GLASS.candidate(1.7)[1:], 1.7], rtol=1e-12)


def test_exchanging_modes_changes_the_point_but_not_the_memory():
    space = space_of()
    x = space.coordinates(GLASS)
    y = x[[0, 2, 1, 4, 3, 6, 5]]
    assert_allclose(space.memory(y)[1](T), space.memory(x)[1](T), rtol=1e-13)
    assert space.memory(y)[1].times.tolist() == space.memory(x)[1].times.tolist()


def test_rows_are_those_of_the_solver():
    """K and A in units of Ω, τ and b as they are."""
    space = space_of(Omega=2.0)
    x = np.log([0.5, 3.0, 4.0, 0.1, 10.0, 1.0, 1.0])
    x[5:] = 0.7, 0.9
    assert_allclose(space.candidates(x[None])[0], [2.0, 1.0, 6.0, 8.0, 0.1, 10.0, 0.7, 0.9], rtol=1e-14)


@pytest.mark.parametrize("memory", [GLASS, LIQUID], ids=["glass", "liquid"])
def test_truth_lies_within_the_bounds(memory):
    """But K = 0, which has no logarithm: its nearest point makes F(t_max) of 1e-11."""
    space = space_of(memory)
    x = space.coordinates(memory)
    is_inside = (space.low < x) & (x < space.high)
    assert is_inside.all()
    margin = 1e-3 * (space.high - space.low)
    is_well_inside = (space.low + margin < x) & (x < space.high - margin)
    assert is_well_inside[1:].all()
    assert is_well_inside[0] == (memory.plateau > 0)
    assert space.memory(x)[1].plateau == pytest.approx(memory.plateau, abs=1e-9)


def test_M_at_infinity_is_bounded_by_what_F_has_not_lost():
    """K ≤ Ω f/(1 − f), f = F(t_max), and a little more: e^1.5 times that of the glass, whose K it is."""
    assert space_of(GLASS).high[0] == pytest.approx(np.log(2.0) + 1.5, abs=0.01)
    assert np.exp(space_of(LIQUID).high[0]) < 1e-3


def test_starts_lie_within_the_bounds_and_in_order_of_time():
    space = space_of()
    x = space.random(np.random.default_rng(1), 1000)
    assert x.shape == (1000, 7)
    assert (x >= space.low).all()
    assert (x <= space.high).all()
    assert (np.diff(x[:, 3:5], axis=1) >= 0).all()


def test_half_of_the_starts_are_glasses():
    """K between e^{−1/2} and 1 of its largest value in every second start, else anywhere in five e-folds: a slow mode
    in the place of K is a trap."""
    space = space_of()
    depth = space.start_high[0] - space.random(np.random.default_rng(1), 2000)[:, 0]
    assert depth[::2].max() <= 0.5
    assert 4.5 < depth[1::2].max() <= 5.0


def test_points_outside_are_moved_in():
    space = space_of()
    for x in (space.low - 1.0, space.high + 1.0):
        moved = space.inside(x)
        assert (moved > space.low).all()
        assert (moved < space.high).all()
    inside = space.coordinates(GLASS)
    assert space.inside(inside).tolist() == inside.tolist()


def test_starts_are_where_F_decays():
    """Times of starts span the decay, from before its beginning to its end, not the empty decades behind."""
    fast = StretchedMemory.from_invariants(0.0, [1.0], [0.1], [1.0])
    space = space_of(fast, 1)
    assert np.exp(space.start_low[2]) <= 1e-3
    assert 1.0 < np.exp(space.start_high[2]) < 100.0
    assert np.exp(space.high[2]) > 1e4  # but the search may go there


def test_starts_of_newtonian_searches_are_compressed_too():
    """Binary collisions make a near-Gaussian M, b up to 2; in overdamped dynamics M is stretched."""
    newtonian, overdamped = (SearchSpace.of(target_of(LIQUID), 1, d, 1.0, False) for d in ("newtonian", "overdamped"))
    assert newtonian.start_high[3] == newtonian.high[3] == 2.0
    assert overdamped.start_high[3] == 1.2
