"""Stage simulate: molecular dynamics of one state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glassdask.simulation import TRAJECTORY
from glassdask.stages.contract.stage import GpuUse, Scope, Stage
from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    from glassdask.stages.contract.sections import Sections

SIMULATION = "simulation.nc"
#: In a state's folder: that its trajectory is brought, not simulated.
IMPORT = "import.json"
#: S_ab(k) of single frames, where the campaign has it taken in situ.
STRUCTURE = "structure.nc"


def _cost(state: StatePoint, sections: Sections) -> float:
    from glassdask.stages.contract.run_size import pair_work, run_size

    return run_size(state, sections).n_steps * pair_work(state, sections)


STAGE = Stage(
    name="simulate",
    scope=Scope.STATE,
    needs=(),
    sections=("system", "time_step", "equilibration", "production", "frames"),
    products=(TRAJECTORY, SIMULATION),
    revision=1,
    cost=_cost,
    gpu_use=GpuUse.ENGINE,
    uses_seed=True,
)
