"""The scalars of a state that are worth showing without opening a file: they lie in the record of its last stage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from glassdask.physics.mixture import SPECIES


def state_summary(values: Mapping[str, Any], reasons: str) -> dict[str, Any]:
    """Plain data; NaN becomes None.

    Parameters
    ----------
    values
        Variables of the state by name, as `reduce` has found them.
    reasons
        Why the state is not simply done; empty if it is.
    """
    names = ("measured_temperature", "pressure", "potential_energy", "total_energy", "energy_drift", "peak_wavenumber")
    scalars = {name: float(values[name]) for name in names}
    scalars["peak_structure_factor"] = float(np.asarray(values["peak_structure_factor"])[0])
    for species, tau in zip(SPECIES, np.asarray(values["relaxation_time"], dtype=float), strict=True):
        scalars[f"relaxation_time_{species}"] = float(tau)
    flags = {name: bool(values[name]) for name in ("is_temperature_off", "is_energy_drifting")}
    finite = {name: value if math.isfinite(value) else None for name, value in scalars.items()}
    return {**finite, **flags, "reasons": reasons}
