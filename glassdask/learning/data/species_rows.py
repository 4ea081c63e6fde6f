"""States seen species by species, so that liquids of any number of species are learned from together: what mode-coupling theory makes
of S(k) alone, and the times at which F_s passes given levels.

A row is one species of one state (or replica). Its features:

- 1/g̃ = g_c^(−1.8), g_c the critical coupling: nearly T_mct/T, but of one S(k), without other temperatures;
- ln(−ln f), f = F_s(k_p,∞) of that species where the theory's glass appears (`critical_plateau`): height of the plateau;
- ln(m/m̄), m̄ the mean mass: who is slowed by being heavy.

Times are in units of t_0 = 1/(k_p √(k_BT/m)), in which F_s = exp(−t²/(2 t_0²)) at first for any species of any liquid; k_p is that of
S_AA. Of the liquid, nothing else is told: no name, no potential, no density but through them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.learning.data.level_times import LEVELS, level_times
from glassdask.learning.data.training_set import TrainingSet
from glassdask.physics.liquids.liquid import SPECIES
from glassdask.physics.mode_coupling.critical_coupling import critical_plateau
from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs
from glassdask.physics.structure.wavenumber_bins import peak_interval

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
#: ln g_c falls 0.55 times as fast as ln T (nine liquids, 2.6 to 0.77 T_mct), so that this power of it is nearly T_mct/T, in which ln t
#: of a level is nearly a straight line.
COUPLING_POWER = -1.8
#: Columns by name, in their order.
COLUMNS = ("inverse_coupling", "plateau", "mass")


@dataclass(frozen=True, eq=False)
class SpeciesRows:
    """Rows of species.

    Parameters
    ----------
    row, species
        Number of the row of the training set and of the species, shape (n,).
    series
        Name of the series: potential, density and species. Shape (n,).
    columns
        `COLUMNS`, shape (n, 3). [1]
    log_unit
        ln t_0, shape (n,). [ln tau_MD, but for a constant]
    samples
        Where they are from.
    """

    row: Integers
    species: Integers
    series: NDArray[np.str_]
    columns: Floats
    log_unit: Floats
    samples: TrainingSet

    @classmethod
    def of(cls, samples: TrainingSet) -> SpeciesRows:
        """Every species of every row."""
        row, species = np.nonzero(samples.has_species)
        names = [
            f"{samples.potential[i]} {samples.density[i]:.6g} {SPECIES[a]}" for i, a in zip(row, species, strict=True)
        ]
        theory = [_of_theory(samples, i) for i in range(len(samples))]
        columns, log_unit = [], []
        for i, a in zip(row, species, strict=True):
            peak, fractions, plateaus = theory[i]
            mass = samples.mass[i, a]
            mean_mass = float(fractions @ samples.mass[i][: len(fractions)])
            inverse = samples.critical_coupling[i] ** COUPLING_POWER
            columns.append([inverse, np.log(-np.log(plateaus[a])), np.log(mass / mean_mass)])
            log_unit.append(-np.log(peak) - 0.5 * np.log(samples.temperature[i] / mass))
        return cls(row, species, np.array(names), np.array(columns), np.array(log_unit), samples)

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Whether theory has an answer for the row, shape (n,)."""
        return np.asarray(np.isfinite(self.columns).all(axis=1))

    @cached_property
    def level_times(self) -> Floats:
        """ln t/t_0 of each level, NaN where it was not reached, shape (n, n_levels)."""
        log_times, levels = np.log(self.samples.lag_time), np.array(LEVELS)
        curves = self.samples.scattering[self.row, :, self.species]
        return np.array([level_times(log_times, F, levels) for F in curves]) - self.log_unit[:, None]

    def of_rows(self, rows: Integers) -> Integers:
        """Places of the species of these rows of the training set."""
        return np.flatnonzero(np.isin(self.row, rows))


def _of_theory(samples: TrainingSet, row: int) -> tuple[float, Floats, Floats]:
    """k_p, mole fractions, and the plateau F_s(k_p,∞) of each species that the liquid has."""
    S = samples.structure_factor[row][np.isfinite(samples.structure_factor[row]).all(axis=1)]
    matrix = matrix_of_pairs(S)
    n = len(matrix)
    k = samples.wavenumber
    fractions = _limits(matrix[np.arange(n), np.arange(n)])
    peak = _peak(k, matrix[0, 0], float(samples.density[row]))
    try:
        structure = StaticStructure(k, matrix, float(samples.density[row]), fractions)
    except InvalidInput:  # of S(k) that nature cannot have, theory has nothing to say
        return peak, fractions, np.full(n, np.nan)
    plateaus = critical_plateau(structure, float(samples.critical_coupling[row]))
    return peak, fractions, np.array([np.interp(peak, k, of_one) for of_one in plateaus])


def _limits(S: Floats) -> Floats:
    """x_a, to a part in a thousand: S_aa swings around it at large k, so that the upper half of the grid is averaged with weights
    that fall to 0 at both ends (Hann)."""
    upper = S[:, S.shape[1] // 2 :]
    found = upper @ np.hanning(upper.shape[1] + 2)[1:-1]
    return np.asarray(found / found.sum())


def _peak(k: Floats, S: Floats, density: float) -> float:
    """k_p of S_AA on a coarse grid: of the parabola through its highest three values."""
    low, high = peak_interval(density)
    inside = (k > low) & (k < high)
    i = int(np.clip(np.argmax(np.where(inside, S, -np.inf)), 1, k.size - 2))
    bend = S[i - 1] - 2 * S[i] + S[i + 1]
    if bend >= 0:
        return float(k[i])
    return float(k[i] + (k[i + 1] - k[i]) * 0.5 * (S[i - 1] - S[i + 1]) / bend)
