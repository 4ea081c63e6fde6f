"""Stage correlate: the observables of a trajectory beyond S(k) and F_s(k,t), all in one pass over its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glassdask.stages.contract.stage import GpuUse, Scalar, Scope, Shown, Stage, of_each_species
from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    from glassdask.stages.contract.sections import Sections

CORRELATIONS = "correlations.nc"
#: One observable of one frame takes about as long as this many time steps, whatever the forces.
_STEPS_A_FRAME = 8.0


def _cost(state: StatePoint, sections: Sections) -> float:
    from glassdask.stages.contract.run_size import particle_work, run_size

    n_observables = len(sections.observables.compute)
    return _STEPS_A_FRAME * n_observables * run_size(state, sections).n_frames * particle_work(state, sections)


def _of_each(name: str, title: str, unit: str, shown: Shown, of: str = "") -> tuple[Scalar, ...]:
    return of_each_species(name, title, unit, ".3g", shown, of, is_optional=True)  # campaigns may do without


STAGE = Stage(
    name="correlate",
    scope=Scope.STATE,
    needs=("simulate", "reduce"),
    sections=("time_step", "frames", "observables"),
    products=(CORRELATIONS,),
    revision=1,
    cost=_cost,
    runs_with="reduce",
    gpu_use=GpuUse.ARRAYS,
    since="0.2.0",
    summary=(
        *_of_each("diffusion_coefficient", "D_{}", "sigma_AA^2/tau_MD", Shown.STATE | Shown.REPORT | Shown.CSV),
        *_of_each("alpha2_peak", "alpha_2 of {}", "1", Shown.STATE | Shown.CSV, "its maximum"),
        *_of_each("chi4_peak", "chi_4 of {}", "1", Shown.STATE | Shown.CSV, "its maximum"),
    ),
)
