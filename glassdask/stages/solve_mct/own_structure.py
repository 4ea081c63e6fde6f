"""S(k) of somebody's own trajectory as mode-coupling theory takes it."""

from __future__ import annotations

import xarray as xr

from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs
from glassdask.stages.contract.grids import wavenumber_centres
from glassdask.stages.contract.sections import WavenumbersSection
from glassdask.stages.solve_mct.run import partials_for_theory


def own_structure(data: xr.Dataset, section: WavenumbersSection) -> StaticStructure:
    """S(k), density and composition.

    Parameters
    ----------
    data
        What `reduce` finds of a trajectory that is brought: fine bins with their numbers of vectors.
    section
        Its k grid.

    Raises
    ------
    InvalidInput
        If S(k) is not positive definite.
    """
    partials = partials_for_theory(data, section, float(data.attrs["box_length"]))
    density, composition = float(data["density"]), data["composition"].values
    return StaticStructure(wavenumber_centres(section), matrix_of_pairs(partials), density, composition)
