"""What was done, in sentences with the numbers that were used: from the campaign's record, the runs' own and the cube."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import xarray as xr

from glassdask.stages.contract.sections import Sections
from glassdask.stages.fit_memory import STAGE as FIT_MEMORY
from glassdask.stages.reduce import STAGE as REDUCE
from glassdask.stages.report.methods_of_analysis import averages, memory, networks, theory, verdicts
from glassdask.stages.report.methods_of_runs import Run, dynamics, frames, seeds, system
from glassdask.stages.report.methods_part import Methods
from glassdask.stages.solve_mct import STAGE as SOLVE_MCT


def methods(
    sections: Sections,
    runs: Sequence[Run],
    stages: Collection[str],
    cube: xr.Dataset,
    training: Mapping[str, Any] | None,
) -> list[Methods]:
    """The methods of what was really done.

    Parameters
    ----------
    sections
        The campaign's record.
    runs
        What each finished simulation recorded of itself.
    stages
        Names of the stages that have products.
    cube
        The campaign's; its grids of k and t are those of the products.
    training
        Options of the networks, None if there are none.
    """
    parts = [system(sections, runs)]
    if runs:
        parts += [dynamics(sections, runs), frames(sections, runs)]
    if REDUCE.name in stages:
        parts += [averages(sections, cube), verdicts(sections)]
    if SOLVE_MCT.name in stages:
        parts.append(theory(sections, cube))
    if FIT_MEMORY.name in stages:
        parts.append(memory(sections))
    if training is not None:
        parts.append(networks(training))
    return [*parts, seeds(sections)]
