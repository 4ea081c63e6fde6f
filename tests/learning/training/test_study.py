"""A study of several trainings: what is whole is kept, what is not is made, and it may be killed at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.learning.data.features import Points
from glassdask.learning.data.splits import validation_split
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.training.recipe import Recipe, decay_candidates
from glassdask.learning.training.study import (
    CHECKPOINT,
    Training,
    load_trained,
    run_study,
    study_identity,
    write_trained,
)
from glassdask.learning.training.training import Trained, train
from tests.learning.synthetic import make_samples

SAMPLES = make_samples(8, n_times=10, n_wavenumbers=20, noise=0.01)
SMALL = Recipe("small", options={"layers": (8,)}, epochs=4, batch_size=40, validation=0.2)
DECAY = replace(decay_candidates()[0], epochs=3)
TRAININGS = [
    Training("paper_0", tuple(range(8)), SMALL, 0),
    Training("paper_1", (6, 1, 3, 0), SMALL, 1),
    Training("decay_0", tuple(range(8)), DECAY, 0),
]


class Watched:
    """Which training did which epochs; asks for a stop after some of them, as the end of a job does."""

    def __init__(self, stop_after: float = float("inf")):
        self.epochs: list[tuple[str, int]] = []
        self._stop_after = stop_after

    def __call__(self, training: Training, progress) -> None:
        self.epochs.append((training.name, progress.epoch))

    def should_stop(self) -> bool:
        return len(self.epochs) >= self._stop_after


def run(
    folder: Path,
    samples: TrainingSet = SAMPLES,
    trainings: Sequence[Training] = TRAININGS,
    stop_after: float = float("inf"),
) -> tuple[bool, list[str]]:
    """Whether all is whole, and the trainings that were worked on."""
    watched = Watched(stop_after)
    is_whole = run_study(samples, trainings, folder, watched, watched.should_stop)
    return is_whole, list(dict.fromkeys(name for name, _ in watched.epochs))


def loaded(folder: Path, training: Training) -> Trained:
    found = load_trained(folder / f"{training.name}.pt", study_identity(SAMPLES, training))
    assert found is not None
    return found


def same(first: Trained, second: Trained) -> bool:
    return all(first.weights[name].equal(second.weights[name]) for name in first.weights | second.weights)


def stamps(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    assert run(folder) == (True, [training.name for training in TRAININGS])
    return folder


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """That a test may damage."""
    for path in finished.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


# --- what it makes ----------------------------------------------------------------------------------------------------


def test_a_study_leaves_a_file_of_weights_for_each_training(finished: Path) -> None:
    assert sorted(path.name for path in finished.iterdir()) == ["decay_0.pt", "paper_0.pt", "paper_1.pt"]


def test_each_is_what_training_alone_gives(finished: Path) -> None:
    """Of the rows that it may learn from, a share of their states set apart where the recipe says so."""
    for training in TRAININGS:
        rows = np.array(training.rows)
        fitted, validated = rows, rows[:0]
        if training.recipe.validation:
            fitted, validated = validation_split(SAMPLES, rows, training.recipe.validation, training.seed)
        points = Points.of(SAMPLES, training.recipe.view)
        expected = train(points, points.of_rows(fitted), points.of_rows(validated), training.recipe, training.seed)
        found = loaded(finished, training)
        assert same(found, expected)
        np.testing.assert_array_equal(found.history, expected.history)
        assert (found.recipe, found.seed) == (replace(training.recipe, options=found.recipe.options), training.seed)
        inputs = points.inputs(points.of_rows(rows))
        assert (found.predict(inputs) == expected.predict(inputs)).all()


def test_a_training_is_plain_data() -> None:
    import json

    for training in TRAININGS:
        again = Training.from_plain(json.loads(json.dumps(training.plain())))
        assert again.plain() == json.loads(json.dumps(training.plain()))
        assert study_identity(SAMPLES, again) == study_identity(SAMPLES, training), "through JSON it is the same"


# --- what it keeps ----------------------------------------------------------------------------------------------------


def test_what_is_whole_is_kept(copy: Path) -> None:
    before = stamps(copy)
    assert run(copy) == (True, [])
    assert stamps(copy) == before


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "gone", "foreign"])
def test_a_damaged_file_is_made_again(damage: str, copy: Path, finished: Path) -> None:
    """The same weights, and the others are left alone."""
    path = copy / "paper_1.pt"
    before, content = stamps(copy), path.read_bytes()
    place = len(content) // 2
    changed = {
        "cut": content[:place],
        "flipped": content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
        "empty": b"",
    }
    if damage == "gone":
        path.unlink()
    elif damage == "foreign":
        torch.save({"weights": torch.zeros(3)}, path)
    else:
        path.write_bytes(changed[damage])
    assert run(copy) == (True, ["paper_1"])
    assert same(loaded(copy, TRAININGS[1]), loaded(finished, TRAININGS[1]))
    for name in ("paper_0.pt", "decay_0.pt"):
        assert stamps(copy)[name] == before[name]


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": replace(SMALL, epochs=5)},
        {"recipe": replace(SMALL, lasso=0.0)},
        {"seed": 7},
        {"rows": tuple(range(7))},
    ],
    ids=["epochs", "lasso", "seed", "rows"],
)
def test_another_training_of_that_name_is_made_anew(change: dict, copy: Path) -> None:
    trainings = [replace(TRAININGS[0], **change), *TRAININGS[1:]]
    assert run(copy, trainings=trainings) == (True, ["paper_0"])
    assert load_trained(copy / "paper_0.pt", study_identity(SAMPLES, TRAININGS[0])) is None


@pytest.mark.parametrize(
    "name", ["scattering", "scattering_error", "structure_factor", "temperature", "critical_coupling", "lag_time"]
)
def test_other_samples_make_all_anew(name: str, copy: Path) -> None:
    """A state measured better, theory solved anew, another grid: weights depend on each of them."""
    values = getattr(SAMPLES, name).copy()
    values.flat[3] *= 1.01
    found = run(copy, replace(SAMPLES, **{name: values}))
    assert found == (True, [training.name for training in TRAININGS])


def test_the_same_states_in_another_order_are_other_samples(copy: Path) -> None:
    """Rows are numbers: row 0 is another state now."""
    assert run(copy, SAMPLES.at(np.arange(8)[::-1]))[1] == [training.name for training in TRAININGS]


# --- killed and started again -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop_after", [1, 4, 6, 10])
def test_a_stopped_study_goes_on_to_the_same_weights(stop_after: int, tmp_path: Path, finished: Path) -> None:
    """In the first training, after its end, in the second, in the last; a checkpoint lies there until all is whole."""
    is_whole, first = run(tmp_path, stop_after=stop_after)
    assert not is_whole
    assert (tmp_path / CHECKPOINT).exists()
    kept = stamps(tmp_path)
    is_whole, second = run(tmp_path)
    assert is_whole
    assert set(first) | set(second) == {training.name for training in TRAININGS}
    assert len(set(first) & set(second)) <= 1, "one was in work"
    for name in kept.keys() - {CHECKPOINT}:
        assert stamps(tmp_path)[name] == kept[name]
    assert not (tmp_path / CHECKPOINT).exists()
    for training in TRAININGS:
        assert same(loaded(tmp_path, training), loaded(finished, training))


def test_a_folder_that_is_gone_is_said() -> None:
    with pytest.raises(OSError, match="nowhere"):
        run(Path("/nowhere"))


# --- the file of weights ----------------------------------------------------------------------------------------------


def test_a_file_of_weights_holds_all_that_a_prediction_needs(tmp_path: Path) -> None:
    training = TRAININGS[0]
    run(tmp_path, trainings=[training])
    first = loaded(tmp_path, training)
    write_trained(tmp_path / "again.pt", first, "something")
    again = load_trained(tmp_path / "again.pt")
    assert again is not None
    assert same(first, again)
    for name in ("mean", "factor", "lowest", "highest"):
        np.testing.assert_array_equal(getattr(first.scaling, name), getattr(again.scaling, name))
    assert load_trained(tmp_path / "again.pt", "something") is not None
    assert load_trained(tmp_path / "again.pt", "something else") is None
    assert load_trained(tmp_path / "nowhere.pt") is None
