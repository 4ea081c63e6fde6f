"""What a model is asked: states drawn at random (Fig. 3 of the paper), colder ones (Fig. 4), another potential (Fig. 5), another
density; and its answers beside those of the baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from glassdask.learning.data.splits import Split, density_split, folds, potential_split, temperature_split
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.baselines.catalogue import BASELINES, Knowledge, rivals
from glassdask.learning.judgement.scores import Score, Sums, scored, skill
from glassdask.learning.models.ensemble import coverage, error_factor
from glassdask.learning.models.predictor import Predictor

Floats = NDArray[np.float64]
#: T0/T_mct of Fig. 4: only hotter states are learned from.
THRESHOLDS = (1.5, 1.2, 1.0, 0.8)
#: A question from fewer states than this is none about learning.
_FEWEST_LEARNED = 6
#: How recipes are chosen for each kind of question (:mod:`glassdask.learning.models.selection`).
SELECTED_BY = {"random": "random", "temperature": "temperature", "potential": "series", "density": "series"}


@dataclass(frozen=True)
class Examination:
    """One question, in one or several parts; no state is tested twice.

    ``kind`` is "random", "temperature", "potential" or "density"; parts are the folds of cross-validation for random
    states; ``threshold`` is T0/T_mct of a temperature split, else NaN.
    """

    kind: str
    name: str
    parts: list[Split]
    threshold: float = float("nan")

    @property
    def tested(self) -> NDArray[np.int64]:
        """Rows that are tested, in their order."""
        return np.sort(np.concatenate([part.test for part in self.parts]))

    def n_learned(self, samples: TrainingSet) -> int:
        """States that are learned from, the fewest of all parts."""
        return min(len(set(samples.state[part.train].tolist())) for part in self.parts)

    def knows_series(self, samples: TrainingSet) -> bool:
        """Whether other temperatures of a tested state's series are learned from."""
        return any(samples.is_same_series(part.train, row).any() for part in self.parts for row in part.test)

    def is_fair(self, samples: TrainingSet) -> bool:
        """Whether every species that is tested is learned from, too."""
        known = samples.has_species
        return all((known[part.train].any(axis=0) | ~known[part.test].any(axis=0)).all() for part in self.parts)


def examinations(samples: TrainingSet, n_folds: int = 8, seed: int = 0) -> list[Examination]:
    """Every question that the states allow, with six states or more to learn from."""
    n_states = len(set(samples.state.tolist()))
    n_folds = n_states if n_states <= _FEWEST_LEARNED else n_folds  # so few are left out one by one
    found = [Examination("random", "states at random", folds(samples, n_folds, seed))]
    theta = samples.reduced_temperature[np.isfinite(samples.reduced_temperature)]
    for T0 in THRESHOLDS:
        if theta.size and theta.min() <= T0 < theta.max():
            split = temperature_split(samples, T0)
            found.append(Examination("temperature", f"T ≤ {T0:g} T_mct from hotter", [split], T0))
    for learned in _learned_liquids(samples):
        split = potential_split(samples, learned)
        others = sorted({str(name) for name in samples.potential[split.test]})
        found.append(Examination("potential", f"{', '.join(others)} from {', '.join(learned)}", [split]))
    if len(densities := np.unique(samples.density)) > 1:
        for rho in densities:
            found.append(Examination("density", f"rho = {rho:g} from others", [density_split(samples, float(rho))]))
    return [
        asked
        for asked in found
        if asked.kind == "random" or (asked.n_learned(samples) >= _FEWEST_LEARNED and asked.is_fair(samples))
    ]


def _learned_liquids(samples: TrainingSet) -> list[list[str]]:
    """Liquids that the others are predicted from: each set that leaves one liquid out, in the order of what is learned."""
    liquids = np.unique(samples.potential).tolist()
    if len(liquids) < 2:
        return []
    return sorted([other for other in liquids if other != left_out] for left_out in liquids)


@dataclass
class Answers:
    """What every model and baseline says of the tested rows of an examination: F by name, shape
    (n_tested, n_t, n_species), the
    spread of the models, same shape, what other trainings of each would have said, shape (n_draws, n_tested, n_t, n_species), and the
    names of the recipes that selection chose, one a part."""

    F: dict[str, Floats] = field(default_factory=dict)
    spread: dict[str, Floats] = field(default_factory=dict)
    draws: dict[str, Floats] = field(default_factory=dict)
    chosen: list[str] = field(default_factory=list)


def answers(
    samples: TrainingSet,
    examination: Examination,
    models_of: Callable[[Split], Mapping[str, Predictor]],
) -> Answers:
    """Asks every baseline, and every model that was trained on a part's training side."""
    tested = examination.tested
    shape = (len(tested), *samples.scattering.shape[1:])
    result = Answers()
    for part in examination.parts:
        place = np.searchsorted(tested, part.test)
        for name, baseline in BASELINES.items():
            result.F.setdefault(name, np.full(shape, np.nan))[place] = baseline.answer(samples, part.train, part.test)
        for name, model in models_of(part).items():
            mean, spread = model.curves(samples.at(part.test))
            result.F.setdefault(name, np.full(shape, np.nan))[place] = mean
            result.spread.setdefault(name, np.full(shape, np.nan))[place] = spread
            drawn = model.draws(samples.at(part.test))
            of_all = result.draws.setdefault(name, np.full((len(drawn), *shape), np.nan))
            for number, F in enumerate(drawn[: len(of_all)]):  # as many as of the first part
                of_all[number][place] = F
    return result


@dataclass(frozen=True, eq=False)
class Marks:
    """Scores of one model in one examination, with errors, and the sums by state that they come from; skill against the
    best baseline is 0 for that one itself."""

    sums: Sums
    r2: Score
    paper_r2: Score
    rmse: Score
    skill: Score


def marks(
    samples: TrainingSet, examination: Examination, given: Answers, seed: int = 0
) -> tuple[dict[str, Marks], str]:
    """Marks by name, replicas counted as one state, and the name of the best baseline.

    A baseline without an answer to some point, as mode-coupling theory where it was not solved, is not scored.
    """
    truth, groups = samples.scattering[examination.tested], samples.state[examination.tested]
    known = np.isfinite(truth)
    sums = {name: by_state(Sums.of(truth, F), groups) for name, F in given.F.items() if np.isfinite(F[known]).all()}
    draws = {
        name: [by_state(Sums.of(truth, F), groups) for F in given.draws.get(name, []) if np.isfinite(F[known]).all()]
        for name in sums
    }
    best = min((name for name in sums if name in BASELINES), key=lambda name: sums[name].squares.sum())
    given_marks = {}
    for name, found in sums.items():
        r2, paper_r2, rmse = (scored(found, score, seed, draws[name]) for score in ("r2", "paper_r2", "rmse"))
        given_marks[name] = Marks(found, r2, paper_r2, rmse, skill(found, sums[best], seed, draws[name]))
    return given_marks, best


def best_by_knowledge(samples: TrainingSet, examination: Examination, given: Mapping[str, Marks]) -> dict[str, str]:
    """Name of the best baseline for each kind of knowledge (`Knowledge`), where any has an answer."""
    knows_series = examination.knows_series(samples)
    found = {}
    for kind in Knowledge:
        answering = [name for name in rivals(kind, knows_series) if name in given]
        if answering:
            found[str(kind)] = min(answering, key=lambda name: float(given[name].sums.squares.sum()))
    return found


def by_state(sums: Sums, groups: NDArray[np.int64]) -> Sums:
    """Sums over replicas of a state, states in the order of their numbers."""
    _, place = np.unique(groups, return_inverse=True)
    return Sums(*(np.bincount(place, getattr(sums, name)).astype(float) for name in sums.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Examined:
    """An examination with its answers and marks, the name of the best baseline, and of the best for each kind of
    knowledge."""

    examination: Examination
    answers: Answers
    marks: dict[str, Marks]
    best: str
    best_by_knowledge: dict[str, str] = field(default_factory=dict)


def coverages(samples: TrainingSet, random: Examined, names: Sequence[str]) -> dict[str, Floats]:
    """Observed coverage of each ensemble's spread, and of the error made from it, at the shares `ensemble.NOMINAL`.

    The factor between the two comes from the other parts of the examination, never from the states that are looked at.
    """
    rows = random.examination.tested
    truth, error = samples.scattering[rows], samples.weight_error[rows]
    found = {}
    for name in names:
        F, spread = random.answers.F[name], random.answers.spread[name]
        found[f"{name}: spread"] = coverage(truth, F, spread, error)
        scaled = spread.copy()
        for part in random.examination.parts:
            is_here = np.isin(rows, part.test)
            others = ~is_here if not is_here.all() else is_here
            scaled[is_here] *= error_factor(truth[others], F[others], spread[others], error[others])
        found[f"{name}: calibrated error"] = coverage(truth, F, scaled, error)
    return found
