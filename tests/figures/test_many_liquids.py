"""Figures of five liquids of one, two and three species: each is named by its own record, and species that it lacks are not."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from glassdask.datasets.liquids import described
from glassdask.datasets.netcdf import dataset
from glassdask.datasets.schema.variables import (
    CRITICAL_VARIABLES,
    CUBE_VARIABLES,
    STATE_DIMENSIONS,
    STATE_VARIABLES,
    Variable,
)
from glassdask.figures.catalogue import FIGURES
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE, PREDICTIONS
from glassdask.figures.drawing.panels import panels
from glassdask.figures.drawing.style import LINES, NAMED, pair_colours
from glassdask.figures.measured import state_curves
from glassdask.observables.catalogue import OFFERED, variables_of
from glassdask.physics.interactions.pair_potential import PairPotential, lennard_jones
from glassdask.physics.interactions.repulsion import InversePower
from glassdask.physics.liquids.catalogue import liquid_named
from glassdask.physics.liquids.liquid import SPECIES, Liquid, pairs_of
from glassdask.physics.structure.bipolar_grid import bipolar_wavenumbers
from tests.figures.learned.test_learning_figures import predictions


def liquid(name: str, n_species: int, **changes) -> Liquid:
    """Of equal parts and equal particles."""
    one = dict.fromkeys(pairs_of(n_species), 1.0)
    composition = dict.fromkeys(SPECIES[:n_species], 1.0 / n_species)
    return replace(
        Liquid(name, f"The {name} liquid", name, composition, lennard_jones(one, one, 2.5), "somebody"), **changes
    )


OWN = [
    liquid("one", 1),
    liquid("soft", 2, pairs=dict.fromkeys(pairs_of(2), PairPotential(1.0, 1.0, 2.0, InversePower(12.0)))),
    liquid("three", 3, critical_temperatures={0.9: 0.5}),
]
LIQUIDS = {one.name: one for one in [liquid_named("lj"), *OWN, liquid_named("wca")]}
DENSITIES = {"lj": (1.2,), "one": (0.9,), "soft": (0.9, 1.4), "three": (0.9,), "wca": (1.2,)}
COORDINATES = {
    "potential": np.array(list(LIQUIDS)),
    "T": np.array([0.3, 1.0, 9.0]),
    "rho": np.array([0.9, 1.2, 1.4]),
    "pair": np.array(pairs_of(3)),
    "species": np.array(SPECIES[:3]),
    "k": bipolar_wavenumbers(),
    "k_fine": np.linspace(0.05, 39.95, 200),
    "t": np.array([0.0, *np.geomspace(0.03, 300.0, 20)]),
    "t_mct": np.array([0.0, *np.geomspace(0.03, 1e4, 20)]),
    "dynamics": np.array(["newtonian", "overdamped"]),
    "n_exp": np.array([1, 2]),
    "mode": np.array([1, 2]),
    "chosen": np.array([0]),
    "r": np.linspace(0.01, 4.99, 250),
    "van_hove_lag": np.arange(8),
}


def filled(schema: Mapping[str, Variable], dims: tuple[str, ...]) -> xr.Dataset:
    """Every variable of the schema with values between 0.3 and 0.6, decays along t; NaN at the densities, species and pairs
    that a liquid lacks."""
    random = np.random.default_rng(1)
    sizes = {name: len(values) for name, values in COORDINATES.items()}
    drawn = {name for figure in FIGURES.values() for name in figure.variables} & set(schema)
    values = {}
    for name in drawn:
        everywhere = (*dims, *schema[name].dims)
        values[name] = random.uniform(0.3, 0.6, [sizes[dim] for dim in everywhere])
        if everywhere[-1] in ("t", "t_mct"):
            values[name] *= np.exp(-np.sqrt(COORDINATES[everywhere[-1]] / 30.0))
    if "status" in drawn:
        values["status"] = np.ones(values["status"].shape)
    axes = {name: COORDINATES[name] for name in {*dims, *(dim for name in drawn for dim in schema[name].dims)}}
    data = dataset(values, axes, {name: schema[name] for name in drawn}, dims)
    for name in [name for name in drawn if schema[name].dtype.startswith("float")]:
        data[name] = data[name].where(has_density(data)).where(has_label(data[name]))
    return data.assign_attrs(liquids=described(LIQUIDS.values()), mode_coupling_dynamics="newtonian")


def has_density(data: xr.Dataset) -> xr.DataArray:
    found = [[rho in DENSITIES[name] for rho in data["rho"].values] for name in data["potential"].values]
    return xr.DataArray(found, {"potential": data["potential"], "rho": data["rho"]})


def has_label(values: xr.DataArray) -> xr.DataArray | bool:
    for dim in ("species", "pair"):
        if dim in values.dims:
            found = [
                [set(label) <= set(LIQUIDS[str(name)].species) for label in values[dim].values]
                for name in values["potential"].values
            ]
            return xr.DataArray(found, {"potential": values["potential"], dim: values[dim]})
    return True


@pytest.fixture(scope="module")
def cube() -> xr.Dataset:
    return filled({**STATE_VARIABLES, **variables_of(OFFERED), **CUBE_VARIABLES}, STATE_DIMENSIONS)


@pytest.fixture(scope="module")
def sources(cube: xr.Dataset) -> dict[str, xr.Dataset]:
    """Critical temperatures of two liquids were found; networks predict four."""
    critical = filled(CRITICAL_VARIABLES, ("potential", "rho"))
    found = critical["potential"].isin(["lj", "soft"])
    critical = critical.assign({name: critical[name].where(found) for name in critical if "critical" in str(name)})
    predicted = predictions(("lj", "one", "soft", "three"), (1.2, 1.4)).assign_attrs(cube.attrs)
    return {CUBE: cube, CRITICAL: critical, PREDICTIONS: predicted}


@pytest.mark.parametrize("name", [name for name, figure in FIGURES.items() if "examinations" not in figure.sources])
def test_a_figure_names_the_liquids_and_is_no_long_row(
    name: str, sources: dict[str, xr.Dataset], tmp_path: Path
) -> None:
    data = FIGURES[name].data(sources)
    assert data is not None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = FIGURES[name].save(data, tmp_path / "figure.svg").read_text(encoding="utf-8")
    width = re.search(r'<svg .*width="([\d.]+)pt"', text)
    assert width is not None
    assert float(width[1]) / 72 < 12.5, "inches: panels are wrapped"
    if name != "memory_modes":  # medians of all liquids
        assert "The soft liquid" in text
    assert "one, ρ" not in text, "titles, not names"


def test_panels_are_those_that_were_measured(cube: xr.Dataset) -> None:
    """Each at its own densities, three in a line; a temperature has one colour, whatever the liquid."""
    figure = Figure()
    found = {panel.title: panel for panel in panels(cube, figure, "peak_scattering")}
    assert list(found) == [
        "Lennard-Jones, ρ = 1.2",
        "The one liquid, ρ = 0.9",
        "The soft liquid, ρ = 0.9",
        "The soft liquid, ρ = 1.4",
        "The three liquid, ρ = 0.9",
        "WCA, ρ = 1.2",
    ]
    assert {axes.get_gridspec().get_geometry() for axes in figure.axes} == {(2, 3)}  # type: ignore[union-attr]
    assert len({panel.scale for panel in found.values()}) == 1


def test_of_many_liquids_at_many_densities_some_are_drawn(cube: xr.Dataset) -> None:
    many = xr.concat([cube.sel(rho=[1.2]).assign_coords(rho=[rho]) for rho in np.linspace(1.0, 2.0, 8)], "rho")
    of_lj = many["peak_scattering"].sel(potential="lj").drop_vars("potential")
    everywhere = many.assign(peak_scattering=many["peak_scattering"].fillna(of_lj))
    found = [panel.title for panel in panels(everywhere, Figure(), "peak_scattering")]
    assert len(found) == 10
    assert [title for title in found if "one liquid" in title] == ["The one liquid, ρ = 1", "The one liquid, ρ = 2"]


def test_the_species_of_a_panel_are_those_of_its_liquid(sources: dict[str, xr.Dataset], tmp_path: Path) -> None:
    data = FIGURES["scattering"].data(sources)
    assert data is not None
    text = FIGURES["scattering"].save(data, tmp_path / "figure.svg").read_text(encoding="utf-8")
    lines = [re.findall(r"[A-E] (?:solid|dashed|dash-dotted)", line) for line in text.splitlines() if " solid" in line]
    assert sorted(map(len, lines)) == [1, 2, 2, 2, 2, 3]


def test_a_caption_says_what_its_data_hold(sources: dict[str, xr.Dataset]) -> None:
    words = {name: FIGURES[name].caption_of(FIGURES[name].data(sources) or xr.Dataset()).text for name in sources_of()}
    assert ": A solid, B dashed, C dash-dotted, a colour a temperature" in words["scattering"]
    assert "hollow, values as published." in words["critical_temperature"]
    assert words["critical_temperature"].endswith("Nothing to draw of: The one liquid, The three liquid, WCA.")
    assert "Nothing" not in words["scattering"]
    assert "temperatures or 2 densities the figure draws some" in words["scattering"]
    of_paper = {name: data.sel(potential=["lj", "wca"], species=["A", "B"]) for name, data in sources.items()
                if name != PREDICTIONS}  # fmt: skip
    critical = FIGURES["critical_temperature"]
    assert "hollow, the paper's Table 1." in critical.caption_of(critical.data(of_paper) or xr.Dataset()).text
    two = FIGURES["scattering"]
    assert "A solid, B dashed, a colour" in two.caption_of(two.data(of_paper) or xr.Dataset()).text


def sources_of() -> tuple[str, ...]:
    return "scattering", "critical_temperature"


@pytest.mark.parametrize("n_species", [1, 2, 3, 5])
def test_a_state_of_any_species_is_drawn(n_species: int, tmp_path: Path) -> None:
    t, k = COORDINATES["t"], COORDINATES["k"]
    curves: dict = {"t": t, "k": k, "k_p": 7.0, "t_mct": t}
    for name in SPECIES[:n_species]:
        curves |= {f"F_{name}": np.exp(-t), f"F_{name}_error": 0.01 * t, f"F_mct_{name}": np.exp(-t / 2)}
    for pair in pairs_of(n_species):
        curves |= {f"S_{pair}": 1 + np.cos(k) / (1 + k), f"S_{pair}_error": 0.01 * k}
    text = state_curves.draw(curves, "a state", tmp_path / "state.svg").read_text(encoding="utf-8")
    words = re.findall(r">([A-E]{1,2})</text>", text)
    assert words == [*SPECIES[:n_species], *pairs_of(n_species)]


def test_no_two_pairs_look_the_same() -> None:
    looks = pair_colours(pairs_of(5))
    assert list(looks) == list(pairs_of(5))
    assert len(set(looks.values())) == 15
    assert [colour for colour, _ in pair_colours(pairs_of(2)).values()] == [NAMED[0], NAMED[2], NAMED[1]]
    assert len(LINES) == len(SPECIES)
