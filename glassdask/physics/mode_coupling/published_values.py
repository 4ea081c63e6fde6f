"""Numbers of the paper that results are set beside."""

from __future__ import annotations

import numpy as np

#: k_B T_mct / epsilon_AA by potential and density: Table 1 of Ciarella et al. (2023).
TABLE_1 = {
    "lj": {1.2: 0.90, 1.4: 1.87, 1.6: 3.53, 1.8: 5.10},
    "wca": {1.2: 0.74, 1.4: 1.77, 1.6: 3.49, 1.8: 5.10},
}


def table_1(potential: str, density: float) -> float:
    """T_mct of Table 1; NaN for what it does not hold. [epsilon_AA/k_B]

    >>> table_1("lj", 1.2)
    0.9
    """
    found = [value for rho, value in TABLE_1.get(potential, {}).items() if np.isclose(rho, density)]
    return found[0] if found else float("nan")
