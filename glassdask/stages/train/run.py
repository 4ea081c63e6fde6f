"""Stage train: models that give F_s(k_p,t) from S(k), examined as the paper examines its own, and kept.

Everything lands in the campaign's folder ``learning``: ``model/``, ``predictions.nc`` (of states that they had not
seen), ``examinations.nc`` with the tables ``learning.md``, ``scores.csv`` and ``states.csv``, and figures.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassdask.counted import counted
from glassdask.datasets.liquids import described
from glassdask.datasets.netcdf import read_netcdf
from glassdask.figures.catalogue import draw_all
from glassdask.figures.drawing import campaign_figure
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.examination import (
    Examination,
    Examined,
    answers,
    best_by_knowledge,
    examinations,
    marks,
)
from glassdask.learning.models.model_folder import Model, training_range, write_model
from glassdask.learning.training.study import Training
from glassdask.stages.contract.context import CampaignContext, StageResult
from glassdask.stages.train import EXAMINATIONS, LEARNING, PREDICTIONS
from glassdask.stages.train.calibrated import calibrated, known_errors
from glassdask.stages.train.examinations_file import write_examinations
from glassdask.stages.train.learning_tables import write_tables
from glassdask.stages.train.predictions_file import write_predictions
from glassdask.stages.train.training_data import TrainingData
from glassdask.stages.train.training_plan import (
    ALL,
    DECAY_NETWORK,
    GAUSSIAN_PROCESS,
    PAPER_NETWORK,
    StudyOptions,
    StudyPlan,
)

MODEL_FOLDER, TRAININGS, SAMPLES = "model", "trainings", "samples.npz"
#: Trains what a list asks for, or raises: in this process, or in a gang of ranks.
Trainer = Callable[[TrainingSet, Sequence[Training], Path], None]


@dataclass(frozen=True)
class Study:
    """What networks are made from, how large the study is, and who trains; further ranks of a world that trains together are
    no judges: they write nothing."""

    data: TrainingData
    options: StudyOptions
    trainer: Trainer
    is_judge: bool = True


def train(context: CampaignContext) -> StageResult:
    """Trains, examines and keeps the models of a campaign; `given` is a `Study`.

    Returns
    -------
    StageResult
        Product: the folder ``learning``.

    Raises
    ------
    InvalidInput
        If the states do not allow it.
    """
    study: Study = context.given
    provenance = {"campaign": context.campaign, "title": context.sections.campaign.name}
    folder, trainer = context.folder / LEARNING, study.trainer
    files = train_campaign(study.data, folder, trainer, study.options, provenance, context.say, study.is_judge)
    return context.done(files)


def train_campaign(
    data: TrainingData,
    folder: Path,
    trainer: Trainer,
    options: StudyOptions,
    provenance: dict[str, Any],
    tell: Callable[[str], None] = lambda _: None,
    is_judge: bool = True,
) -> list[Path]:
    """Trains, examines and keeps the models of a campaign; returns every file of the product.

    Files of weights in the folder that are whole are kept, so that a killed study goes on. The model keeps
    `provenance`, plain data. `tell` is called with a line at each step. The further ranks of a world that trains
    together are no judge: they train, and write nothing.
    """
    samples = data.samples
    asked = examinations(samples, options.n_folds, options.seed)
    trainings = folder / TRAININGS
    trainings.mkdir(parents=True, exist_ok=True)
    plan = StudyPlan(samples, asked, options, trainings)
    first = plan.first()
    what = "of the paper's network and for the choice" if plan.has_paper_network else "for the choice"
    tell(
        f"{counted(len(samples), 'run')}; {counted(len(asked), 'examination')}; {counted(len(first), 'training')} {what}"
    )
    trainer(samples, first, trainings)
    trainer(samples, plan.second(), trainings)
    if not is_judge:
        return []
    tell("examining, beside the baselines")
    examined = [_examined(samples, one, plan) for one in asked]
    known = known_errors(samples, examined)
    model = calibrated(samples, examined[0], plan, known)
    general = {name: one for name, one in model.items() if name in (GAUSSIAN_PROCESS, DECAY_NETWORK, PAPER_NETWORK)}
    about = {
        **training_range(samples),
        "liquids": {name: liquid.record() for name, liquid in data.liquids.items()},
        "chosen": plan.chosen(ALL).plain(),
        "left_out": data.left_out,
        "splits": {e.examination.name: [part.name for part in e.examination.parts] for e in examined},
        "scores": {e.examination.name: {n: str(m.r2) for n, m in e.marks.items()} for e in examined},
        **provenance,
    }
    files = write_model(folder / MODEL_FOLDER, Model(model, about))
    named = {**provenance, "liquids": described(data.liquids.values())}
    predictions = write_predictions(samples, examined[0], general, folder / PREDICTIONS, named)
    scores = write_examinations(samples, examined, list(general), known, folder / EXAMINATIONS, provenance)
    files += [predictions, scores, *write_tables(scores, folder), *_figures(scores, predictions, folder)]
    shutil.rmtree(trainings)
    return files


def _figures(scores: Path, predictions: Path, folder: Path) -> list[Path]:
    sources = {campaign_figure.EXAMINATIONS: read_netcdf(scores), campaign_figure.PREDICTIONS: read_netcdf(predictions)}
    return draw_all(sources, folder)


def _examined(samples: TrainingSet, asked: Examination, plan: StudyPlan) -> Examined:
    given = answers(samples, asked, lambda part: plan.predictors(part.name))
    given.chosen = [
        *(f"{GAUSSIAN_PROCESS} of {plan.chosen_process(part.name).name}" for part in asked.parts),
        *(f"{DECAY_NETWORK} of {plan.chosen(part.name).name}" for part in asked.parts),
    ]
    marked, best = marks(samples, asked, given, plan.options.seed)
    return Examined(asked, given, marked, best, best_by_knowledge(samples, asked, marked))
