"""How good predictions are: R² as usual and as the paper has it, root mean squared error, skill; errors over states.

    R²       = 1 − Σ (F̂ − F)² / Σ (F − mean F)²
    paper's  = 1 − Σ (F̂ − F)² / Σ (F̂ − mean F̂)²         (eqs. 2–4: the mean of the prediction)
    skill    = 1 − Σ (F̂ − F)² / Σ (F̂_best − F)²          best: the baseline with the lowest sum on the same states

Sums run over states, times and species. Points of a curve are not independent: standard errors come from resampled states. Of a
model that was trained they hold the training, too: each resampling is of a single other training of it, with another seed, or
of other states (`Predictor.draws`); of an ensemble's mean they are therefore too large rather than too small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_RESAMPLINGS = 1000
#: Share of Σ x² below which a variation is rounding.
_LEAST_VARIATION = 1e-10


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over the points of each state, from which every score follows; shape (n_states,) each."""

    n: Floats
    squares: Floats
    truth: Floats
    truth_squares: Floats
    prediction: Floats
    prediction_squares: Floats

    @classmethod
    def of(cls, truth: Floats, prediction: Floats) -> Sums:
        """From curves, shape (n_states, n_t, n_species), NaN where not measured."""
        known = np.isfinite(truth)
        F, P = np.where(known, truth, 0.0), np.where(known, prediction, 0.0)
        parts = (known.astype(float), (P - F) ** 2, F, F**2, P, P**2)
        return cls(*(part.sum(axis=(1, 2)) for part in parts))

    def at(self, states: NDArray[np.int64]) -> Sums:
        """Those of some states, or of resampled ones."""
        return Sums(*(getattr(self, name)[states] for name in self.__dataclass_fields__))

    def r2(self) -> float:
        """1 − Σ (F̂ − F)² / Σ (F − mean F)²."""
        return float(1 - self.squares.sum() / _variation(self.truth.sum(), self.truth_squares.sum(), self.n.sum()))

    def paper_r2(self) -> float:
        """With the variation of the prediction below, as eq. 4 has it."""
        below = _variation(self.prediction.sum(), self.prediction_squares.sum(), self.n.sum())
        return float(1 - self.squares.sum() / below)

    def rmse(self) -> float:
        """Root mean squared error."""
        return float(np.sqrt(self.squares.sum() / self.n.sum()))

    def r2_by_state(self) -> Floats:
        """R² of each state's own curves, shape (n_states,)."""
        return 1 - self.squares / _variation(self.truth, self.truth_squares, self.n)

    def paper_r2_by_state(self) -> Floats:
        """The paper's R² of each state's own curves, shape (n_states,)."""
        return 1 - self.squares / _variation(self.prediction, self.prediction_squares, self.n)


@dataclass(frozen=True)
class Score:
    """A number with its standard error."""

    value: float
    error: float

    def __str__(self) -> str:
        return f"{self.value:.4f} ± {self.error:.4f}"


def scored(sums: Sums, name: str, seed: int = 0, draws: Sequence[Sums] = ()) -> Score:
    """One of "r2", "paper_r2", "rmse" with its error from resampled states, and from `draws`, the sums of other trainings."""
    rng = np.random.default_rng(seed)
    value = getattr(sums, name)()
    resampled = [getattr(one.at(states), name)() for one, states in _nested(rng, sums, draws)]
    return Score(float(value), _spread(resampled))


def skill(sums: Sums, best: Sums, seed: int = 0, draws: Sequence[Sums] = ()) -> Score:
    """1 − SSE/SSE(best baseline) on the same states, with its error from states resampled together, and from `draws`, the sums of
    other trainings."""
    rng = np.random.default_rng(seed)
    resampled = [
        1 - one.squares[states].sum() / best.squares[states].sum() for one, states in _nested(rng, sums, draws)
    ]
    return Score(float(1 - sums.squares.sum() / best.squares.sum()), _spread(resampled))


def _variation(total: Any, squares: Any, n: Any) -> Any:
    """Σ (x − mean x)² from sums; NaN where x does not vary, and no R² exists."""
    found = squares - total**2 / np.maximum(n, 1)
    return np.where(found > _LEAST_VARIATION * np.abs(squares), found, np.nan)


def _resamplings(rng: np.random.Generator, n: int) -> list[NDArray[np.int64]]:
    """Of one state there are none: its error is not known."""
    return [rng.integers(0, n, n) for _ in range(_RESAMPLINGS)] if n > 1 else []


def _nested(rng: np.random.Generator, sums: Sums, draws: Sequence[Sums]) -> list[tuple[Sums, NDArray[np.int64]]]:
    """A training and states for each resampling."""
    chosen = _resamplings(rng, len(sums.n))
    return [(draws[int(rng.integers(len(draws)))] if draws else sums, states) for states in chosen]


def _spread(values: list[float]) -> float:
    known = np.array(values)
    known = known[np.isfinite(known)]
    return float(known.std()) if known.size > 1 else float("nan")
