"""The scalars of a state that are worth showing without opening a file: they lie in the record of its last stage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from glassdask.datasets.schema.variables import MODE_COUPLING_STATES
from glassdask.physics.liquids.liquid import SPECIES


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


def theory_summary(values: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """What mode-coupling theory says of a state, as plain data.

    Parameters
    ----------
    values
        Variables by name, as `solve_mct` has found them.
    reason
        Why the theory could not take the state's S(k); empty if it could.
    """
    taus = zip(SPECIES, np.asarray(values["mct_relaxation_time"], dtype=float), strict=True)
    finite = {f"mct_relaxation_time_{s}": float(tau) if math.isfinite(tau) else None for s, tau in taus}
    return {"mct_state": MODE_COUPLING_STATES[int(values["mct_state"])], **finite, "mct_reason": reason}
