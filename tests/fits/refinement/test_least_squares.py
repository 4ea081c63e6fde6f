"""Least squares from many starts at once end where scipy's end from each, bounds included, and no start knows of another."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import least_squares

from glassdask.fits.refinement.least_squares import least_squares_minima
from glassdask.fits.refinement.memory_fit import accurate_solution
from glassdask.fits.refinement.polish import grid_rate, polished, polished_together, residuals_and_jacobians
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.target import Target
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory

LIQUID = StretchedMemory.from_invariants(0.0, [8.0, 4.0], [0.05, 50.0], [0.8, 0.6])
BALLISTIC = StretchedMemory.from_invariants(0.0, [40.0, 20.0], [0.3, 30.0], [1.8, 0.7])


def rosenbrock(_: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """10 (x_1 − x_0²) and 1 − x_0: a curved valley with its end at (1, 1)."""
    r = np.stack([10.0 * (x[:, 1] - x[:, 0] ** 2), 1.0 - x[:, 0]], axis=1)
    J = np.zeros((len(x), 2, 2))
    J[:, 0, 0], J[:, 0, 1], J[:, 1, 0] = -20.0 * x[:, 0], 10.0, -1.0
    return r, J


@pytest.mark.parametrize(
    ("low", "high"), [((-5, -5), (5, 5)), ((-5, -5), (0.5, 5)), ((-5, -5), (5, 0.2)), ((1.5, -5), (5, 5))]
)
def test_a_curved_valley_ends_where_scipy_s_does(low, high):
    """In the middle, and on each of three bounds, from twenty starts: to 1e-6, the root of the tolerance being 1e-6."""
    low, high = np.array(low, dtype=float), np.array(high, dtype=float)
    start = np.random.default_rng(1).uniform(low, high, (20, 2))
    many = np.ones((20, 1))
    found = least_squares_minima(rosenbrock, start, many * low, many * high, 200, 1e-12)
    peer = least_squares(lambda x: rosenbrock(x, x[None])[0][0], start[0], bounds=(low, high), xtol=1e-14, ftol=1e-14)
    assert_allclose(found.x, np.tile(peer.x, (20, 1)), rtol=0, atol=1e-6)
    assert set(found.reasons) <= {"loss", "place", "gradient"}


def test_a_start_at_the_minimum_stays_there():
    found = least_squares_minima(rosenbrock, np.ones((1, 2)), -5 * np.ones((1, 2)), 5 * np.ones((1, 2)))
    assert found.x.tolist() == [[1.0, 1.0]]
    assert found.reasons == ["gradient"]


def problem(memory: StretchedMemory, dynamics: Dynamics, noise: float = 1e-3) -> Objective[SearchSpace]:
    t = np.geomspace(0.03, 1000.0, 30)
    F = accurate_solution(memory, 1.0, t, dynamics)[0] + noise * np.random.default_rng(1).standard_normal(t.size)
    target = Target(t, F, np.full(t.size, noise))
    return Objective(target, SearchSpace.of(target, 2, dynamics, 1.0, False), CandidateSolver(t, dynamics))


def by_scipy(objective: Objective[SearchSpace], start: np.ndarray) -> float:
    """The loss at the end of the trust-region method, with the same differences in the same coordinates but K's logarithm."""
    space = objective.space

    def slopes(x: np.ndarray) -> np.ndarray:
        rows = space.candidates(np.vstack([x + 1e-5 * np.eye(x.size), x]))
        values = (objective.solver.solve(rows[None])[0] - objective.target.F) / objective.target.scale
        return ((values[:-1] - values[-1]) / 1e-5).T

    found = least_squares(
        lambda x: objective.residuals(x[None])[0], start, jac=slopes, bounds=(space.low, space.high), x_scale="jac"
    )
    return 2.0 * float(found.cost)


@pytest.mark.parametrize(("memory", "dynamics"), [(LIQUID, "overdamped"), (BALLISTIC, "newtonian")])
def test_of_a_memory_they_end_as_low_as_scipy_s(memory, dynamics: Dynamics):
    """The lowest of six starts, and from next to the truth: to a thousandth of χ² = 23; from far away the one or the other
    method falls into a trap, and neither more often by far."""
    objective = problem(memory, dynamics)
    starts = objective.space.random(np.random.default_rng(2), 64)
    starts = starts[np.argsort(objective.losses(starts))[:6]]
    ours = [one.loss for one in polished_together([objective] * 6, starts)]
    theirs = [by_scipy(objective, start) for start in starts]
    assert min(ours) <= min(theirs) * 1.001
    truth = objective.space.coordinates(memory)
    assert polished(objective, truth).loss == pytest.approx(by_scipy(objective, truth), rel=1e-3)


def test_starts_do_not_know_of_each_other():
    """To the last bit, with other starts, other targets and other numbers of modes beside them."""
    one, other = problem(LIQUID, "overdamped"), problem(BALLISTIC, "overdamped")
    starts = one.space.random(np.random.default_rng(3), 3)
    alone = [polished(one, x).x.tolist() for x in starts]
    both = polished_together([one, other, one, other, one], [starts[0], starts[0], starts[1], starts[2], starts[2]])
    assert [both[i].x.tolist() for i in (0, 2, 4)] == alone


def test_no_grid_is_changed_next_to_a_minimum():
    """Along amplitudes that take the rate across a doubling: F is smooth on one grid, and jumps by
    2e-6 otherwise; the second difference of steps of 2e-4 is 4e-8 in itself."""
    objective = problem(LIQUID, "overdamped")
    x = objective.space.coordinates(LIQUID)
    rows = np.repeat(objective.space.candidates(x[None]), 4001, axis=0)
    rows[:, 2:4] *= np.linspace(0.6, 1.45, 4001)[:, None]
    jumps = []
    for rate in (0.0, grid_rate(objective, x)):
        F = objective.solver.solve(rows, rate)
        jumps.append(float(np.abs(np.diff(F, 2, axis=0)).max()))
    assert jumps[0] > 1e-6
    assert jumps[1] < 1e-7


def test_evaluations_are_counted():
    """A point costs its own solution and one a coordinate."""
    objective = problem(LIQUID, "overdamped")
    residuals_and_jacobians([objective] * 3, np.full((3, 7), 0.5))
    assert objective.evaluations == 3 * 8


def test_steps_are_bounded_for_each_start():
    """Two points of the first start, five of the second."""
    objective = problem(LIQUID, "overdamped")
    starts = objective.space.random(np.random.default_rng(3), 2)
    found = polished_together([objective] * 2, starts, [2, 5], 1e-12)
    assert [one.stop_reason for one in found] == ["steps", "steps"]
    assert objective.evaluations == 7 * 8


def test_next_to_a_minimum_few_steps_are_enough():
    """From 1e-3 beside it, damping for starts anywhere takes a dozen steps and more: weak directions are held back."""
    objective = problem(LIQUID, "overdamped")
    truth = objective.space.coordinates(LIQUID)
    rates = [grid_rate(objective, truth)]
    (minimum,) = polished_together([objective], truth[None], tolerance=1e-12, least_rates=rates)
    start = objective.space.inside(minimum.x + 1e-3)
    objective.evaluations = 0
    (near,) = polished_together([objective], start[None], tolerance=1e-8, least_rates=rates)
    assert near.loss == pytest.approx(minimum.loss, rel=1e-6)
    assert objective.evaluations <= 6 * 8
