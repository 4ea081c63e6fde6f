"""Where searches for memories begin besides at random: mode-coupling theory's memory, the inversion's, or a guess."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from glassdask.errors import InvalidInput
from glassdask.fits.target.target import Target
from glassdask.outcome import ModeCouplingState
from glassdask.physics.memory.dynamics import Dynamics
from glassdask.physics.memory.memory_inversion import inverted_memory
from glassdask.physics.memory.memory_kernels import StretchedMemory, stretched_memory_of

if TYPE_CHECKING:
    import xarray as xr

#: Times of a tabulated memory that eq. 6 is fitted to, at least.
_FEWEST_TIMES = 20


def memory_of_theory(theory: xr.Dataset, species: str, peak_wavenumber: float) -> tuple[np.ndarray, np.ndarray]:
    """Times and mode-coupling theory's M_s(k_p,t), linear in k; NaN where it was not solved."""
    M = theory["mct_self_memory"].sel(species=species)
    return theory["t_mct"].values, M.interp(k=peak_wavenumber).values.astype(float)


def memories_of_theory(
    theory: xr.Dataset, peak_wavenumber: float, dynamics: Dynamics
) -> dict[str, Callable[[int], StretchedMemory]]:
    """For each species a function of N that gives eq. 6 fitted to M_MCT, the paper's start.

    None where the theory was not solved, or with the other dynamics: its memory then has another unit.
    """
    state = ModeCouplingState.flagged(theory["mct_state"])
    is_solved = state not in (ModeCouplingState.MISSING, ModeCouplingState.UNUSABLE)
    if not is_solved or theory.attrs.get("dynamics") != dynamics:
        return {}
    starts: dict[str, Callable[[int], StretchedMemory]] = {}
    for species in theory["species"].values.tolist():
        t, M = memory_of_theory(theory, species, peak_wavenumber)
        is_known = np.isfinite(M)
        if is_known.sum() >= _FEWEST_TIMES and M[is_known][0] > 0:
            starts[species] = _Tabulated(t[is_known], M[is_known])
    return starts


@dataclass(frozen=True, eq=False)
class _Tabulated:
    """Eq. 6 with N modes fitted to a memory known at some times."""

    t: np.ndarray
    M: np.ndarray

    def __call__(self, n_exp: int) -> StretchedMemory:
        return stretched_memory_of(self.t, self.M, n_exp)


def known_or_inverted(
    known: dict[str, Callable[[int], StretchedMemory]],
    targets: Mapping[str, Target],
    rates: Mapping[str, float],
    dynamics: Dynamics,
) -> dict[str, Callable[[int], StretchedMemory]]:
    """Mode-coupling theory's memories where they are known; else, of overdamped dynamics, those of the inversion: ballistic
    motion has none."""
    if known or dynamics != "overdamped":
        return known
    return {name: partial(first_memory, target, rates[name], dynamics) for name, target in targets.items()}


def first_memory(target: Target, Omega: float, dynamics: Dynamics, n_exp: int) -> StretchedMemory:
    """A memory to start from: that of the inversion where it applies, else Ω f/(1 − f) with f = F at a mode's time."""
    if dynamics == "overdamped":
        try:
            inverted = inverted_memory(target.times, target.F, None if target.error is None else target.scale, Omega)
            times = np.concatenate([[0.0], np.geomspace(0.1 * target.times[0], target.times[-1], 200)])
            return stretched_memory_of(times, inverted(times), n_exp)
        except InvalidInput:
            pass  # F is no sum of decaying exponentials, or a single one, which has no memory
    t, F = target.times, target.F
    is_relaxed = np.exp(-1.0) > F
    first, last = t[np.argmax(F < 0.9)], t[np.argmax(is_relaxed)] if is_relaxed.any() else t[-1]
    times = np.geomspace(first, max(last, 2.0 * first), n_exp + 2)[1:-1]
    f = np.clip(np.interp(times, t, F), 0.05, 0.95)
    return StretchedMemory.from_invariants(0.0, Omega * f / (1.0 - f) / n_exp, times, np.full(n_exp, 0.8))
