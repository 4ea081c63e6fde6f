"""Stage reduce: averages over one trajectory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from glassdask.stages.contract.stage import GpuUse, Scalar, Scope, Shown, Stage, of_each_species
from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    import xarray as xr

    from glassdask.stages.contract.sections import Sections

OBSERVABLES = "observables.nc"
_ON_SCREEN = Shown.STATUS | Shown.STATE | Shown.PAGE
#: The structure factor of a frame takes about as long as this many time steps, whatever the forces (N = 1200, L = 10, k to
#: 40 on two workers of two cores); the number of wavevectors grows with the volume, and scattering hardly counts.
_STEPS_A_FRAME, _VOLUME = 300, 1000.0


def _cost(state: StatePoint, sections: Sections) -> float:
    from glassdask.stages.contract.run_size import particle_work

    n_steps = _STEPS_A_FRAME * sections.wavenumbers.structure_frames * sections.system.box_length**3 / _VOLUME
    return n_steps * particle_work(state, sections)


def temperature_of(observed: xr.Dataset) -> float:
    """The measured temperature of a state; that which it is a state of where nobody has measured it. [epsilon_AA/k_B]"""
    measured = float(observed["measured_temperature"]) if "measured_temperature" in observed else math.nan
    return float(observed["T"]) if math.isnan(measured) else measured


STAGE = Stage(
    name="reduce",
    scope=Scope.STATE,
    needs=("simulate",),
    sections=("time_step", "frames", "wavenumbers", "quality"),
    products=(OBSERVABLES,),
    revision=3,
    cost=_cost,
    gpu_use=GpuUse.ARRAYS,
    summary=(
        Scalar("measured_temperature", "T measured", "epsilon_AA/k_B", ".4f", Shown.EVERYWHERE, short="T meas."),
        Scalar("pressure", "pressure", "epsilon_AA/sigma_AA^3", ".3f", _ON_SCREEN),
        Scalar("total_energy", "energy", "epsilon_AA", ".4f", _ON_SCREEN, of="a particle"),
        Scalar(
            "energy_drift", "energy drift", "epsilon_AA", ".1e", Shown.EVERYWHERE, "drift", "a particle over production"
        ),
        Scalar("peak_wavenumber", "k_p", "1/sigma_AA", ".3f", Shown.EVERYWHERE),
        Scalar("peak_structure_factor", "S_AA(k_p)", "1", ".3f", _ON_SCREEN | Shown.CSV, short="S(k_p)"),
        *of_each_species("relaxation_time", "tau_{}", "tau_MD", ".4g", Shown.EVERYWHERE),
    ),
)
