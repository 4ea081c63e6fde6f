"""Points of one curve err together: how far that reaches, how many of them count, and how they are resampled with it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Independent curves from which correlations are taken, at least.
FEWEST_BLOCKS = 4
#: Correlations of so many lags in a row must be unseen for the reach to end.
_UNSEEN_LAGS = 5
#: Standard errors of a correlation of white noise from which it is seen, times √log10 n.
_SEEN = 2.0


def autocorrelation(values: Floats) -> Floats:
    """ρ_k of a series about its mean, k = 0 … n − 1, shape (n,); 1, 0, 0 … of a constant.

    >>> autocorrelation(np.array([1.0, -1.0, 1.0, -1.0])).tolist()
    [1.0, -0.75, 0.5, -0.25]
    """
    x = values - values.mean()
    size = float((x**2).sum())
    if not size > 0:
        return np.eye(1, values.size)[0]
    return np.correlate(x, x, "full")[values.size - 1 :] / size


def reach(rho: Floats) -> int:
    """The lag up to which correlations are seen, 0 of white noise: beyond it five in a row are below 2 √(log10 n/n).

    Politis and White, Econometric Reviews 23, 53 (2004), section 3.2.
    """
    n = rho.size
    is_seen = np.abs(rho[1:]) >= _SEEN * math.sqrt(math.log10(n) / n)
    for m in range(n - 1):
        if not is_seen[m : m + _UNSEEN_LAGS].any():
            return m
    return n - 1


def block_length(values: Floats) -> int:
    """Length of the blocks with which a series is resampled, 1 of white noise, a third of the series at most.

    (2 G²/D)^{1/3} n^{1/3} of the circular bootstrap, by the flat-top window of width 2m: Politis and White (2004) with Patton's,
    Politis' and White's correction, Econometric Reviews 28, 372 (2009). Ten lines, for which the package ``arch`` would be a heavy
    need.
    """
    n = values.size
    rho = autocorrelation(values)
    m = reach(rho)
    if m == 0:
        return 1
    k = np.arange(1, min(2 * m, n - 1) + 1)
    weights = np.minimum(1.0, 2.0 * (1.0 - k / (2.0 * m))) * rho[k]
    G, spectrum = 2.0 * float((k * weights).sum()), 1.0 + 2.0 * float(weights.sum())
    length = (2.0 * G**2 / (4.0 / 3.0 * max(spectrum, 1e-12) ** 2) * n) ** (1.0 / 3.0)
    return int(np.clip(round(length), 1, max(1, n // 3)))


def circular_blocks(n: int, length: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Places of a resampled series of n values: blocks from anywhere, the end followed by the beginning, shape (n,).

    Politis and Romano, in Exploring the Limits of Bootstrap (1992); blocks that overlap are Künsch's, Ann. Stat. 17, 1217 (1989).
    """
    first = rng.integers(n, size=-(-n // length))
    return ((first[:, None] + np.arange(length)).ravel()[:n]) % n


def independent_points(residuals: Floats, blocks: Floats | None = None) -> float:
    """How many independent values make χ² as uncertain as these: n²/Σ_ij ρ_ij², n of white noise. [1]

    Parameters
    ----------
    residuals
        Of a fit without a misfit, in standard errors, shape (n,).
    blocks
        The curve by independent stretches of time or replicas, NaN where one has no value, shape (n_blocks, n): with four of them
        and more ρ_ij is theirs, less what chance adds to its square; else that of the residuals, ρ_|i−j|.
    """
    n = residuals.size
    if blocks is not None and len(blocks) >= FEWEST_BLOCKS:
        known = blocks[:, np.isfinite(blocks).sum(axis=0) >= FEWEST_BLOCKS]
        known = known[np.isfinite(known).all(axis=1)]
        if len(known) >= FEWEST_BLOCKS and known.shape[1] > 1 and (known.std(axis=0) > 0).all():
            return n / known.shape[1] * _of_blocks(known)
    rho = autocorrelation(residuals)
    k = np.arange(1, reach(rho) + 1)
    return float(n / (1.0 + 2.0 * ((1.0 - k / n) * rho[k] ** 2).sum()))


def _of_blocks(blocks: Floats) -> float:
    """n²/tr ρ², where ν = n_blocks − 1 estimates have tr ρ̂² = (1 + 1/ν) tr ρ² + n²/ν in the mean."""
    n, freedom = blocks.shape[1], len(blocks) - 1
    trace = float((np.corrcoef(blocks.T) ** 2).sum())
    unbiased = (trace - n**2 / freedom) / (1.0 + 1.0 / freedom)
    return float(n**2 / np.clip(unbiased, n, n**2))
