"""A finished run that is asked to be longer goes on from what it kept: not a step of it is run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from glassdask.simulation import TRAJECTORY
from glassdask.simulation.records.kept import EQUILIBRATED, PRODUCED, adopt_kept
from glassdask.simulation.records.request import Equilibration, Production, SimulationRequest, StructureInSitu
from glassdask.simulation.records.structure_recorder import FACTOR, STEP
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.simulation.run.molecular_dynamics import PRODUCT, RELAXATION_STEPS
from glassdask.simulation.run.run_results import RunResults
from tests.simulation.small_runs import DIVISOR, expected_steps, small_request, start_run, trajectory_steps

ONCE, THRICE = Production(2, 1024), Production(6, 1024)
STRUCTURE = StructureInSitu(0.05, 200, 8)


def counted_run(request: SimulationRequest) -> tuple[RunResults, int]:
    """The results of a request, and how many steps the engine went for them."""
    run = start_run(request)
    steps, engine_run = [], run.engine.run

    def counting(n_steps: int) -> None:
        steps.append(n_steps)
        engine_run(n_steps)

    run.engine.run = counting  # type: ignore[method-assign]
    results = run.run()
    run.engine.close()
    return results, sum(steps)


def goes_on(folder: Path, request: SimulationRequest, name: str) -> SimulationRequest:
    """A request whose work folder has taken over what the finished run in `folder` kept."""
    work = Path(request.work_folder)
    work.mkdir()
    assert adopt_kept(folder / name, folder / TRAJECTORY, work)
    return request


@pytest.fixture
def finished(engine_name: str, tmp_path: Path) -> SimulationRequest:
    request = small_request(tmp_path / "once", engine=engine_name, production=ONCE, structure=STRUCTURE)
    _, steps = counted_run(request)
    assert steps == (1000 + RELAXATION_STEPS + 2 * 1024) * DIVISOR
    return request


def test_three_times_the_production_takes_the_steps_of_two(finished, tmp_path):
    """Frames of the first third are those of the shorter run, bit for bit; times are those of one long run."""
    once = Path(finished.work_folder)
    before = (once / TRAJECTORY).read_bytes()
    request = replace(finished, production=THRICE, work_folder=str(tmp_path / "thrice"))
    results, steps = counted_run(goes_on(once, request, PRODUCED))
    assert steps == 4 * 1024 * DIVISOR
    assert results.n_steps == 6 * 1024 * DIVISOR
    np.testing.assert_array_equal(trajectory_steps(tmp_path / "thrice"), expected_steps(request))
    with Trajectory(once / TRAJECTORY) as first, Trajectory(tmp_path / "thrice" / TRAJECTORY) as whole:
        for one, same in zip(first, whole, strict=False):
            np.testing.assert_array_equal(same.unwrapped, one.unwrapped)
    assert (once / TRAJECTORY).read_bytes() == before, "a shorter run stays as it was"
    assert abs(results.energy_drift) < 2e-3, "production goes on at the energy that it had"


def test_a_continued_run_equals_one_of_that_length_from_the_start(finished, tmp_path):
    """Same frames, same bins; the numbers agree within their errors."""
    whole = replace(finished, production=THRICE, work_folder=str(tmp_path / "whole"))
    grown = replace(finished, production=THRICE, work_folder=str(tmp_path / "grown"))
    found = [counted_run(whole)[0], counted_run(goes_on(Path(finished.work_folder), grown, PRODUCED))[0]]
    for name in ("measured_temperature", "pressure", "potential_energy"):
        error = name.removeprefix("measured_") + "_standard_error"
        values, errors = ([getattr(results, key) for results in found] for key in (name, error))
        assert abs(values[0] - values[1]) < 5 * np.hypot(*errors) + 1e-9, name
    assert found[0].n_frames == found[1].n_frames
    with np.load(tmp_path / "whole" / PRODUCT) as one, np.load(tmp_path / "grown" / PRODUCT) as other:
        np.testing.assert_array_equal(other[STEP], one[STEP])
        np.testing.assert_array_equal(other["production_step"], one["production_step"])
        scatter = 5 * one[FACTOR].std(axis=0) / np.sqrt(len(one[STEP])) + 0.3
        assert (np.abs(other[FACTOR].mean(axis=0) - one[FACTOR].mean(axis=0)) < 2 * scatter)[np.isfinite(scatter)].all()


def test_a_structure_that_is_denser_than_a_longer_run_wants_is_thinned_out(finished, tmp_path):
    """Of two blocks to three: frames behind the end of the shorter run aren't needed for that."""
    requests = [replace(finished, production=Production(3, 1024), work_folder=str(tmp_path / name)) for name in "ab"]
    counted_run(requests[0])
    counted_run(goes_on(Path(finished.work_folder), requests[1], PRODUCED))
    with np.load(tmp_path / "a" / PRODUCT) as one, np.load(tmp_path / "b" / PRODUCT) as other:
        np.testing.assert_array_equal(other[STEP], one[STEP])


def test_a_longer_equilibration_goes_on_and_production_is_run_anew(finished, tmp_path):
    request = replace(finished, equilibration=Equilibration(3000), work_folder=str(tmp_path / "longer"))
    results, steps = counted_run(goes_on(Path(finished.work_folder), request, EQUILIBRATED))
    assert steps == (2000 + RELAXATION_STEPS + 2 * 1024) * DIVISOR
    assert results.equilibration_steps == 3000 * DIVISOR
    np.testing.assert_array_equal(trajectory_steps(tmp_path / "longer"), expected_steps(request))
    scatter = np.hypot(results.target_temperature_error, results.temperature_standard_error)
    assert abs(results.measured_temperature - 1.0) < 5 * scatter


def test_what_has_grown_can_grow_again(finished, tmp_path):
    """The end of equilibration goes from run to run."""
    request = replace(finished, production=THRICE, work_folder=str(tmp_path / "thrice"))
    counted_run(goes_on(Path(finished.work_folder), request, PRODUCED))
    assert {EQUILIBRATED, PRODUCED} <= {path.name for path in (tmp_path / "thrice").iterdir()}
    more = replace(finished, production=Production(7, 1024), work_folder=str(tmp_path / "more"))
    _, steps = counted_run(goes_on(tmp_path / "thrice", more, PRODUCED))
    assert steps == 1024 * DIVISOR


@pytest.mark.parametrize("what", [PRODUCED, TRAJECTORY])
def test_nothing_goes_on_from_what_is_damaged(finished, tmp_path, what):
    once = Path(finished.work_folder)
    content = bytearray((once / what).read_bytes())
    content[len(content) // 2] ^= 255
    (once / what).write_bytes(content)
    (tmp_path / "work").mkdir()
    assert not adopt_kept(once / PRODUCED, once / TRAJECTORY, tmp_path / "work")


def test_what_is_kept_is_small(finished):
    """65 bytes a particle, a reference of the relaxation monitor, and at most 1024 samples of energies a phase."""
    request = replace(finished, structure=None, work_folder=finished.work_folder + "-plain")
    counted_run(request)
    n = request.n_particles
    for name in (EQUILIBRATED, PRODUCED):
        assert (Path(request.work_folder) / name).stat().st_size < 100 * n + 2 * 1024 * 4 * 8 + 10_000


def test_nothing_is_kept_where_it_is_not_wanted(engine_name, tmp_path):
    counted_run(small_request(tmp_path / "work", engine=engine_name, production=ONCE, keep_checkpoints=False))
    assert not {EQUILIBRATED, PRODUCED} & {path.name for path in (tmp_path / "work").iterdir()}
