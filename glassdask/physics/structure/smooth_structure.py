"""S(k) without its noise, and the S(k) that noise would have hidden: a smoothing spline of the direct correlation function.

    S = (X⁻¹ − ρ c)⁻¹,  X_ab = x_a δ_ab,   (k² + a²) ρ c_ab(k) = Σ_j b_j B_j(k),
    minimise  Σ ((S_data − S) / σ)² + λ Σ (Δ⁴ b)²

Noise in S(k) does not average out of mode-coupling theory: the kernel is quadratic in c, so that noise adds memory, and c is a
small difference at large k and a large quotient at small k. But c(r) ends where particles no longer touch: c(k) is smooth, more
than S(k), and times k² + a² of about one size everywhere. So it is a P-spline, even in k (Eilers and Marx, Stat. Sci. 11, 89
(1996)), fitted to S itself by Gauss and Newton, which any sign of noisy data allows and which is positive definite always.
λ maximises the restricted likelihood (REML; Wood, Generalized Additive Models (2017), chapter 6), as does the size of σ where
only its shape is known. What is left open is normally distributed about the fit with the inverse of the Hessian as covariance
(Wahba, J. R. Stat. Soc. B 45, 133 (1983)): it covers what noise does and what smoothing does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from glassdask.errors import InvalidInput
from glassdask.physics.structure.correlation_spline import CorrelationSpline

Floats = NDArray[np.float64]
#: Smoothing parameters tried, from stiff to loose; the search ends when the likelihood has fallen by this.
_PARAMETERS = np.geomspace(1e3, 1e-6, 19)
_HOPELESS = 20.0
#: Windows of this many rows in which the roughness is measured, by a difference of one order less.
_WINDOW = 7
#: Half width, in rows, of the window in which noise that is not known is averaged.
_AROUND = 12.0


@dataclass(frozen=True, eq=False)
class SmoothStructure:
    """A fit, and the distribution of what the data leave open.

    Attributes
    ----------
    partials
        S_ab at the wavenumbers asked for, shape (n_pairs, n).
    noise
        Standard errors of the table, as given (times √χ² per point where that is above 1) or estimated, shape (n_pairs, n_k).
    chi2_per_point
        Of the errors as given, per degree of freedom that is left; 1 where they were estimated.
    degrees_of_freedom
        Of the fit.
    """

    partials: Floats
    noise: Floats
    chi2_per_point: float
    degrees_of_freedom: float
    _fits: list[_Fit]
    _spline: CorrelationSpline

    def draws(self, n: int, seed: int = 1) -> list[Floats]:
        """S_ab at the wavenumbers asked for, as the data and their errors allow.

        Parameters
        ----------
        n
            Draws.
        seed
            Of the random numbers.

        Returns
        -------
        list of numpy.ndarray
            Of the shape of `partials` each; fewer than n where most draws are not positive definite. [1]
        """
        from scipy.linalg import solve_triangular

        rng = np.random.default_rng(seed)
        likelihood = np.array([fit.criterion for fit in self._fits])
        weight = np.exp(-0.5 * (likelihood - likelihood.min()))
        found: list[Floats] = []
        for _ in range(20 * n):
            fit = self._fits[int(rng.choice(weight.size, p=weight / weight.sum()))]
            deviation = solve_triangular(fit.cholesky, rng.standard_normal(fit.b.size), lower=True, trans="T")
            S = self._spline.at(fit.b + math.sqrt(fit.scale) * deviation)
            if S is not None:
                found.append(S)
            if len(found) == n:
                break
        return found


def roughness(wavenumber: Floats, partials: Floats) -> Floats:
    """Standard deviation of independent noise that would explain the sixth differences of each partial.

    Δ_i = Σ_j w_ij S_j over seven neighbours, with Σ_j w_ij k_j^m = 0 for m < 6 and Σ_j w_ij² = 1; the estimate is
    1.48 median |Δ|, which a sharp peak does not reach. Of a smooth table it is next to nothing, of a coarse one an upper bound.

    Parameters
    ----------
    wavenumber, partials
        The table, shapes (n_k,) and (n_pairs, n_k), n_k of 7 or more. [1/length, 1]

    Returns
    -------
    numpy.ndarray
        Shape (n_pairs,). [1]
    """
    k = np.lib.stride_tricks.sliding_window_view(wavenumber, _WINDOW)
    away = k[:, :, None] - k[:, None, :]
    away[:, np.arange(_WINDOW), np.arange(_WINDOW)] = 1.0
    w = 1.0 / away.prod(axis=2)
    w /= np.linalg.norm(w, axis=1)[:, None]
    S = np.lib.stride_tricks.sliding_window_view(partials, _WINDOW, axis=1)
    return 1.4826 * np.median(np.abs(np.einsum("ij,pij->pi", w, S)), axis=1)


def smooth_structure(
    wavenumber: Floats,
    partials: Floats,
    at: Floats,
    composition: Floats,
    unit: float = 1.0,
    errors: Floats | None = None,
) -> SmoothStructure:
    """The smooth S_ab(k) of a noisy table.

    Parameters
    ----------
    wavenumber, partials
        The table, shapes (n_k,) and (n_pairs, n_k); S_aa may be negative where noise made it so. [1/length, 1]
    at
        Where S is wanted, shape (n,). [1/length]
    composition
        x_a, shape (n_species,).
    unit
        (ρ / 1.2)^(1/3), the scale of wavenumbers. [1/length]
    errors
        Standard errors, shape (n_pairs, n_k); None to estimate them: first one size for all, then by the residuals of each
        pair in windows of k. Zeros are taken for a hundredth of the median.

    Returns
    -------
    SmoothStructure
        S_ab where it is wanted, shape (n_pairs, n), and the noise of the table, shape (n_pairs, n_k). [1]

    Raises
    ------
    InvalidInput
        If the fit is not positive definite between the rows of the table.
    """
    spline = CorrelationSpline(wavenumber / unit, at / unit, composition)
    if errors is not None:
        sigma = np.maximum(errors, 0.01 * np.median(errors[errors > 0]))
        fits = _fits(spline, partials, sigma, is_known=True)
        best = min(fits, key=lambda fit: fit.criterion)
        excess = float(best.chi2 / max(partials.size - best.degrees_of_freedom, 1.0))
        if excess <= 1.0:
            return _result(spline, fits, sigma, excess)
        # the errors are too small: their shape is kept, their size is what the table itself says
        fits = _fits(spline, partials, sigma, is_known=False)
        excess = max(min(fits, key=lambda fit: fit.criterion).scale, 1.0)
        if excess == 1.0:
            fits = _fits(spline, partials, sigma, is_known=True)
        return _result(spline, fits, sigma * math.sqrt(excess), excess)
    sigma = np.repeat(np.maximum(roughness(wavenumber, partials), 1e-6)[:, None], wavenumber.size, axis=1)
    fits = _fits(spline, partials, sigma, is_known=False)
    best = min(fits, key=lambda fit: fit.criterion)
    # residuals of a first fit show where the noise is large
    sigma = _local_noise(partials - best.S, best.degrees_of_freedom / partials.size)
    fits = _fits(spline, partials, sigma, is_known=False)
    return _result(spline, fits, sigma * math.sqrt(min(fits, key=lambda fit: fit.criterion).scale), 1.0)


def _result(spline: CorrelationSpline, fits: list[_Fit], sigma: Floats, chi2_per_point: float) -> SmoothStructure:
    best = min(fits, key=lambda fit: fit.criterion)
    return SmoothStructure(_there(spline.at(best.b)), sigma, chi2_per_point, best.degrees_of_freedom, fits, spline)


def _local_noise(residuals: Floats, used: float) -> Floats:
    """Root mean square of the residuals of each pair in a Gaussian window, the degrees of freedom used given back."""
    rows = np.arange(residuals.shape[1])
    window = np.exp(-0.5 * ((rows[:, None] - rows) / _AROUND) ** 2)
    mean = residuals**2 @ window / window.sum(axis=0)
    return np.sqrt(np.maximum(mean / max(1.0 - used, 0.1), 1e-12))


@dataclass(frozen=True, eq=False)
class _Fit:
    """One smoothing parameter: coefficients, S at the table's wavenumbers, L with L Lᵀ the Hessian, −2 log likelihood."""

    b: Floats
    S: Floats
    cholesky: Floats
    criterion: float
    scale: float
    chi2: float
    degrees_of_freedom: float


def _fits(spline: CorrelationSpline, data: Floats, sigma: Floats, is_known: bool) -> list[_Fit]:
    """Of all smoothing parameters worth trying; with `is_known` σ is right, else right up to a factor."""
    found: list[_Fit] = []
    # matrices of a hundred rows: more threads wait for each other far longer than they work, where cores are shared
    with threadpool_limits(1, user_api="blas"):
        b = spline.start(data, sigma)
        for parameter in _PARAMETERS:
            found.append(_fitted(spline, data, sigma, float(parameter), b, is_known))
            b = found[-1].b
            best = min(fit.criterion for fit in found)
            if found[-1].criterion > best + _HOPELESS:
                break
    return [fit for fit in found if fit.criterion < best + _HOPELESS]


def _fitted(
    spline: CorrelationSpline, data: Floats, sigma: Floats, parameter: float, b: Floats, is_known: bool
) -> _Fit:
    """Gauss and Newton with halved steps, and the restricted likelihood of what they end in."""
    from scipy.linalg import cho_solve

    S = _there(spline.on_table(b))
    loss = _loss(spline, data, S, sigma, parameter, b)
    for _ in range(30):
        H, gradient, _ = spline.equations(data, S, sigma, parameter, b)
        step = cho_solve((np.linalg.cholesky(H), True), gradient)
        before, share = loss, 1.0
        while share > 1e-4:
            S_new = spline.on_table(b + share * step)
            if S_new is not None:
                new = _loss(spline, data, S_new, sigma, parameter, b + share * step)
                if new < loss:
                    b, S, loss = b + share * step, S_new, new
                    break
            share *= 0.5
        if before - loss < 1e-3:
            break
    H, _, information = spline.equations(data, S, sigma, parameter, b)
    L: Floats = np.asarray(np.linalg.cholesky(H), dtype=np.float64)
    degrees = float(np.trace(cho_solve((L, True), information)))
    chi2 = float((((data - S) / sigma) ** 2).sum())
    left = data.size - (b.size - spline.rank)
    scale = 1.0 if is_known else loss / left
    criterion = loss if is_known else left * math.log(loss)
    criterion += 2 * float(np.log(np.diag(L)).sum()) - spline.rank * math.log(parameter)
    return _Fit(b, S, L, criterion, scale, chi2, degrees)


def _there(S: Floats | None) -> Floats:
    """S of coefficients that are known to give one."""
    if S is None:
        raise InvalidInput("the smooth S(k) is not positive definite between the rows of the table; average more")
    return S


def _loss(spline: CorrelationSpline, data: Floats, S: Floats, sigma: Floats, parameter: float, b: Floats) -> float:
    return float((((data - S) / sigma) ** 2).sum() + parameter * spline.penalty_of(b))
