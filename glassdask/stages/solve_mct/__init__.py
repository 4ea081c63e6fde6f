"""Stage solve_mct, and mode-coupling theory of the user's own S(k)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glassdask.stages.contract.stage import Scalar, Scope, Shown, Stage
from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    from glassdask.stages.contract.sections import Sections

MODE_COUPLING = "mode_coupling.nc"
#: The theory on 100 wavenumbers takes a second or two, whatever the state: as this many steps of 1200 LJ particles.
_STEPS = 2000


def _cost(_: StatePoint, sections: Sections) -> float:
    from glassdask.stages.contract.run_size import REFERENCE_WORK

    return _STEPS * (sections.wavenumbers.count / 100) ** 2 * REFERENCE_WORK


STAGE = Stage(
    name="solve_mct",
    scope=Scope.STATE,
    needs=("reduce",),
    sections=("system", "wavenumbers", "mode_coupling"),
    products=(MODE_COUPLING,),
    revision=2,
    cost=_cost,
    runs_with="reduce",
    summary=(
        Scalar("mct_state", "theory", "", "", Shown.STATE | Shown.CSV),
        Scalar("mct_relaxation_time_A", "tau_A of MCT", "tau_MD", ".4g", Shown.PAGE),
    ),
)
