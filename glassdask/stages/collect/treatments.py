"""Other ways to make S(k) of mode-coupling theory from the fine bins of a simulation: what its error budget tries."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import numpy as np
import xarray as xr

from glassdask.errors import InvalidInput
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.stages.contract.sections import Sections, WavenumbersSection
from glassdask.stages.solve_mct.run import partials_for_theory


@dataclass(frozen=True)
class WayToTakeS:
    """A way to take S(k) from fine bins.

    Parameters
    ----------
    source
        The part of the error budget that it tries.
    width
        Half width of the parabolas in k, as a share of the usual one.
    finer
        Into how many each step of the k grid is divided.
    """

    source: str
    width: float = 1.0
    finer: int = 1

    def wavenumbers(self, section: WavenumbersSection) -> np.ndarray:
        """(i + 1/2) dk up to the same end. [1/sigma_AA]"""
        return bipolar_wavenumbers(section.spacing / self.finer, section.count * self.finer)


#: A narrower window holds too few fine bins for a parabola, a wider one smears the first peak.
TREATMENTS = {
    "narrow": WayToTakeS("window", width=0.6),
    "wide": WayToTakeS("window", width=1.6),
    "fine": WayToTakeS("spacing", finer=2),
}


def partials_of_treatments(observed: xr.Dataset, sections: Sections) -> dict[str, np.ndarray]:
    """S_ab(k) of a run in each way, shape (n_pairs, N_k); none where the fine bins are not known or too few.

    Parameters
    ----------
    observed
        ``observables.nc`` of the state.
    sections
        Tables of the campaign file.
    """
    if "structure_factor_fine" not in observed:
        return {}
    box_length = float(observed.attrs.get("box_length", sections.system.box_length))
    section, found = sections.wavenumbers, {}
    for name, way in TREATMENTS.items():
        with contextlib.suppress(InvalidInput):
            found[name] = partials_for_theory(observed, section, box_length, way.wavenumbers(section), way.width)
    return found
