"""The memory kernels of mode-coupling theory by their definition: a sum over all pairs (q, p), vertex by vertex."""

from __future__ import annotations

import numpy as np


def collective_memory(k: np.ndarray, F: np.ndarray, c: np.ndarray, density: float, composition, rates) -> np.ndarray:
    """M_ab(k) of docs/equations.md (E2), (E3), (E6): all vertices and indices spelled out; F and c of shape (n, n, N_k)."""
    n, n_k, dk = len(composition), k.size, k[1] - k[0]
    q, p = np.meshgrid(k, k, indexing="ij")
    j, l = np.meshgrid(np.arange(n_k), np.arange(n_k), indexing="ij")
    M = np.zeros((n, n, n_k))
    for i, at in enumerate(k):
        inside = (l >= abs(i - j)) & (l <= i + j)
        kq, kp = (at**2 + q**2 - p**2) / (2 * at), (at**2 + p**2 - q**2) / (2 * at)
        V = np.zeros((n, n, n, n_k, n_k))
        for a in range(n):
            for m in range(n):
                V[a, m, a] += kq * c[a, m][:, None]
                V[a, a, m] += kp * c[a, m][None, :]
        for a in range(n):
            for b in range(n):
                total = np.zeros((n_k, n_k))
                for m1, n1, m2, n2 in np.ndindex(n, n, n, n):
                    total += V[a, m1, n1] * F[m1, m2][:, None] * F[n1, n2][None, :] * V[b, m2, n2]
                integral = dk**2 / (4 * np.pi**2 * at) * (q * p * total)[inside].sum()
                M[a, b, i] = rates[a] * density / (2 * composition[b]) * integral
    return M


def tagged_memory(k: np.ndarray, F_s: np.ndarray, F: np.ndarray, c: np.ndarray, density: float, rates) -> np.ndarray:
    """M_s(k) of docs/equations.md (E4) for each species; F_s of shape (n, N_k), F and c of shape (n, n, N_k)."""
    n, n_k, dk = F_s.shape[0], k.size, k[1] - k[0]
    q, p = np.meshgrid(k, k, indexing="ij")
    j, l = np.meshgrid(np.arange(n_k), np.arange(n_k), indexing="ij")
    M = np.zeros((n, n_k))
    for i, at in enumerate(k):
        inside = (l >= abs(i - j)) & (l <= i + j)
        kq = (at**2 + q**2 - p**2) / (2 * at)
        for s in range(n):
            W = sum(c[s, a] * F[a, b] * c[s, b] for a in range(n) for b in range(n))
            integrand = q * p * kq**2 * W[:, None] * F_s[s][None, :]
            M[s, i] = rates[s] * density * dk**2 / (4 * np.pi**2 * at) * integrand[inside].sum()
    return M
