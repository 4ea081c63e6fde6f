"""How far one S(k) is from the glass of mode-coupling theory: the factor on its memory kernel that would bring it there.

With m → g m in F(∞) = S − (S⁻¹ + g m[F(∞)])⁻¹ (docs/equations.md, E5) the glass appears at a critical coupling g_c: 1
at the critical point, below 1 in the glass, above 1 in the liquid. Unlike T/T_mct it needs one state only, and no
relation between S(k) and T. In the schematic F2 model, m = v f², it is v_c / v = 4 / v.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.outcome import ModeCouplingState
from glassdask.physics.mode_coupling.nonergodicity import CollectiveIteration, tagged_limit
from glassdask.physics.structure.static_structure import StaticStructure

Floats = NDArray[np.float64]
#: Outside of g_c within 1/500 … 500 nothing of a glass is left to speak of.
_FARTHEST = 500.0
#: First step of the search, in ln g; doubled until g_c is between two tries.
_FIRST_STEP = 0.1
#: (g − g_c)/g_c at which plateaus are taken: far enough above 0 for the error of g_c, and few iterations, not to matter.
_INTO_THE_GLASS = 0.01
#: Accuracy in units of S, and iterations, that tell glass from liquid at the tolerances allowed.
_ACCURACY, _MOST_ITERATIONS = 1e-6, 4000


def critical_coupling(structure: StaticStructure, tolerance: float = 1e-3) -> float:
    """g_c of a structure, by bisection of ln g.

    Parameters
    ----------
    structure
        S(k), density, composition.
    tolerance
        Relative error of g_c, at least 1e-4: closer to it, the long-time limit takes thousands of iterations.

    Returns
    -------
    float
        g_c; NaN where it lies outside of 1/500 … 500, as for an ideal gas. [1]

    Raises
    ------
    InvalidInput
        If the tolerance is not between 1e-4 and 0.5.

    Examples
    --------
    Hard spheres are critical at the packing fraction 0.516 (Percus–Yevick):

    >>> from glassdask.physics.structure.percus_yevick import percus_yevick
    >>> k = (np.arange(100) + 0.5) * 0.4
    >>> [round(critical_coupling(percus_yevick(k, eta)), 2) for eta in (0.45, 0.51591, 0.55)]
    [1.71, 1.0, 0.75]
    """
    if not 1e-4 <= tolerance <= 0.5:
        raise InvalidInput(f"tolerance is {tolerance:g}; allowed: 1e-4 … 0.5, such as 1e-3")
    iteration = CollectiveIteration(structure)
    liquid, glass, g, step = np.nan, np.nan, 1.0, _FIRST_STEP
    above = None  # the limit of the glass, from which that of each smaller coupling is reached
    while 1 / _FARTHEST < g < _FARTHEST:
        iteration.coupling = g
        limit, state, *_ = iteration.run(_ACCURACY, _MOST_ITERATIONS, above)
        if state is ModeCouplingState.NOT_CONVERGED:  # closer to the critical point than can be told
            return g
        if state is ModeCouplingState.LIQUID:
            liquid = g
        else:
            glass, above = g, limit
        # NaN as long as one side is not known, and then not smaller than anything
        if glass / liquid - 1 < 2 * tolerance:
            return float(np.sqrt(liquid * glass))
        if np.isfinite(liquid) and np.isfinite(glass):
            g = float(np.sqrt(liquid * glass))
        else:
            g *= float(np.exp(step if state is ModeCouplingState.LIQUID else -step))
            step *= 2
    return np.nan


def critical_plateau(structure: StaticStructure, coupling: float) -> Floats:
    """F_s(k,∞) where the glass appears: height of the plateau on which F_s(k,t) of mode-coupling theory stays before it decays.

    Taken one part in a hundred above g_c, where f exceeds f_c by h_s √0.01; as g_c, it needs the S(k) of one state only.

    Parameters
    ----------
    structure
        S(k), density, composition.
    coupling
        g_c (`critical_coupling`). [1]

    Returns
    -------
    ndarray
        Of each species, shape (n, N_k); NaN where g_c is, or where the limit was not reached. [1]

    Examples
    --------
    Percus–Yevick hard spheres at their critical packing fraction, k d = 7.4:

    >>> from glassdask.physics.structure.percus_yevick import percus_yevick
    >>> k = (np.arange(100) + 0.5) * 0.4
    >>> round(float(critical_plateau(percus_yevick(k, 0.51591), 1.0)[0, 18]), 2)
    0.78
    """
    nothing = np.full((structure.n_species, structure.wavenumber.size), np.nan)
    if not np.isfinite(coupling):
        return nothing
    iteration = CollectiveIteration(structure)
    iteration.coupling = coupling * (1 + _INTO_THE_GLASS)
    F, state = iteration.run(_ACCURACY, _MOST_ITERATIONS)[:2]
    if state is not ModeCouplingState.GLASS:
        return nothing
    F_s, is_reached = tagged_limit(structure, F, _ACCURACY, _MOST_ITERATIONS, iteration.coupling)
    return F_s if is_reached else nothing
