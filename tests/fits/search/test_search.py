"""Searches by ask and tell: the same for the same seed, nothing shared but the solver, ended for a stated reason."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.fits.refinement.memory_fit import accurate_solution
from glassdask.fits.search.lockstep import Search, lockstep
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search import SearchResult, ranked_starts, search
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.target import Target
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory
from tests.fits.global_generator import global_state

T = np.geomspace(1e-3, 1e3, 40)
MEMORY = StretchedMemory.from_invariants(0.0, [8.0, 4.0], [0.05, 50.0], [0.8, 0.6])
TARGET = Target(T, accurate_solution(MEMORY, 1.0, T, "overdamped")[0])


def objective_of(n_exp: int = 2, solver: CandidateSolver | None = None, target: Target = TARGET) -> Objective:
    space = SearchSpace.of(target, n_exp, "overdamped", 1.0, False)
    return Objective(target, space, solver or CandidateSolver(T))


def ended(objective: Objective, seed: int = 1, **options) -> SearchResult:
    """A search on its own."""
    asks = search(objective.space, seed, **options)
    points = next(asks)
    try:
        while True:
            points = asks.send(objective.losses(points))
    except StopIteration as end:
        return end.value


# --- one search -----------------------------------------------------------------------------------------------------


def test_evolution_finds_what_random_starts_do_not():
    """Two hundred generations of 9: from a loss of 0.1 or so to below 1e-4, the error of the search's solver being 1e-7."""
    objective = objective_of()
    starts = objective.losses(objective.space.random(np.random.default_rng(1), 64))
    result = ended(objective, generations=200)
    assert starts.min() > 1e-3
    assert result.loss < 1e-4
    assert result.loss < 0.1 * starts.min()
    assert objective.losses(result.x[None])[0] == pytest.approx(result.loss, abs=1e-8)


def test_the_seed_decides_alone():
    one, two, other = (ended(objective_of(), seed, generations=10) for seed in (1, 1, 2))
    assert one.x.tolist() == two.x.tolist()
    assert one.x.tolist() != other.x.tolist()


def test_numpys_global_generator_is_left_alone():
    before = global_state()
    ended(objective_of(), generations=5)
    assert global_state() == before


def test_points_asked_for_lie_within_the_bounds():
    space = objective_of().space
    asks = search(space, 1, generations=30)
    points = next(asks)
    objective = objective_of()
    assert points.shape == (64, 7)
    for _ in range(29):
        points = asks.send(objective.losses(points))
        assert (points >= space.low).all()
        assert (points <= space.high).all()
        assert points.shape == (9, 7)  # 4 + 3 ln 7


@pytest.mark.parametrize(
    ("options", "reason", "generations"),
    [
        ({"generations": 3}, "generations", 3),
        ({"generations": 100, "loss_target": 1e3}, "target", 1),
        ({"generations": 3, "population": 20}, "generations", 3),
    ],
)
def test_searches_end_for_a_stated_reason(options, reason, generations):
    result = ended(objective_of(), **options)
    assert result.stop_reason == reason
    assert result.generations == generations


def test_pycma_may_end_a_search_too():
    """All losses equal: nothing to be learnt, and its own words for it."""
    objective = objective_of()
    level = Target(T, np.full(T.size, 0.5), np.full(T.size, 1e12))  # errors beyond which all is equal
    result = ended(Objective(level, objective.space, objective.solver), generations=10_000)
    assert "tol" in result.stop_reason
    assert result.generations < 10_000


def test_starts_are_ranked_by_their_losses_behind_those_that_are_given():
    """A point outside of the bounds is moved in."""
    objective = objective_of()
    space, truth = objective.space, objective.space.coordinates(MEMORY)
    asks = ranked_starts(space, 1, 32, np.vstack([truth, truth + 1e3]))
    points = next(asks)
    with pytest.raises(StopIteration) as end:
        asks.send(objective.losses(points))
    ranked = end.value.value
    assert ranked.shape == (34, 7)
    assert ranked[:2].tolist() == space.inside(np.vstack([truth, truth + 1e3])).tolist()
    losses = objective.losses(ranked)
    assert losses[0] < 1e-5
    assert (np.diff(losses[2:]) >= 0).all()


def test_candidates_that_diverge_do_not_end_a_search():
    """Their loss is finite, and worse than that of any curve that does not diverge: 1e6 a point."""
    objective = objective_of()
    F = np.full((2, T.size), np.nan)
    F[1] = TARGET.F
    lost, good = (objective.residuals_of(F, np.zeros((2, 7))) ** 2).sum(axis=1)
    assert good == 0.0
    assert lost == 1e6 * T.size


def test_lasso_is_a_part_of_the_loss():
    """λ Σ A_i/Ω, and no part of it elsewhere."""
    plain = objective_of()
    x = plain.space.coordinates(MEMORY)[None]
    with_lasso = Objective(TARGET, plain.space, plain.solver, lasso=0.01)
    assert with_lasso.losses(x)[0] - plain.losses(x)[0] == pytest.approx(0.01 * 12.0, rel=1e-6)


# --- in step --------------------------------------------------------------------------------------------------------


def searches(seeds, solver: CandidateSolver, generations: int = 8) -> dict[str, Search]:
    """One and two modes by turns, so that two groups of rows are solved in each generation."""
    found = {}
    for seed in seeds:
        objective = objective_of(1 + seed % 2, solver)
        found[f"{seed}"] = Search(objective, search(objective.space, seed, generations=generations + seed % 3))
    return found


def test_searches_in_step_are_the_searches_alone():
    """Losses differ by the discretisation that packs share; the random numbers and the ends do not."""
    together = lockstep(searches(range(6), CandidateSolver(T)))
    for seed in range(6):
        alone = lockstep(searches([seed], CandidateSolver(T)))[f"{seed}"]
        result = together[f"{seed}"]
        assert result.generations == alone.generations == 8 + seed % 3
        assert result.stop_reason == alone.stop_reason == "generations"
        assert result.loss == pytest.approx(alone.loss, rel=0.5)


def test_searches_in_step_are_the_same_every_time():
    one, two = (lockstep(searches(range(6), CandidateSolver(T))) for _ in range(2))
    for name, result in one.items():
        assert result.x.tolist() == two[name].x.tolist()
        assert result.loss == two[name].loss


def test_evaluations_are_counted_by_search():
    """64 starts, then 4 + 3 ln(dimension) a generation: 8 for four coordinates, 9 for seven."""
    under_way = searches(range(2), CandidateSolver(T))
    lockstep(under_way)
    assert under_way["0"].objective.evaluations == 64 + 8 * 8
    assert under_way["1"].objective.evaluations == 64 + 9 * 9


def test_a_lease_is_kept_alive_every_generation():
    """Starts and the generations of the longest search."""
    calls: list[int] = []
    lockstep(searches(range(3), CandidateSolver(T)), keep_alive=lambda: calls.append(1))
    assert len(calls) == 1 + 10


def test_solvers_of_other_times_are_not_mixed():
    """Two species with other times: each is sent the losses of its own."""
    t = T[5:30]
    target = Target(t, TARGET.F[5:30])
    solver = CandidateSolver(t)
    other = objective_of(1, solver, target)
    both = searches([0], CandidateSolver(T))
    both["other"] = Search(other, search(other.space, 0, generations=8))
    found = lockstep(both)
    alone = ended(objective_of(1, CandidateSolver(t), target), 0, generations=8)
    assert found["other"].x.tolist() == alone.x.tolist()
    assert found["0"].x.tolist() != alone.x.tolist()


def test_searches_of_all_numbers_of_modes_go_in_one_batch_where_the_solver_takes_them():
    """What a device is fed with; the searches are those of a solver that takes them one number at a time."""

    class Together(CandidateSolver):
        is_for_mixed_modes = True

        def solve(self, candidates, least_rates=0.0):
            sizes.append(np.shape(candidates))
            return super().solve(candidates, least_rates)

    def both(solver: CandidateSolver) -> dict[str, SearchResult]:
        objectives = {str(n): objective_of(n, solver) for n in (1, 2, 3)}
        return lockstep(
            {n: Search(found, search(found.space, 5, n_starts=8, generations=6)) for n, found in objectives.items()}
        )

    sizes: list[tuple[int, ...]] = []
    together, apart = both(Together(T)), both(CandidateSolver(T))
    assert sizes[0] == (24, 11)
    assert len(sizes) == 7, "a start and six generations"
    for n, result in apart.items():
        np.testing.assert_array_equal(together[n].x, result.x)
