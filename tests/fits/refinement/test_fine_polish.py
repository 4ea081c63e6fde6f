"""Parameters found from an exact F lie within their quoted errors, which are never below the solver's own; a mode more never
fits worse."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.fits.fit_options import FitOptions
from glassdask.fits.fitting import fit_memories
from glassdask.fits.refinement.fine_polish import fine_minimum
from glassdask.fits.refinement.memory_fit import FINE, accurate_solution
from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace
from glassdask.fits.target.target import Target
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_candidates import CandidateSolver
from glassdask.physics.memory.memory_kernels import StretchedMemory
from tests.exact_memories import exact_scattering

T = np.geomspace(0.01, 100.0, 80)


@pytest.mark.parametrize("fits_omega", [False, True])
@pytest.mark.parametrize(
    ("A", "tau", "Omega", "dynamics"),
    [
        (3.0, 2.0, 1.0, "overdamped"),
        (10.0, 5.0, 2.0, "overdamped"),
        (3.0, 2.0, 1.0, "newtonian"),
        (60.0, 0.3, 20.0, "newtonian"),
        (100.0, 0.1, 20.0, "newtonian"),
    ],
)
def test_an_exact_F_gives_its_memory_back_within_the_quoted_errors(
    A, tau, Omega, dynamics: Dynamics, fits_omega
) -> None:
    """F in closed form, without errors: all that is left is the solver. Measured: at most 1.2 quoted errors off; two are
    allowed, and errors that mean something, below 1e-3 of the value."""
    target = Target(T, exact_scattering(T, A, tau, Omega, dynamics))
    options = FitOptions((1,), dynamics, fits_omega=fits_omega, rounds=1)
    (fit,) = fit_memories({"A": target}, {"A": Omega}, options)["A"]
    truth = np.array([A, tau, 1.0, *([Omega] if fits_omega else [])])
    found, error = fit.uncertainty.values[1:], fit.uncertainty.standard_error[1:]
    assert (np.abs(found - truth) <= 2.0 * error).all()
    assert (error < 1e-3 * truth).all()
    assert np.abs(fit.F - target.F).max() < FINE


def test_a_minimum_found_with_a_coarse_solver_is_mended() -> None:
    """The search's solver is off by 8e-3 where F vibrates: its best A is 60.6. The polish ends at 60 all the same."""
    target = Target(T, exact_scattering(T, 60.0, 0.3, 20.0, "newtonian"))
    space = SearchSpace.of(target, 1, "newtonian", 20.0, False)
    coarse = Objective(target, space, CandidateSolver(T, "newtonian"))
    start = space.coordinates(StretchedMemory.from_invariants(0.0, [62.0], [0.28], [1.1]))
    found = fine_minimum(coarse, start)
    _, memory = space.memory(found.x)
    assert memory.amplitudes[0] == pytest.approx(60.0, abs=1e-3)
    assert found.is_as_good_as_F


@pytest.mark.parametrize("dynamics", ["overdamped", "newtonian"])
@pytest.mark.parametrize("numbers", [(1, 2, 3), (1, 3)])
def test_more_modes_never_end_worse_than_fewer(dynamics: Dynamics, numbers) -> None:
    """One mode of b = 1.2, which more modes can only copy; exact, so that every loss of theirs would be seen."""
    memory = StretchedMemory.from_invariants(0.0, [2.0], [0.5], [1.2])
    target = Target(T, accurate_solution(memory, 1.0, T, dynamics)[0])
    options = FitOptions(numbers, dynamics, rounds=1, generations=10)
    fits = fit_memories({"A": target}, {"A": 1.0}, options)["A"]
    losses = [fit.loss for fit in fits]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] < T.size * FINE**2
    assert [fit.bic for fit in fits] == sorted(fit.bic for fit in fits)  # a mode more costs, and gains nothing


@pytest.mark.parametrize("seed", range(4))
def test_nor_do_they_where_the_data_are_noisy_or_not_of_that_kind(seed) -> None:
    """A sum of two Gaussians in ln t, which no memory gives, with noise, and searches too short to find a minimum."""
    rng = np.random.default_rng(seed)
    F = 0.5 * np.exp(-T / (0.05 + seed)) + 0.5 * np.exp(-((T / 20.0) ** 1.5)) + 2e-3 * rng.standard_normal(T.size)
    target = Target(T, F, np.full(T.size, 2e-3))
    options = FitOptions((1, 2, 3, 4), "overdamped", seed=seed, rounds=1, generations=1, n_starts=2, fits_omega=True)
    fits = fit_memories({"A": target}, {"A": 1.0}, options)["A"]
    chi2 = [float((((fit.F - F) / 2e-3) ** 2).sum()) for fit in fits]
    assert chi2 == sorted(chi2, reverse=True)
