"""The integral of mode-coupling theory for many states at once, with whole-array operations: what a GPU could be given.

The sum over p is a difference of prefix sums (docs/equations.md, E6), in float64: on 100 wavenumbers the loss by the
difference is some 1e-11 of the result. Used by benchmarks/gpu.py, which sets it beside one state a core.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

#: States worked on together: seven functions of p, two moments and more of 100 × 100 numbers each.
_STATES = 32


class CollectiveBatch:
    """T_ab(k) of `glassdask.physics.compiled.collective_sums` for many states.

    Parameters
    ----------
    n_k
        Wavenumbers, (i + ½) dk.
    xp
        ``numpy`` or ``cupy``.
    """

    def __init__(self, n_k: int, xp: ModuleType):
        self._xp = xp
        i, j = np.indices((n_k, n_k))
        self._first, self._behind = xp.asarray(abs(i - j)), xp.asarray(np.minimum(i + j, n_k - 1) + 1)
        self._P = P = xp.arange(n_k) + 0.5
        self._a = P[:, None] ** 2 + P[None, :] ** 2  # K² + Q²
        self._b = P[:, None] ** 4 - P[None, :] ** 4
        self._Q_2 = P[None, :] ** 2

    def sums(self, F: Any, c: Any) -> Any:
        """T_ab(k), shape (n_states, n, n, N_k), of F and c of the same shape."""
        xp = self._xp
        parts = range(0, len(F), _STATES)
        return xp.concatenate([self._of_part(F[i : i + _STATES], c[i : i + _STATES]) for i in parts])

    def _of_part(self, F: Any, c: Any) -> Any:
        xp, P = self._xp, self._P
        H = xp.einsum("sadk,sdbk->sabk", c, F)
        G = xp.einsum("sadk,sdbk->sabk", H, c)
        F_0, F_1, F_2 = self._windows(F)
        # A² = a² − 2 a P² + P⁴ times F(p), with G(q); A B = b + 2 Q² P² − P⁴ times H_ba(p), with H_ab(q)
        inner = xp.einsum("sabkq,sabq->sabk", self._a**2 * F_0 - 2 * self._a * F_1 + F_2, P * G)
        H_0, H_1, H_2 = self._windows(xp.swapaxes(H, 1, 2))
        inner += xp.einsum("sabkq,sabq->sabk", self._b * H_0 + 2 * self._Q_2 * H_1 - H_2, P * H)
        return inner / P**3

    def _windows(self, of_p: Any) -> list[Any]:
        """Σ_l P φ, P³ φ, P⁵ φ over the window |i − j| … i + j, shape (n_states, n, n, N_k, N_k) each."""
        xp, P = self._xp, self._P
        found = []
        for power in (1, 3, 5):
            prefix = xp.zeros((*of_p.shape[:-1], of_p.shape[-1] + 1))
            prefix[..., 1:] = xp.cumsum(of_p * P**power, axis=-1)
            found.append(prefix[..., self._behind] - prefix[..., self._first])
        return found
