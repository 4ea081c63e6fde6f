"""S(k) taken while a run goes on is that of its finished trajectory, however it was stopped and however long it became."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from glassdask.physics.structure.spread_frames import spread_frames
from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
from glassdask.simulation.records.request import Production, SimulationRequest, StructureInSitu
from glassdask.simulation.records.structure_recorder import FACTOR, STEP
from glassdask.simulation.records.trajectory import Trajectory
from glassdask.simulation.run.molecular_dynamics import PRODUCT, MolecularDynamics
from glassdask.simulation.run.run_control import Stopped
from tests.simulation.small_runs import run_with_stops, small_request, start_run, stop_after

WANTED = StructureInSitu(bin_width=0.5, n_bins=40, n_frames=24)


@pytest.fixture
def request_here(engine_name: str, tmp_path: Path) -> SimulationRequest:
    return small_request(tmp_path / "work", engine=engine_name, structure=WANTED)


def of_trajectory(folder: Path, request: SimulationRequest) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """What the finished trajectory says, frame by frame."""
    with Trajectory(folder / "trajectory.gsd") as trajectory:
        base = trajectory.steps // request.divisor
        chosen = spread_frames(base, WANTED.n_frames)
        plan = StructureFactorPlan(trajectory.box_length, trajectory.species, WANTED.edges)
        return base[chosen], np.array([plan.of_frames(trajectory[int(i)].positions[None])[0] for i in chosen])


def assert_same(run: MolecularDynamics) -> int:
    """Bit by bit; returns the number of frames."""
    steps, expected = of_trajectory(run.folder, run.request)
    with np.load(run.folder / PRODUCT) as product:
        np.testing.assert_array_equal(product[STEP], steps)
        np.testing.assert_array_equal(product[FACTOR], expected)
    return len(steps)


@pytest.mark.parametrize(
    "production", [Production(4, 1024), Production(64, 32), Production(1, 1024), Production(300, 4)]
)
def test_it_is_that_of_the_trajectory(request_here: SimulationRequest, production: Production) -> None:
    """Spacings below, at and above a block's length."""
    run = start_run(replace(request_here, production=production))
    run.run()
    assert (
        0.5 * WANTED.n_frames < assert_same(run) < 1.5 * WANTED.n_frames
    )  # fewer where one frame is next to two times


def test_a_run_of_unknown_length_keeps_what_its_length_will_want(request_here: SimulationRequest) -> None:
    plan = Production(1, 128, relaxation_times=6.0, max_blocks=200)
    run = start_run(replace(request_here, production=plan))
    results = run.run()
    assert results.n_steps > 4 * 128 * request_here.divisor, "it grew"
    assert_same(run)


def test_a_run_stopped_again_and_again_has_all_of_it(request_here: SimulationRequest) -> None:
    run, _, stops = run_with_stops(request_here, looks=40)
    assert stops > 3
    assert_same(run)


@pytest.mark.parametrize("before", [None, replace(WANTED, bin_width=0.4), replace(WANTED, n_bins=30)])
def test_a_run_that_began_without_it_or_with_other_bins_leaves_it_to_the_trajectory(
    request_here: SimulationRequest, before: StructureInSitu | None
) -> None:
    """A campaign file may change its mind between two attempts."""
    first = start_run(replace(request_here, structure=before))
    stop_after(first, looks=60, phase="production")
    with pytest.raises(Stopped):
        first.run()
    first.checkpoint()
    first.engine.close()
    second = start_run(request_here)
    second.run()
    with np.load(second.folder / PRODUCT) as product:
        assert STEP not in product


def test_a_request_that_asks_for_it_survives_json(request_here: SimulationRequest) -> None:
    assert SimulationRequest.from_json(request_here.to_json()) == request_here
