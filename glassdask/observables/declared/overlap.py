"""Observable: the overlap Q(t) of a configuration with itself, and its fluctuation, the four-point susceptibility chi_4(t)."""

from __future__ import annotations

import numpy as np

from glassdask.datasets.schema.variables import with_error
from glassdask.observables.averages import Average, Counts
from glassdask.observables.displacement_rows import DisplacementRows
from glassdask.observables.frames import Floats
from glassdask.observables.observable import Needs, Observable, Values
from glassdask.observables.peaks import peak_values, peak_variables
from glassdask.observables.setting import Setting
from glassdask.physics.motion.heterogeneity.overlap import Overlap, susceptibility


class OverlapRows(DisplacementRows):
    """Rows of q and q², of each species and of all particles, shape (n_pairs, 2, n_species + 1)."""

    def __init__(self, setting: Setting):
        super().__init__(Overlap(setting.species, setting.overlap_distance, setting.remove_drift, setting.xp))

    def of_pairs(self, states, pairs) -> Floats:
        """q and its square of each pair of frames."""
        q = super().of_pairs(states, pairs)
        return np.stack([q, q**2], axis=1)


def _values(average: Average, setting: Setting) -> Values:
    n_particles = np.array([*np.bincount(setting.species), setting.species.size])

    def chi_4(means: Floats, n: Counts) -> Floats:
        return susceptibility(means[:, 0], means[:, 1], n[:, None], n_particles)

    q, of_lags = average.part((..., 0, slice(None))), average.estimate(chi_4)
    value, error = (np.asarray(array).T for array in of_lags)
    return {
        "overlap": q.mean[:, :-1].T,
        "overlap_error": q.standard_error[:, :-1].T,
        "four_point_susceptibility": value[:-1],
        "four_point_susceptibility_error": error[:-1],
        "total_four_point_susceptibility": value[-1],
        "total_four_point_susceptibility_error": error[-1],
        **peak_values("chi4_peak", average, lambda means, n: chi_4(means, n)[:, :-1], setting.lag_times),
    }


_CHI_4 = "four-point susceptibility chi_4(t) = N_a (<q_a^2> - <q_a>^2)"
OBSERVABLE = Observable(
    title="overlap and four-point susceptibility",
    needs=Needs.LAGS,
    rows=OverlapRows,
    values=_values,
    variables={
        **with_error(
            "overlap",
            ("species", "t"),
            "1",
            "overlap Q_a(t): share of particles within the overlap distance of where they were",
        ),
        **with_error("four_point_susceptibility", ("species", "t"), "1", f"{_CHI_4} at constant energy"),
        **with_error(
            "total_four_point_susceptibility",
            ("t",),
            "1",
            "four-point susceptibility chi_4(t) of all particles, at constant energy",
        ),
        **peak_variables("chi4_peak", "chi_4(t)"),
    },
    source="Lačević, Starr, Schrøder and Glotzer, J. Chem. Phys. 119, 7372 (2003), self part",
    oracle="Q (1 - Q) of independent particles: tests/observables/declared/test_heterogeneity.py",
)
