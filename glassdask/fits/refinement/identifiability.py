"""What the data say of each parameter: covariance, correlations, and which of them are no more than bounded."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from glassdask.fits.search.objective import Objective
from glassdask.fits.search.search_space import SearchSpace
from glassdask.outcome import MemoryVerdict

Floats = NDArray[np.float64]
#: A parameter whose logarithm is known no better than this is not determined.
_LARGEST_LOG_ERROR = 1.0
#: Within this share of its range of a bound a coordinate lies on it.
_AT_BOUND = 1e-4
#: K is told from 0 beyond this many standard errors: neighbouring times err together, so that fewer would be too few.
_FROM_ZERO = 3.0
_STEP = 1e-4
#: Directions of the Jacobian weaker than this, relative to the strongest, are not resolved by the data.
_WEAKEST = 1e-9


def parameter_names(n_exp: int, fits_omega: bool) -> tuple[str, ...]:
    """K, A_1 …, tau_1 …, b_1 … and Omega.

    >>> parameter_names(1, False)
    ('K', 'A_1', 'tau_1', 'b_1')
    """
    modes = [f"{name}_{i + 1}" for name in ("A", "tau", "b") for i in range(n_exp)]
    return ("K", *modes, *(["Omega"] if fits_omega else []))


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """Errors of the parameters K, A_i, τ_i, b_i (and Ω) of a fit, modes in the order of their times.

    Parameters
    ----------
    names
        Of the parameters, in the order of the arrays.
    values, standard_error
        Shape (n,); the error is infinite where a parameter is not determined.
    correlation
        Of log A, log τ, b, K and log Ω, shape (n, n); NaN in rows of what is not determined.
    verdicts
        Determined, bounded or degenerate.
    is_logarithmic
        Whose errors are those of the logarithm times the value.
    bounds
        "lowest" or "highest" of a parameter that lies on a bound of the search, else "".
    """

    names: tuple[str, ...]
    values: Floats
    standard_error: Floats
    correlation: Floats
    verdicts: tuple[MemoryVerdict, ...]
    is_logarithmic: NDArray[np.bool_]
    bounds: tuple[str, ...] = ()

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Confidence limits: of A, τ and Ω symmetric in the logarithm, K not below 0."""
        z = NormalDist().inv_cdf(0.5 + level / 2)
        with np.errstate(over="ignore", invalid="ignore"):
            factor = np.exp(z * self.standard_error / np.abs(self.values))
            low = np.where(self.is_logarithmic, self.values / factor, self.values - z * self.standard_error)
            high = np.where(self.is_logarithmic, self.values * factor, self.values + z * self.standard_error)
        low[0] = max(low[0], 0.0)
        return low, high

    @property
    def plateau_limit(self) -> float:
        """95 % upper limit of K."""
        return float(self.values[0] + NormalDist().inv_cdf(0.95) * self.standard_error[0])


def uncertainty(objective: Objective[SearchSpace], x: Floats, solver_error: Floats | None = None) -> Uncertainty:
    """σ² (JᵀJ)⁻¹ at a minimum x, σ² = χ²/(n − p); not below 1 where the errors of the data are known.

    The slopes of the objective's solver must be right. `solver_error` holds estimated errors of F there, one a source,
    shape (n_sources, n_times): what they move the minimum by is added in squares, so that no error is quoted below it.
    K is treated as it is, the others by their logarithms (b as it is): near K = 0 its logarithm means nothing.
    """
    space, n = objective.space, objective.space.n_exp
    x = _in_order(x, n)
    values = space.parameters(x)
    J, residuals = _jacobian(objective, x)
    margin = _AT_BOUND * (space.high - space.low)
    is_lowest, is_highest = x <= space.low + margin, x >= space.high - margin
    is_lowest[0] = is_highest[0] = False  # K: its logarithm is lowest where K is told from 0 by nothing
    is_at_bound = is_lowest | is_highest
    is_gone = np.zeros(x.size, dtype=bool)  # time and stretch of a mode whose amplitude is the lowest allowed
    is_gone[1 + n : 1 + 3 * n] = np.tile(is_lowest[1 : 1 + n], 2)
    bounds = tuple(np.where(is_lowest, "lowest", np.where(is_highest, "highest", "")).tolist())
    wrong_by = None if solver_error is None else np.nan_to_num(solver_error) / objective.target.scale
    deviation, correlation = _deviations(
        J, residuals, is_at_bound | is_gone, objective.target.error is not None, wrong_by
    )
    is_logarithmic = np.ones(x.size, dtype=bool)
    is_logarithmic[0] = False
    is_logarithmic[1 + 2 * n : 1 + 3 * n] = False
    verdicts = tuple(
        _verdict(i, deviation[i], values[i], bool(is_at_bound[i]), bool(is_logarithmic[i])) for i in range(x.size)
    )
    error = np.where(is_logarithmic, deviation * np.abs(values), deviation)
    names = parameter_names(n, space.fits_omega)
    return Uncertainty(names, values, error, correlation, verdicts, is_logarithmic, bounds)


def _in_order(x: Floats, n: int) -> Floats:
    """The same point with its modes in the order of their times."""
    order = np.argsort(x[1 + n : 1 + 2 * n])
    modes = [x[1 + i * n : 1 + (i + 1) * n][order] for i in range(3)]
    return np.concatenate([x[:1], *modes, x[1 + 3 * n :]])


def _jacobian(objective: Objective[SearchSpace], x: Floats) -> tuple[Floats, Floats]:
    """∂ residual / ∂ (K, log A, log τ, b, log Ω) by central differences, shape (n_times, n), and the residuals."""
    space = objective.space
    row = space.candidates(x[None])[0]
    step_of_K = _STEP * max(row[1], np.exp(space.high[0]) * row[0])
    rows = []
    for i in range(x.size):
        for sign in (1.0, -1.0):
            if i == 0:
                moved = row.copy()
                moved[1] += sign * step_of_K
            else:
                y = x.copy()
                y[i] += sign * _STEP
                moved = space.candidates(y[None])[0]
            rows.append(moved)
    F = objective.solver.solve(np.vstack([*rows, row]))
    steps = np.full(x.size, 2 * _STEP)
    steps[0] = 2 * step_of_K
    scale = objective.target.scale
    J = ((F[0:-1:2] - F[1:-1:2]) / scale / steps[:, None]).T
    return J, (F[-1] - objective.target.F) / scale


def _deviations(
    J: Floats, residuals: Floats, is_at_bound: NDArray[np.bool_], is_error_known: bool, wrong_by: Floats | None = None
) -> tuple[Floats, Floats]:
    """Standard deviations, infinite where nothing is known, and correlations; the solver is wrong by `wrong_by`.

    An error δ of F moves the minimum by (JᵀJ)⁻¹Jᵀ δ. That is added, and, lest parts of it cancel by chance, what it would
    be if δ had a random sign at every time.
    """
    p = J.shape[1]
    deviation, correlation = np.full(p, np.inf), np.full((p, p), np.nan)
    size = np.linalg.norm(J, axis=0)
    kept = np.flatnonzero(~is_at_bound & np.isfinite(size) & (size > 0))
    freedom = max(residuals.size - kept.size, 1)
    variance = float((residuals**2).sum()) / freedom
    if is_error_known:
        variance = max(variance, 1.0)
    U, s, V = np.linalg.svd(J[:, kept] / size[kept], full_matrices=False)
    is_seen = s > _WEAKEST * s[0] if s.size else np.zeros(0, dtype=bool)
    directions = V[is_seen] / s[is_seen, None]
    covariance = variance * directions.T @ directions / np.outer(size[kept], size[kept])
    of_kept = np.sqrt(np.diag(covariance))
    errors = np.zeros((0, residuals.size)) if wrong_by is None else wrong_by
    moved = (directions.T @ U[:, is_seen].T) / size[kept, None] * errors[:, None, :]
    of_solver = np.sqrt((moved.sum(axis=2) ** 2 + (moved**2).sum(axis=2)).sum(axis=0))
    unseen = (V[~is_seen] ** 2).sum(axis=0) > 0.01  # a direction that leaves no trace
    deviation[kept] = np.where(unseen, np.inf, np.hypot(of_kept, of_solver))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation[np.ix_(kept, kept)] = covariance / np.outer(of_kept, of_kept)
    return deviation, correlation


def _verdict(i: int, deviation: float, value: float, is_at_bound: bool, is_logarithmic: bool) -> MemoryVerdict:
    if is_at_bound or (i == 0 and value <= _FROM_ZERO * deviation):
        return MemoryVerdict.BOUNDED
    limit = _LARGEST_LOG_ERROR if is_logarithmic else max(abs(value), 1e-300)
    return MemoryVerdict.DETERMINED if deviation <= limit else MemoryVerdict.DEGENERATE
