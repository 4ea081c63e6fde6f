"""States with a structure that theory knows: hard spheres that shrink on heating, whose F_s follows from g_c of their S(k).

At fixed density the effective diameter of soft spheres falls with temperature; so here does the packing fraction.
"""

from __future__ import annotations

import numpy as np

from glassdask.learning.data.training_set import Floats, TrainingSet
from glassdask.physics.mode_coupling.critical_coupling import critical_coupling
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.physics.structure.percus_yevick import percus_yevick
from glassdask.physics.structure.static_structure import StaticStructure, pairs_of_matrix

DENSITY, COMPOSITION, RATIO = 1.2, (0.8, 0.2), 0.88
K = bipolar_wavenumbers()
LAG_TIMES: Floats = np.geomspace(0.1, 1e4, 15)


def structure(temperature: float, wavenumber: Floats = K) -> StaticStructure:
    """The mixture at packing fraction 0.50 at T = 1 and 0.36 at T = 3.4, in the Percus–Yevick approximation."""
    packing = 0.5 - 0.058 * (temperature - 1.0)
    diameter = (6 * packing / (np.pi * DENSITY * (COMPOSITION[0] + COMPOSITION[1] * RATIO**3))) ** (1 / 3)
    return percus_yevick(wavenumber, packing, (diameter, RATIO * diameter), COMPOSITION)


def partials(temperature: float, wavenumber: Floats = K) -> Floats:
    """S_AA, S_AB, S_BB, shape (3, n_k)."""
    return pairs_of_matrix(structure(temperature, wavenumber).structure_factor)


def scattering(temperature: float, coupling: float) -> Floats:
    """F_s of A and B, shape (n_t, 2): the time is a power of g_c, in units of an atom's flight; B is the faster species."""
    unit = DENSITY ** (-1 / 3) * temperature**-0.5
    tau = unit * 30.0 * coupling**-2.5 * np.array([1.0, 0.6])
    return np.exp(-((LAG_TIMES[:, None] / tau) ** 0.8))


def make_hard_spheres(temperatures: Floats) -> TrainingSet:
    """One run a temperature, of a potential that is called LJ."""
    n = len(temperatures)
    couplings = np.array([critical_coupling(structure(T)) for T in temperatures])
    curves = np.stack([scattering(T, g) for T, g in zip(temperatures, couplings, strict=True)])
    return TrainingSet(
        potential=np.full(n, "lj"),
        temperature=np.asarray(temperatures, dtype=float),
        density=np.full(n, DENSITY),
        replica=np.zeros(n, dtype=np.int64),
        wavenumber=K,
        structure_factor=np.stack([partials(T) for T in temperatures]),
        lag_time=LAG_TIMES,
        scattering=curves,
        scattering_error=np.full_like(curves, 1e-3),
        theory=curves,
        critical_coupling=couplings,
        critical_temperature=np.full(n, 0.9),
    )
