"""What cannot be right about a measured S(k): refused, with the remedy; other normalisations: converted where they are known.

The package's normalisation is S_ab(k) = (1/N) <rho_a(k) rho_b*(k)>, with S_ab(k) → x_a δ_ab at large k.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from glassdask.datasets.own_files.limits import (
    choice_in_words,
    converted,
    expected_limits,
    limits_of,
    listed,
    normalisation_of,
    remedy_of_limits,
    tail_start,
)
from glassdask.datasets.own_files.measured_structure_factor import MeasuredStructureFactor
from glassdask.datasets.own_files.normalisations import NORMALISATIONS
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
    name, words, ways = normalisation_of(measured, x, density, normalisation)
    factor, _ = NORMALISATIONS[name].conversion(x, density)
    measured = converted(measured, name, x, density)
    _refuse_negative(measured, places, x, ways)
    _refuse_wrong_limits(measured, x, path, ways)
    _refuse_singular(measured, places)
    if density is not None:
        _refuse_other_units(measured, density, path)
    return measured, words, factor[:, 0]


def _fractions(composition: Sequence[float], measured: MeasuredStructureFactor, path: Path) -> np.ndarray:
    """Mole fractions x_a, shape (n_species,)."""
    x = np.array(composition, dtype=float)
    key = f"composition is {listed(x)}"
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
            f"{key}, with the sum {x.sum():.10g}; allowed: the sum 1; divide by it: --composition {listed(x / x.sum())}"
        )
    return x


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
    limits = limits_of(measured)
    for pair, S, noise in zip(measured.pairs, measured.partials, _noise(measured), strict=True):
        is_negative = -_ERRORS_BELOW * noise > S
        if pair[0] != pair[1] or not is_negative.any():
            continue
        known = None if limits is None else remedy_of_limits(limits, x)
        row = int(np.argmax(is_negative))
        raise InvalidInput(
            f"{places[row]}: {pair} is {S[row]:.10g} at k = {measured.wavenumber[row]:.10g}; "
            f"allowed: 0 or more, for S_{pair} is a mean square; "
            + (known or _remedy_of_negative(limits, measured, row))
            + choice_in_words(ways)
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


def _refuse_wrong_limits(measured: MeasuredStructureFactor, x: np.ndarray, path: Path, ways: Sequence[str]) -> None:
    limits = limits_of(measured)
    expected, tolerance = expected_limits(x)
    if limits is None or (abs(limits - expected) <= tolerance).all():
        return
    found, wanted = (
        ", ".join(f"S_{pair} → {value:.3g}" for pair, value in zip(measured.pairs, values, strict=True))
        for values in (limits.round(3) + 0.0, expected)
    )
    remedy = remedy_of_limits(limits, x) or (
        "see that the composition is that of the file, normalise by S_ab = (1/N) <rho_a rho_b*>, "
        "or give larger k: the range may be too short"
    )
    raise InvalidInput(
        f"{path}: at large k (mean over k = {tail_start(measured):.4g} to {measured.wavenumber[-1]:.4g}) {found}; "
        f"allowed: {wanted} within 15 %, for the composition {listed(x)}; {remedy}" + choice_in_words(ways)
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
