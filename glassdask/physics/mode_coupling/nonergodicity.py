"""Long-time limits of mode-coupling theory: the nonergodicity parameters F(k, t→∞) and F_s(k, t→∞).

    F(k,∞) = S − (S⁻¹ + m)⁻¹,  m_ab = M_ab[F(∞)] / (μ_a k² x_a)        (docs/equations.md, E5)
    F_s(k,∞) = M_s / (μ_s k² + M_s)                                     (E4 at long times)

Iterated from F = S, the sequence falls monotonically to the largest solution, which is the long-time limit (Franosch and
Voigtmann, J. Stat. Phys. 109, 237 (2002)). Near a critical point it creeps; then the mode that is slow is extrapolated,
by less than its whole way, so that the sequence stays above the solution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.outcome import ModeCouplingState
from glassdask.physics.compiled import next_limit
from glassdask.physics.mode_coupling.mode_coupling_kernels import CollectiveKernel, TaggedKernel
from glassdask.physics.structure.static_structure import StaticStructure

Floats = NDArray[np.float64]
#: F below this share of S everywhere is on its way to zero.
_LIQUID = 1e-6
#: Share of the way to the extrapolated limit that is leapt.
_LEAP = 0.9
#: Iterations after a leap in which what it stirred up dies away: until then nothing is judged by the changes.
_REST = 4


@dataclass(frozen=True, eq=False)
class Nonergodicity:
    """Long-time limits, and whether they were reached.

    Attributes
    ----------
    F
        F_ab(k,∞), shape (n, n, N_k); 0 in the liquid.
    F_s
        F_s(k,∞) of tagged particles, shape (n, N_k). A small species may be mobile in the glass of a large one.
    state
        Liquid, glass, or not converged: iterations were spent before either was sure, of F or of F_s.
    iterations
        Of the collective equation.
    residual
        Last change of F / S divided by 1 − ϱ, ϱ the ratio of successive changes: an estimate of the distance to go.
    """

    F: Floats
    F_s: Floats
    state: ModeCouplingState
    iterations: int
    residual: float


def nonergodicity_parameter(
    structure: StaticStructure, tolerance: float = 1e-10, most_iterations: int = 100_000
) -> Nonergodicity:
    """F_ab(k,∞) and F_s(k,∞) from S(k), density and composition; no dynamics enter.

    Parameters
    ----------
    structure
        S(k), density, composition.
    tolerance
        Distance to the solution, in units of S, at which the iteration ends.
    most_iterations
        At most this many; near a critical point at distance ε some ε^(−1/2) are needed.

    Returns
    -------
    Nonergodicity
        F_ab(k,∞), shape (n, n, N_k), and F_s(k,∞), shape (n, N_k), with the state that they mean. [1]

    Examples
    --------
    >>> from glassdask.physics.structure.percus_yevick import percus_yevick
    >>> k = (np.arange(100) + 0.5) * 0.4
    >>> [nonergodicity_parameter(percus_yevick(k, eta)).state for eta in (0.50, 0.53)]
    ['liquid', 'glass']
    """
    iteration = CollectiveIteration(structure)
    F, state, n, residual = iteration.run(tolerance, most_iterations)
    F_s = np.zeros((structure.n_species, structure.wavenumber.size))
    if state is not ModeCouplingState.LIQUID:
        F_s, is_reached = tagged_limit(structure, F, tolerance, most_iterations)
        state = state if is_reached else ModeCouplingState.NOT_CONVERGED
    return Nonergodicity(F, F_s, state, n, residual)


class CollectiveIteration:
    """The collective map F → S − (S⁻¹ + g m[F])⁻¹.

    Attributes
    ----------
    coupling
        g, 1 in mode-coupling theory itself; :mod:`glassdask.physics.mode_coupling.critical_coupling` varies it.
    """

    def __init__(self, structure: StaticStructure):
        self.coupling = 1.0
        self.S, self.inverse = (np.ascontiguousarray(S) for S in (structure.structure_factor, structure.inverse))
        self.kernel = CollectiveKernel(structure)
        self.scale = np.sqrt(np.einsum("aak,bbk->abk", self.S, self.S))

    def run(
        self, tolerance: float, most: int, start: Floats | None = None
    ) -> tuple[Floats, ModeCouplingState, int, float]:
        """Iterates to the limit, from F = S or from the limit of a larger coupling, which lies above it too.

        Parameters
        ----------
        tolerance
            Distance to the solution at which it ends, in units of S.
        most
            Iterations.
        start
            F(k,∞) of a larger coupling, shape (n, n, N_k). [1]

        Returns
        -------
        tuple
            F(k,∞), shape (n, n, N_k); its state; the iterations spent; the distance left, in units of S. [1]
        """
        F = (self.S if start is None else start).copy()
        change, residual, leapt = np.zeros_like(F), np.inf, 0
        factor = self.coupling * self.kernel.factor
        for n in range(1, most + 1):
            size, largest, both, before, square = next_limit(
                F, self.S, self.inverse, self.kernel.c, factor, self.scale, change
            )
            if size < _LIQUID:
                return np.zeros_like(F), ModeCouplingState.LIQUID, n, 0.0
            if largest == 0.0:
                return F, ModeCouplingState.GLASS, n, 0.0
            if n > 1 and n - leapt >= _REST:
                # of the slowest mode, as changes become a geometric series
                ratio = both / before
                if 0.0 <= ratio < 1.0:
                    residual = largest / (1.0 - ratio)
                    if residual < tolerance:
                        return F, ModeCouplingState.GLASS, n, residual
                    # the last two changes are parallel to a part in a hundred of what a leap would add
                    rest = square - 2.0 * ratio * both + ratio**2 * before
                    if rest < (0.01 * (1.0 - ratio)) ** 2 * square:
                        F += change * (_LEAP * ratio / (1.0 - ratio))
                        leapt = n
        return F, ModeCouplingState.NOT_CONVERGED, most, residual


def tagged_limit(
    structure: StaticStructure, F: Floats, tolerance: float = 1e-10, most: int = 100_000, coupling: float = 1.0
) -> tuple[Floats, bool]:
    """F_s(k,∞) = g M_s / (k² + g M_s) of tagged particles in a glass that has F(k,∞), iterated from 1 (mobility 1).

    Parameters
    ----------
    structure
        S(k), density, composition.
    F
        F_ab(k,∞), shape (n, n, N_k).
    tolerance
        Distance to the limit at which it ends.
    most
        Iterations.
    coupling
        g on the memory kernel, 1 in mode-coupling theory itself. [1]

    Returns
    -------
    tuple
        F_s(k,∞), shape (n, N_k), and whether it came within the tolerance of its limit. [1]
    """
    kernel = TaggedKernel(structure, F[None])
    k_squared = np.tile(structure.wavenumber**2, structure.n_species)
    F_s, before, is_reached = np.ones((1, 1, k_squared.size)), np.inf, False
    M = np.empty_like(F_s)
    for _ in range(most):
        kernel.fill(0, F_s, M)
        M *= coupling
        new = M / (k_squared + M)
        change = float(np.max(np.abs(new - F_s)))
        F_s, ratio, before = new, change / before, change
        if change == 0.0 or (ratio < 1.0 and change < tolerance * (1.0 - ratio)):
            is_reached = True
            break
    return F_s.reshape(kernel.shape), is_reached
