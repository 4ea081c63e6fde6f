"""Normalisations of partial structure factors that others use, told apart by what can tell them apart.

All are S_ab = offset_ab + factor_ab × what the file has, with S_ab = (1/N) <ρ_a ρ_b*> → x_a δ_ab at large k here. Limits at large
k cannot tell the factor of a cross term, whose limit is 0. The core can: no two particles sit on the same place, so
g_ab(r → 0) = 0, and with the Gaussian mean over a distance a much smaller than the particles

    g_ab = 1 + ∫ dk k² (S_ab − x_a δ_ab) exp(−k² a² / 2) / (2 π² ρ x_a x_b) ≈ 0,

which a wrong factor f moves to 1 − f. (Hansen and McDonald, Theory of Simple Liquids, give both normalisations and the transform.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
#: Widths a of the mean in units of ρ^(-1/3): the narrowest that the table's range and scatter allow, for small particles.
_WIDTHS = (0.08, 0.12, 0.2, 0.3)
#: A core value this near to 0 is one.
_CORE = 0.12


@dataclass(frozen=True)
class Normalisation:
    """S_ab = offset_ab + factor_ab × given.

    Parameters
    ----------
    words
        What it is, for messages.
    factors
        The factor of a = b, and that of a ≠ b, as words: a, b for x_a, x_b.
    offset
        The offset: "0"; "x", x_a δ_ab; or "x-xx", x_a δ_ab − x_a x_b.
    """

    words: str
    factors: tuple[str, str]
    offset: str = "0"

    def conversion(self, x: Array, density: float | None) -> tuple[Array, Array]:
        """Factor and offset of mole fractions x and density ρ, each of shape (n_pairs, 1)."""
        first, second = np.triu_indices(x.size)
        a, b, own = x[first], x[second], first == second
        rho = np.nan if density is None else density
        values = {
            "1": 1.0 + 0 * a,
            "1/2": 0.5 + 0 * a,
            "a": a,
            "b": b,
            "sqrt(ab)": np.sqrt(a * b),
            "ab": a * b,
            "ρab": rho * a * b,
        }
        factor = np.where(own, values[self.factors[0]], values[self.factors[1]])
        limit = np.where(own, a, 0.0)
        offset = {"0": 0 * a, "x": limit, "x-xx": limit - a * b}[self.offset]
        return factor[:, None], offset[:, None]


#: By the word of --normalisation; the first is the package's own.
NORMALISATIONS = {
    "by-N": Normalisation("<ρ_a ρ_b*>/N", ("1", "1")),
    "ashcroft-langreth": Normalisation("<ρ_a ρ_b*>/sqrt(N_a N_b)", ("a", "sqrt(ab)")),
    "faber-ziman": Normalisation("1 + ρ h_ab(k)", ("ab", "ab"), "x-xx"),
    "self-cross-by-N": Normalisation("<ρ_a ρ_a*>/N_a, but <ρ_a ρ_b*>/N", ("a", "1")),
    "self-cross-by-first": Normalisation("<ρ_a ρ_a*>/N_a, and <ρ_a ρ_b*>/N_a of the first species", ("a", "a")),
    "self-cross-by-second": Normalisation("<ρ_a ρ_a*>/N_a, and <ρ_a ρ_b*>/N_b of the second species", ("a", "b")),
    "self-cross-twice": Normalisation("<ρ_a ρ_a*>/N_a, but 2 <ρ_a ρ_b*>/N", ("a", "1/2")),
    "by-N-cross-twice": Normalisation("<ρ_a ρ_a*>/N, but 2 <ρ_a ρ_b*>/N, as dynasor sums AB and BA", ("1", "1/2")),
    "minus-limit": Normalisation("S_ab − x_a δ_ab; of one component S − 1", ("1", "1"), "x"),
    "h": Normalisation("h_ab(k), the transform of g_ab(r) − 1", ("ρab", "ρab"), "x"),
}


def possible(limits: Array, x: Array, density: float | None, expected: Array, tolerance: Array) -> list[str]:
    """Those whose limits at large k are right, each conversion once.

    Parameters
    ----------
    limits
        Of what the file has, shape (n_pairs,).
    x, density
        Mole fractions and ρ.
    expected, tolerance
        x_a δ_ab and what is taken for it, shape (n_pairs,).
    """
    found: dict[tuple, str] = {}
    for name, normalisation in NORMALISATIONS.items():
        factor, offset = normalisation.conversion(x, density)
        if (abs(offset[:, 0] + factor[:, 0] * limits - expected) <= tolerance).all():
            found.setdefault(tuple(np.round(np.hstack([factor[:, 0], offset[:, 0]]), 9)), name)
    return list(found.values())


def core_values(k: Array, partials: Array, x: Array, density: float) -> tuple[Array, Array] | None:
    """g_ab(0), a Gaussian mean, and its standard error from the table's scatter; None where the table ends too early.

    Parameters
    ----------
    k, partials
        S_ab in the package's normalisation, shape (n_pairs, n_k).
    x, density
        Mole fractions and ρ.

    Returns
    -------
    tuple
        Both of shape (n_pairs,).
    """
    widths = [width * density ** (-1 / 3) for width in _WIDTHS if width * density ** (-1 / 3) * k[-1] >= 3.0]
    found = None
    for width in widths if k.size >= 8 else []:
        found = _core_values(k, partials, x, density, width)
        if (2 * found[1] <= 0.5 * _CORE).all():
            break
    return found


def _core_values(k: Array, partials: Array, x: Array, density: float, width: float) -> tuple[Array, Array]:
    first, second = np.triu_indices(x.size)
    scale = 2 * np.pi**2 * density * x[first] * x[second]
    h = (partials - np.where(first == second, x[first], 0.0)[:, None]) / scale[:, None]
    weight = k**2 * np.exp(-0.5 * (k * width) ** 2)
    value = 1.0 + np.trapezoid(weight * h, k, axis=1) + k[0] ** 3 / 3 * h[:, 0]
    scatter = 1.4826 * np.median(abs(np.diff(h, 3, axis=1)), axis=1) / np.sqrt(20.0)
    return value, scatter * np.sqrt(((weight * np.gradient(k)) ** 2).sum())


def told_by_cores(names: list[str], k: Array, given: Array, x: Array, density: float | None) -> str | None:
    """The only normalisation in which no two particles overlap and S is positive definite; None if that does not tell.

    Parameters
    ----------
    names
        Those to choose from, all with the right limits.
    k, given
        What the file has, shape (n_pairs, n_k).
    x, density
        Mole fractions and ρ.
    """
    if density is None or not names:
        return None
    right, others = [], []
    for name in names:
        factor, offset = NORMALISATIONS[name].conversion(x, density)
        found = core_values(k, offset + factor * given, x, density)
        if found is None:
            return None
        value, error = found
        if (abs(value) <= _CORE).all() and (2 * error <= _CORE).all():
            right.append(name)
        elif not (abs(value) > _CORE + 4 * error).any():
            others.append(name)  # it cannot be excluded
    return right[0] if len(right) == 1 and not others else None
