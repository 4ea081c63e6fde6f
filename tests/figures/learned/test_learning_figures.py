"""Figures of what networks predict: drawn without a warning of many states and of few, with T_mct and without."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest
import xarray as xr

from glassdask.datasets.netcdf import dataset, unfilled
from glassdask.datasets.schema.learning_variables import EXAMINATION_VARIABLES, PREDICTION_VARIABLES
from glassdask.datasets.schema.variables import STATE_DIMENSIONS
from glassdask.figures.catalogue import draw_all
from glassdask.figures.drawing.campaign_figure import EXAMINATIONS, PREDICTIONS
from glassdask.figures.drawing.colour_scales import temperature_scale
from glassdask.figures.drawing.panels import evenly
from glassdask.figures.drawing.style import NAMED
from glassdask.figures.learned import predicted_scattering, prediction_of_structure, transfer

NETWORKS = ["decay network", "paper's network"]
MODELS = [*NETWORKS, "mode-coupling theory", "ridge"]
T = np.geomspace(0.1, 1e4, 20)
NOMINAL = np.array([0.1, 0.3, 0.5, 0.683, 0.9, 0.954])


def predictions(
    potentials: Sequence[str] = ("lj", "wca"),
    densities: Sequence[float] = (1.2, 1.4),
    n: int = 8,
    has_T_mct: bool = True,
) -> xr.Dataset:
    """Of n temperatures; the last (potential, density) of several is empty, and the last times were not measured."""
    temperatures = np.linspace(0.6, 3.0, n)
    theta = temperatures[None, :, None] / (0.5 * np.array(densities)) + np.zeros((len(potentials), 1, 1))
    tau = 5 * np.exp(4 / theta)[..., None, None] * np.array([1.0, 0.5])[:, None]
    F = np.exp(-((T / tau) ** 0.8))
    measured = F.copy()
    measured[..., 15:] = np.nan
    if len(potentials) * len(densities) > 1:
        measured[-1, :, -1], F[-1, :, -1] = np.nan, np.nan
    values = {
        "predicted_scattering": np.stack([F, 0.95 * F], axis=3),
        "predicted_scattering_error": np.full((*F.shape[:3], 2, *F.shape[3:]), 0.02),
        "peak_scattering": measured,
        "peak_scattering_error": np.where(np.isfinite(measured), 0.01, np.nan),
        "mct_peak_scattering": F**2,
        "reduced_temperature": theta if has_T_mct else np.full(theta.shape, np.nan),
    }
    coordinates = {"potential": list(potentials), "T": temperatures, "rho": np.array(densities)}
    coordinates |= {"model": NETWORKS, "species": ["A", "B"], "t": T}
    return dataset(values, coordinates, PREDICTION_VARIABLES, STATE_DIMENSIONS)


def examinations(kinds: Sequence[str] = ("random",), n_states: int = 12, has_T_mct: bool = True) -> xr.Dataset:
    """Every state tested at random, one in three in the other examinations."""
    random = np.random.default_rng(1)
    sizes = {
        "examination": len(kinds),
        "model": 4,
        "state": n_states,
        "error_bar": 4,
        "nominal": NOMINAL.size,
        "question": 2,
        "share": 2,
        "knowledge": 3,
    }
    values: dict[str, Any] = unfilled(EXAMINATION_VARIABLES, sizes)
    temperature = np.linspace(0.5, 3.0, n_states)
    r2 = 1 - 10 ** random.uniform(-4, 0, (len(kinds), 4, n_states))
    r2[1:, :, ::3] = np.nan
    values |= {
        "kind": list(kinds),
        "threshold": [1.2 if kind == "temperature" else np.nan for kind in kinds],
        "best_baseline": ["ridge"] * len(kinds),
        "best_of_knowledge": [["ridge"] * 3] * len(kinds),
        "chosen": ["a recipe"] * len(kinds),
        "state_potential": ["lj"] * n_states,
        "state_temperature": temperature,
        "reduced_temperature": temperature / 0.9 if has_T_mct else np.full(n_states, np.nan),
        "r2_by_state": r2,
        "coverage": np.clip(NOMINAL * np.array([[0.4], [1.0], [0.6], [0.95]]), 0, 1),
    }
    coordinates = {
        "examination": [f"{kind} {number}" for number, kind in enumerate(kinds)],
        "model": MODELS,
        "state": [f"state {number}" for number in range(n_states)],
        "error_bar": [f"{name}: {bar}" for name in NETWORKS for bar in ("spread", "calibrated error")],
        "nominal": NOMINAL,
        "knowledge": ["its own S(k)", "its series", "both"],
    }
    return dataset(values, coordinates, EXAMINATION_VARIABLES)


KINDS = ("random", "temperature", "temperature", "potential", "potential", "density", "density")
DRAWN = {
    "predictions of a state": (predicted_scattering, lambda: predictions(("wca",), (1.2,), 1)),
    "predictions without T_mct": (predicted_scattering, lambda: predictions(("lj",), (1.2,), has_T_mct=False)),
    "predictions of a network": (predicted_scattering, lambda: predictions(("lj",), (1.2,)).isel(model=[0])),
    "transfer of one": (transfer, examinations),
    "transfer of three states": (transfer, lambda: examinations(n_states=3)),
    "transfer without T_mct": (transfer, lambda: examinations(("random", "potential"), has_T_mct=False)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The figures of a study of many states."""
    home = tmp_path_factory.mktemp("study")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = draw_all({EXAMINATIONS: examinations(KINDS), PREDICTIONS: predictions()}, home / "figures")
    assert [path.name for path in paths] == ["predicted_scattering.png", "transfer.png", "calibration.png"]
    assert sorted(paths) == sorted((home / "figures").iterdir())
    return home / "figures"


def image_of(path: Path) -> np.ndarray:
    return matplotlib.image.imread(path)[..., :3]


def n_pixels(image: np.ndarray, colour: Any) -> int:
    """Of exactly this colour."""
    return int((np.abs(image - np.array(mpl.colors.to_rgb(colour))) < 0.02).all(axis=-1).sum())


def is_drawn(path: Path) -> bool:
    """Curves on white paper, of some size."""
    image = image_of(path)
    return min(image.shape[:2]) > 400 and 0.005 < float(np.any(image < 0.9, axis=-1).mean()) < 0.5


@pytest.mark.parametrize("name", ["predicted_scattering", "transfer", "calibration"])
def test_the_figures_of_many_states_are_drawn(name: str, folder: Path) -> None:
    assert is_drawn(folder / f"{name}.png")


@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_drawn_without_a_warning(name: str, tmp_path: Path) -> None:
    module, data = DRAWN[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = module.draw(data(), tmp_path / "folder" / "figure.png")
    assert is_drawn(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_figure_of_one_structure_is_drawn(tmp_path: Path) -> None:
    """Both species in their colours, also where nothing decays."""
    F = np.exp(-(T[:, None] / np.array([500.0, 50.0])))
    for number, curve in enumerate((F, np.ones_like(F))):
        path = prediction_of_structure.draw(
            T, curve, np.full_like(F, 0.02), "a title", tmp_path / str(number) / "F.png"
        )
        assert is_drawn(path)
        assert n_pixels(image_of(path), NAMED[1]) > 100
    assert n_pixels(image_of(tmp_path / "0" / "F.png"), NAMED[0]) > 100


def test_temperatures_are_told_by_their_colours(tmp_path: Path) -> None:
    """Five of eight, coldest and hottest among them; points and lines of each are there."""
    data = predictions(("lj",), (1.2,), 8)
    image = image_of(predicted_scattering.draw(data, tmp_path / "figure.png"))
    drawn = map(temperature_scale(data).colour, evenly(data["T"].values, 5))
    assert all(n_pixels(image, colour[:3]) > 50 for colour in drawn)


def test_an_empty_panel_stays_empty(folder: Path) -> None:
    """Of WCA at 1.4 nothing was measured: there is less ink in that corner than in the others."""
    image = image_of(folder / "predicted_scattering.png")
    ink: np.ndarray = np.any(image < 0.9, axis=-1)
    height, width = ink.shape
    corners = [ink[: height // 2, width // 2 :].mean(), ink[height // 2 :, : width // 2].mean()]
    assert ink[height // 2 :, width // 2 :].mean() < 0.2 * min(corners)


def test_networks_and_the_best_baseline_are_drawn_and_others_are_not(folder: Path) -> None:
    image = image_of(folder / "transfer.png")
    assert all(n_pixels(image, colour) > 100 for colour in NAMED[:3])
    assert n_pixels(image, NAMED[3]) == 0


def test_an_examination_without_scores_makes_no_failure(tmp_path: Path) -> None:
    """Curves that do not vary have no R²: an empty panel."""
    data = examinations(("random", "temperature"))
    data["r2_by_state"][0] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert is_drawn(transfer.draw(data, tmp_path / "folder" / "figure.png"))
