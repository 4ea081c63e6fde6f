"""Which states a model learns from and which it is judged by: whole states, never points of a curve or single replicas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput
from glassdask.learning.data.training_set import TrainingSet

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Split:
    """Rows of `TrainingSet` to learn from and to be tested on, one at least of each; the name says what is tested, as
    "T > 1.2 T_mct"."""

    name: str
    train: Rows
    test: Rows

    def __post_init__(self) -> None:
        for side, rows in (("learn from", self.train), ("be tested on", self.test)):
            if len(rows) == 0:
                raise InvalidInput(
                    f"split {self.name!r}: no state is left to {side}; allowed: one or more on each side; "
                    "choose another split, or run more states"
                )


def random_split(samples: TrainingSet, fraction: float = 0.1, seed: int = 0) -> Split:
    """The paper's: a share of the states, at least one, drawn at random, is tested."""
    if not 0 < fraction < 1:
        raise InvalidInput(f"fraction is {fraction:g}; allowed: between 0 and 1, such as 0.1")
    n_states = _n_states(samples)
    count = max(1, round(fraction * n_states))
    return _by_states(samples, f"random {fraction:.0%}", np.random.default_rng(seed).permutation(n_states)[:count])


def folds(samples: TrainingSet, n_folds: int = 8, seed: int = 0) -> list[Split]:
    """Cross-validation: every state is tested once; fewer folds where there are fewer states."""
    if n_folds < 2:
        raise InvalidInput(f"n_folds is {n_folds}; allowed: 2 or more")
    n_states = _n_states(samples)
    order = np.random.default_rng(seed).permutation(n_states)
    parts = np.array_split(order, min(n_folds, n_states))
    return [_by_states(samples, f"fold {i + 1} of {len(parts)}", part) for i, part in enumerate(parts)]


def temperature_split(samples: TrainingSet, T0: float) -> Split:
    """Learns from T > T0 T_mct, is tested on the rest (Fig. 4 of the paper); InvalidInput if a side is empty, as where
    T_mct is not known."""
    known = np.isfinite(samples.reduced_temperature)
    above = samples.reduced_temperature > T0
    return Split(f"T > {T0:g} T_mct", np.flatnonzero(known & above), np.flatnonzero(known & ~above))


def potential_split(samples: TrainingSet, learned: Sequence[str]) -> Split:
    """Learns from some potentials, is tested on the others (Fig. 5 of the paper: from one of two)."""
    others = sorted(set(samples.potential.tolist()) - set(learned))
    is_learned = np.isin(samples.potential, list(learned))
    name = f"{', '.join(learned)} to {', '.join(others) or 'nothing'}"
    return Split(name, np.flatnonzero(is_learned), np.flatnonzero(~is_learned))


def density_split(samples: TrainingSet, left_out: float) -> Split:
    """Learns from all densities but one, is tested on that."""
    is_out = np.isclose(samples.density, left_out)
    return Split(f"rho = {left_out:g} left out", np.flatnonzero(~is_out), np.flatnonzero(is_out))


def validation_split(samples: TrainingSet, train: Rows, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Sets states of the training side apart to stop by: rows to fit and rows to validate by."""
    split = random_split(samples.at(train), fraction, seed)
    return train[split.train], train[split.test]


def _n_states(samples: TrainingSet) -> int:
    n_states = len(set(samples.state.tolist()))
    if n_states < 2:
        raise InvalidInput(
            f"{n_states} state{'s' * (n_states != 1)} to learn from; allowed: two or more, and dozens for a useful model; "
            "run more states of the campaign"
        )
    return n_states


def _by_states(samples: TrainingSet, name: str, tested: Rows) -> Split:
    is_tested = np.isin(samples.state, tested)
    return Split(name, np.flatnonzero(~is_tested), np.flatnonzero(is_tested))
