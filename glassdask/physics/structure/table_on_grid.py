"""A table of S(k) on the bipolar grid of mode-coupling theory: what is smooth is met, what is noise is smoothed, and it is said.

Splines of S⁻¹, not of S: S⁻¹ = δ_ab / x_a − ρ c_ab(k), and c(r) of a dense liquid ends where its particles no longer touch, so
that c(k) is smooth where S(k) has a sharp peak. Hard spheres (Percus–Yevick, packing 0.5) at spacings of 0.2, 0.4, 0.8 and 1.0
are met within 1e-6, 3e-6, 1e-4 and 3e-4 near the peak of 3.3; a cubic spline of S within 0.005, 0.13, 0.5, 0.5. An isotropic
fluid is even in k: the table and its mirror image make one spline, which also fills rows missing at the lower end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput
from glassdask.physics.structure.bipolar_grid import COUNT, DENSITY, SPACING, bipolar_wavenumbers, is_bipolar
from glassdask.physics.structure.smooth_structure import SmoothStructure, roughness, smooth_structure
from glassdask.physics.structure.static_structure import matrix_of_pairs, pairs_of_matrix

Floats = NDArray[np.float64]
#: A table's own spacing is kept up to this, and a coarser one is said to be coarse, in units of dk = 0.4 at ρσ³ = 1.2.
_COARSE = 1.5
#: Below this the integrals cost more than they gain.
_FINE = 0.6
#: Rows at the lower end that may be missing of a table on a grid of its own.
_MOST_MISSING = 5
#: Standard errors of S below this change nothing: tables of four digits have 3e-5.
NEGLIGIBLE = 1e-4
_FEWEST = 40
_DEGREE = 5


@dataclass(frozen=True, eq=False)
class TableOnGrid:
    """S_ab(k) as the theory takes it, and where it comes from.

    Attributes
    ----------
    wavenumber, partials
        On the bipolar grid, shapes (N_k,) and (n_pairs, N_k).
    notes, warnings
        What was done, and what makes the answer doubtful; a sentence each.
    smooth
        Where the table is noisy: the smooth S(k), from which others that the errors allow can be drawn.
    error_source
        "column", "roughness" (estimated from the table itself) or None.
    every_second
        The same from every second row, where the table is coarse; shape (n_pairs, N_k).
    """

    wavenumber: Floats
    partials: Floats
    notes: list[str]
    warnings: list[str] = field(default_factory=list)
    smooth: SmoothStructure | None = None
    error_source: str | None = None
    every_second: Floats | None = None


def on_bipolar_grid(
    wavenumber: ArrayLike,
    partials: ArrayLike,
    density: float,
    composition: ArrayLike = (1.0,),
    errors: ArrayLike | None = None,
) -> TableOnGrid:
    """A user's S(k) on a bipolar grid, and what was done to it in words.

    A bipolar table is left as it is, and the spacing of an even one is kept: rows missing at the lower end are filled, a grid
    n dk is shifted by half a step. Else dk = 0.4 (ρ / 1.2)^(1/3), as for the paper's data, up to 100 points or the end of
    what was measured: nothing is invented above it. A table with errors, or with noise that its roughness shows, is smoothed
    (`smooth_structure`).

    Parameters
    ----------
    wavenumber
        Increasing, above 0, shape (n_k,). [1/length]
    partials
        S_ab, shape (n_pairs, n_k).
    density
        ρ. [1/length³]
    composition
        x_a, shape (n,).
    errors
        Standard errors of the partials, same shape; None where they are not known.

    Returns
    -------
    TableOnGrid
        k of shape (N_k,) and S_ab of shape (n_pairs, N_k). [1/length, 1]

    Raises
    ------
    InvalidInput
        If the data end before the first two peaks, or S is not positive definite between the rows of a table without noise.
    """
    k, S = np.asarray(wavenumber, dtype=float), np.atleast_2d(np.asarray(partials, dtype=float))
    unit = (density / DENSITY) ** (1 / 3)
    grid, notes = _grid(k, unit)
    smooth, source, warnings = _smoothed(k, S, grid, unit, np.atleast_1d(composition).astype(float), errors)
    if smooth is not None:
        return TableOnGrid(grid, smooth.partials, [*notes, *_said(smooth, source)], warnings, smooth, source)
    if grid is k:
        return TableOnGrid(grid, S, notes)
    is_coarse = float(np.median(np.diff(k))) > _COARSE * SPACING * unit
    every_second = even_spline(k[::2], S[:, ::2], grid) if is_coarse else None
    found = even_spline(k, S, grid)
    if found is None:
        raise InvalidInput(
            f"S(k) is not positive definite between its rows when S⁻¹ is interpolated to k = {grid[0]:.4g}, {grid[1]:.4g} …; "
            "allowed: rows close enough to show every peak; give S(k) on a finer grid, or with its errors (error_AA …)"
        )
    if is_coarse:
        warnings.append(f"the rows are {np.median(np.diff(k)):.3g} apart, wider than {_COARSE * SPACING * unit:.2g}")
    notes.append("S⁻¹ was interpolated by splines of degree 5, even in k")
    return TableOnGrid(grid, found, notes, warnings, every_second=every_second)


def _grid(k: Floats, unit: float) -> tuple[Floats, list[str]]:
    """The grid, k itself where it is good, and how it was chosen."""
    dk = float(k[-1] - k[0]) / (k.size - 1)
    is_even = bool(np.allclose(np.diff(k), dk, rtol=1e-4, atol=1e-6 * dk))
    if is_even and (dk <= _COARSE * SPACING * unit):
        if is_bipolar(k):
            return k, []
        missing = round(k[0] / dk - 0.5)
        is_shifted = abs(k[0] / dk - 0.5 - missing) > 0.01
        if dk >= _FINE * SPACING * unit and 0 <= missing <= _MOST_MISSING:
            grid = bipolar_wavenumbers(dk, int(k[-1] / dk + 0.51))
            what = f"{grid[0]:.4g}, {grid[1]:.4g} … {grid[-1]:.4g} at the table's own spacing"
            if is_shifted:
                return grid, [f"S(k) was taken at k = {what}"]
            return grid, [f"rows missing below k = {k[0]:.4g} were filled: k = {what}"]
    dk = SPACING * unit
    count = min(COUNT, int(k[-1] / dk))
    if count < _FEWEST:
        raise InvalidInput(
            f"S(k) ends at k = {k[-1]:g}; needed: up to {_FEWEST * dk:.3g} at the least (twice the main peak and more), "
            f"{COUNT * dk:.3g} for numbers that depend little on where it ends"
        )
    grid = bipolar_wavenumbers(dk, count)
    return grid, [f"S(k) was interpolated to the bipolar grid k = {grid[0]:.4g}, {grid[1]:.4g} … {grid[-1]:.4g}"]


def _smoothed(
    k: Floats, S: Floats, grid: Floats, unit: float, x: Floats, errors: ArrayLike | None
) -> tuple[SmoothStructure | None, str | None, list[str]]:
    """The smooth S(k) of a noisy table, or None; where its errors come from; what is odd about them."""
    given = None if errors is None else np.atleast_2d(np.asarray(errors, dtype=float))
    if given is not None and given.any():
        smooth = smooth_structure(k, S, grid, x, unit, given)
        odd = []
        if smooth.chi2_per_point > 2.0:
            odd.append(
                f"S(k) is rougher than its errors allow: χ² per point {smooth.chi2_per_point:.3g}; the errors were taken "
                f"{np.sqrt(smooth.chi2_per_point):.2g} times as large"
            )
        return smooth, "column", odd
    estimate = roughness(k, S)
    if not np.any(estimate > NEGLIGIBLE):
        return None, None, []
    smooth = smooth_structure(k, S, grid, x, unit)
    if np.sqrt(np.mean(smooth.noise**2)) < NEGLIGIBLE:
        return None, None, []
    return smooth, "roughness", ["S(k) is rougher than its neighbours allow, and has no errors"]


def _said(smooth: SmoothStructure, source: str | None) -> list[str]:
    low, high = smooth.noise.min(), smooth.noise.max()
    size = f"{low:.2g}" if high < 1.05 * low else f"{low:.2g} … {high:.2g}"
    known = "errors of its column" if source == "column" else "errors estimated from its own roughness"
    freedom = f"{smooth.degrees_of_freedom:.0f} degrees of freedom for {smooth.noise.size} numbers"
    return [f"S(k) was smoothed, as a spline of c(k), within the {known} ({size}): {freedom}"]


def even_spline(k: Floats, S: Floats, grid: Floats) -> Floats | None:
    """S from even splines of the elements of S⁻¹, which is smooth where S has its peak.

    Parameters
    ----------
    k, S
        A table, shapes (n_k,) and (n_pairs, n_k). [1/length, 1]
    grid
        Where S is wanted, shape (n,). [1/length]

    Returns
    -------
    numpy.ndarray or None
        Shape (n_pairs, n); None where that is not positive definite. [1]
    """
    from scipy.interpolate import make_interp_spline  # a tenth of a second, which bipolar tables do without

    inverse = np.linalg.inv(np.moveaxis(matrix_of_pairs(S), 2, 0))
    spline = make_interp_spline(np.concatenate([-k[::-1], k]), np.concatenate([inverse[::-1], inverse]), k=_DEGREE)
    at = spline(grid)
    at = 0.5 * (at + np.swapaxes(at, 1, 2))
    if np.any(np.linalg.eigvalsh(at)[:, 0] <= 0):
        return None
    return pairs_of_matrix(np.moveaxis(np.linalg.inv(at), 0, 2))
