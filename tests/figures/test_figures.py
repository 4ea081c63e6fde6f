"""Figures from a real campaign and from one as large as the paper's: drawn, not empty, and told apart by eye."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import glassdask
from glassdask.campaign.definition.campaign import Campaign
from glassdask.datasets.netcdf import dataset
from glassdask.datasets.schema.variables import CRITICAL_VARIABLES
from glassdask.figures.catalogue import FIGURES
from glassdask.figures.drawing import campaign_figure
from glassdask.figures.drawing.campaign_figure import CUBE
from glassdask.figures.drawing.colour_scales import ColourScale, density_colours
from glassdask.figures.drawing.panels import panels
from glassdask.figures.drawing.style import MARKERS, NAMED, styled
from glassdask.figures.theory import critical_temperature, nonergodicity
from glassdask.physics.liquids.catalogue import LIQUIDS
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from glassdask.stages.collect.campaign_figures import draw_campaign_figures

#: Those that show every state of a cube.
OF_ALL_STATES = [
    "structure_factor",
    "scattering",
    "relaxation_time",
    "quality",
    "mode_coupling",
    "memory",
    "memory_modes",
]
#: Simulation of deuteranopia on linear RGB: Machado, Oliveira, Fernandes, IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009).
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)


@pytest.fixture(scope="module")
def cube(tiny: Campaign) -> xr.Dataset:
    with glassdask.open_campaign(tiny.folder) as data:
        return data.load()


@pytest.fixture(scope="module")
def large(cube: xr.Dataset) -> xr.Dataset:
    """As many states as in the paper: 30 temperatures at each of three densities; one panel and one state are empty."""
    parts = []
    for rho in (1.2, 1.4, 1.6):
        hot = [cube.sel(T=[2.0]).assign_coords(T=[T], rho=[rho]) for T in np.geomspace(0.3, 9.0, 30)]
        parts.append(xr.concat(hot, "T"))
    data = xr.concat(parts, "rho")
    measured = (data["rho"] < 1.5) | (data["potential"] == "lj")
    return data.where(measured & (data["T"] > 0.301)).assign(status=data["status"].where(measured, 0))


@pytest.fixture(scope="module")
def critical() -> xr.Dataset:
    """Critical temperatures near the paper's at four densities; the last of WCA was not found."""
    k, rho = bipolar_wavenumbers(), np.array([1.2, 1.4, 1.6, 1.8])
    values = {name: np.zeros((2, 4, *({"pair": 3, "species": 2, "k": 100, "error_source": 6}[d] for d in variable.dims)), object if
              variable.dtype == "str" else float) for name, variable in CRITICAL_VARIABLES.items()}  # fmt: skip
    values["critical_temperature"] = np.array([list(LIQUIDS[p].critical_temperatures.values()) for p in ("lj", "wca")])
    values["critical_temperature"][1, 3] = np.nan
    values["critical_temperature_error"] = 0.01 * values["critical_temperature"]
    values["critical_nonergodicity"][...] = 0.9 * np.exp(-((k / 20.0) ** 2)) + 0.05 * np.cos(k) * np.exp(-k / 10)
    values["critical_self_nonergodicity"][...] = np.exp(-((k / 15.0) ** 2))
    coordinates = {"potential": ["lj", "wca"], "rho": rho, "k": k, "pair": ["AA", "AB", "BB"], "species": ["A", "B"]}
    return dataset(values, coordinates, CRITICAL_VARIABLES, ("potential", "rho"))


def luminance(colour: np.ndarray) -> float:
    """CIE Y of an sRGB colour."""
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def linear(colour: np.ndarray) -> np.ndarray:
    """sRGB to linear RGB."""
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def shows_curves(path: Path) -> bool:
    """Curves on white paper, of some size."""
    image = matplotlib.image.imread(path)[..., :3]
    return min(image.shape[:2]) > 400 and 0.005 < float((image < 0.9).any(axis=-1).mean()) < 0.5


@pytest.fixture(scope="module")
def drawn(tiny: Campaign, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The files of the tiny campaign's report, drawn without a warning; nothing else lies beside them."""
    folder = tmp_path_factory.mktemp("report") / "figures"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paths = draw_campaign_figures(tiny.folder / "observables.nc", tiny.folder / "critical_temperature.nc", folder)
    assert sorted(folder.iterdir()) == sorted(paths)
    return paths


def test_the_report_draws_all(drawn: list[Path]) -> None:
    assert [path.name for path in drawn] == [
        "structure_factor.png",
        "scattering.png",
        "relaxation_time.png",
        "pair_distribution.png",
        "mean_squared_displacement.png",
        "non_gaussian_parameter.png",
        "four_point_susceptibility.png",
        "van_hove.png",
        "mode_coupling.png",
        "collective_scattering.png",
        "memory.png",
        "memory_modes.png",
        "second_mode.png",
        "quality.png",
        "memory.md",
    ], "its temperatures lie on one side of T_mct, so that there are no critical points"
    pictures = [path for path in drawn if path.suffix == ".png"]
    assert all(path.stat().st_size > 10_000 and shows_curves(path) for path in pictures)


@pytest.mark.parametrize("name", OF_ALL_STATES)
def test_a_figure_of_many_states_is_drawn_without_a_warning(name: str, large: xr.Dataset, tmp_path: Path) -> None:
    """From its own variables, as reports draw it: to choose states of all others costs more than the figure."""
    data = FIGURES[name].data({CUBE: large})
    assert data is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = FIGURES[name].save(data, tmp_path / "folder" / "figure.png")
    assert shows_curves(path)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", OF_ALL_STATES)
def test_of_a_campaign_larger_than_memory_it_reads_some_and_says_so(
    name: str, large: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = FIGURES[name].data({CUBE: large})
    assert whole is not None
    assert "too large" not in FIGURES[name].caption_of(whole).text
    monkeypatch.setattr(campaign_figure, "MOST_BYTES", 1)
    data = FIGURES[name].data({CUBE: large})
    assert data is not None
    assert data.sizes["T"] < 5
    assert data.attrs["temperature_range"] == whole.attrs["temperature_range"]
    assert f"are {data.sizes['T']} of 30 temperatures, evenly chosen" in FIGURES[name].caption_of(data).text
    assert shows_curves(FIGURES[name].save(data, tmp_path / "figure.png"))


def test_critical_points_are_drawn_where_they_were_found(
    cube: xr.Dataset, critical: xr.Dataset, tmp_path: Path
) -> None:
    """And nothing where there are none: of this campaign no state has been reduced."""
    without_data(cube).to_netcdf(tmp_path / "cube.nc")
    critical.to_netcdf(tmp_path / "critical.nc")
    paths = draw_campaign_figures(tmp_path / "cube.nc", tmp_path / "critical.nc", tmp_path / "figures")
    assert {path.name for path in paths} == {"nonergodicity.png", "critical_temperature.png"}


def without_data(cube: xr.Dataset) -> xr.Dataset:
    """The same states, none of which was measured."""
    return cube.map(lambda values: values * np.nan if values.dtype.kind == "f" else values)


@pytest.mark.parametrize("module", [nonergodicity, critical_temperature], ids=["nonergodicity", "critical_temperature"])
def test_a_figure_of_critical_points_is_drawn_without_a_warning(module, critical: xr.Dataset, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = module.draw(critical, tmp_path / "figure.png")
    assert shows_curves(path)


def test_densities_are_told_apart_without_colour() -> None:
    steps = [luminance(np.array(colour[:3])) for colour in density_colours(np.arange(4))]
    assert np.all(np.diff(steps) < -0.05)
    assert steps[0] < 0.75


def test_a_campaign_without_data_has_no_figures(cube: xr.Dataset, critical: xr.Dataset, tmp_path: Path) -> None:
    without_data(cube).to_netcdf(tmp_path / "empty.nc")
    nowhere = critical.where(critical["rho"] > 9)
    nowhere.assign(message=critical["message"]).to_netcdf(tmp_path / "critical.nc")
    assert draw_campaign_figures(tmp_path / "empty.nc", tmp_path / "critical.nc", tmp_path / "figures") == []


def test_what_was_drawn_is_there(drawn: list[Path]) -> None:
    """The colours of both temperatures are on the paper, thousands of points of each."""
    image = matplotlib.image.imread(drawn[0])[..., :3]
    for colour in map(ColourScale(1.0, 2.0).colour, (1.0, 2.0)):
        assert np.count_nonzero(np.abs(image - colour[:3]).max(axis=-1) < 0.02) > 500


def test_a_temperature_has_one_colour_in_all_panels(cube: xr.Dataset) -> None:
    found = {
        panel.title: (panel.temperatures.tolist(), panel.scale) for panel in panels(cube, Figure(), "structure_factor")
    }
    lj, wca = found["Lennard-Jones, ρ = 1.2"], found["WCA, ρ = 1.2"]
    assert (lj[0], wca[0]) == ([1.0, 2.0], [2.0])
    assert lj[1] == wca[1]


def test_empty_panels_are_left_out(large: xr.Dataset) -> None:
    found = list(panels(large, Figure(), "structure_factor"))
    assert len(found) == 5
    assert {len(panel.temperatures) for panel in found} == {29}


@pytest.mark.parametrize("count", [2, 5, 8])
def test_temperatures_are_told_apart_without_colour(count: int) -> None:
    """Cold is dark and hot is light; eight steps of luminance are what the eye separates on paper."""
    T = np.geomspace(0.5, 3.0, count)
    steps = [luminance(np.array(ColourScale(0.5, 3.0).colour(one)[:3])) for one in T]
    assert np.all(np.diff(steps) > 0.02)
    assert steps[-1] < 0.75, "the lightest is still seen on white"


def test_names_are_told_apart_by_everybody() -> None:
    """Okabe and Ito's colours, seen with deuteranopia: every pair differs by a tenth of the range in some channel."""
    colours = [DEUTERANOPIA @ linear(np.array(mpl.colors.to_rgb(name))) for name in NAMED]
    for i, one in enumerate(colours):
        for other in colours[:i]:
            assert np.abs(one - other).max() > 0.1
    assert len(set(MARKERS)) == len(MARKERS)


def test_the_users_settings_stay_as_they_were() -> None:
    before = dict(mpl.rcParams)
    with styled():
        assert mpl.rcParams["axes.grid"]
    assert dict(mpl.rcParams) == before
