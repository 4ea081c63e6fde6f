"""How often the errors of the decay network hold, by kind of question: as they were made before, and as they are made now.

    python benchmarks/coverage.py --trainings trainings --output coverage.md
    python benchmarks/coverage.py --trainings trainings --other survey/observables.nc survey/critical_temperature.nc

trains the networks of every examination of learning.md on the workstation campaign's averages (workstation-observables.nc; two minutes
on one thread; what is in the folder of trainings is kept) and, with --other, on those of another campaign, whose states the model of
the first is asked for, and the other way round: none of them has been seen.
"""

from __future__ import annotations

import side_by_side  # first: it fixes the number of threads

# isort: split
import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import baselines
import numpy as np

from glassdask.datasets.netcdf import read_netcdf
from glassdask.learning.data.questions import Kind, Question
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement.examination import SELECTED_BY, Examination, Examined, answers, examinations
from glassdask.learning.judgement.kinds import Trial, clustered, log_tau, measured_coverage, trials
from glassdask.learning.models.calibration import SHARES, UNITS, Calibration, Scores, is_within
from glassdask.learning.models.delays import level_of
from glassdask.learning.models.ensemble import error_factor
from glassdask.learning.models.model_folder import Model, training_range
from glassdask.learning.models.selection import SELECTION
from glassdask.learning.training.study import run_study
from glassdask.stages.train.calibrated import calibrated, known_errors
from glassdask.stages.train.training_plan import DECAY_NETWORK, StudyOptions, StudyPlan

RESULTS = Path(__file__).parent / "results"
#: Half-widths of a normal error that hold `SHARES`.
_HALF_WIDTHS = (1.0, 1.96)
HEADER = ["question", "states", "68 % before", "68 % now", "95 % before", "95 % now", "mean ln(τ/τ̂)"]
#: A campaign: its averages, and its file of T_mct where learning-states.csv has none.
Campaign = tuple[Path, Path | None]
WORKSTATION: Campaign = (RESULTS / "workstation-observables.nc", None)


def samples_of(cube: Path, critical: Path | None) -> TrainingSet:
    """Of the states of a cube; T_mct from the campaign's file, or as learning-states.csv has it."""
    if critical is None:
        known = baselines.scores_of_networks(RESULTS / "learning-states.csv")[1]
    else:
        found = read_netcdf(critical)["critical_temperature"]
        known = {
            (str(name), float(rho)): float(found.sel(potential=name, rho=rho))
            for name in found["potential"].values
            for rho in found["rho"].values
        }
    return baselines.samples_of(read_netcdf(cube), known)


def examined_by_decay_network(samples: TrainingSet, folder: Path) -> tuple[StudyPlan, list[Examined]]:
    """Every examination with the answers of decay network and baselines; marks are not asked for here."""
    asked = examinations(samples)
    folder.mkdir(parents=True, exist_ok=True)
    plan = StudyPlan(samples, asked, StudyOptions(), folder)
    plan.has_paper_network = False
    run_study(samples, plan.first(), folder)
    run_study(samples, plan.second(), folder)
    return plan, [_examined(samples, one, plan) for one in asked]


def _examined(samples: TrainingSet, asked: Examination, plan: StudyPlan) -> Examined:
    return Examined(asked, answers(samples, asked, lambda part: plan.ensembles(part.name)), {}, "")


# --- as errors were made before ---------------------------------------------------------------------------------------


def before(samples: TrainingSet, examined: Sequence[Examined], kind: Kind, share: int) -> tuple[float, float]:
    """Coverage of the spread times its factor for states at random, on the points that coverage is measured on now."""
    factor = factor_at_random(samples, examined[0])
    found = []
    for one in examined:
        if SELECTED_BY[one.examination.kind] != SELECTION[kind]:
            continue
        spread, tested = one.answers.spread[DECAY_NETWORK], one.examination.tested
        for trial, row in zip(trials(samples, [one], DECAY_NETWORK), rows_of(one), strict=True):
            if trial.question.kind is kind:
                F = one.answers.F[DECAY_NETWORK][np.searchsorted(tested, row)]
                width = factor * spread[np.searchsorted(tested, row)]
                found.append((trial.unit, within(samples, row, F, width, share)))
    return clustered([(unit, value) for unit, value in found if np.isfinite(value)])


def within(samples: TrainingSet, row: int, F: np.ndarray, width: np.ndarray, share: int) -> float:
    """Share of a row's points within so many widths, of those with F̂ between 0.99 and 0.02."""
    measured, error = samples.scattering[row][:, : F.shape[1]], samples.weight_error[row][:, : F.shape[1]]
    tells = np.isfinite(measured) & (F <= 0.99) & (F > 0.02)
    if not tells.any():
        return float("nan")
    return float((np.abs(measured - F) <= _HALF_WIDTHS[share] * np.hypot(width, error))[tells].mean())


def factor_at_random(samples: TrainingSet, random: Examined) -> float:
    """What spreads were multiplied by in every kind of question."""
    rows, given = random.examination.tested, random.answers
    return error_factor(
        samples.scattering[rows], given.F[DECAY_NETWORK], given.spread[DECAY_NETWORK], samples.weight_error[rows]
    )


def rows_of(one: Examined) -> np.ndarray:
    """Tested rows in the order of `trials`."""
    return np.concatenate([part.test for part in one.examination.parts])


# --- another campaign -------------------------------------------------------------------------------------------------


def of_strangers(model: Model, asked: TrainingSet, share: int) -> dict[Kind, dict[str, tuple[float, float]]]:
    """Coverage of a model's intervals, before and now, on the states of another campaign, by kind of question, and the bias."""
    counts, learned = asked.has_species.sum(axis=1), model.learned
    told = replace(asked, liquids=np.array(model.about["potentials"]))
    found: dict[Kind, list] = {}
    for row in range(len(asked)):
        liquid, state = str(asked.potential[row]), (float(asked.density[row]), float(asked.temperature[row]))
        question = learned.question(liquid, *state, int(counts[row]))
        ensemble = model.ensembles[model.network_for(question.kind)]
        known = ensemble.calibrations.get(question.kind)
        if counts[row] <= ensemble.n_species and known is not None:
            found.setdefault(question.kind, []).append(_stranger(told, row, ensemble, known, question, share))
    return {kind: _summary(of_kind) for kind, of_kind in found.items()}


def _stranger(samples: TrainingSet, row: int, ensemble, known: Calibration, question: Question, share: int) -> tuple:  # noqa: ARG001
    here, n = samples.at(np.array([row])), int(samples.has_species[row].sum())
    F, spread = (of_all[0][:, :n] for of_all in ensemble.curves(here))
    log_times, measured = np.log(samples.lag_time), samples.scattering[row][:, :n]
    scores = Scores.of(log_times, F, measured, samples.weight_error[row][:, :n], row)
    bound = known.delays[share]
    now = float("nan") if bound is None or not scores.level.size else float(is_within(scores, bound, share).mean())
    old = within(samples, row, F, ensemble.error_factor * spread, share)
    series = str(samples.potential[row]), float(samples.density[row])
    return series, old, now, log_tau(log_times, measured) - log_tau(log_times, F)


def _summary(of_kind: list[tuple]) -> dict[str, tuple[float, float]]:
    columns = {
        name: [(one[0], one[i]) for one in of_kind if np.isfinite(one[i])]
        for i, name in ((1, "before"), (2, "now"), (3, "bias"))
    }
    return {"n": (len(of_kind), 0.0), **{name: clustered(values) for name, values in columns.items()}}


# --- what bounds could hang on, and don't -------------------------------------------------------------------------------

#: Bounds of colder states in units of 1, of the distance d + 0.4, and of d + 0.1.
_OFFSETS = (None, 0.4, 0.1)


def spread_rows(samples: TrainingSet, examined: Sequence[Examined]) -> list[list[str]]:
    """Rank correlation, over states, of the median delay with the median spread of the ensemble in ln t, where F̂ falls from 0.6 to
    0.02: of a spread that told how large the error is it would be near 1."""
    from scipy.stats import spearmanr

    pairs: dict[Kind, list[tuple[float, float]]] = {}
    for one in examined:
        for trial, row in zip(trials(samples, [one], DECAY_NETWORK), rows_of(one), strict=True):
            if SELECTED_BY[one.examination.kind] != SELECTION[trial.question.kind]:
                continue
            place = np.searchsorted(one.examination.tested, row)
            F, spread = one.answers.F[DECAY_NETWORK][place], one.answers.spread[DECAY_NETWORK][place]
            slope = np.abs(np.gradient(F, np.log(samples.lag_time), axis=0))
            falls, late = (F < 0.6) & (F > 0.02), trial.scores.level > level_of(np.array(0.6))
            if falls.any() and late.any():
                width = float(np.median((spread / np.maximum(slope, 1e-3))[falls]))
                pairs.setdefault(trial.question.kind, []).append((float(np.median(trial.scores.delay[0][late])), width))
    return [
        [str(kind), str(len(pairs[kind])), f"{spearmanr(*zip(*pairs[kind], strict=True))[0]:+.2f}"] for kind in pairs
    ]


def distance_rows(samples: TrainingSet, examined: Sequence[Examined]) -> list[list[str]]:
    """Coverage of colder states where bounds grow with the distance of a question."""
    cold = [one for one in examined if SELECTED_BY[one.examination.kind] == SELECTION[Kind.COLDER]]
    found = [trial for trial in trials(samples, cold, DECAY_NETWORK) if trial.question.kind is Kind.COLDER]
    rows = []
    for offset in _OFFSETS:
        scaled = [_scaled(trial, 1.0 if offset is None else trial.question.distance + offset) for trial in found]
        shares = [percent(clustered(measured_coverage(scaled, share))) for share in range(len(SHARES))]
        rows.append(["none" if offset is None else f"d + {offset:g}", *shares])
    return rows


def _scaled(trial: Trial, unit: float) -> Trial:
    return replace(trial, scores=replace(trial.scores, delay=trial.scores.delay / unit))


# --- the record -------------------------------------------------------------------------------------------------------


def examined_rows(samples: TrainingSet, examined: Sequence[Examined]) -> list[list[str]]:
    """A row for each kind of question among the examinations."""
    rows = []
    for kind, known in known_errors(samples, examined)[DECAY_NETWORK].items():
        shares = []
        for share in range(len(SHARES)):
            shares += [
                percent(before(samples, examined, kind, share)),
                percent((known.coverage[share], known.coverage_error[share])),
            ]
        rows.append(
            [
                str(kind),
                f"{known.n_states} ({known.n_units} {UNITS[kind]})",
                *shares,
                f"{known.bias:+.3f} ± {known.bias_error:.3f}",
            ]
        )
    return rows


def stranger_rows(model: Model, asked: TrainingSet) -> list[list[str]]:
    """The same for the states of another campaign."""
    first, second = (of_strangers(model, asked, share) for share in range(len(SHARES)))
    return [
        [
            str(kind),
            f"{first[kind]['n'][0]:.0f}",
            *(percent(one[kind][name]) for one in (first, second) for name in ("before", "now")),
            "{:+.3f} ± {:.3f}".format(*first[kind]["bias"]),
        ]
        for kind in Kind
        if kind in first
    ]


def percent(value: tuple[float, float]) -> str:
    """A coverage with its standard error."""
    if not np.isfinite(value[0]):
        return "not known"
    return f"{value[0]:.1%} ± {value[1]:.1%}" if np.isfinite(value[1]) else f"{value[0]:.1%}"


def sections(first: Campaign, other: Campaign | None, trainings: Path) -> list[str]:
    """Of one campaign, and of the other's states asked of its model."""
    samples, name = samples_of(*first), name_of(first)
    plan, examined = examined_by_decay_network(samples, trainings / name)
    text = ["", f"## {name}: {_contents(samples)}", "", side_by_side.table(HEADER, examined_rows(samples, examined))]
    text += [
        "",
        SPREAD,
        "",
        side_by_side.table(["question", "answers", "rank correlation"], spread_rows(samples, examined)),
    ]
    text += ["", DISTANCE, "", side_by_side.table(["bound grows as", "68 %", "95 %"], distance_rows(samples, examined))]
    if other is not None:
        networks = calibrated(samples, examined[0], plan, known_errors(samples, examined))
        model = Model(networks, training_range(samples))
        table = side_by_side.table(HEADER, stranger_rows(model, samples_of(*other)))
        text += ["", f"The model of all these states, asked for those of the campaign {name_of(other)}:", "", table]
    return text


def name_of(campaign: Campaign) -> str:
    """From its file: NAME-observables.nc, or NAME/observables.nc."""
    path = campaign[0]
    return path.parent.name if path.stem == "observables" else path.stem.removesuffix("-observables")


def _contents(samples: TrainingSet) -> str:
    series = set(zip(samples.potential.tolist(), samples.density.tolist(), strict=True))
    return f"{len(samples)} states, {len(series)} series, {len(samples.liquids)} liquids"


INTRODUCTION = """\
# How often errors hold, by kind of question

F_s(k_p,t) of states that the decay network has not learned from ([kinds of question](../../glassdask/learning/data/questions.py)): share of
the points, of those predicted between 0.99 and 0.02, that lie within the interval for 68.3 % and for 95 %. *Before*: the spread of the
ensemble times what made it hold states at random, for every kind of question, 1.96 of it for 95 %. *Now*: quantiles of how far
predicted curves have to be moved in ln t, from questions of the same kind about states that were learned from, states counting
as one each ([formula](../../glassdask/learning/models/calibration.py)). For colder states those are hotter questions about hotter states.
In brackets what is independent among the states; errors are one standard error over it. ln(τ/τ̂) is above 0 where
predictions are too fast.
"""


SPREAD = "The ensemble's spread beside the error, as times where F̂ falls from 0.6 to 0.02, over states:"
DISTANCE = "Colder states, with bounds that grow with the distance d = T'/T − 1 from the coldest state learned from:"


def main() -> None:
    """Prints the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--other", type=Path, nargs=2, metavar=("CUBE", "T_MCT"), help="files of another campaign")
    parser.add_argument("--trainings", type=Path, required=True, help="folder for weights")
    parser.add_argument("--output", type=Path, help="file of the record")
    options = parser.parse_args()
    text = [INTRODUCTION, side_by_side.circumstances(["torch"])]
    other = None if options.other is None else (options.other[0], options.other[1])
    text += sections(WORKSTATION, other, options.trainings)
    if other is not None:
        text += sections(other, WORKSTATION, options.trainings)
    side_by_side.publish("\n".join(text), options.output)


if __name__ == "__main__":
    main()
