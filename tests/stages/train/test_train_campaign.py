"""A whole study of a small campaign: every file is there and says what was found; killed in the middle, it goes on."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.datasets.netcdf import read_netcdf
from glassdask.datasets.schema.learning_variables import EXAMINATION_VARIABLES, PREDICTION_VARIABLES
from glassdask.datasets.schema.variables import STATE_DIMENSIONS
from glassdask.errors import CorruptProduct
from glassdask.learning.data.questions import Kind, Learned
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.judgement import scores
from glassdask.learning.judgement.baselines.catalogue import BASELINES
from glassdask.learning.judgement.examination import SELECTED_BY, examinations
from glassdask.learning.models.ensemble import NOMINAL, Ensemble
from glassdask.learning.models.model_folder import read_model
from glassdask.learning.models.selection import inner_splits
from glassdask.learning.training.recipe import Recipe, decay_candidates
from glassdask.learning.training.study import Training, load_trained, run_study
from glassdask.stages.train.run import MODEL_FOLDER, TRAININGS, Trainer, train_campaign
from glassdask.stages.train.training_data import TrainingData
from glassdask.stages.train.training_plan import DECAY_NETWORK, GAUSSIAN_PROCESS, PAPER_NETWORK, StudyOptions, StudyPlan
from tests.learning.synthetic import make_samples

SAMPLES = make_samples(7, ("lj", "wca"), n_replicas=2, n_times=8, n_wavenumbers=20, noise=0.01)
LEFT_OUT = {"lj_rho1.2_T0.4_r0": "crystallised"}
OPTIONS = StudyOptions(
    members=2,
    n_folds=2,
    seed=5,
    recipe=Recipe("small", options={"layers": (8,)}, epochs=2, batch_size=100),
    candidates=tuple(replace(recipe, epochs=2) for recipe in (decay_candidates()[0], decay_candidates()[3])),
)
FILES = {"learning.md", "scores.csv", "states.csv", "predictions.nc", "examinations.nc"}
FILES |= {"predicted_scattering.png", "transfer.png", "calibration.png"}
#: Another recipe is chosen for other series than for states at random, for colder states the same.
MEMBERS = {"Gaussian.npz", "Gaussian-other-series.npz"}
MEMBERS |= {"model.json", *(f"{kind}-{n}.pt" for kind in ("decay", "paper", "decay-other-series") for n in (0, 1))}
PROCESS_FOR_OTHERS = f"{GAUSSIAN_PROCESS} for other series"
MODELS = (GAUSSIAN_PROCESS, DECAY_NETWORK, PAPER_NETWORK)
FOR_OTHER_SERIES = f"{DECAY_NETWORK} for other series"


def in_this_process(seen: list[str] | None = None, before: Callable[[Training], None] = lambda _: None) -> Trainer:
    """A trainer that notes what it works on; `before` may end it."""

    def trainer(samples: TrainingSet, trainings: Sequence[Training], folder: Path) -> None:
        def watch(training: Training, progress: Any) -> None:
            if progress.epoch == 1:
                before(training)
                if seen is not None:
                    seen.append(training.name)

        assert run_study(samples, trainings, folder, watch)

    return trainer


@pytest.fixture(autouse=True, scope="module")
def _few_resamplings() -> Iterator[None]:
    """Errors of scores are no subject here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scores, "_RESAMPLINGS", 50)
        yield


class Killed(Exception):
    """The end of a process, without warning."""


def kill_at(name: str) -> Callable[[Training], None]:
    def kill(training: Training) -> None:
        if training.name == name:
            raise Killed

    return kill


@dataclass(frozen=True)
class Study:
    """A folder, and the trainings that were worked on, in their order."""

    folder: Path
    seen: list[str]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Killed while it chose, killed while it trained what it had chosen, and done at the third go."""
    folder, data = tmp_path_factory.mktemp("campaign") / "learning", TrainingData(SAMPLES, LEFT_OUT)
    seen: list[str] = []
    told: list[str] = []
    for name in ("choice_fold_1_of_2_3_1", "decay_fold_2_of_2_1"):
        with pytest.raises(Killed):
            train_campaign(data, folder, in_this_process(seen, kill_at(name)), OPTIONS, {})
        assert {path.name for path in folder.iterdir()} == {TRAININGS}, "nothing is shown before it is whole"
    files = train_campaign(data, folder, in_this_process(seen), OPTIONS, {"campaign": "abc"}, told.append)
    assert set(files) == {folder / name for name in FILES} | {folder / MODEL_FOLDER / name for name in MEMBERS}
    assert told[0].startswith("28 runs; 5 examinations; ")
    assert told[-1] == "examining, beside the baselines"
    return Study(folder, seen)


@pytest.fixture(scope="module")
def trained(study: Study) -> Path:
    return study.folder


# --- what is there ----------------------------------------------------------------------------------------------------


def test_the_folder_holds_the_product_and_nothing_else(trained: Path) -> None:
    """Weights of the many trainings are gone, those of the model are kept."""
    assert {path.name for path in trained.iterdir()} == {MODEL_FOLDER, *FILES}
    assert {path.name for path in (trained / MODEL_FOLDER).iterdir()} == MEMBERS
    for path in trained.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 10_000


def test_the_model_can_be_handed_on(trained: Path) -> None:
    """With all that it was made from; the first one is the one to use."""
    model = read_model(trained / MODEL_FOLDER)
    assert list(model.ensembles) == [
        GAUSSIAN_PROCESS,
        PROCESS_FOR_OTHERS,
        DECAY_NETWORK,
        FOR_OTHER_SERIES,
        PAPER_NETWORK,
    ]
    assert all(len(one.members) == 2 for one in model.ensembles.values() if isinstance(one, Ensemble))
    assert all(ensemble.error_factor > 0 for ensemble in model.ensembles.values())
    about = model.about
    assert (about["campaign"], about["left_out"], about["n_states"]) == ("abc", LEFT_OUT, 14)
    assert about["chosen"]["name"] in {recipe.name for recipe in OPTIONS.candidates}
    assert about["splits"]["states at random"] == ["fold 1 of 2", "fold 2 of 2"]
    assert set(about["scores"]) == set(about["splits"])
    assert {*MODELS, *BASELINES} == set(about["scores"]["states at random"])
    json.dumps(about, allow_nan=False)


def test_the_model_keeps_what_examinations_say_of_each_kind_of_question(trained: Path) -> None:
    """The network that is asked is the one whose recipe was chosen for such questions; the paper's has one recipe for all."""
    model, data = read_model(trained / MODEL_FOLDER), read_netcdf(trained / "examinations.nc")
    kinds = {name: set(ensemble.calibrations) for name, ensemble in model.ensembles.items()}
    assert kinds[DECAY_NETWORK] == {Kind.INTERPOLATION, Kind.HOTTER, Kind.COLDER}
    assert kinds[FOR_OTHER_SERIES] == {Kind.LIQUID}
    assert kinds[PAPER_NETWORK] == kinds[DECAY_NETWORK] | kinds[FOR_OTHER_SERIES]
    assert model.network_for(Kind.LIQUID) == PROCESS_FOR_OTHERS
    assert model.network_for(Kind.COLDER) == model.network_for(Kind.DENSITY) == GAUSSIAN_PROCESS
    assert model.learned == Learned.of(SAMPLES)
    for name, ensemble in model.ensembles.items():
        of_one = data.sel(model=name.removesuffix(" for other series"))
        for kind, known in ensemble.calibrations.items():
            here = of_one.sel(question=str(kind))
            assert int(here["n_states_by_question"]) == known.n_states
            np.testing.assert_array_equal(here["coverage_by_question"], known.coverage)
            assert float(here["bias_by_question"]) == known.bias or np.isnan(known.bias)
    table = (trained / "learning.md").read_text().partition("## Errors by kind of question")[2]
    rows = [line for line in table.splitlines() if line.startswith("| other liquid | ")]
    assert len(rows) == data.sizes["model"]
    assert all("| 14 (2 liquids) | " in row and "not known" in row for row in rows), "14 of the 19 that 95 % take"


def test_the_table_holds_every_model_and_baseline(trained: Path) -> None:
    """In every examination, best first; then a verdict, the choice, and what error bars cover."""
    text = (trained / "learning.md").read_text()
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ") and "R²" not in line]
    data = read_netcdf(trained / "examinations.nc")
    for examination in data["examination"].values:
        here = [row for row in rows if row[0] == f"| {examination}"]
        names = [row[2].partition(" (best")[0] for row in here]
        assert sorted(names) == sorted([*MODELS, *BASELINES])
        errors = [float(row[5].split(" ± ")[0]) for row in here]
        assert errors == sorted(errors)
        marked = {row[2].partition(" (best")[0] for row in here if " (best" in row[2]}
        assert marked == set(data["best_of_knowledge"].sel(examination=examination).values.tolist()) - {""}
        assert [row[2] for row in here if "best baseline" in row[2]] == [
            f"{data['best_baseline'].sel(examination=examination).item()} (best baseline)"
        ]
        assert f"- {examination}, beside " in text
    assert text.count("Chosen: ") == 5
    assert text.count("of the deviations within one standard error (68 % expected)") == 2 * len(MODELS)


# --- predictions.nc ---------------------------------------------------------------------------------------------------


def test_predictions_have_the_declared_dimensions(trained: Path) -> None:
    data = read_netcdf(trained / "predictions.nc")
    assert set(data.data_vars) == set(PREDICTION_VARIABLES)
    for name, variable in PREDICTION_VARIABLES.items():
        assert data[name].dims == (*STATE_DIMENSIONS, *variable.dims)
        assert data[name].attrs["units"] == variable.units
    assert data["model"].values.tolist() == list(MODELS)
    np.testing.assert_array_equal(data["t"], SAMPLES.lag_time)
    assert data.attrs["campaign"] == "abc"


def test_each_state_has_its_prediction_beside_what_was_measured(trained: Path) -> None:
    """Mean of its replicas; nothing where no state is; the error is above 0."""
    data = read_netcdf(trained / "predictions.nc")
    for number in range(14):
        rows = np.flatnonzero(SAMPLES.state == number)
        row = rows[0]
        place = {"potential": SAMPLES.potential[row], "T": SAMPLES.temperature[row], "rho": SAMPLES.density[row]}
        here = data.sel(place)
        np.testing.assert_allclose(here["peak_scattering"].T, SAMPLES.scattering[rows].mean(axis=0))
        np.testing.assert_allclose(here["peak_scattering_error"], 0.01 / np.sqrt(2))
        np.testing.assert_allclose(here["mct_peak_scattering"].T, SAMPLES.theory[row])
        assert float(here["reduced_temperature"]) == SAMPLES.reduced_temperature[row]
        assert np.isfinite(here["predicted_scattering"]).all()
        assert (here["predicted_scattering_error"] > 0).all()
    assert np.isfinite(data["predicted_scattering"]).sum() == 14 * len(MODELS) * 2 * 8


# --- examinations.nc --------------------------------------------------------------------------------------------------


def test_examinations_have_the_declared_dimensions(trained: Path) -> None:
    data = read_netcdf(trained / "examinations.nc")
    assert set(data.data_vars) == set(EXAMINATION_VARIABLES)
    for name, variable in EXAMINATION_VARIABLES.items():
        assert data[name].dims == variable.dims
        assert (data[name].dtype.kind in "OUT") == (variable.dtype == "str")
    assert data["kind"].values.tolist() == ["random", "temperature", "temperature", "potential", "potential"]
    np.testing.assert_array_equal(data["threshold"], [np.nan, 1.5, 1.2, np.nan, np.nan])
    np.testing.assert_array_equal(data["nominal"], NOMINAL)
    assert data["error_bar"].values.tolist() == [
        f"{name}: {bar}" for name in MODELS for bar in ("spread", "calibrated error")
    ]
    assert ((data["coverage"] >= 0) & (data["coverage"] <= 1)).all()


def test_marks_are_those_of_the_tested_states(trained: Path) -> None:
    """NaN elsewhere; the scores of all follow from those of each."""
    data = read_netcdf(trained / "examinations.nc")
    is_tested = data["is_tested"].astype(bool)
    assert is_tested[0].all()
    for name in ("r2_by_state", "paper_r2_by_state", "rmse_by_state"):
        np.testing.assert_array_equal(
            np.isfinite(data[name]), np.broadcast_to(is_tested.values[:, None], data[name].shape)
        )
    n_points = 2 * 8 * 2  # replicas, times, species: of every state the same
    squares = (data["rmse_by_state"] ** 2 * n_points).sum("state")
    np.testing.assert_allclose(np.sqrt(squares / (n_points * is_tested.sum("state"))), data["rmse"], rtol=1e-6)
    for e, best in enumerate(data["best_baseline"].values):
        of_baselines = data["rmse"][e].sel(model=list(BASELINES)).values
        assert list(BASELINES)[int(of_baselines.argmin())] == best
        assert float(data["skill"][e].sel(model=best)) == 0.0
        np.testing.assert_allclose(data["skill"][e], 1 - squares[e] / squares[e].sel(model=best), atol=1e-9)
    temperature = data["reduced_temperature"].values
    np.testing.assert_array_equal(is_tested[1], temperature <= 1.5)
    np.testing.assert_array_equal(is_tested[3], data["state_potential"].values == "wca")
    assert data["n_learned"].values.tolist() == [7, *(int((temperature > T0).sum()) for T0 in (1.5, 1.2)), 7, 7]


def test_csv_files_hold_the_same(trained: Path) -> None:
    data = read_netcdf(trained / "examinations.nc")
    with (trained / "scores.csv").open() as stream:
        marks = list(csv.DictReader(stream))
    assert len(marks) == data["rmse"].size
    for row in marks:
        here = data.sel(examination=row["examination"], model=row["model"])
        for name in ("r2", "r2_error", "paper_r2", "rmse", "skill", "skill_error"):
            assert float(row[name]) == pytest.approx(float(here[name]), rel=1e-5, abs=1e-12)
    with (trained / "states.csv").open() as stream:
        states = list(csv.DictReader(stream))
    assert len(states) == int(data["is_tested"].sum()) * data.sizes["model"]
    assert list(states[0]) == ["examination", "potential", "rho", "T", "T/T_mct", "model", "r2", "paper_r2", "rmse"]


# --- the plan ---------------------------------------------------------------------------------------------------------


def slug(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in ".-" else "_" for letter in name)


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[StudyPlan, list[Training]]:
    """All trainings of the study, those that follow from a choice included."""
    folder = tmp_path_factory.mktemp("plan")
    asked = examinations(SAMPLES, OPTIONS.n_folds, OPTIONS.seed)
    plan = StudyPlan(SAMPLES, asked, OPTIONS, folder)
    run_study(SAMPLES, plan.first(), folder)
    run_study(SAMPLES, plan.second(), folder)
    return plan, [*plan.first(), *plan.second()]


def test_no_training_sees_what_it_will_be_tested_on(planned: tuple[StudyPlan, list[Training]]) -> None:
    """Of every part of every examination, whoever is trained for it: to answer, or to choose."""
    _, trainings = planned
    assert len({training.name for training in trainings}) == len(trainings), "a file each"
    for asked in examinations(SAMPLES, OPTIONS.n_folds, OPTIONS.seed):
        for part in asked.parts:
            for kind in ("paper", "decay", "choice"):
                of_part = [one for one in trainings if one.name.startswith(f"{kind}_{slug(part.name)}_")]
                assert len(of_part) >= 2
                seen = {SAMPLES.state[row] for training in of_part for row in training.rows}
                assert seen.isdisjoint(SAMPLES.state[part.test])


def test_members_differ_by_their_seed_and_those_of_the_decay_network_by_their_states(
    planned: tuple[StudyPlan, list[Training]],
) -> None:
    plan, trainings = planned
    by_name = {training.name: training for training in trainings}
    assert [by_name[f"paper_all_{member}"].seed for member in (0, 1)] == [5, 6]
    assert [by_name[f"paper_all_{member}"].rows for member in (0, 1)] == [tuple(range(28))] * 2
    first, second = (by_name[f"decay_all_{member}"] for member in (0, 1))
    assert first.rows != second.rows
    for training in (first, second):
        states = SAMPLES.state[list(training.rows)]
        assert len(set(states)) == 12, "85 % of 14 states, whole ones"
        assert len(states) == 24
        assert training.recipe == plan.chosen("all")


def test_the_choice_is_the_candidate_with_the_smallest_error_inside(planned: tuple[StudyPlan, list[Training]]) -> None:
    """By hand: squared deviations on the states set apart inside of the training side, summed over inner splits."""
    plan, _ = planned
    for asked in examinations(SAMPLES, OPTIONS.n_folds, OPTIONS.seed):
        for part in asked.parts:
            errors = [0.0, 0.0]
            for i, split in enumerate(inner_splits(SAMPLES, part.train, SELECTED_BY[asked.kind], OPTIONS.seed)):
                for c in (0, 1):
                    found = load_trained(plan.folder / f"choice_{slug(part.name)}_{i}_{c}.pt")
                    assert found is not None
                    F, _ = Ensemble([found]).curves(SAMPLES.at(split.test))
                    errors[c] += float(((F - SAMPLES.scattering[split.test]) ** 2).sum())
            assert plan.chosen(part.name).name == OPTIONS.candidates[int(np.argmin(errors))].name


def test_weights_that_are_missing_are_said(tmp_path: Path) -> None:
    plan = StudyPlan(SAMPLES, examinations(SAMPLES, 2), OPTIONS, tmp_path)
    with pytest.raises(CorruptProduct, match=r"choice_.*\.pt is missing or damaged; run 'glassdask train' again"):
        plan.second()


# --- killed and started again -----------------------------------------------------------------------------------------


def test_a_killed_study_goes_on_without_training_twice(study: Study, planned: tuple[StudyPlan, list[Training]]) -> None:
    """Each training was begun once, but for the two that were killed; the weights are those of an undisturbed study."""
    plan, trainings = planned
    assert sorted(study.seen) == sorted(training.name for training in trainings)
    for kind in ("decay", "paper"):
        for member in (0, 1):
            found = load_trained(study.folder / MODEL_FOLDER / f"{kind}-{member}.pt")
            expected = load_trained(plan.folder / f"{kind}_all_{member}.pt")
            assert found is not None
            assert expected is not None
            np.testing.assert_array_equal(found.history, expected.history)
            assert all(found.weights[name].equal(value) for name, value in expected.weights.items())


def test_a_further_rank_trains_and_writes_nothing(tmp_path: Path) -> None:
    seen: list[str] = []
    few = replace(OPTIONS, candidates=OPTIONS.candidates[:1])
    samples = make_samples(4, n_times=5, n_wavenumbers=20)
    data = TrainingData(samples, {})
    assert train_campaign(data, tmp_path, in_this_process(seen), few, {}, is_judge=False) == []
    assert {path.name for path in tmp_path.iterdir()} == {TRAININGS}
    assert {path.stem for path in (tmp_path / TRAININGS).iterdir()} == set(seen)
