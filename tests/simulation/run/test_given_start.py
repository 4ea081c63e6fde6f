"""A run that is given its first configuration begins with it as it is, at the temperature asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from glassdask.simulation.particles.initial_configuration import random_particles
from tests.simulation.small_runs import expected_steps, small_request, start_run, trajectory_steps


def test_a_run_begins_with_the_given_configuration(engine_name, tmp_path: Path) -> None:
    """No minimiser moves it: positions are those of the file, and velocities Maxwell's of the state."""
    request = replace(small_request(tmp_path / "work", n_blocks=1, engine=engine_name), start="start.npz")
    given = random_particles("wca", 1.0, request.density, request.box_length, np.random.default_rng(5))
    (tmp_path / "work").mkdir()
    np.savez(tmp_path / "work" / "start.npz", positions=given.positions, species=given.species)
    run = start_run(request)
    found = run.engine.snapshot()
    np.testing.assert_allclose(found.positions, given.positions, atol=1e-6)  # HOOMD may keep single precision
    np.testing.assert_array_equal(found.species, given.species)
    n = request.n_particles
    kinetic = 0.5 * np.sum(found.velocities**2)
    assert abs(kinetic / (1.5 * (n - 1)) - 1.0) < 5 * np.sqrt(2 / (3 * n))  # of chi^2 with 3N - 3 degrees of freedom
    run.run()
    run.engine.close()
    np.testing.assert_array_equal(trajectory_steps(run.folder), expected_steps(request))
