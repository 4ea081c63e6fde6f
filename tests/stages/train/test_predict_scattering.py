"""F_s of one's own S(k): right where the answer is known, with a warning where nobody knows it, refused where S(k) is none."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")

from glassdask.datasets.netcdf import read_netcdf
from glassdask.datasets.schema.learning_variables import ONE_PREDICTION_VARIABLES
from glassdask.errors import InvalidInput
from glassdask.learning.data.features import Points
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.models.ensemble import Ensemble
from glassdask.learning.models.model_folder import Model, training_range
from glassdask.learning.training.recipe import Recipe, decay_candidates
from glassdask.learning.training.training import train
from glassdask.operations.analysis.prediction import predict
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.stages.train.predict_scattering import Prediction
from tests.learning.hard_spheres import DENSITY, LAG_TIMES, K, make_hard_spheres, partials, scattering
from tests.learning.training.one_thread import one_thread

T = 1.9  # between two states that are known
FACTOR = 3.0
PAPER, DECAY = "paper's network", "decay network"


@pytest.fixture(scope="module")
def samples() -> TrainingSet:
    return make_hard_spheres(np.linspace(1.0, 2.8, 6))


@pytest.fixture(scope="module")
def model(samples: TrainingSet) -> Model:
    """Two members each; the decay network is the one to use."""
    paper = Recipe("small", options={"layers": (16, 8)}, epochs=60, batch_size=40, learning_rate=1e-2, validation=0.0)
    decay = replace(decay_candidates()[0], epochs=30)
    ensembles: dict[str, Ensemble] = {}
    for name, recipe in ((DECAY, decay), (PAPER, paper)):
        points = Points.of(samples, recipe.view)
        rows = np.arange(len(points))
        with one_thread():
            ensembles[name] = Ensemble([train(points, rows, rows[:0], recipe, seed) for seed in (1, 2)], FACTOR)
    return Model(ensembles, training_range(samples))


def csv_file(folder: Path, S: np.ndarray | None = None, k: np.ndarray = K, header: str = "k,AA,AB,BB") -> Path:
    rows = np.vstack([k, partials(T) if S is None else S]).T
    path = folder / "S.csv"
    path.write_text("\n".join([header, *(",".join(map(repr, row)) for row in rows.tolist())]) + "\n")
    return path


def fine_file(folder: Path, end: float) -> Path:
    """On a grid of spacing 0.07 that begins at 0.105."""
    k = bipolar_wavenumbers(0.07, int(end / 0.07))
    return csv_file(folder, partials(T, k)[:, 1:], k[1:])


def in_memory(folder: Path) -> xr.Dataset:  # noqa: ARG001
    return xr.DataArray(partials(T), {"pair": ["AA", "AB", "BB"], "k": K}, name="structure_factor").to_dataset()


def netcdf_file(folder: Path) -> Path:
    in_memory(folder).to_netcdf(folder / "S.nc", engine="netcdf4")
    return folder / "S.nc"


def predicted(
    model: Model, path: Path | xr.Dataset, temperature: float = T, density: float = DENSITY, **options
) -> Prediction:
    where = {"temperature": temperature, "density": density, "potential": "lj"}
    return predict(model, path, **{**where, **options})


@pytest.fixture(scope="module")
def usual(model: Model, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Prediction]:
    """What both networks say of the state between known ones."""
    path = csv_file(tmp_path_factory.mktemp("usual"))
    return {name: predicted(model, path, network=name) for name in (DECAY, PAPER)}


# --- what it says -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [csv_file, netcdf_file, in_memory])
def test_a_state_between_known_ones_is_predicted(made, model: Model, samples: TrainingSet, tmp_path: Path) -> None:
    """To 0.03 of its F, which follows from g_c; nothing was done to S(k), nothing is to be warned of."""
    found = predicted(model, made(tmp_path))
    assert (found.network, found.notes, found.warnings, found.distance) == (DECAY, [], [], 0.0)
    truth = scattering(T, found.critical_coupling)
    assert found.F.shape == found.error.shape == truth.shape
    assert np.abs(found.F - truth).max() < 0.03
    np.testing.assert_array_equal(found.lag_time, LAG_TIMES)
    above = int(np.searchsorted(samples.temperature, T))
    assert samples.critical_coupling[above - 1] < found.critical_coupling < samples.critical_coupling[above]


def test_the_error_is_the_spread_times_its_factor(
    model: Model, samples: TrainingSet, usual: dict[str, Prediction]
) -> None:
    """Member by member."""
    for name, found in usual.items():
        row = row_of(found, samples)
        ensemble = model.ensembles[name]
        assert isinstance(ensemble, Ensemble)
        members = [Ensemble([member]).curves(row)[0][0] for member in ensemble.members]
        spread = np.maximum(np.std(members, axis=0, ddof=1), 1e-3)
        np.testing.assert_allclose(found.F, np.mean(members, axis=0), atol=1e-6)
        np.testing.assert_allclose(found.error, FACTOR * spread, rtol=1e-3)


def row_of(found: Prediction, samples: TrainingSet) -> TrainingSet:
    """The predicted state as a row of samples."""
    return replace(
        samples.at(np.array([0])),
        temperature=np.array([T]),
        structure_factor=partials(T)[None],
        critical_coupling=np.array([found.critical_coupling]),
    )


def test_the_network_is_chosen_by_its_name(model: Model, usual: dict[str, Prediction], tmp_path: Path) -> None:
    assert {name: found.network for name, found in usual.items()} == {DECAY: DECAY, PAPER: PAPER}
    assert np.abs(usual[PAPER].F - usual[DECAY].F).max() > 1e-3
    with pytest.raises(InvalidInput, match=r"--network is 'oracle'; allowed: 'decay network', \"paper's network\""):
        predicted(model, csv_file(tmp_path), network="oracle")


# --- another k grid ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", [DECAY, PAPER])
def test_another_grid_is_interpolated_to_nearly_the_same(
    network: str, model: Model, usual: dict[str, Prediction], tmp_path: Path
) -> None:
    """Fine, from 0.1 to beyond the training's end: F to 0.01, and it is said what was done."""
    found = predicted(model, fine_file(tmp_path, 41.0), network=network)
    np.testing.assert_allclose(found.F, usual[network].F, rtol=0, atol=0.01)
    assert found.critical_coupling == pytest.approx(usual[network].critical_coupling, rel=0.01)
    assert "interpolated to the bipolar grid" in found.notes[0]
    of_training = [note for note in found.notes if "to the training's k = 0.2, 0.6 … 39.8" in note]
    assert len(of_training) == (network == PAPER), "g_c alone needs no such grid"
    assert found.distance < 0.05, "of a column that hardly varied"
    assert not any("outside of the training's" in warning for warning in found.warnings)


def test_where_the_data_end_the_limit_is_taken(model: Model, tmp_path: Path) -> None:
    """S_ab → x_a δ_ab beyond k = 25: as if the file had said so; and it is said."""
    found = predicted(model, fine_file(tmp_path, 25.0), network=PAPER)
    told = [note for note in found.notes if note.startswith("beyond k = 24.9")]
    assert len(told) == 1
    assert told[0].endswith(", where the data end, S_ab = x_a δ_ab was taken")
    assert any("the grid ends at k =" in note for note in found.notes), "g_c is less certain then"
    S = partials(T)
    S[:, K > 24.96] = [[0.8], [0.0], [0.2]]
    np.testing.assert_allclose(found.F, predicted(model, csv_file(tmp_path, S), network=PAPER).F, rtol=0, atol=0.01)


# --- outside ----------------------------------------------------------------------------------------------------------


def test_outside_of_the_training_it_is_said_how_far(model: Model, samples: TrainingSet, tmp_path: Path) -> None:
    """Colder than every known state, by a tenth of their range: T, g_c and some input."""
    cold = 1.0 - 0.1 * 1.8
    path = csv_file(tmp_path, partials(cold))
    found = predicted(model, path, cold)
    g = samples.critical_coupling
    unexamined, first, second, third = found.warnings
    assert unexamined == (
        "this model was never examined on a question of this kind (colder: the coldest learned from, of lj at rho = 1.2, is T = 1): its "
        "error is that of states at random, and nobody has measured whether it holds here"
    )
    assert first == "the temperature 0.82 is outside of the training's 1 … 2.8"
    place = f"{found.critical_coupling:.4g} is outside of the training's {g.min():.4g} … {g.max():.4g}"
    assert second == f"the critical coupling of S(k) {place}"
    assert third.startswith(
        f"some input lies {found.distance:.2g} times the width of the training's range outside of it"
    )
    known = np.stack([np.log(g), np.log(g) ** 2])
    assert found.distance == pytest.approx(widths_outside(known, np.log(found.critical_coupling) ** np.array([1, 2])))
    of_paper = predicted(model, path, cold, network=PAPER).distance
    known = np.concatenate([samples.structure_factor.reshape(6, -1).T, samples.temperature[None]])
    assert of_paper == pytest.approx(widths_outside(known, np.append(partials(cold).ravel(), cold)))


def widths_outside(known: np.ndarray, asked: np.ndarray) -> float:
    """The largest over all columns, each a row of `known`."""
    found = [
        max(column.min() - value, value - column.max(), 0.0) / np.ptp(column)
        for column, value in zip(known, asked, strict=True)
    ]
    return max(found)


def test_another_density_is_outside(model: Model, tmp_path: Path) -> None:
    found = predicted(model, csv_file(tmp_path), density=1.3)
    assert "the density 1.3 is outside of the training's 1.2 … 1.2" in found.warnings


@pytest.mark.parametrize("network", [DECAY, PAPER])
def test_an_unseen_potential_is_a_guess_that_must_be_asked_for(
    network: str, model: Model, usual: dict[str, Prediction], tmp_path: Path
) -> None:
    """Its F is that of the same S(k) with a potential that was seen: nothing was learned of the difference."""
    path = csv_file(tmp_path)
    with pytest.raises(
        InvalidInput,
        match=r"--potential is 'wca', which this model never saw; allowed: lj; train .* or type --extrapolate",
    ):
        predicted(model, path, potential="wca", network=network)
    found = predicted(model, path, potential="wca", extrapolate=True, network=network)
    assert "the potential 'wca' was never seen in training (lj)" in found.warnings
    np.testing.assert_array_equal(found.F, usual[network].F)


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["temperature", "density"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_an_impossible_state_is_refused(name: str, value: float, model: Model, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=f"--{name} is {value:g}; allowed: a finite number above 0"):
        predicted(model, csv_file(tmp_path), **{name: value})


def test_what_is_no_structure_factor_is_refused(model: Model, tmp_path: Path) -> None:
    """Another normalisation, a gap, a disorder, one species, another unit of length: each with its remedy."""
    S = partials(T)
    gap = S.copy()
    gap[1, 30] = np.nan
    swapped = K.copy()
    swapped[[3, 4]] = K[[4, 3]]
    for path, words in [
        (lambda: csv_file(tmp_path, S / [[0.8], [0.3], [0.2]]), "--normalisation ashcroft-langreth"),
        (lambda: csv_file(tmp_path, gap), "AB is nan; allowed: a finite number"),
        (lambda: csv_file(tmp_path, S, swapped), "sort the rows by k"),
        (lambda: csv_file(tmp_path, S[:1], header="k,AA"), "allowed: one fraction for each of 1 species"),
        (lambda: csv_file(tmp_path, S, 10 * K), "same unit of length"),
        (lambda: fine_file(tmp_path, 12.0), "the range may be too short"),
    ]:
        with pytest.raises(InvalidInput) as caught:
            predicted(model, path())
        assert words in str(caught.value)


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_prediction_is_written_as_csv(usual: dict[str, Prediction], tmp_path: Path) -> None:
    found = usual[DECAY]
    found.write(tmp_path / "F.CSV")
    with (tmp_path / "F.CSV").open() as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["t", "A", "A_error", "B", "B_error"]
    read = {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}
    np.testing.assert_allclose(read["t"], found.lag_time, rtol=1e-7)
    for a, species in enumerate("AB"):
        np.testing.assert_allclose(read[species], found.F[:, a], atol=5.1e-7)
        np.testing.assert_allclose(read[f"{species}_error"], found.error[:, a], atol=5.1e-7)


def test_a_prediction_is_written_as_netcdf(model: Model, tmp_path: Path) -> None:
    """Every variable as declared, with what was said of it and where it comes from."""
    found = predicted(model, csv_file(tmp_path, partials(0.82)), 0.82)
    found.write(tmp_path / "F.nc", {"model": "somewhere", "temperature": 0.82})
    data = read_netcdf(tmp_path / "F.nc")
    assert set(data.data_vars) == set(ONE_PREDICTION_VARIABLES)
    for name, variable in ONE_PREDICTION_VARIABLES.items():
        assert data[name].dims == variable.dims
    np.testing.assert_array_equal(data["predicted_scattering"].sel(species="B"), found.F[:, 1])
    np.testing.assert_array_equal(data["predicted_scattering_error"].sel(species="A"), found.error[:, 0])
    np.testing.assert_array_equal(data["t"], found.lag_time)
    assert float(data["distance"]) == found.distance > 0
    assert float(data["mct_critical_coupling"]) == found.critical_coupling
    assert (data.attrs["network"], data.attrs["model"], data.attrs["temperature"]) == (DECAY, "somewhere", 0.82)
    for said in found.warnings:
        assert said in data.attrs["notes"]
