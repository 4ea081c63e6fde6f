"""``glassdask predict`` says which kind of question it was asked, and in its answer where nobody knows the error: in words and in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.data.features import Points
from glassdask.learning.data.questions import Kind
from glassdask.learning.models.calibration import Calibration
from glassdask.learning.models.ensemble import Ensemble
from glassdask.learning.models.model_folder import MODEL, Model, training_range, write_model
from glassdask.learning.training.recipe import decay_candidates
from glassdask.learning.training.training import train
from tests.learning.hard_spheres import K, make_hard_spheres, partials
from tests.learning.training.one_thread import one_thread
from tests.same_process import glassdask_here

BOUNDS = (np.full(7, 0.1), np.full(7, 0.3))
#: Of interpolation everything is known, of colder states only that they were further off than promised.
KNOWN = {
    Kind.INTERPOLATION: Calibration(Kind.INTERPOLATION, 40, 40, 0.5, BOUNDS, (0.7, 0.95), (0.02, 0.01), 0.0, 0.01),
    Kind.COLDER: Calibration(Kind.COLDER, 24, 6, 0.2, BOUNDS, (0.4, 0.8), (0.1, 0.1), 0.5, 0.1),
}


@pytest.fixture(scope="module")
def model() -> Model:
    """Of six states of one series from T = 1 to 2.8."""
    samples = make_hard_spheres(np.linspace(1.0, 2.8, 6))
    points = Points.of(samples, "coupling")
    rows = np.arange(len(points))
    recipe = replace(decay_candidates()[0], epochs=5)
    with one_thread():
        members = [train(points, rows, rows[:0], recipe, seed) for seed in (1, 2)]
    return Model({"decay network": Ensemble(members, 2.0, KNOWN)}, training_range(samples))


def changed(model: Model, folder: Path, change: Callable[[dict], None]) -> Path:
    """The model's folder, with another model.json."""
    write_model(folder / "model", model)
    record = json.loads((folder / "model" / MODEL).read_text())
    change(record)
    (folder / "model" / MODEL).write_text(json.dumps(record))
    return folder / "model"


def asked(folder: Path, T: float, *options: str, density: float = 1.2, potential: str = "lj", species: int = 3) -> Any:
    """What the command answers of the S(k) of T: its status, its JSON and its warnings."""
    S = partials(T)[:species]
    header = ",".join(("k", "AA", "AB", "BB")[: species + 1])
    table = folder.parent / "S.csv"
    rows = np.vstack([K, S if species == 3 else S / S[:, -1:]]).T.tolist()
    table.write_text("\n".join([header, *(",".join(map(repr, row)) for row in rows)]) + "\n")
    state = ("--temperature", f"{T}", "--density", f"{density}", "--potential", potential)
    return glassdask_here("predict", "--model", folder, "--structure-factor", table, *state, *options)


def answer(folder: Path, T: float, *options: str, **state: Any) -> tuple[dict[str, Any], str]:
    done = asked(folder, T, *options, "--json", **state)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    for said in found["warnings"]:
        assert f"warning: {said}" in done.stderr
    return found, " ".join(found["warnings"])


def test_an_interpolation_has_calibrated_errors(model: Model, tmp_path: Path) -> None:
    """Its interval holds F, the times at its ends hold τ; a second look gives the same in words."""
    folder = changed(model, tmp_path, lambda _: None)
    found, said = answer(folder, 1.9)
    question = found["question"]
    assert (question["kind"], question["why"]) == ("interpolation", "between T = 1.72 and 2.08 of lj at rho = 1.2")
    assert (question["is_calibrated"], question["n_states"], question["coverage"]) == (True, 40, [0.7, 0.95])
    assert "never" not in said
    for species in "AB":
        F, error = (np.array(found[name][species]) for name in ("F", "error"))
        lower, upper = (np.array(found["interval"][end][species]) for end in ("lower", "upper"))
        assert ((lower <= F) & (upper >= F)).all()
        assert (error <= (upper - lower) / 2 + 1e-12).all()
        low, high = found["relaxation_time_interval"][species]
        assert low < found["relaxation_time"][species] < high
        assert np.log(high / low) == pytest.approx(0.6, abs=0.15), "twice the bound, and what cannot be resolved"
    text = asked(folder, 1.9).stdout
    assert "question: interpolation (between T = 1.72 and 2.08 of lj at rho = 1.2); examined on 40 states" in text
    assert "intervals for 95 % held 95% of the points" in text
    assert "(95 %: " in text


def test_a_colder_state_says_how_its_errors_held(model: Model, tmp_path: Path) -> None:
    """80 % instead of 95 %, times too short by 1.65, and further away than all that were examined."""
    found, said = answer(changed(model, tmp_path, lambda _: None), 0.8)
    assert found["question"]["kind"] == "colder"
    assert found["question"]["distance"] == pytest.approx(0.25)
    assert found["question"]["is_calibrated"] is False
    assert "intervals for 95 % held 80% of the points where they were not made (colder, 24 states)" in said
    assert "lies 0.25 away from what was learned, all that were examined at most 0.2" in said
    assert any("predicted too fast, by a factor 1.65" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("state", "options", "kind"),
    [
        ({"density": 1.3}, (), "other density"),
        ({"T": 3.0}, (), "hotter"),
        ({"potential": "wca"}, ("--extrapolate",), "other liquid"),
        ({"potential": "ipl-ka"}, ("--extrapolate",), "other liquid"),
        ({"potential": "lj1", "species": 1}, ("--extrapolate",), "other number of species"),
    ],
)
def test_a_kind_that_was_never_examined_is_flagged_in_the_answer(
    state: dict, options: tuple[str, ...], kind: str, model: Model, tmp_path: Path
) -> None:
    folder = changed(model, tmp_path, lambda _: None)
    found, said = answer(folder, state.pop("T", 1.9), *options, **state)
    question = found["question"]
    assert question["kind"] == kind
    assert (question["is_calibrated"], question["n_states"], question["coverage"]) == (False, 0, None)
    assert found["interval"] is None
    assert f"this model was never examined on a question of this kind ({kind}: " in said
    assert (np.array(found["error"]["A"]) > 0).all()


def test_another_liquid_is_refused_unless_it_is_asked_for(model: Model, tmp_path: Path) -> None:
    done = asked(changed(model, tmp_path, lambda _: None), 1.9, potential="wca")
    assert done.returncode == 2
    assert "--potential is 'wca', which this model never saw" in done.stderr
    assert done.stdout == ""


def test_another_liquid_is_answered_by_a_model_that_was_examined_on_others(model: Model, tmp_path: Path) -> None:
    """With what held there; a name that no liquid has is refused all the same."""
    known = Calibration(Kind.LIQUID, 40, 8, 0.0, BOUNDS, (0.7, 0.96), (0.02, 0.01), 0.0, 0.01)
    (ensemble,) = model.ensembles.values()
    examined = Model({"decay network": ensemble.calibrated(2.0, {Kind.LIQUID: known})}, model.about)
    folder = changed(examined, tmp_path, lambda _: None)
    found, said = answer(folder, 1.9, potential="wca")
    assert (found["question"]["kind"], found["question"]["is_calibrated"]) == ("other liquid", True)
    assert found["interval"] is not None
    assert "the potential 'wca' was never seen in training (lj)" in said
    assert "which this model never saw" in asked(folder, 1.9, potential="yukawa").stderr


def test_a_series_of_one_state_has_no_neighbours(model: Model, tmp_path: Path) -> None:
    """Every other temperature lies outside of it: no answer is called an interpolation."""

    def alone(record: dict) -> None:
        record["learned"][0]["temperatures"] = [1.0]

    folder = changed(model, tmp_path, alone)
    assert answer(folder, 1.9)[0]["question"]["kind"] == "hotter"
    assert answer(folder, 0.9)[0]["question"]["kind"] == "colder"


def test_few_states_give_no_interval(model: Model, tmp_path: Path) -> None:
    def few(record: dict) -> None:
        known = record["ensembles"]["decay network"]["calibrations"]["interpolation"]
        known |= {"n_states": 5, "n_units": 5, "delays": [known["delays"][0], None], "coverage": [0.7, None]}

    found, said = answer(changed(model, tmp_path, few), 1.9)
    assert found["interval"] is None
    assert found["question"]["is_calibrated"] is False
    assert (
        "examined on 5 states only with questions of this kind (interpolation): that gives no interval for 95 %" in said
    )


def test_a_folder_of_an_older_release_opens(model: Model, tmp_path: Path) -> None:
    """It says nothing of kinds: what it learned is known by its range, and beside states at random it was never examined."""

    def old(record: dict) -> None:
        del record["learned"]
        del record["ensembles"]["decay network"]["calibrations"]

    folder = changed(model, tmp_path, old)
    found, said = answer(folder, 1.9)
    assert (found["question"]["kind"], found["question"]["is_calibrated"], said) == ("interpolation", True, "")
    assert found["interval"] is None
    found, said = answer(folder, 0.8)
    assert found["question"]["kind"] == "colder"
    assert "never examined on a question of this kind (colder" in said


@pytest.mark.parametrize("calibrations", [{"further": {}}, {"colder": {"delays": 3}}, {"colder": {}}, []])
def test_calibrations_of_another_form_are_refused(calibrations: Any, model: Model, tmp_path: Path) -> None:
    def odd(record: dict) -> None:
        record["ensembles"]["decay network"]["calibrations"] = calibrations

    done = asked(changed(model, tmp_path, odd), 1.9)
    assert done.returncode == 2
    assert "is no model of glassdask" in done.stderr
