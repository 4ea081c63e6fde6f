"""M straight from F, without a form for M: F as a sum of decaying exponentials, then exact algebra.

    F(t) = Σ_j p_j exp(−s_j t), p_j ≥ 0,  gives with the overdamped memory equation (eq. 5)  M(t) = m_∞ + Σ_l m_l exp(−μ_l t).

In Laplace space, M̂ = −(zF̂ − 1 + ΩF̂)/(zF̂ − 1) and 1 − zF̂ = Σ p_j s_j/(z + s_j): the rates −μ_l are its zeros, one between
two neighbouring s_j, and m_l = Ω μ_l⁻¹ [Σ_j p_j s_j/(s_j − μ_l)²]⁻¹ > 0; m_∞ = Ω p_0/(1 − p_0) if a share p_0 never decays.
Ω = Σ p_j s_j, the initial slope: where it is known it is imposed, for M is proportional to it. This needs F to be
completely monotone, which overdamped (Brownian) dynamics guarantees and ballistic motion breaks; marching through eq. 5
instead multiplies noise until nothing is left. The relation between the two sums is that of two Stieltjes functions whose
poles interlace.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glassdask.errors import InvalidInput

Floats = NDArray[np.float64]
#: Rates tried, per decade of time; where they are too far apart, so many more between neighbours of those that were used,
#: for as long as that lowers the residual by more than a tenth.
_RATES_A_DECADE, _BETWEEN, _MOST_REFINEMENTS, _GAIN = 12, 3, 4, 0.9
#: Slowest and fastest rate in units of the last and the first time: of the first grid, and of finer ones.
_WIDTHS = (0.1, 10.0), (1e-3, 100.0)
#: Of scipy's nnls, for each rate.
_ITERATIONS = 50
#: Residuals beyond this many errors (rms), or this share of F(0) where no error is known, say that F is not of this kind.
_WORST_CHI, _WORST_RMS = 1.5, 2e-3
#: Where no error is known, rates are made closer until the residual is this.
_ENOUGH_RMS = 1e-5
_OTHER = "--method evolution"
#: Weights below this are rounding.
_LEAST_WEIGHT = 1e-12


@dataclass(frozen=True, eq=False)
class InvertedMemory:
    """A memory found without a form for it.

    Parameters
    ----------
    Omega
        The bare rate, −dF/dt at 0. [1/time]
    plateau
        M(∞). [1/time]
    weights, rates
        m_l and μ_l, shape (n,). [1/time]
    F_weights, F_rates
        p_j and s_j of F, s = 0 included if a share never decays.
    residual
        rms of F_fit − F, in units of the errors if those are known. [1]
    """

    Omega: float
    plateau: float
    weights: Floats
    rates: Floats
    F_weights: Floats
    F_rates: Floats
    residual: float

    def __call__(self, t: ArrayLike) -> Floats:
        """M at these times, of their shape."""
        time = np.asarray(t, dtype=float)[..., None]
        return self.plateau + (self.weights * np.exp(-self.rates * time)).sum(axis=-1)

    def F(self, t: ArrayLike) -> Floats:
        """Σ_j p_j exp(−s_j t), the F that it belongs to.

        Parameters
        ----------
        t
            Any shape. [time]

        Returns
        -------
        numpy.ndarray
            Of the shape of t, 1 at t = 0. [1]
        """
        time = np.asarray(t, dtype=float)[..., None]
        return (self.F_weights * np.exp(-self.F_rates * time)).sum(axis=-1)


def inverted_memory(
    t: ArrayLike, F: ArrayLike, error: ArrayLike | None = None, Omega: float | None = None
) -> InvertedMemory:
    """The memory of the overdamped equation that belongs to a completely monotone F.

    Parameters
    ----------
    t, F
        Increasing times above 0 and F, normalised to 1 at t = 0, shape (n,).
    error
        Standard errors of F, above 0, shape (n,).
    Omega
        The bare rate, if it is known; else it is taken from the beginning of F, which must then be resolved and nearly
        free of noise. [1/time]

    Returns
    -------
    InvertedMemory
        A sum of decaying exponentials, M(t) > 0 and falling, callable at any time. [1/time]

    Raises
    ------
    InvalidInput
        If values are too few or not finite, if F does not decay at all, or if no sum of decaying exponentials fits it
        within its errors: ballistic or oscillating beginnings do that.

    Examples
    --------
    For F = (e^{−t} + e^{−3t})/2: Ω = 2, and M = ½ e^{−3t/2}.

    >>> t = np.geomspace(1e-3, 10, 60)
    >>> memory = inverted_memory(t, (np.exp(-t) + np.exp(-3 * t)) / 2, Omega=2.0)
    >>> bool(abs(memory([0.0, 1.0]) - 0.5 * np.exp([0.0, -1.5])).max() < 2e-2), round(memory.Omega, 2)
    (True, 2.0)
    """
    time, curve = np.asarray(t, dtype=float), np.asarray(F, dtype=float)
    if (
        time.ndim != 1
        or curve.shape != time.shape
        or time.size < 4
        or not np.isfinite([time, curve]).all()
        or time[0] <= 0
    ):
        raise InvalidInput(
            f"t has the shape {time.shape} and F {curve.shape}; allowed: four or more finite values, t above 0"
        )
    errors = np.ones(time.size) if error is None else np.asarray(error, dtype=float)
    if errors.shape != time.shape or not (np.isfinite(errors) & (errors > 0)).all():
        raise InvalidInput(f"error has the shape {errors.shape}; allowed: one finite error above 0 for each value of F")
    scale = 1.0 / errors
    worst, enough = (_WORST_RMS, _ENOUGH_RMS) if error is None else (_WORST_CHI, _WORST_CHI)
    p, s = _decomposition(time, curve, scale, Omega, enough)
    residual = _residual(time, curve, scale, p, s)
    if residual > worst:
        unit = "of F(0)" if error is None else "standard errors"
        noise = errors if error is not None else np.full(time.size, _WORST_RMS / 4.0)
        raise InvalidInput(
            f"no sum of decaying exponentials fits F: rms residual {residual:.3g} {unit}, allowed: {worst:g}. "
            + _why_not(time, curve, noise)
        )
    if not s.any():
        raise InvalidInput("F does not decay at all; allowed: a correlation function that falls below 1")
    return _algebra(p, s, residual)


def _residual(t: Floats, F: Floats, scale: Floats, p: Floats, s: Floats) -> float:
    """rms of Σ p e^{−st} − F, in units of 1/scale."""
    return float(np.sqrt(np.mean(((np.exp(-t[:, None] * s) @ p - F) * scale) ** 2)))


def _why_not(t: Floats, F: Floats, noise: Floats) -> str:
    """What F does that no sum of decaying exponentials does, and what to do: it falls, and 1 − F is concave."""
    rises = np.diff(F) > 3.0 * (noise[1:] + noise[:-1])
    if (-3.0 * noise > F).any():
        place = int(np.argmax(-3.0 * noise > F))
        return (
            f"It is below 0 ({F[place]:.3g} at t = {t[place]:.3g}): subtract what it tends to, or fit it with {_OTHER}"
        )
    mean_slope, doubt = (1.0 - F) / t, 3.0 * noise / t
    lowest = np.minimum.accumulate(mean_slope + doubt)
    bends = mean_slope[1:] - doubt[1:] > lowest[:-1]
    if bends.any():
        place = int(np.argmax(bends)) + 1
        return (
            f"It begins ballistically, or bends: (1 - F)/t grows up to t = {t[place]:.3g} at least, as of Newtonian dynamics; "
            f"fit it with {_OTHER}, or leave out the times before the ballistic motion ends (--t-min)"
        )
    if rises.any():
        place = int(np.argmax(rises))
        return f"It rises after t = {t[place]:.3g}: vibrations; fit it with {_OTHER}"
    return (
        "Within its noise it falls and bends as such a sum does: its errors may be too small, or some values wrong; give "
        f"errors that hold all of its scatter, or fit it with {_OTHER}"
    )


def _decomposition(t: Floats, F: Floats, scale: Floats, Omega: float | None, enough: float) -> tuple[Floats, Floats]:
    """p and s of F by non-negative least squares on a grid of rates, made finer and wider where it does not do."""
    p, s = _weights(t, F, scale, Omega, _grid(t, Omega, *_WIDTHS[0]))
    residual = _residual(t, F, scale, p, s)
    for number in range(_MOST_REFINEMENTS):
        if residual <= enough:
            break
        rates = _grid(t, Omega, *_WIDTHS[1])
        p, s = _weights(t, F, scale, Omega, _finer(rates, s, number))
        before, residual = residual, _residual(t, F, scale, p, s)
        if residual > _GAIN * before:
            break
    return p, s


def _grid(t: Floats, Omega: float | None, slowest: float, fastest: float) -> Floats:
    """0 and rates from far below the last time's to far above the first's, evenly in their logarithm."""
    low, high = slowest / t[-1], max(fastest / t[0], 100.0 * (Omega or 0.0))
    n_rates = int(np.ceil(np.log10(high / low) * _RATES_A_DECADE)) + 1
    return np.concatenate([[0.0], np.geomspace(low, high, n_rates)])


def _finer(rates: Floats, used: Floats, number: int) -> Floats:
    """The grid, and between the neighbours of rates that were used others, closer each time."""
    spacing = np.log(10.0) / _RATES_A_DECADE / (_BETWEEN + 1.0) ** number
    steps = spacing * np.linspace(-1.0, 1.0, 2 * (_BETWEEN + 1) + 1)
    near = (used[used > 0, None] * np.exp(steps)).ravel()
    return np.unique(np.concatenate([rates, near]))


def _weights(t: Floats, F: Floats, scale: Floats, Omega: float | None, s: Floats) -> tuple[Floats, Floats]:
    """The rates that are used, and their weights; F(0) = 1 and −F'(0) = Ω outweigh all else."""
    from scipy.optimize import nnls  # a fifth of a second, which those who only import this do without

    A = np.exp(-t[:, None] * s) * scale[:, None]
    heavy = 1e3 * np.abs(scale).max()
    known = [np.ones(s.size)] if Omega is None else [np.ones(s.size), s / Omega]
    rows, values = np.vstack([A, *(heavy * row for row in known)]), np.append(F * scale, np.full(len(known), heavy))
    try:
        p, _ = nnls(rows, values, maxiter=_ITERATIONS * s.size)
    except RuntimeError as error:
        raise InvalidInput(
            f"F was not decomposed: scipy's nnls has {_ITERATIONS * s.size} iterations behind it ({error}); allowed: F that "
            f"it decomposes; give fewer times or larger errors, take scipy 1.16 or later, or fit it with {_OTHER}"
        ) from error
    is_used = p > _LEAST_WEIGHT
    return p[is_used] / p[is_used].sum(), s[is_used]


def _algebra(p: Floats, s: Floats, residual: float) -> InvertedMemory:
    frozen = float(p[s == 0].sum())
    q, rates = p[s > 0], s[s > 0]
    Omega = float((q * rates).sum())
    mu = _zeros(q * rates, rates)
    slope = np.array([(q * rates / (rates - m) ** 2).sum() for m in mu])
    plateau = Omega * frozen / (1.0 - frozen)
    return InvertedMemory(Omega, plateau, Omega / (mu * slope), mu, p, s, residual)


def _zeros(weights: Floats, rates: Floats) -> Floats:
    """Zeros μ of Σ w_j/(s_j − μ): eigenvalues of the s_j projected onto the space at right angles to √w."""
    if rates.size < 2:
        return np.zeros(0)
    direction = np.sqrt(weights / weights.sum())
    basis = np.linalg.svd(direction[None])[2][1:]
    return np.linalg.eigvalsh((basis * rates) @ basis.T)
