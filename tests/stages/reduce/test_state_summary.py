"""The scalars of a state that its last record shows: plain data, whatever they were."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from glassdask.stages.reduce.run import state_summary

VALUES: dict[str, Any] = {
    "measured_temperature": np.array(1.01),
    "pressure": 9.5,
    "potential_energy": np.float32(-6.0),
    "total_energy": np.array(-4.5),
    "energy_drift": np.array(1e-4),
    "peak_wavenumber": 7.2,
    "peak_structure_factor": np.array([2.2, 0.1, 1.5]),
    "relaxation_time": np.array([10.0, np.nan]),
    "is_temperature_off": np.int8(1),
    "is_energy_drifting": np.array(False),
    "structure_factor": np.ones((3, 100)),
}


def test_it_is_small_plain_data() -> None:
    """Arrays of a file, numbers of NumPy and of Python alike; a time that was not reached is None, as JSON has no NaN."""
    found = state_summary(VALUES, "tau of B was not reached")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found == {
        "measured_temperature": 1.01,
        "pressure": 9.5,
        "potential_energy": -6.0,
        "total_energy": -4.5,
        "energy_drift": 1e-4,
        "peak_wavenumber": 7.2,
        "peak_structure_factor": 2.2,
        "relaxation_time_A": 10.0,
        "relaxation_time_B": None,
        "is_temperature_off": True,
        "is_energy_drifting": False,
        "reasons": "tau of B was not reached",
    }


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_none(value: float) -> None:
    assert state_summary({**VALUES, "energy_drift": np.array(value)}, "")["energy_drift"] is None
