"""The predictors that a model keeps: for each kind of question one whose recipe was chosen for it, with errors from such questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from glassdask.learning.data.questions import Kind
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.examination import SELECTED_BY, Examined
from glassdask.learning.judgement.kinds import calibrations, trials
from glassdask.learning.models.calibration import Calibration
from glassdask.learning.models.ensemble import error_factor
from glassdask.learning.models.predictor import Predictor
from glassdask.learning.models.selection import SELECTION
from glassdask.stages.train.training_plan import ALL, ALL_FOR, DECAY_NETWORK, GAUSSIAN_PROCESS, StudyPlan

#: Models whose recipes are chosen for a kind of question.
_CHOSEN = (GAUSSIAN_PROCESS, DECAY_NETWORK)

#: Of each model and baseline by name, for each kind of question that it answered.
Known = Mapping[str, Mapping[Kind, Calibration]]


def known_errors(samples: TrainingSet, examined: Sequence[Examined]) -> Known:
    """What examinations say of the errors of every model and baseline."""
    names = dict.fromkeys(name for one in examined for name in one.answers.F)
    found = {
        name: _of_chosen(samples, examined, name) if name in _CHOSEN else calibrations(trials(samples, examined, name))
        for name in names
    }
    return {name: known for name, known in found.items() if known}


def _of_chosen(samples: TrainingSet, examined: Sequence[Examined], name: str) -> dict[Kind, Calibration]:
    """Of one of `_CHOSEN`: for each kind from the examinations whose recipes were chosen as it is for that kind; where there are
    none, from states at random."""
    found = {how: calibrations(trials(samples, _chosen_by(examined, how), name)) for how in ("random", *ALL_FOR)}
    asked = {kind: (found[how], found["random"]) for kind, how in SELECTION.items()}
    return {
        kind: own[kind] if kind in own else at_random[kind]
        for kind, (own, at_random) in asked.items()
        if kind in own or kind in at_random
    }


def _chosen_by(examined: Sequence[Examined], how: str) -> list[Examined]:
    return [one for one in examined if SELECTED_BY[one.examination.kind] == how]


def calibrated(samples: TrainingSet, random: Examined, plan: StudyPlan, known: Known) -> dict[str, Predictor]:
    """Predictors of all states by name, in the order of use: of those in `_CHOSEN` the same again for colder states and for other
    series, where another recipe was chosen for those. `random` is the examination of states at random."""
    found: dict[str, Predictor] = {}
    for name, predictor in plan.predictors(ALL).items():
        if name not in random.answers.spread:
            continue
        factor, left = _at_random(samples, random, name), dict(known.get(name, {}))
        for how, side in plan.sides_for_kinds(name).items() if name in _CHOSEN else ():
            own = {kind: left.pop(kind) for kind in list(left) if SELECTION[kind] == how}
            if own:
                purpose = f"{name} {side.removeprefix(ALL).strip()}"
                found[purpose] = plan.predictors(side)[name].calibrated(factor, own)
        found = {**found, name: predictor.calibrated(factor, left)}
    return _in_order_of_use(found)


def _in_order_of_use(found: dict[str, Predictor]) -> dict[str, Predictor]:
    """Each for all states before those for a purpose."""
    order = sorted(found, key=lambda name: (_place(name), "for" in name.split()))
    return {name: found[name] for name in order}


def _place(name: str) -> int:
    return next((place for place, one in enumerate(_CHOSEN) if name.startswith(one)), len(_CHOSEN))


def _at_random(samples: TrainingSet, random: Examined, name: str) -> float:
    """The factor that made spreads cover the errors of states not seen."""
    rows = random.examination.tested
    truth, error = samples.scattering[rows], samples.weight_error[rows]
    truth = np.where(np.isfinite(random.answers.F[name]), truth, np.nan)  # where it has an answer
    return error_factor(truth, random.answers.F[name], random.answers.spread[name], error)
