"""What cannot be right about a measured S(k): refused, with the remedy; other normalisations: converted where they are known.

The package's normalisation is S_ab(k) = (1/N) <rho_a(k) rho_b*(k)>, with S_ab(k) → x_a δ_ab at large k.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from glassdask.datasets.own_files.measured_structure_factor import MeasuredStructureFactor, pairs_of
from glassdask.datasets.own_files.normalisations import NORMALISATIONS, possible, told_by_cores
from glassdask.errors import InvalidInput

LEAST_ROWS = 20
#: A mean square may lie this many standard errors below zero, for noise does not know of zero.
_ERRORS_BELOW = 5.0
#: Less noise than this is rounding.
_SMOOTH = 1e-4


def check_structure_factor(
    measured: MeasuredStructureFactor,
    composition: Sequence[float],
    density: float | None,
    places: list[str],
    path: Path,
    normalisation: str | None = None,
) -> tuple[MeasuredStructureFactor, str, np.ndarray]:
    """S_ab in the package's normalisation, in words which one the file has, and the factors between them, shape (n_pairs,).

    Raises InvalidInput with the first thing that is wrong.

    Parameters
    ----------
    measured
        What was read.
    composition
        Mole fractions x_a, one for each species.
    density
        Total number density, for the check of units; None leaves it out. [1/length³]
    places
        Words for the place of each row in the file.
    path
        The file.
    normalisation
        One of `NORMALISATIONS`; by default it is found, or asked for.
    """
    x = _fractions(composition, measured, path)
    _refuse_bad_numbers(measured, places, path)
    _refuse_unsorted(measured, places)
    if density is not None and not (math.isfinite(density) and density > 0):
        raise InvalidInput(f"density is {density!r}; allowed: a finite number above 0, particles per volume")
    name, words, ways = _normalisation(measured, x, density, normalisation)
    factor, _ = NORMALISATIONS[name].conversion(x, density)
    measured = _converted(measured, name, x, density)
    _refuse_negative(measured, places, x, ways)
    _refuse_wrong_limits(measured, x, path, ways)
    _refuse_singular(measured, places)
    if density is not None:
        _refuse_other_units(measured, density, path)
    return measured, words, factor[:, 0]


def _normalisation(
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
    limits = _limits(measured)
    ways = [] if limits is None else possible(limits, x, density, *_expected_limits(x))
    found = told_by_cores(ways, measured.wavenumber, measured.partials, x, density)
    if found is not None and found != own:
        return found, f"normalisation {found} (told by g_ab(0) = 0 of all pairs), converted", []
    if own not in ways or found == own or x.size == 1:
        return own, f"normalisation {own}", [] if own in ways else ways
    return own, f"normalisation {own} (assumed: factors of cross terms cannot be told from this table)", []


def _converted(
    measured: MeasuredStructureFactor, name: str, x: np.ndarray, density: float | None
) -> MeasuredStructureFactor:
    factor, offset = NORMALISATIONS[name].conversion(x, density)
    if (factor == 1.0).all() and (offset == 0.0).all():
        return measured
    errors = None if measured.errors is None else factor * measured.errors
    return replace(measured, partials=offset + factor * measured.partials, errors=errors)


def _asked(ways: Sequence[str]) -> str:
    """What to do where several normalisations are possible."""
    if not ways:
        return ""
    meanings = "; ".join(f"{name} ({NORMALISATIONS[name].words})" for name in ways)
    return f"; the limits do not tell which: say it, and it is converted: --normalisation {meanings}"


def _fractions(composition: Sequence[float], measured: MeasuredStructureFactor, path: Path) -> np.ndarray:
    """Mole fractions x_a, shape (n_species,)."""
    x = np.array(composition, dtype=float)
    key = f"composition is {_listed(x)}"
    if x.shape != (measured.n_species,):
        n = measured.n_species
        example = {1: "--composition 1", 2: "--composition 0.8,0.2, for example"}.get(
            n, f"--composition with {n} numbers whose sum is 1"
        )
        raise InvalidInput(
            f"{key}, but {path} has the columns k,{','.join(measured.pairs)}; "
            f"allowed: one fraction for each of {measured.n_species} species; give {example}"
        )
    if not (np.isfinite(x).all() and (x > 0).all()):
        raise InvalidInput(f"{key}; allowed: finite fractions above 0; leave out a species that is not there")
    if abs(x.sum() - 1) > 1e-6:
        raise InvalidInput(
            f"{key}, with the sum {x.sum():.10g}; allowed: the sum 1; "
            f"divide by it: --composition {_listed(x / x.sum())}"
        )
    return x


def _listed(x: np.ndarray) -> str:
    return ",".join(f"{value:.10g}" for value in x)


def _refuse_bad_numbers(measured: MeasuredStructureFactor, places: list[str], path: Path) -> None:
    if len(places) < LEAST_ROWS:
        raise InvalidInput(
            f"{path} has {len(places)} wavenumbers; allowed: {LEAST_ROWS} or more; "
            "give S(k) on a finer grid that reaches its limits at large k"
        )
    names = ("k", *measured.pairs, *(f"error_{pair}" for pair in measured.pairs))
    errors = np.zeros((0, len(places))) if measured.errors is None else measured.errors
    table = np.vstack([measured.wavenumber, measured.partials, errors]).T
    for row, column in np.argwhere(errors.T < 0)[:1]:
        raise InvalidInput(
            f"{places[row]}: error_{measured.pairs[column]} is {errors[column, row]:.10g}; allowed: a standard error, 0 or "
            "more; mend it"
        )
    for row, column in np.argwhere(~np.isfinite(table))[:1]:
        name = names[column]
        raise InvalidInput(
            f"{places[row]}: {name} is {table[row, column]}; allowed: a finite number; remove the row or interpolate it"
        )


def _refuse_unsorted(measured: MeasuredStructureFactor, places: list[str]) -> None:
    k = measured.wavenumber
    for row in np.flatnonzero(k <= 0)[:1]:
        raise InvalidInput(f"{places[row]}: k is {k[row]:.10g}; allowed: above 0; remove the row")
    for row in np.flatnonzero(np.diff(k) <= 0)[:1] + 1:
        remedy = "average the rows of one k" if k[row] == k[row - 1] else "sort the rows by k"
        raise InvalidInput(
            f"{places[row]}: k is {k[row]:.10g} after {k[row - 1]:.10g}; allowed: strictly increasing; {remedy}"
        )


def _refuse_negative(measured: MeasuredStructureFactor, places: list[str], x: np.ndarray, ways: Sequence[str]) -> None:
    limits = _limits(measured)
    for pair, S, noise in zip(measured.pairs, measured.partials, _noise(measured), strict=True):
        is_negative = -_ERRORS_BELOW * noise > S
        if pair[0] != pair[1] or not is_negative.any():
            continue
        known = None if limits is None else _known_normalisation(limits, x)
        row = int(np.argmax(is_negative))
        raise InvalidInput(
            f"{places[row]}: {pair} is {S[row]:.10g} at k = {measured.wavenumber[row]:.10g}; "
            f"allowed: 0 or more, for S_{pair} is a mean square; "
            + (known or _remedy_of_negative(limits, measured, row))
            + _asked(ways)
        )


def _noise(measured: MeasuredStructureFactor) -> np.ndarray:
    """Standard errors of S_ab; where none are given, what independent noise would make the sixth differences of neighbours as
    large as they are on the median: next to nothing of a smooth table. Shape (n_pairs, n_k)."""
    if measured.errors is not None:
        return measured.errors
    rough = 1.4826 * np.median(np.abs(np.diff(measured.partials, 6)), axis=1) / math.sqrt(math.comb(12, 6))
    return np.repeat(np.where(rough > _SMOOTH, rough, 0.0)[:, None], measured.wavenumber.size, axis=1)


def _remedy_of_negative(limits: np.ndarray | None, measured: MeasuredStructureFactor, row: int) -> str:
    if limits is not None and row == 0:
        k = measured.wavenumber[row]
        return f"leave the row out if nothing was measured at k = {k:.6g}; else see that nothing, such as 1, was subtracted"
    return "see that no columns are swapped and that nothing, such as 1, was subtracted"


def _limits(measured: MeasuredStructureFactor) -> np.ndarray | None:
    """Mean of S_ab over the last quarter of the range in k, shape (n_pairs,); None if fewer than 5 points lie there."""
    tail = measured.wavenumber >= _tail_start(measured)
    return measured.partials[:, tail].mean(axis=1) if tail.sum() >= 5 else None


def _tail_start(measured: MeasuredStructureFactor) -> float:
    first, last = measured.wavenumber[[0, -1]]
    return float(first + 0.75 * (last - first))


def _expected_limits(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x_a δ_ab and what is taken for it, ± 0.15 sqrt(x_a x_b); both of shape (n_pairs,)."""
    upper = np.triu_indices(x.size)
    return np.diag(x)[upper], 0.15 * np.sqrt(np.outer(x, x))[upper]


def _known_normalisation(limits: np.ndarray, x: np.ndarray) -> str | None:
    """What the limits at large k tell of a wrong normalisation and its conversion; None if they tell nothing.

    Ashcroft–Langreth: S_ab^AL → δ_ab; Faber–Ziman: A_ab → 1; S_ab - x_a δ_ab and h_ab(k) → 0.
    """
    expected, tolerance = _expected_limits(x)
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
    expected, tolerance = _expected_limits(x)
    names = pairs_of(x.size)
    if x.size > 2:
        return None
    for order in itertools.permutations(range(3)):
        if (abs(limits - expected[list(order)]) <= tolerance[list(order)]).all():
            right = ",".join(names[i] for i in order)
            also = f", or give --composition {_listed(x[::-1])}" if order == (2, 1, 0) else ""
            return f"the columns AA,AB,BB look swapped: rename them {right}{also}"
    return None


def _refuse_wrong_limits(measured: MeasuredStructureFactor, x: np.ndarray, path: Path, ways: Sequence[str]) -> None:
    limits = _limits(measured)
    expected, tolerance = _expected_limits(x)
    if limits is None or (abs(limits - expected) <= tolerance).all():
        return
    found, wanted = (
        ", ".join(f"S_{pair} → {value:.3g}" for pair, value in zip(measured.pairs, values, strict=True))
        for values in (limits.round(3) + 0.0, expected)
    )
    remedy = _known_normalisation(limits, x) or (
        "see that the composition is that of the file, normalise by S_ab = (1/N) <rho_a rho_b*>, "
        "or give larger k: the range may be too short"
    )
    raise InvalidInput(
        f"{path}: at large k (mean over k = {_tail_start(measured):.4g} to {measured.wavenumber[-1]:.4g}) {found}; "
        f"allowed: {wanted} within 15 %, for the composition {_listed(x)}; {remedy}" + _asked(ways)
    )


def _refuse_singular(measured: MeasuredStructureFactor, places: list[str]) -> None:
    """S^-1, and with it the direct correlation function, needs S to be positive definite (Cauchy–Schwarz of two species:
    S_AB² < S_AA S_BB)."""
    least = np.linalg.eigvalsh(measured.matrices())[:, 0]
    for row in np.flatnonzero(least <= -_ERRORS_BELOW * _noise(measured).max(axis=0))[:1]:
        S = measured.partials[:, row]
        value, what = least[row], "the least eigenvalue of the matrix S_ab is"
        if measured.n_species <= 2:
            value = S[0] if len(S) == 1 else S[0] * S[2] - S[1] ** 2
            what = "AA is" if len(S) == 1 else "AA × BB - AB² is"
        remedy = "take all columns from one measurement, in one normalisation, with more digits"
        if S[0] == 0 and (S == 0).all():
            remedy = "an empty bin: leave the row out"
        raise InvalidInput(
            f"{places[row]}: {what} {value:.4g} at k = {measured.wavenumber[row]:.10g}; allowed: above 0,"
            f" or S has no inverse; {remedy}"
        )


def _refuse_other_units(measured: MeasuredStructureFactor, density: float, path: Path) -> None:
    usual = 7.0 * (density / 1.2) ** (1 / 3)  # the Kob–Andersen mixture: k_p = 7 at density 1.2
    peak = measured.main_peak()
    if peak is None or 0.5 <= peak / usual <= 2:
        return
    factor = usual / peak
    raise InvalidInput(
        f"{path}: the main peak of the total S(k) is at k = {peak:.4g}; allowed: about {usual:.3g}, within a factor 2, "
        f"at density = {density:.10g}; give both in the same unit of length, as k in 1/sigma and density in 1/sigma^3 "
        f"(k in 1/nm is 10 times k in 1/Å): multiply k by about {factor:.3g}, or density by about {factor**-3:.3g}"
    )
