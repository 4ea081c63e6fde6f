"""What examinations say of each kind of question: errors that cover, how often they did where they were not made, and the bias of τ."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.level_times import level_times
from glassdask.learning.data.questions import Kind, Question, questions
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.examination import Examined
from glassdask.learning.models.calibration import SHARES, UNITS, Calibration, Scores, bounds, is_within

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trial:
    """One row that a split left out, as a question that was answered.

    Parameters
    ----------
    question
        Its kind and distance.
    split
        Name of the split.
    learned
        Numbers of the states that the answer was made from.
    state, series
        Number of the state, and its liquid and density.
    scores
        Delays of its points.
    bias
        ln(τ measured/τ predicted) of the first species; NaN where F = 1/e is not reached.
    """

    question: Question
    split: str
    learned: frozenset[int]
    state: int
    series: tuple[str, float]
    scores: Scores
    bias: float

    @property
    def unit(self) -> Hashable:
        """What of its kind is independent: its state, its series or its liquid."""
        return {"states": self.state, "series": self.series, "liquids": self.series[0]}[UNITS[self.question.kind]]


def trials(samples: TrainingSet, examined: Iterable[Examined], name: str) -> list[Trial]:
    """Every row that examinations left out, as the model or baseline of this name answered it; none where it did not."""
    found = []
    log_times, error = np.log(samples.lag_time), samples.weight_error
    for one in examined:
        if name not in one.answers.F:
            continue
        F, tested = one.answers.F[name], one.examination.tested
        for part in one.examination.parts:
            learned = frozenset(samples.state[part.train].tolist())
            asked = questions(samples, part.train, part.test)
            for row, question in zip(part.test, asked, strict=True):
                predicted = F[np.searchsorted(tested, row)]
                measured = samples.scattering[row]
                if not np.isfinite(predicted[np.isfinite(measured)]).all():
                    continue
                state, series = int(samples.state[row]), (str(samples.potential[row]), float(samples.density[row]))
                scores = Scores.of(log_times, predicted, measured, error[row], state)
                bias = log_tau(log_times, measured) - log_tau(log_times, predicted)
                found.append(Trial(question, part.name, learned, state, series, scores, bias))
    return found


def calibrations(asked: Sequence[Trial]) -> dict[Kind, Calibration]:
    """One for each kind of question among trials of one model."""
    by_kind = {kind: [trial for trial in asked if trial.question.kind is kind] for kind in Kind}
    return {kind: _calibration(kind, of_kind) for kind, of_kind in by_kind.items() if of_kind}


def _calibration(kind: Kind, asked: Sequence[Trial]) -> Calibration:
    scores = Scores.joined([trial.scores for trial in asked])
    covered = [clustered(measured_coverage(asked, share)) for share in range(len(SHARES))]
    bias = clustered([(trial.unit, trial.bias) for trial in asked if np.isfinite(trial.bias)])
    return Calibration(
        kind,
        len({trial.state for trial in asked}),
        len({trial.unit for trial in asked}),
        max(trial.question.distance for trial in asked),
        (bounds(scores, 0), bounds(scores, 1)),
        (covered[0][0], covered[1][0]),
        (covered[0][1], covered[1][1]),
        *bias,
    )


def measured_coverage(asked: Sequence[Trial], share: int) -> list[tuple[Hashable, float]]:
    """Unit, and share of points within bounds, of every trial whose split allows it.

    The bounds for a split are made as if it were all that is known: from trials of states that were learned from in it, which is
    the other folds for states at random, and hotter questions about hotter states for colder ones.
    """
    found = []
    for name in dict.fromkeys(trial.split for trial in asked):
        here = [trial for trial in asked if trial.split == name]
        inside = [trial for trial in asked if trial.split != name and trial.state in here[0].learned]
        bound = bounds(Scores.joined([trial.scores for trial in inside]), share) if inside else None
        if bound is not None:
            telling = [trial for trial in here if trial.scores.level.size]
            found += [(trial.unit, float(is_within(trial.scores, bound, share).mean())) for trial in telling]
    return found


def clustered(values: Sequence[tuple[Hashable, float]]) -> tuple[float, float]:
    """Mean of values that belong to units, and its standard error over units, as the values of one are not independent:

    s² = n/(n − 1) Σ_units (Σ_values (x − mean))² / N² of n units and N values; NaN of a single unit.
    """
    if not values:
        return float("nan"), float("nan")
    mean = float(np.mean([value for _, value in values]))
    sums: dict[Hashable, float] = {}
    for unit, value in values:
        sums[unit] = sums.get(unit, 0.0) + value - mean
    n = len(sums)
    variance = n / (n - 1) * sum(one**2 for one in sums.values()) / len(values) ** 2 if n > 1 else float("nan")
    return mean, float(np.sqrt(variance))


def log_tau(log_times: Floats, F: Floats) -> float:
    """ln t at which the first species' F passes 1/e."""
    return float(level_times(log_times, F[:, 0], np.zeros(1))[0])
