"""The ensembles that a model keeps: for each kind of question one whose recipe was chosen for it, with errors from such questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from glassdask.learning.data.questions import Kind
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.examination import SELECTED_BY, Examined
from glassdask.learning.judgement.kinds import calibrations, trials
from glassdask.learning.models.calibration import Calibration
from glassdask.learning.models.ensemble import Ensemble, error_factor
from glassdask.learning.models.selection import SELECTION
from glassdask.stages.train.training_plan import ALL, ALL_FOR, DECAY_NETWORK, PAPER_NETWORK, StudyPlan

#: Of each model and baseline by name, for each kind of question that it answered.
Known = Mapping[str, Mapping[Kind, Calibration]]


def known_errors(samples: TrainingSet, examined: Sequence[Examined]) -> Known:
    """What examinations say of the errors of every network and baseline."""
    names = dict.fromkeys(name for one in examined for name in one.answers.F)
    found = {
        name: _of_chosen(samples, examined) if name == DECAY_NETWORK else calibrations(trials(samples, examined, name))
        for name in names
    }
    return {name: known for name, known in found.items() if known}


def _of_chosen(samples: TrainingSet, examined: Sequence[Examined]) -> dict[Kind, Calibration]:
    """Of the decay network: for each kind from the examinations whose recipes were chosen as it is for that kind; where there are
    none, from states at random."""
    found = {
        how: calibrations(trials(samples, _chosen_by(examined, how), DECAY_NETWORK)) for how in ("random", *ALL_FOR)
    }
    asked = {kind: (found[how], found["random"]) for kind, how in SELECTION.items()}
    return {
        kind: own[kind] if kind in own else at_random[kind]
        for kind, (own, at_random) in asked.items()
        if kind in own or kind in at_random
    }


def _chosen_by(examined: Sequence[Examined], how: str) -> list[Examined]:
    return [one for one in examined if SELECTED_BY[one.examination.kind] == how]


def calibrated(samples: TrainingSet, random: Examined, plan: StudyPlan, known: Known) -> dict[str, Ensemble]:
    """Ensembles of all states by name: the decay network, the same for colder states and for other series where another recipe was
    chosen for those, and the paper's network. `random` is the examination of states at random."""
    of_all = {
        name: Ensemble(ensemble.members, _at_random(samples, random, name), known.get(name, {}))
        for name, ensemble in plan.ensembles(ALL).items()
    }
    decay = of_all[DECAY_NETWORK]
    left, found = dict(decay.calibrations), {DECAY_NETWORK: decay}
    for how, side in plan.sides_for_kinds().items():
        own = {kind: left.pop(kind) for kind in list(left) if SELECTION[kind] == how}
        if own:
            members = plan.ensembles(side)[DECAY_NETWORK].members
            name = f"{DECAY_NETWORK} {side.removeprefix(ALL).strip()}"
            found[name] = Ensemble(members, decay.error_factor, own)
    found[DECAY_NETWORK] = replace(decay, calibrations=left)
    return {**found, **{name: ensemble for name, ensemble in of_all.items() if name == PAPER_NETWORK}}


def _at_random(samples: TrainingSet, random: Examined, name: str) -> float:
    """The factor that made spreads cover the errors of states not seen."""
    rows = random.examination.tested
    truth, error = samples.scattering[rows], samples.weight_error[rows]
    return error_factor(truth, random.answers.F[name], random.answers.spread[name], error)
