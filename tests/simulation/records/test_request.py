"""Requests: the same after JSON, and refused when they make no sense."""

from __future__ import annotations

import numpy as np
import pytest

from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import TAU_MD
from glassdask.simulation.records.request import Equilibration, Production, SimulationRequest
from tests.simulation.small_runs import small_request


def test_a_request_survives_json(tmp_path):
    request = small_request(
        tmp_path,
        equilibration=Equilibration(100, 10.0, 5000),
        production=Production(2, 64, 2.5, 20.0, 50),
        deadline=1.9e9,
    )
    assert SimulationRequest.from_json(request.to_json()) == request
    (tmp_path / "request.json").write_text(request.to_json())
    assert SimulationRequest.read(tmp_path / "request.json") == request


def test_the_time_step_is_the_base_step_in_lj_units_over_the_divisor(tmp_path):
    request = small_request(tmp_path, base_step=0.03, divisor=4)
    assert request.time_step == pytest.approx(0.03 / 4 / np.sqrt(48), rel=1e-15)
    assert pytest.approx(1 / np.sqrt(48)) == TAU_MD
    assert request.n_particles == 77


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": -1.0}, "temperature"),
        ({"density": float("nan")}, "density"),
        ({"liquid": "hard spheres"}, "'lj', 'wca'"),
        ({"divisor": 0}, "divisor"),
        ({"seed": -1}, "seed"),
    ],
)
def test_nonsense_is_refused(tmp_path, change, message):
    with pytest.raises(InvalidInput, match=message):
        small_request(tmp_path, **change)


def test_lengths_that_cannot_be_are_refused():
    with pytest.raises(InvalidInput, match=r"equilibration\.base_steps"):
        Equilibration(0)
    with pytest.raises(InvalidInput, match="largest length"):
        Equilibration(1000, relaxation_times=5.0)
    with pytest.raises(InvalidInput, match="largest length"):
        Production(8, 64, relaxation_times=5.0, max_blocks=4)
    with pytest.raises(InvalidInput, match="relaxation_times"):
        Production(8, 64, relaxation_times=-5.0, max_blocks=40)
    with pytest.raises(InvalidInput, match="power of two"):
        Production(8, 100)
