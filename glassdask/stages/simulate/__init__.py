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
#: In the record: the tables of the phases' lengths, as the file had them.
LENGTHS = "lengths"
#: In a state's folder, and in the record: what a longer run goes on from.
KEPT_FOLDER = "checkpoints"
#: Its files, by the first phase that is longer, in the order of the phases (`simulation.records.kept`).
GOES_ON_FROM = {"equilibration": "equilibrated.npz", "production": "produced.npz"}
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
