"""Other ways to take S(k) of mode-coupling theory from the fine bins of a simulation: what its error budget tries."""

from __future__ import annotations

import contextlib

import numpy as np
import xarray as xr

from glassdask.errors import InvalidInput
from glassdask.stages.contract.sections import Sections
from glassdask.stages.solve_mct.run import partials_for_theory

#: Half widths of the parabolas in k, as shares of the usual one. A narrower window holds too few fine bins for a parabola, a wider
#: one smears the first peak.
WIDTHS = {"narrow": 0.6, "wide": 1.6}


def partials_of_treatments(observed: xr.Dataset, sections: Sections) -> dict[str, np.ndarray]:
    """S_ab(k) of a run with each window, shape (n_pairs, N_k); none where the fine bins are not known or too few.

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
    found = {}
    for name, width in WIDTHS.items():
        with contextlib.suppress(InvalidInput):
            found[name] = partials_for_theory(observed, sections.wavenumbers, box_length, width)
    return found
