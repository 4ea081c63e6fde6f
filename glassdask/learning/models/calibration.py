"""Errors that cover what they say: how far predictions of one kind of question were off, on states that were not learned from.

Split conformal prediction (Lei et al., J. Am. Stat. Assoc. 113, 1094 (2018); Angelopoulos and Bates, arXiv:2107.07511): the score of a
point that was left out is its delay |δ| (:mod:`glassdask.learning.models.delays`), and the bound for a new point is a quantile of the
scores. Points of one state are not independent; exchangeable are states. The quantile is that of hierarchical conformal
prediction (Lee, Barber and Willett, arXiv:2306.06342): of K states,

    q = the least value with Σ_k 1/(K + 1) · (share of the points of state k with |δ| ≤ q) ≥ 1 − α,

the new state counting as infinitely far off. One of its points lies within q with a probability of at least 1 − α. With fewer than
1/α − 1 states there is no such q: 19 are needed for 95 %. Delays differ along a curve, so that each range of the predicted level
z = ln(−ln F̂) has its own quantile (a Mondrian taxonomy: Vovk, Asian Conf. Mach. Learn. 2012), linear in z between the ranges' middles.

States of one series are alike, and so are all those of one liquid: what can be promised of a new one hangs on how many series or
liquids such questions were about (`Calibration.n_units`), of K at most a share K/(K + 1). How often bounds held where they were not
made is therefore measured, with an error over those units.

Neither the spread of an ensemble nor the distance of a question enters: between learned states the spread says nothing of the error,
and bounds that grow with the distance are too narrow for the coldest states (benchmarks/results/coverage.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.questions import Kind
from glassdask.learning.models.delays import band, delays, level_of

Floats = NDArray[np.float64]
#: Shares that intervals are made for, and the half-widths in standard deviations that hold them of a normal error.
SHARES = (0.683, 0.95)
_HALF_WIDTHS = (1.0, 1.96)
#: What is independent among the states of questions of a kind.
UNITS = {
    Kind.INTERPOLATION: "states",
    Kind.HOTTER: "states",
    Kind.COLDER: "series",
    Kind.DENSITY: "series",
    Kind.LIQUID: "liquids",
    Kind.SPECIES: "liquids",
}
#: ε of a model, in F: what no model of F is expected to resolve, one standard deviation.
RESOLUTION = 3e-3
#: Levels of F̂ between which a quantile is taken, and their z: earlier and later a curve says nothing of its delay.
_RANGES = level_of(np.array([0.99, 0.95, 0.85, 0.7, 0.5, 0.3, 0.1, 0.02]))
_MIDDLES = (_RANGES[1:] + _RANGES[:-1]) / 2


@dataclass(frozen=True, eq=False)
class Scores:
    """|δ| of points that were predicted without having been learned from, one entry a point; of those whose F̂ lies between 0.99 and
    0.02: before and after, every curve is right.

    Parameters
    ----------
    level
        z of the prediction, shape (n,).
    delay
        |δ|, for each of `SHARES`, as ε grows with the share, shape (2, n).
    state
        Number of the state: its replicas, and its points of several splits, are one. Shape (n,).
    """

    level: Floats
    delay: Floats
    state: NDArray[np.int64]

    @classmethod
    def of(cls, log_times: Floats, predicted: Floats, measured: Floats, error: Floats, state: int) -> Scores:
        """Of one row: ln t, shape (n_t,), F̂, F (NaN where not measured) and its standard error, shape (n_t, n_species)."""
        found = []
        for width in _HALF_WIDTHS:
            epsilon = width * np.hypot(error, RESOLUTION)
            of_species = zip(predicted.T, measured.T, epsilon.T, strict=True)
            found.append(np.stack([np.abs(delays(log_times, *one)) for one in of_species], axis=1))
        level = level_of(predicted)
        tells = np.isfinite(measured) & (level >= _RANGES[0]) & (level < _RANGES[-1])
        delay = np.stack([one[tells] for one in found])
        return cls(level[tells], delay, np.full(delay.shape[1], state))

    @classmethod
    def joined(cls, parts: Sequence[Scores]) -> Scores:
        """All of several."""
        return cls(
            np.concatenate([part.level for part in parts]),
            np.concatenate([part.delay for part in parts], axis=1),
            np.concatenate([part.state for part in parts]),
        )


def clustered_quantile(scores: Floats, states: NDArray[np.int64], share: float) -> float:
    """The quantile q of scores, shape (n,), of points that belong to these states (see the module); inf where the states are too few.

    Each state has the weight 1/(K + 1), shared by its points; the rest lies at infinity.
    """
    numbers, place, counts = np.unique(states, return_inverse=True, return_counts=True)
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum((1.0 / ((len(numbers) + 1) * counts[place]))[order])
    first = int(np.searchsorted(reached, share - 1e-12))
    return float(scores[order][first]) if first < len(scores) else float("inf")


def bounds(scores: Scores, share: int) -> Floats | None:
    """Quantiles of |δ| for the ranges of levels, shape (n_ranges,), for the share of `SHARES` with this number.

    A range with too few states has that of the nearest one that has enough; None where none has.
    """
    found = np.full(len(_MIDDLES), np.inf)
    for number, (low, high) in enumerate(pairwise(_RANGES)):
        here = (scores.level >= low) & (scores.level < high)
        found[number] = clustered_quantile(scores.delay[share, here], scores.state[here], SHARES[share])
    known = np.flatnonzero(np.isfinite(found))
    if not len(known):
        return None
    nearest = np.abs(np.arange(len(found))[:, None] - known[None, :]).argmin(axis=1)
    return np.asarray(found[known[nearest]])


def is_within(scores: Scores, bound: Floats, share: int) -> NDArray[np.bool_]:
    """Whether each point lies within bounds that `bounds` gave, shape (n,)."""
    return np.asarray(scores.delay[share] <= bound_at(scores.level, bound))


def bound_at(level: Floats, bound: Floats) -> Floats:
    """Bounds at any level: linear in z, constant beyond the middles of the first and last ranges."""
    return np.asarray(np.interp(level, _MIDDLES, bound))


@dataclass(frozen=True, eq=False)
class Calibration:
    """How far predictions of one kind of question may be off, and how often they were within that.

    Parameters
    ----------
    kind
        Of the questions.
    n_states, n_units, reach
        States that such questions were asked of; what among them is independent (`UNITS`); and the largest distance of a question.
    delays
        Bounds of |δ| for each of `SHARES`, shape (n_ranges,) each; None where the states are too few.
    coverage, coverage_error
        Share of points within bounds that were made without them, for each of `SHARES`, NaN where it was not measured, and its
        standard error.
    bias, bias_error
        Mean of ln(τ measured/τ predicted), F = 1/e of the first species, above 0 where predictions are too fast, and its
        standard error.
    """

    kind: Kind
    n_states: int
    n_units: int
    reach: float
    delays: tuple[Floats | None, Floats | None]
    coverage: tuple[float, float] = (float("nan"), float("nan"))
    coverage_error: tuple[float, float] = (float("nan"), float("nan"))
    bias: float = float("nan")
    bias_error: float = float("nan")

    def interval(self, log_times: Floats, F: Floats, share: int) -> tuple[Floats, Floats] | None:
        """Lowest and highest F at ln t, shape (n_t,), around predictions, shape (n_t, n_species), for the share of `SHARES` with this
        number."""
        bound = self.delays[share]
        if bound is None:
            return None
        epsilon = _HALF_WIDTHS[share] * RESOLUTION
        found = [band(log_times, one, bound_at(level_of(one), bound), epsilon) for one in F.T]
        return np.stack([low for low, _ in found], axis=1), np.stack([high for _, high in found], axis=1)

    def plain(self) -> dict[str, Any]:
        """As JSON holds it: null for what is not known."""
        return {
            "n_states": self.n_states,
            "n_units": self.n_units,
            "reach": self.reach,
            "delays": [None if bound is None else bound.tolist() for bound in self.delays],
            **{name: [_known(value) for value in getattr(self, name)] for name in ("coverage", "coverage_error")},
            **{name: _known(getattr(self, name)) for name in ("bias", "bias_error")},
        }

    @classmethod
    def from_plain(cls, kind: str, values: dict[str, Any]) -> Calibration:
        """From what `plain` gave."""
        first, second = (None if bound is None else np.array(bound, dtype=float) for bound in values["delays"])
        (lower, upper), (lower_error, upper_error) = (
            [_number(one) for one in values[name]] for name in ("coverage", "coverage_error")
        )
        return cls(
            Kind(kind),
            int(values["n_states"]),
            int(values["n_units"]),
            float(values["reach"]),
            (first, second),
            (lower, upper),
            (lower_error, upper_error),
            _number(values["bias"]),
            _number(values["bias_error"]),
        )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
