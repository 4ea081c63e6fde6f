"""What the limits of a table of S(k) at large k tell of its normalisation: which are possible, and what looks swapped."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from glassdask.datasets.own_files.measured_structure_factor import MeasuredStructureFactor
from glassdask.datasets.own_files.normalisations import NORMALISATIONS, possible, told_by_cores
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import pairs_of


def normalisation_of(
    measured: MeasuredStructureFactor, x: np.ndarray, density: float | None, told: str | None
) -> tuple[str, str, list[str]]:
    """The file's normalisation and the words for it; and those possible, where it is none of the package's and not known."""
    own = next(iter(NORMALISATIONS))
    if told is not None:
        if told not in NORMALISATIONS:
            raise InvalidInput(f"normalisation is {told!r}; allowed: {', '.join(NORMALISATIONS)}")
        if told == "h" and density is None:
            raise InvalidInput(
                "normalisation is 'h', but density is not given; allowed: both, for S_ab = x_a δ_ab + ρ x_a x_b h"
            )
        return told, f"normalisation {told} (as told)", []
    limits = limits_of(measured)
    ways = [] if limits is None else possible(limits, x, density, *expected_limits(x))
    found = told_by_cores(ways, measured.wavenumber, measured.partials, x, density)
    if found is not None and found != own:
        return found, f"normalisation {found} (told by g_ab(0) = 0 of all pairs), converted", []
    if own not in ways or found == own or x.size == 1:
        return own, f"normalisation {own}", [] if own in ways else ways
    return own, f"normalisation {own} (assumed: factors of cross terms cannot be told from this table)", []


def converted(
    measured: MeasuredStructureFactor, name: str, x: np.ndarray, density: float | None
) -> MeasuredStructureFactor:
    factor, offset = NORMALISATIONS[name].conversion(x, density)
    if (factor == 1.0).all() and (offset == 0.0).all():
        return measured
    errors = None if measured.errors is None else factor * measured.errors
    return replace(measured, partials=offset + factor * measured.partials, errors=errors)


def choice_in_words(ways: Sequence[str]) -> str:
    """What to do where several normalisations are possible."""
    if not ways:
        return ""
    meanings = "; ".join(f"{name} ({NORMALISATIONS[name].words})" for name in ways)
    return f"; the limits do not tell which: say it, and it is converted: --normalisation {meanings}"


def limits_of(measured: MeasuredStructureFactor) -> np.ndarray | None:
    """Mean of S_ab over the last quarter of the range in k, shape (n_pairs,); None if fewer than 5 points lie there."""
    tail = measured.wavenumber >= tail_start(measured)
    return measured.partials[:, tail].mean(axis=1) if tail.sum() >= 5 else None


def tail_start(measured: MeasuredStructureFactor) -> float:
    first, last = measured.wavenumber[[0, -1]]
    return float(first + 0.75 * (last - first))


def expected_limits(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x_a δ_ab and what is taken for it, ± 0.15 sqrt(x_a x_b); both of shape (n_pairs,)."""
    upper = np.triu_indices(x.size)
    return np.diag(x)[upper], 0.15 * np.sqrt(np.outer(x, x))[upper]


def remedy_of_limits(limits: np.ndarray, x: np.ndarray) -> str | None:
    """What the limits at large k tell of a wrong normalisation and its conversion; None if they tell nothing.

    Ashcroft–Langreth: S_ab^AL → δ_ab; Faber–Ziman: A_ab → 1; S_ab - x_a δ_ab and h_ab(k) → 0.
    """
    expected, tolerance = expected_limits(x)
    if (abs(limits - expected) <= tolerance).all():
        return None
    if (abs(limits) <= tolerance).all():
        return (
            "0 at large k: S(k) - 1 or h(k) was probably given; add x_a to S_aa - x_a, "
            "or make S_ab = x_a δ_ab + density x_a x_b h_ab(k)"
        )
    if x.size == 1:
        return None
    upper, names = np.triu_indices(x.size), pairs_of(x.size)
    product, own = np.outer(x, x)[upper], np.diag(x)[upper]
    if (abs(limits - (own > 0)) <= 0.1).all():
        factors = ", ".join(f"{name} × {math.sqrt(xx):.6g}" for name, xx in zip(names, product, strict=True))
        return f"these may be Ashcroft–Langreth's: S_ab = sqrt(x_a x_b) S_ab^AL, that is {factors}"
    if (abs(limits - 1) <= 0.1).all():
        factors = ", ".join(
            f"{f'{limit:.6g} + ' if limit else ''}{xx:.6g} ({name} - 1)"
            for name, xx, limit in zip(names, product, own, strict=True)
        )
        return f"these may be Faber–Ziman's: S_ab = x_a δ_ab + x_a x_b (A_ab - 1), that is {factors}"
    return _swapped(limits, x)


def _swapped(limits: np.ndarray, x: np.ndarray) -> str | None:
    """The order of columns that would have the right limits, in words."""
    expected, tolerance = expected_limits(x)
    names = pairs_of(x.size)
    if x.size > 2:
        return None
    for order in itertools.permutations(range(3)):
        if (abs(limits - expected[list(order)]) <= tolerance[list(order)]).all():
            right = ",".join(names[i] for i in order)
            also = f", or give --composition {listed(x[::-1])}" if order == (2, 1, 0) else ""
            return f"the columns AA,AB,BB look swapped: rename them {right}{also}"
    return None


def listed(x: np.ndarray) -> str:
    return ",".join(f"{value:.10g}" for value in x)
