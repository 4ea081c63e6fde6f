"""How well the answers of mode-coupling theory are known, as far as S(k) has errors, ends somewhere, or is coarse.

Each is measured by solving again: structure factors drawn from the errors (standard errors), the table without its last quarter,
the table without every second row. These solutions are made cheaply, on a coarser grid of times, and only compared with the
same cheap solution of the table itself: what the coarse grid does wrong is nearly the same in both.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from glassdask.outcome import ModeCouplingState
from glassdask.physics.mode_coupling.critical_coupling import critical_coupling
from glassdask.physics.mode_coupling.mode_coupling_dynamics import mode_coupling_dynamics
from glassdask.physics.mode_coupling.nonergodicity import nonergodicity_parameter
from glassdask.physics.mode_coupling.stability import stability
from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs
from glassdask.physics.structure.table_on_grid import TableOnGrid
from glassdask.stages.solve_mct.theory_of_structure import StructureTheory, beyond_the_table, times_at

#: Half of the times of a block of the coarse grid: τ itself is off by 0.6 %, a ratio of two by far less.
_N_HALF = 8
#: Longest relaxation time of a solution to compare with, in units of that of the table itself.
_LONGEST = 1e4
#: Share of the table that stays where its end is looked at.
_KEPT = 0.75
#: Seconds after which a word is said.
_PATIENCE = 5.0


@dataclass(frozen=True)
class Spread:
    """The interval of one standard error on both sides, and the larger of the two: τ is lopsided where ln τ is not."""

    error: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class TheoryDoubt:
    """What S(k) leaves open.

    Attributes
    ----------
    error_source
        "column", "roughness" or None: where the errors of S(k) come from.
    n_resamples
        Structure factors drawn.
    glass_share
        Of them, the share that is on the glass's side of the critical point; NaN where none was drawn.
    relaxation_times, collective_relaxation_times
        Of each species; None where there are no errors or no relaxation times.
    eigenvalue, exponent_parameter, critical_coupling
        None where there are no errors or no such number.
    cut_wavenumber
        Where the table was cut.
    without_last_quarter, every_second_row, beyond_the_table
        Factors by which relaxation times change, or g_c where there are none, by the cut, by leaving out rows, and by what was
        taken beyond the table; None where not looked at.
    """

    error_source: str | None
    n_resamples: int
    glass_share: float
    relaxation_times: list[Spread] | None
    collective_relaxation_times: list[Spread] | None
    eigenvalue: Spread | None
    exponent_parameter: Spread | None
    critical_coupling: Spread | None
    cut_wavenumber: float
    without_last_quarter: list[float]
    every_second_row: list[float] | None
    beyond_the_table: list[float] | None


@dataclass(frozen=True, eq=False)
class _Cheap:
    """ln τ of all species, self then collective (infinite in the glass), g_c, and E_0 and λ of a glass."""

    log_times: np.ndarray
    critical_coupling: float
    eigenvalue: float
    exponent_parameter: float


def theory_doubt(
    theory: StructureTheory,
    table: TableOnGrid | None,
    n_resamples: int,
    beyond: str = "end",
    progress: Callable[[str], None] | None = None,
) -> TheoryDoubt:
    """Solves again beside the central solution, as often as the errors of S(k) ask for it.

    `table` is where its S(k) comes from, None where it is exact. `n_resamples` structure factors are drawn where there are
    errors, 0 for none. `progress` is called with a line when that takes longer than some seconds.
    """
    again = _Again(theory, beyond)
    draws: list[_Cheap] = []
    source = table.error_source if table is not None and n_resamples else None
    if table is not None and table.smooth is not None and source:
        began, is_said = time.monotonic(), False
        for number, partials in enumerate(table.smooth.draws(n_resamples)):
            draws.append(again.of(partials))
            if progress and not is_said and time.monotonic() - began > _PATIENCE:
                progress(f"{number + 1} of {n_resamples} structure factors within the errors of S(k) are solved")
                is_said = True
    S, n, glass = theory.solution.structure, theory.table_size, theory.glass_stability
    kept = max(int(_KEPT * n), theory.place + 2)
    every_second = table.every_second if table is not None else None
    return TheoryDoubt(
        source if draws else None,
        len(draws),
        float(np.mean([draw.critical_coupling < 1 for draw in draws])) if draws else math.nan,
        *again.spreads_of_times(draws),
        _spread([draw.eigenvalue for draw in draws], glass.eigenvalue if glass else None),
        _spread([draw.exponent_parameter for draw in draws], glass.exponent_parameter if glass else None),
        _spread([draw.critical_coupling for draw in draws], theory.critical_coupling),
        float(S.wavenumber[kept - 1]),
        again.factors(again.of_first(kept)),
        None if every_second is None else again.factors(again.of(every_second)),
        None if beyond == "end" else [1 / x for x in again.factors(again.of_first(n, "end"))],
    )


class _Again:
    """Cheap solutions beside a central one."""

    def __init__(self, theory: StructureTheory, beyond: str):
        self._theory, self._beyond = theory, beyond
        times = np.array([*theory.relaxation_times, *theory.collective_relaxation_times])
        self.has_times = bool(np.isfinite(times).any())
        self._end = _LONGEST * float(np.nanmax(times)) if self.has_times else math.nan
        self._log_times = np.log(times)
        self.central = self._solved(theory.solution.structure)

    def of(self, partials: np.ndarray) -> _Cheap:
        """Of S_ab on the table's grid."""
        structure = self._theory.solution.structure
        k = structure.wavenumber[: partials.shape[1]]
        table = StaticStructure(k, matrix_of_pairs(partials), structure.density, structure.composition)
        return self._solved(beyond_the_table(table, self._beyond))

    def of_first(self, n: int, beyond: str | None = None) -> _Cheap:
        """Of the first n wavenumbers of the table, with the same or something else beyond them."""
        structure = self._theory.solution.structure
        table = StaticStructure(
            structure.wavenumber[:n], structure.structure_factor[..., :n], structure.density, structure.composition
        )
        return self._solved(beyond_the_table(table, beyond or self._beyond))

    def factors(self, other: _Cheap) -> list[float]:
        """τ over that of the central solution of each species (self); of g_c where nothing relaxes."""
        if not self.has_times:
            return [other.critical_coupling / self.central.critical_coupling]
        n = len(self._theory.relaxation_times)
        with np.errstate(invalid="ignore", over="ignore"):
            return [float(x) for x in np.exp(other.log_times - self.central.log_times)[:n]]

    def spreads_of_times(self, draws: list[_Cheap]) -> tuple[list[Spread] | None, list[Spread] | None]:
        """Of the self and the collective relaxation times."""
        if not draws or not self.has_times:
            return None, None
        n = len(self._theory.relaxation_times)
        with np.errstate(invalid="ignore"):
            changes = np.array([draw.log_times - self.central.log_times for draw in draws])
        spreads = [_lopsided(float(t), change) for t, change in zip(self._log_times, changes.T, strict=True)]
        return spreads[:n], spreads[n:]

    def _solved(self, structure: StaticStructure) -> _Cheap:
        theory, none = self._theory, np.full(2 * structure.n_species, math.inf)
        g_c = critical_coupling(structure)
        eigenvalue = exponent = math.nan
        if theory.glass_stability is not None and g_c < 1:
            limit = nonergodicity_parameter(structure)
            if limit.state is ModeCouplingState.GLASS:
                found = stability(structure, limit)
                eigenvalue, exponent = found.eigenvalue, found.exponent_parameter
        if not self.has_times:
            return _Cheap(none, g_c, eigenvalue, exponent)
        solution = mode_coupling_dynamics(structure, self._end, theory.dynamics, theory.mobilities, n_half=_N_HALF)
        tau, collective = times_at(solution, theory.place)
        log_times = np.log([*tau, *collective])
        return _Cheap(np.where(np.isnan(log_times), math.inf, log_times), g_c, eigenvalue, exponent)


def _lopsided(log_time: float, changes: np.ndarray) -> Spread:
    """τ e^(±s), s the root mean square of the changes of ln τ; from their lower half where some τ are infinite."""
    known = changes[~np.isnan(changes)]
    if np.isnan(log_time) or known.size < 2:
        return Spread(math.nan, math.nan, math.nan)
    tau = math.exp(log_time)
    if np.isfinite(known).all():
        s = float(np.sqrt(np.mean(known**2)))
        return Spread(tau * math.expm1(s), tau * math.exp(-s), tau * math.exp(s))
    low, middle = np.quantile(known, [0.16, 0.5], method="nearest")
    s = math.hypot(middle, middle - low) if math.isfinite(middle) else math.inf
    return Spread(tau * math.expm1(s) if s < 300 else math.inf, tau * math.exp(-s), math.inf)


def _spread(values: list[float], central: float | None) -> Spread | None:
    known = np.array([value for value in values if math.isfinite(value)])
    if central is None or not math.isfinite(central) or known.size < 2:
        return None
    error = float(np.sqrt(np.mean((known - central) ** 2)))
    return Spread(error, central - error, central + error)
