"""Stage reduce: averages over one trajectory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glassdask.stages.contract.stage import GpuUse, Scope, Stage
from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    from glassdask.stages.contract.sections import Sections

OBSERVABLES = "observables.nc"
#: The structure factor of a frame takes about as long as this many time steps.
_STEPS_A_FRAME = 50


def _cost(state: StatePoint, sections: Sections) -> float:
    from glassdask.stages.contract.run_size import pair_work

    n_steps = _STEPS_A_FRAME * sections.wavenumbers.structure_frames
    return n_steps * pair_work(state, sections.system.box_length)


STAGE = Stage(
    name="reduce",
    scope=Scope.STATE,
    needs=("simulate",),
    sections=("time_step", "frames", "wavenumbers", "quality"),
    products=(OBSERVABLES,),
    revision=3,
    cost=_cost,
    gpu_use=GpuUse.ARRAYS,
)
