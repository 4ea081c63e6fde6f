"""The β relaxation near the critical point: master functions of the exponent parameter λ alone, and the amplitude of von Schweidler's law.

Near the critical point, and near the plateau, every correlator is

    φ(k,t) = f^c(k) + h(k) |σ|^(1/2) g_±(t/t_σ),    t_σ = t_0 |σ|^(−1/2a),

with + in the glass (σ > 0) and − in the liquid, and g_± the solution of

    d/dt ∫_0^t g(t−t') g(t') dt' = λ g(t)² ± 1,    g → t^(−a) for t → 0.

It ends at (1−λ)^(−1/2) in the glass; in the liquid it falls as −B t^b, where the α relaxation, whose time grows as |σ|^(−γ) with
γ = 1/2a + 1/2b, begins (Götze, J. Phys.: Condens. Matter 2, 8485 (1990); Franosch, Fuchs, Götze, Mayr and Singh, Phys. Rev. E 55, 7153
(1997)).

Up to the radius of convergence g is a power series, g = Σ c_n (± t^2a)^n t^(−a); later the equation is solved for its averages over
equal steps, which are doubled again and again. For an equation of the first kind such a midpoint rule is stable, as that of the
trapezoid is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma

from glassdask.errors import InvalidInput
from glassdask.physics.mode_coupling.stability import critical_exponents

Floats = NDArray[np.float64]
#: Sides of the critical point, and the sign of σ.
SIDES = {"glass": 1.0, "liquid": -1.0}
#: Terms of the series, and up to which share of its radius of convergence, in t^2a, it is used: the rest is below 0.3^30.
_TERMS, _SHARE = 30, 0.3
#: Times of the series part that are given, and over how many decades.
_EARLY, _DECADES = 150, 6.0
#: −g/t^b differs from B by t^(−2b), which is below 1e-8 here.
_LATE = 1e9
_NEWTON_STEPS = 8


@dataclass(frozen=True, eq=False)
class BetaCorrelator:
    """A master function of the β relaxation.

    Attributes
    ----------
    time
        t/t_σ, increasing, shape (n,). [1]
    correlator
        g_±, shape (n,). [1]
    exponent_parameter, a, b
        λ and the exponents that follow from it. [1]
    """

    time: Floats
    correlator: Floats
    exponent_parameter: float
    a: float
    b: float


def beta_correlator(exponent_parameter: float, side: str, end: float = 1e6, n_half: int = 128) -> BetaCorrelator:
    """g_±(t/t_σ), the solution of d/dt ∫ g(t−t') g(t') dt' = λ g² ± 1 with g → t^(−a).

    Parameters
    ----------
    exponent_parameter
        λ, above ½ and below 1. [1]
    side
        "glass" for g_+, "liquid" for g_−.
    end
        Last t/t_σ; the series' times are given in any case. [1]
    n_half
        Steps in half a block; the error falls as n_half⁻², and is 1e-4 of g for 128.

    Returns
    -------
    BetaCorrelator
        g, shape (n,), at t/t_σ that are spaced as a ladder of doubled steps. [1]

    Raises
    ------
    InvalidInput
        If λ, the side, the end or the number of steps is not allowed.

    References
    ----------
    Götze, J. Phys.: Condens. Matter 2, 8485 (1990).

    Examples
    --------
    >>> late = beta_correlator(0.735, "glass").correlator[-1]
    >>> round(float(late), 4)  # (1 − λ)^(−1/2)
    1.9426
    """
    if not 0.5 < exponent_parameter < 1.0:
        raise InvalidInput(
            f"exponent_parameter is {exponent_parameter:g}; allowed: above 0.5 and below 1; 'glassdask mct' and "
            "critical_point give it"
        )
    if side not in SIDES:
        raise InvalidInput(f"side is {side!r}; allowed: {', '.join(map(repr, SIDES))}")
    if not (math.isfinite(end) and end > 0):
        raise InvalidInput(f"end is {end:g}; allowed: a finite t/t_σ above 0, such as 1e6")
    if n_half < 8:
        raise InvalidInput(f"n_half is {n_half}; allowed: 8 or more; 128 is usual")
    a, b = critical_exponents(exponent_parameter)
    powers, factors = _series(exponent_parameter, a, SIDES[side])
    radius = abs(factors[-1]) ** (-1 / (_TERMS - 1))
    first_end = (_SHARE * radius) ** (1 / (2 * a))
    early = first_end * np.logspace(-_DECADES, 0.0, _EARLY)
    late, g = _by_steps(exponent_parameter, SIDES[side], powers, factors, first_end, end, n_half)
    found = np.concatenate([_value(powers, factors, early), g])
    return BetaCorrelator(np.concatenate([early, late]), found, exponent_parameter, a, b)


def von_schweidler_amplitude(exponent_parameter: float) -> float:
    """B(λ) of von Schweidler's law: g_− → −B (t/t_σ)^b at late times; the α relaxation's time is t_0 B^(−1/b) |σ|^(−γ).

    Parameters
    ----------
    exponent_parameter
        λ, above ½ and below 1. [1]

    Returns
    -------
    float
        B, from two solutions whose errors, which fall as the square of the step, are extrapolated: to 1e-4. [1]

    Raises
    ------
    InvalidInput
        If λ is not allowed.

    References
    ----------
    Götze, J. Phys.: Condens. Matter 2, 8485 (1990).

    Examples
    --------
    >>> round(von_schweidler_amplitude(0.735), 3)  # hard spheres
    0.836
    """
    coarse, fine = (beta_correlator(exponent_parameter, "liquid", _LATE, n) for n in (64, 128))
    estimates = [float(-found.correlator[-1] / found.time[-1] ** found.b) for found in (coarse, fine)]
    return (4 * estimates[1] - estimates[0]) / 3


def _series(lam: float, a: float, sign: float) -> tuple[Floats, Floats]:
    """Powers x_n = (2n − 1) a and factors c_n of g = Σ c_n t^(x_n): each order of the equation gives one."""
    powers = np.arange(-1.0, 2 * _TERMS - 1, 2.0) * a
    factors = np.zeros(_TERMS)
    factors[0] = 1.0
    for n in range(1, _TERMS):
        m = np.arange(1, n)
        rest = float((factors[m] * factors[n - m] * (_folded(powers[m], powers[n - m]) - lam)).sum())
        factors[n] = ((sign if n == 1 else 0.0) - rest) / (2 * (_folded(powers[0], powers[n]) - lam))
    return powers, factors


def _folded(x, y):
    """d/dt ∫ (t−t')^x t'^y dt' / t^(x+y) = Γ(1+x) Γ(1+y) / Γ(1+x+y)."""
    return gamma(1 + x) * gamma(1 + y) / gamma(1 + x + y)


def _value(powers: Floats, factors: Floats, time: Floats) -> Floats:
    return np.asarray((factors * time[:, None] ** powers).sum(axis=1))


def _by_steps(
    lam: float, sign: float, powers: Floats, factors: Floats, first_end: float, end: float, n_half: int
) -> tuple[Floats, Floats]:
    """Middles of the steps after the series' end, and the averages of g over them.

    The equation, integrated once, is ∫ g(t−t') g(t') dt' = ± t + λ ∫ g². With averages G_i over steps h it says
    h Σ G_k G_(i+1−k) = ± t_i + λ (S + h G_i²), a quadratic equation for G_i; S is ∫ g² up to the step before.
    """
    n, step = 2 * n_half, first_end / (2 * n_half)
    edges = np.linspace(0.0, first_end, n + 1)
    G = np.zeros(n + 1)
    G[1:] = np.diff(_value(powers + 1, factors / (powers + 1), edges)) / step
    squares = np.convolve(factors, factors)[:_TERMS]
    S = float((squares / (powers + powers[0] + 1) * first_end ** (powers + powers[0] + 1)).sum())
    times, values = [], []
    while n * step < end:
        G = np.concatenate([[0.0], 0.5 * (G[1::2] + G[2::2]), np.zeros(n_half)])
        step *= 2
        for i in range(n_half + 1, n + 1):
            known = step * float(G[2:i] @ G[i - 1 : 1 : -1])
            G[i] = _root(lam * step, -2 * step * G[1], sign * i * step + lam * S - known, start=2 * G[i - 1] - G[i - 2])
            S += step * G[i] ** 2
        times.append(step * (np.arange(n_half + 1, n + 1) - 0.5))
        values.append(G[n_half + 1 :].copy())
    if not times:
        return np.empty(0), np.empty(0)
    return np.concatenate(times), np.concatenate(values)


def _root(square: float, linear: float, constant: float, start: float) -> float:
    """The root of a quadratic equation that continues the solution: Newton's steps from there."""
    x = start
    for _ in range(_NEWTON_STEPS):
        x -= ((square * x + linear) * x + constant) / (2 * square * x + linear)
    return x
