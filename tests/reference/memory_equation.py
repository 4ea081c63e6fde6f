"""The memory equation with a uniform step and the trapezium rule throughout; one row, matrices over species.

    overdamped:  V = s − Ω F − ∫₀ᵗ M(t−τ) V(τ) dτ,            V = dF/dt
    newtonian:   dV/dt = s − Ω F − ∫₀ᵗ M(t−τ) V(τ) dτ,        V(0) = 0

Nothing is by parts, nothing is forgotten: O(n_steps²), with an error of order step².
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def memory_equation(
    memory: Callable[[float, np.ndarray], np.ndarray],
    Omega: np.ndarray,
    F_0: np.ndarray,
    step: float,
    n_steps: int,
    dynamics: str,
    source: float = 0.0,
) -> np.ndarray:
    """F at the times 0, h, … n_steps h, shape (n_steps + 1, n, n); `memory` is M(t, F(t)), of shape (n, n)."""
    h, zero = step, np.zeros_like(F_0)
    F, M = [F_0], [memory(0.0, F_0)]
    V = [zero if dynamics == "newtonian" else source - Omega @ F_0]
    force = [source - Omega @ F_0]
    for i in range(1, n_steps + 1):
        past = zero
        for j in range(1, i):
            past = past + M[i - j] @ V[j]
        F_i, V_i, M_i = F[-1], V[-1], M[-1]
        for _ in range(200):
            before = V_i
            integral = h * (0.5 * M_i @ V[0] + past + 0.5 * M[0] @ V_i)
            force_i = source - Omega @ F_i - integral
            V_i = V[-1] + 0.5 * h * (force[-1] + force_i) if dynamics == "newtonian" else force_i
            F_i = F[-1] + 0.5 * h * (V[-1] + V_i)
            M_i = memory(i * h, F_i)
            if np.abs(V_i - before).max() < 1e-14:
                break
        F.append(F_i)
        V.append(V_i)
        M.append(M_i)
        force.append(force_i)
    return np.array(F)


def extrapolated(memory, Omega, F_0, step, n_steps, dynamics, source=0.0) -> np.ndarray:
    """(4 F_{h/2} − F_h) / 3 at the same times: the error of order step² is gone."""
    coarse = memory_equation(memory, Omega, F_0, step, n_steps, dynamics, source)
    fine = memory_equation(memory, Omega, F_0, step / 2, 2 * n_steps, dynamics, source)
    return (4.0 * fine[::2] - coarse) / 3.0
