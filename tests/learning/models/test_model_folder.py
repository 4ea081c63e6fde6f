"""A model as a folder: it is read as it was written, and what a stranger has put there is refused and never run."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.errors import InvalidInput
from glassdask.learning.data.features import Points
from glassdask.learning.data.species_rows import SpeciesRows
from glassdask.learning.models.ensemble import Ensemble
from glassdask.learning.models.level_process import PROCESSES
from glassdask.learning.models.model_folder import MODEL, Model, read_model, training_range, write_model
from glassdask.learning.models.process_model import fit_process
from glassdask.learning.training.recipe import Recipe, decay_candidates
from glassdask.learning.training.training import Trained, train
from tests.learning.hard_spheres import make_hard_spheres
from tests.learning.synthetic import make_samples

SAMPLES = make_samples(6, n_times=10, n_wavenumbers=20)


def member(recipe: Recipe, seed: int) -> Trained:
    points = Points.of(SAMPLES, recipe.view)
    return train(points, np.arange(len(points)), points.row[:0], recipe, seed)


@pytest.fixture(scope="module")
def model() -> Model:
    small = Recipe("small", options={"layers": (8,)}, epochs=1, validation=0.0)
    decay = Recipe.from_plain(decay_candidates()[0].plain() | {"epochs": 1})
    return Model(
        {
            "decay network": Ensemble([member(decay, seed) for seed in (1, 2)], 2.5),
            "paper's network": Ensemble([member(small, seed) for seed in (1, 2, 3)], 0.5),
        },
        {**training_range(SAMPLES), "campaign": "of a test"},
    )


@pytest.fixture
def folder(model: Model, tmp_path: Path) -> Path:
    write_model(tmp_path / "model", model)
    return tmp_path / "model"


def refused(folder: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_model(folder)
    return str(caught.value)


def change(folder: Path, **values: Any) -> None:
    """Of model.json; None takes a key out."""
    record = json.loads((folder / MODEL).read_text()) | values
    (folder / MODEL).write_text(json.dumps({key: value for key, value in record.items() if value is not None}))


def with_member(folder: Path, content: bytes) -> Path:
    """The first member replaced by a stranger's file, whose checksum model.json is told."""
    record = json.loads((folder / MODEL).read_text())
    path = folder / next(iter(record["ensembles"]["decay network"]["members"]))
    path.write_bytes(content)
    record["ensembles"]["decay network"]["members"][path.name] = hashlib.sha256(content).hexdigest()
    (folder / MODEL).write_text(json.dumps(record))
    return path


# --- round trip -------------------------------------------------------------------------------------------------------


def test_a_model_is_read_as_it_was_written(model: Model, folder: Path) -> None:
    """Every prediction bit by bit, every factor, the range, and the first one first."""
    again = read_model(folder)
    assert list(again.ensembles) == list(model.ensembles)
    for name, ensemble in model.ensembles.items():
        assert again.ensembles[name].error_factor == ensemble.error_factor
        for found, expected in zip(again.ensembles[name].curves(SAMPLES), ensemble.curves(SAMPLES), strict=True):
            np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(again.ensembles[name].distance(SAMPLES), ensemble.distance(SAMPLES))
    np.testing.assert_array_equal(again.wavenumber, SAMPLES.wavenumber)
    np.testing.assert_array_equal(again.lag_time, SAMPLES.lag_time)
    assert again.about["campaign"] == "of a test"


def test_the_range_is_that_of_the_samples() -> None:
    samples = make_samples(4, ("wca", "lj"), (1.4, 1.2), n_replicas=2, n_times=3, n_wavenumbers=20)
    found = training_range(samples)
    assert (found["potentials"], found["densities"], found["n_states"]) == (["lj", "wca"], [1.2, 1.4], 16)
    assert found["temperatures"] == [samples.temperature.min(), samples.temperature.max()]
    assert found["critical_couplings"] == [samples.critical_coupling.min(), samples.critical_coupling.max()]
    json.dumps(found, allow_nan=False)


def test_its_files_are_all_that_it_names(model: Model, tmp_path: Path) -> None:
    """model.json comes last: without it there is no model yet."""
    paths = write_model(tmp_path / "model", model)
    assert paths[-1].name == MODEL
    assert sorted(paths) == sorted((tmp_path / "model").iterdir())
    assert [path.name for path in paths[:-1]] == ["decay-0.pt", "decay-1.pt", "paper-0.pt", "paper-1.pt", "paper-2.pt"]


def test_a_folder_may_be_moved(folder: Path, tmp_path: Path) -> None:
    folder.rename(tmp_path / "elsewhere")
    assert len(read_model(tmp_path / "elsewhere").ensembles) == 2


# --- no model ---------------------------------------------------------------------------------------------------------


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path)
    assert "holds no model.json (No such file or directory)" in said
    assert "learning/model that 'glassdask train' leaves" in said
    assert "holds no model.json" in refused(tmp_path / "nowhere")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '{"name": "a package"}', "\udcff"])
def test_a_foreign_file_of_that_name_is_refused(text: str, folder: Path) -> None:
    (folder / MODEL).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert "model.json is no model of glassdask; allowed: what 'glassdask train' has written" in refused(folder)


@pytest.mark.parametrize(
    "key", ["format", "version", "ensembles", "potentials", "critical_couplings", "lag_time", "wavenumber"]
)
def test_a_model_without_what_predictions_need_is_refused(key: str, folder: Path) -> None:
    change(folder, **{key: None})
    assert "is no model of glassdask" in refused(folder)


@pytest.mark.parametrize(
    "ensembles",
    [{}, [], "decay", {"n": {}}, {"n": {"members": []}}, {"n": {"members": {}, "error_factor": 1.0}}, {"n": 3}],
)
def test_ensembles_of_another_form_are_refused(ensembles: Any, folder: Path) -> None:
    change(folder, ensembles=ensembles)
    assert "is no model of glassdask" in refused(folder)


@pytest.mark.parametrize("version", [3, "1", 0])
def test_a_newer_form_is_refused_with_what_to_do(version: Any, folder: Path) -> None:
    change(folder, version=version)
    assert refused(folder).endswith(
        f"has the version {version!r}; this glassdask reads 1 and 2: train again, or install the release that wrote it"
    )


def test_a_model_of_the_release_before_is_read(folder: Path) -> None:
    """Version 1 knew networks alone."""
    change(folder, version=1)
    assert read_model(folder).ensembles


def test_a_process_comes_back_as_it_was(tmp_path: Path) -> None:
    samples = make_hard_spheres(np.linspace(1.0, 3.2, 8))
    process = fit_process(SpeciesRows.of(samples), np.arange(6), PROCESSES[1])
    write_model(tmp_path, Model({"Gaussian process": process.calibrated(1.5, {})}, training_range(samples)))
    (again,) = read_model(tmp_path).ensembles.values()
    for found, expected in zip(again.curves(samples), process.curves(samples), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_array_equal(again.distance(samples), process.distance(samples))
    assert (again.error_factor, again.n_species, again.reads_grid) == (1.5, 2, False)


# --- files that are not those -----------------------------------------------------------------------------------------


def test_one_altered_bit_is_noticed_wherever_it_is(folder: Path) -> None:
    path = folder / "paper-1.pt"
    content = path.read_bytes()
    for place in np.linspace(0, len(content) - 1, 25).astype(int):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        assert "paper-1.pt is not the file that model.json names (its checksum differs); copy" in refused(folder)
    path.write_bytes(content)
    read_model(folder)


def test_files_that_changed_places_are_noticed(folder: Path) -> None:
    (folder / "paper-0.pt").rename(folder / "x")
    (folder / "paper-1.pt").rename(folder / "paper-0.pt")
    (folder / "x").rename(folder / "paper-1.pt")
    assert "paper-0.pt is not the file" in refused(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "decay-1.pt").unlink()
    assert "decay-1.pt is missing; copy the whole folder of the model, or train again" in refused(folder)


@pytest.mark.parametrize("name", ["../secret.pt", "/etc/passwd", "sub/decay-0.pt", "..", ""])
def test_a_path_out_of_the_folder_is_not_followed(name: str, folder: Path) -> None:
    """Not even where a file lies there that fits."""
    content = (folder / "decay-0.pt").read_bytes()
    (folder.parent / "secret.pt").write_bytes(content)
    (folder / "sub").mkdir()
    (folder / "sub" / "decay-0.pt").write_bytes(content)
    members = {name: hashlib.sha256(content).hexdigest()}
    change(folder, ensembles={"decay network": {"error_factor": 1.0, "members": members}})
    said = refused(folder)
    assert "names the file" in said or "is missing" in said
    if "/" in name:
        assert f"names the file {name!r}; allowed: names of files in its own folder" in said


# --- files that would do something ------------------------------------------------------------------------------------


class Code:
    """Makes a file as soon as it is unpickled."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self) -> tuple:
        return self.mark.touch, ()


def as_pickle(state: Any) -> bytes:
    return pickle.dumps(state)


def as_torch_file(state: Any) -> bytes:
    content = io.BytesIO()
    torch.save(state, content)
    return content.getvalue()


def as_old_torch_file(state: Any) -> bytes:
    content = io.BytesIO()
    torch.save(state, content, _use_new_zipfile_serialization=False)
    return content.getvalue()


def in_good_weights(state: Any) -> bytes:
    """A file of weights whose record of tensors alone was replaced."""
    made, content = io.BytesIO(as_torch_file({"glassdask": "trained network", "weights": torch.zeros(3)})), io.BytesIO()
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            new.writestr(name, pickle.dumps(state) if name.endswith("data.pkl") else old.read(name))
    return content.getvalue()


@pytest.mark.parametrize("made", [as_pickle, as_torch_file, as_old_torch_file, in_good_weights])
def test_code_in_a_file_of_weights_is_not_run(made, folder: Path, tmp_path: Path) -> None:
    """Its checksum is right: whoever wrote the weights wrote model.json too."""
    mark = tmp_path / "it ran"
    path = with_member(folder, made({"glassdask": "trained network", "weights": Code(mark)}))
    assert f"{path} is not the file that model.json names" in refused(folder)
    assert not mark.exists()
    if made is as_pickle:
        pickle.loads(path.read_bytes())
    else:
        torch.load(path, weights_only=False)
    assert mark.exists(), "it was such a file"


@pytest.mark.parametrize(
    "state",
    [{}, [1], {"glassdask": "trained network"}, {"glassdask": "trained network", "scaling": 3, "made_from": ""}],
    ids=["empty", "list", "no weights", "odd scaling"],
)
def test_tensors_of_something_else_are_refused(state: Any, folder: Path) -> None:
    with_member(folder, as_torch_file(state))
    assert "model.json" in refused(folder)


def test_a_recipe_of_a_newer_release_is_refused(folder: Path) -> None:
    state = torch.load(folder / "decay-0.pt", weights_only=True)
    state["recipe"]["colour"] = "red"
    with_member(folder, as_torch_file(state))
    assert "unknown colour in a recipe; allowed: " in refused(folder)
