"""gamdpy's steps on a core, over all pairs, in any precision: what the precision alone does to a trajectory.

Operations are those of its ``NVE``, ``PairPotential`` and ``Orthorhombic`` (0.8.3), each rounded to the type of the arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np


def leap_frog(pair_function: Callable[..., Any]) -> Callable[..., float]:
    """Compiled steps; `pair_function` gives u, −u'/r and u'' of a distance and a record of parameters."""
    compiled = numba.njit(pair_function)

    @numba.njit
    def steps(r, v, f, inverse_masses, species, parameters, box, dt, n_steps):  # type: ignore[no-untyped-def]
        """Advance positions and velocities half a step behind; returns the potential energy at the end, to which `f` belongs."""
        n, half = len(r), 0.5 * box
        energy = 0.0
        dr = np.zeros(3, r.dtype)
        for step in range(n_steps + 1):
            f[:] = 0
            energy = 0.0
            for i in range(n):
                for j in range(i + 1, n):
                    for k in range(3):
                        dr[k] = r[i, k] - r[j, k]
                        if dr[k] > half:
                            dr[k] -= box
                        elif dr[k] < -half:
                            dr[k] += box
                    squared = dr[0] * dr[0] + dr[1] * dr[1] + dr[2] * dr[2]
                    pair = parameters[species[i], species[j]]
                    if squared < pair[5] * pair[5]:
                        u, s, _ = compiled(np.sqrt(squared), pair)
                        energy += u
                        for k in range(3):
                            f[i, k] += dr[k] * s
                            f[j, k] -= dr[k] * s
            if step < n_steps:
                for i in range(n):
                    for k in range(3):
                        v[i, k] += f[i, k] * inverse_masses[i] * dt
                        r[i, k] += v[i, k] * dt
                        if r[i, k] > half:
                            r[i, k] -= box
                        elif r[i, k] < -half:
                            r[i, k] += box
        return energy

    return steps
