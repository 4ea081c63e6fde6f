"""``examinations.nc``: what models and baselines were asked, and their marks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glassdask.datasets.netcdf import dataset, unfilled, write_netcdf
from glassdask.datasets.schema.learning_variables import EXAMINATION_VARIABLES
from glassdask.learning.data.questions import Kind
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.baselines.catalogue import Knowledge
from glassdask.learning.judgement.examination import Examined, coverages
from glassdask.learning.models.calibration import SHARES, Calibration
from glassdask.learning.models.ensemble import NOMINAL

_SCORES = ("r2", "paper_r2", "rmse", "skill")


def write_examinations(
    samples: TrainingSet,
    examined: Sequence[Examined],
    names: Sequence[str],
    known: Mapping[str, Mapping[Kind, Calibration]],
    path: Path,
    attributes: dict[str, Any],
) -> Path:
    """Writes the marks of every examination, that of random states first, with those of the networks' ensembles of
    these names, and what is known of errors of each kind of question."""
    models = list(dict.fromkeys(name for one in examined for name in (*names, *one.marks)))
    states, first = np.unique(samples.state, return_index=True)
    found = coverages(samples, examined[0], names)
    sizes = {
        "examination": len(examined),
        "model": len(models),
        "state": len(states),
        "error_bar": len(found),
        "nominal": NOMINAL.size,
        "knowledge": len(Knowledge),
        "question": len(Kind),
        "share": len(SHARES),
    }
    values: dict[str, Any] = unfilled(EXAMINATION_VARIABLES, sizes)
    values |= {
        "kind": [one.examination.kind for one in examined],
        "threshold": [one.examination.threshold for one in examined],
        "best_baseline": [one.best for one in examined],
        "best_of_knowledge": [[one.best_by_knowledge.get(kind, "") for kind in Knowledge] for one in examined],
        "chosen": [_counted(one.answers.chosen) for one in examined],
        "n_learned": [one.examination.n_learned(samples) for one in examined],
        "state_potential": samples.potential[first],
        "state_temperature": samples.temperature[first],
        "state_density": samples.density[first],
        "reduced_temperature": samples.reduced_temperature[first],
        "coverage": list(found.values()),
    }
    for e, one in enumerate(examined):
        tested = np.unique(samples.state[one.examination.tested])
        values["is_tested"][e, tested] = 1
        for name, marks in one.marks.items():
            m, sums = models.index(name), marks.sums
            values["r2_by_state"][e, m, tested] = sums.r2_by_state()
            values["paper_r2_by_state"][e, m, tested] = sums.paper_r2_by_state()
            values["rmse_by_state"][e, m, tested] = np.sqrt(sums.squares / np.where(sums.n > 0, sums.n, np.nan))
            for score in _SCORES:
                values[score][e, m] = getattr(marks, score).value
                values[f"{score}_error"][e, m] = getattr(marks, score).error
    for m, name in enumerate(models):
        for kind, calibration in known.get(name, {}).items():
            place = m, list(Kind).index(kind)
            values["n_states_by_question"][place] = calibration.n_states
            values["n_units_by_question"][place] = calibration.n_units
            for score in ("coverage", "bias"):
                values[f"{score}_by_question"][place] = getattr(calibration, score)
                values[f"{score}_by_question_error"][place] = getattr(calibration, f"{score}_error")
    coordinates = {
        "examination": [one.examination.name for one in examined],
        "model": models,
        "state": [samples.name(row) for row in first],
        "error_bar": list(found),
        "nominal": NOMINAL,
        "knowledge": [str(kind) for kind in Knowledge],
        "question": [str(kind) for kind in Kind],
        "share": list(SHARES),
    }
    write_netcdf(dataset(values, coordinates, EXAMINATION_VARIABLES), path, attributes)
    return path


def _counted(names: Sequence[str]) -> str:
    return "; ".join(f"{name} ({count})" if count > 1 else name for name, count in Counter(names).most_common())
