"""What looks odd in a table of S(k) or F(t) that can be read: values beside their neighbours, rows that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.own_files.measured_structure_factor import MeasuredStructureFactor, symmetric
from glassdask.datasets.own_files.odd_values import Comparison, breaks_of_grid, compared

Floats = NDArray[np.float64]
#: A limit below this part of S leaves S⁻¹ as Gaussian as S.
_TELLS = 0.3
#: Rows that are named of each kind.
_NAMED = 3


@dataclass(frozen=True, eq=False)
class Doubts:
    """What a comparison of a table with itself finds.

    Parameters
    ----------
    words
        What looks odd.
    resolution
        The smallest error of a single value that would have been found, by column, each of shape (n,).
    """

    words: tuple[str, ...]
    resolution: dict[str, Floats]


def doubts_of_structure(
    measured: MeasuredStructureFactor, places: Sequence[str], last_digits: dict[str, Floats]
) -> Doubts:
    """Of S(k), whose columns are compared as they are and as S⁻¹, which is smooth where S has its peak.

    Parameters
    ----------
    measured
        In the package's normalisation.
    places
        Words for the place of each row.
    last_digits
        The unit of the last printed digit by column, k, AA … and error_AA …, as `measured` is normalised; shape (n,).
    """
    k = measured.wavenumber
    words, of_k = _breaks("k", {"k": k}, {"k": last_digits["k"]}, places)
    resolution = {"k": of_k}
    digits = np.array([last_digits[pair] for pair in measured.pairs])
    inverse = _by_inverse(measured, digits)
    own = np.sqrt(np.diagonal(measured.matrices(), axis1=1, axis2=2)).T
    first, second = np.triu_indices(measured.n_species)
    scale = own[first] * own[second]
    for i, pair in enumerate(measured.pairs):
        direct = compared(k**2, measured.partials[i], digits[i])
        way = _both(measured.partials[i], inverse[i], direct, scale[i])
        words += _odd(pair, "k", k, measured.partials[i], way, places)
        resolution[pair] = 2 * way.limit
    for pair, error in zip(measured.pairs, [] if measured.errors is None else measured.errors, strict=False):
        name = f"error_{pair}"
        way = compared(k, error, last_digits[name])
        words += _odd(name, "k", k, error, way, places)
        resolution[name] = 2 * way.limit
    return Doubts(tuple(words), resolution)


def doubts_of_curves(
    t: Floats, columns: dict[str, Floats], places: Sequence[str], last_digits: dict[str, Floats]
) -> Doubts:
    """Of F(t) and its errors, compared over log t.

    Parameters
    ----------
    t
        Increasing, 0 or later.
    columns
        By name; missing values are NaN.
    places, last_digits
        As for `doubts_of_structure`.
    """
    later = t > 0
    later_places = [place for place, is_later in zip(places, later, strict=True) if is_later]
    unit = last_digits["t"][later]
    grids = {"t": t[later], "log t": np.log(t[later])}
    words, of_t = _breaks("t", grids, {"t": unit, "log t": unit / t[later]}, later_places)
    is_linear = breaks_of_grid(t[later], last_digits["t"][later]) is not None
    resolution = {"t": np.zeros(t.size)}
    resolution["t"][later] = of_t
    for name, values in columns.items():
        there = later & np.isfinite(values)
        position = t[there] if is_linear else np.log(t[there])
        way = compared(position, values[there], last_digits[name][there]).careful()
        there_places = [place for place, is_in in zip(places, there, strict=True) if is_in]
        words += _odd(name, "t", t[there], values[there], way, there_places)
        resolution[name] = np.full(t.size, np.inf)
        resolution[name][there] = 2 * way.limit
        words += _missing(name, values, places)
        if name.startswith("F"):
            words += _start(name, t, values, places, resolution[name])
    words += _larger_errors(columns)
    return Doubts(tuple(words), resolution)


def _by_inverse(measured: MeasuredStructureFactor, digits: Floats) -> list[Comparison]:
    """S compared with the inverse of what its neighbours lead to for S⁻¹."""
    k, S = measured.wavenumber, measured.matrices()
    first, second = np.triu_indices(measured.n_species)
    inverse = np.linalg.inv(S)
    around = abs(inverse)
    of_digits = around @ symmetric(digits) @ around
    usual = np.sqrt(np.median(np.diagonal(S, axis1=1, axis2=2), axis=0))
    of_noise = around @ np.outer(usual, usual) @ around
    ways = [
        compared(k**2, inverse[:, a, b], of_digits[:, a, b], of_noise[:, a, b])  # S is even in k
        for a, b in zip(first, second, strict=True)
    ]
    expected_inverse = symmetric(np.array([way.expected for way in ways]))
    limits = abs(S) @ symmetric(np.array([np.minimum(way.limit, 1e300) for way in ways])) @ abs(S)
    is_right = np.linalg.eigvalsh(expected_inverse)[:, 0] > 0
    expected = S.copy()
    expected[is_right] = np.linalg.inv(expected_inverse[is_right])
    limits[~is_right] = np.inf
    return [
        Comparison(expected[:, a, b], limits[:, a, b], np.zeros(k.size)) for a, b in zip(first, second, strict=True)
    ]


def _both(values: Floats, by_inverse: Comparison, direct: Comparison, scale: Floats) -> Comparison:
    """Odd is what is odd in S⁻¹; where noise is so large a part of S that S⁻¹ has wide tails, what is odd in S itself, too.

    S itself tells nothing at peaks for which the table is too coarse; elsewhere it may tell more.
    """
    is_noisy = ~(by_inverse.limit <= _TELLS * scale)
    tells = is_noisy & (direct.coarseness <= direct.limit)
    is_beside = abs(values - direct.expected) > direct.limit
    limit = np.where(tells, np.maximum(by_inverse.limit, direct.limit), by_inverse.limit)
    limit = np.where(tells & ~is_beside, np.maximum(limit, 1.0001 * abs(values - by_inverse.expected)), limit)
    careful = direct.careful()
    is_better = careful.limit < limit
    return Comparison(
        np.where(is_better, direct.expected, by_inverse.expected),
        np.where(is_better, careful.limit, limit),
        direct.coarseness,
    )


def _odd(name: str, along: str, x: Floats, values: Floats, way: Comparison, places: Sequence[str]) -> list[str]:
    rows = np.flatnonzero(way.is_odd(values))
    rows = rows[np.argsort(-abs(values - way.expected)[rows] / way.limit[rows])].tolist()
    words = [
        f"{places[row]}: {name} is {values[row]:.10g} at {along} = {x[row]:.6g}, where its neighbours lead to "
        f"{way.expected[row]:.6g} (within {way.limit[row]:.2g}, as far as the table is smooth): see that no digit is wrong"
        for row in rows[:_NAMED]
    ]
    if len(rows) > _NAMED:
        words.append(f"{name}: {len(rows) - _NAMED} more rows lie beside their neighbours")
    return words


def _breaks(
    name: str, grids: dict[str, Floats], last_digits: dict[str, Floats], places: Sequence[str]
) -> tuple[list[str], Floats]:
    """Missing rows and rows beside a regular grid, of one that is regular in some variable, or else beside a smooth one; and the
    smallest error of a single position that would have been found."""
    x = grids[name]
    for name_of_grid, values in grids.items():
        found = breaks_of_grid(values, last_digits[name_of_grid])
        if found is not None:
            words = [f"{places[i]}: rows are missing between {name} = {x[i]:.6g} and {x[i + 1]:.6g}" for i in found[0]]
            words += [f"{places[i]}: {name} = {x[i]:.10g} lies beside an otherwise regular grid" for i in found[1]]
            more = [f"{len(words) - _NAMED} more breaks of the grid in {name}"] if len(words) > _NAMED else []
            return words[:_NAMED] + more, 3 * last_digits[name] + 2e-6 * abs(x)
    of_grid, values = list(grids.items())[-1]
    rows = np.arange(1.0, x.size + 1.0)
    way = compared(rows, values, last_digits[of_grid])
    return _odd(of_grid, "row", rows.astype(np.float64), values, way, places), 2 * way.limit * (
        x if of_grid != name else 1.0
    )


def _missing(name: str, values: Floats, places: Sequence[str]) -> list[str]:
    rows = np.flatnonzero(~np.isfinite(values))
    if rows.size == 0:
        return []
    return [
        f"{name} has no value in {rows.size} of {values.size} rows, the first at {places[rows[0]].rpartition(', ')[2]}"
    ]


def _start(name: str, t: Floats, values: Floats, places: Sequence[str], resolution: Floats) -> list[str]:
    """F(0), by which all others are divided, beside the parabola and the line through the first points after it."""
    if t.size < 6 or t[0] > 0 or not np.isfinite(values[:4]).all():
        return []
    line = values[1] - t[1] * (values[2] - values[1]) / (t[2] - t[1])
    parabola = np.polyval(np.polyfit(t[1:4], values[1:4], 2), 0.0)
    limit = 8 * max(abs(parabola - line), abs(values[1] - line), 1e-9)
    resolution[0] = 2 * limit
    if abs(values[0] - parabola) <= limit:
        return []
    return [
        f"{places[0]}: {name} is {values[0]:.6g} at t = 0, where the first points lead to {parabola:.6g}: see that it is right"
    ]


def _larger_errors(columns: dict[str, Floats]) -> list[str]:
    words = []
    for name, values in columns.items():
        error = columns.get(name.replace("F", "error", 1)) if name.startswith("F") else None
        if error is not None and np.nanmedian(error) > np.nanmedian(abs(values)):
            words.append(f"the errors of {name} are larger than its values: see that the two columns are not exchanged")
    return words
