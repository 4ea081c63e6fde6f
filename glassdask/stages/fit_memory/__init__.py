"""Stage fit_memory, and memory functions of the user's own F(t)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glassdask.stages.contract.stage import GpuUse, Scalar, Scope, Shown, Stage, of_each_species
from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    from glassdask.stages.contract.sections import Sections

MEMORY = "memory.nc"
#: A fit of one equation and one number of modes, all species, in steps of 1200 LJ particles, with its errors from resampled
#: data.
_STEPS_OF_A_FIT = 1000


def _cost(_: StatePoint, sections: Sections) -> float:
    from glassdask.stages.contract.run_size import REFERENCE_WORK

    return _STEPS_OF_A_FIT * len(sections.memory.dynamics) * len(sections.memory.n_exp) * REFERENCE_WORK


STAGE = Stage(
    name="fit_memory",
    scope=Scope.STATE,
    needs=("reduce", "solve_mct"),
    sections=("mode_coupling", "memory"),
    products=(MEMORY,),
    revision=3,
    cost=_cost,
    runs_with="reduce",
    gpu_use=GpuUse.ARRAYS,
    uses_seed=True,
    summary=(
        *of_each_species("memory_n_exp", "n_exp of {}", "1", "d", Shown.CSV),
        Scalar("memory_chi2_per_point_A", "chi2 per point of the fit, A", "1", ".2f", Shown.PAGE),
    ),
)
