"""What was done, in sentences with the numbers that were used: from the campaign's record, the runs' own and the cube."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import xarray as xr

from glassdask.stages.report.methods_of_analysis import averages, memory, networks, theory, verdicts
from glassdask.stages.report.methods_of_runs import Run, dynamics, frames, seeds, system
from glassdask.stages.report.methods_part import Methods


def methods(
    tables: Mapping[str, Any],
    runs: Sequence[Run],
    stages: Collection[str],
    cube: xr.Dataset,
    training: Mapping[str, Any] | None,
) -> list[Methods]:
    """The methods of what was really done.

    Parameters
    ----------
    tables
        The campaign's record, without its grid.
    runs
        What each finished simulation recorded of itself.
    stages
        Names of the stages that have products.
    cube
        The campaign's; its grids of k and t are those of the products.
    training
        Options of the networks, None if there are none.
    """
    parts = [system(tables, runs)]
    if runs:
        parts += [dynamics(tables, runs), frames(tables, runs)]
    if "reduce" in stages:
        parts += [averages(tables, cube), verdicts(tables)]
    if "solve_mct" in stages:
        parts.append(theory(tables, cube))
    if "fit_memory" in stages:
        parts.append(memory(tables))
    if training is not None:
        parts.append(networks(training))
    return [*parts, seeds(tables)]
