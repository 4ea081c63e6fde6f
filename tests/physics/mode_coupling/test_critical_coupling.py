"""The distance of one S(k) from the glass of mode-coupling theory."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from glassdask.errors import InvalidInput
from glassdask.physics.mode_coupling.critical_coupling import critical_coupling
from glassdask.physics.mode_coupling.mode_coupling_kernels import CollectiveKernel
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import StaticStructure

K = (np.arange(100) + 0.5) * 0.4


def is_glass(structure: StaticStructure, g: float, n_iterations: int = 3000) -> bool:
    """The plain map F → S − (S⁻¹ + g m[F])⁻¹, matrix by matrix, without leaps."""
    kernel, S = CollectiveKernel(structure), structure.structure_factor
    F = S.copy()
    inverse = np.linalg.inv(np.moveaxis(S, 2, 0))
    for _ in range(n_iterations):
        m = g * np.moveaxis(kernel.reduced(F), 2, 0)
        F = S - np.moveaxis(np.linalg.inv(inverse + m), 0, 2)
        if np.abs(F).max() < 1e-6:
            return False
    return True


def test_one_at_the_critical_packing_of_hard_spheres():
    """Percus–Yevick, N_k = 100, dk = 0.4: 0.51591213 (Franosch et al. 1997)."""
    assert_allclose(critical_coupling(percus_yevick(K, 0.51591213), 1e-4), 1.0, atol=4e-4)


@pytest.mark.parametrize("packing", [0.48, 0.54])
def test_glass_above_and_liquid_below(packing: float):
    structure = percus_yevick(K, packing)
    g = critical_coupling(structure, 1e-3)
    assert is_glass(structure, 1.01 * g)
    assert not is_glass(structure, 0.99 * g)


@pytest.mark.parametrize("packing", [0.45, 0.48, 0.55])
def test_the_tolerance_is_the_relative_error(packing):
    """Up to k = 20, which is quick; liquids and a glass."""
    structure = percus_yevick(K[:50], packing)
    exact = critical_coupling(structure, 1e-4)
    found = np.array([critical_coupling(structure, tolerance) for tolerance in (0.01, 0.03, 0.1, 0.3)])
    assert np.all(np.abs(found / exact - 1.0) <= [0.01, 0.03, 0.1, 0.3])


def test_falls_with_density_in_mixtures():
    g = [critical_coupling(percus_yevick(K, eta, [0.8, 1.0], [0.2, 0.8])) for eta in (0.46, 0.50, 0.54)]
    assert g[0] > g[1] > 1 > g[2]


def test_structureless_matter_has_none():
    assert np.isnan(critical_coupling(percus_yevick(K, 0.01)))


def test_refuses_tolerances_that_cannot_be_had():
    with pytest.raises(InvalidInput, match="tolerance is 1e-06"):
        critical_coupling(percus_yevick(K, 0.5), 1e-6)
