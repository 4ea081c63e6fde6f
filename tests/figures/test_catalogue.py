"""The table of figures: what each declares is what it draws; every format; data that hold all of a figure."""

from __future__ import annotations

import re
import sys
import zlib
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import xarray as xr

from glassdask.campaign.definition.campaign import Campaign
from glassdask.datasets.netcdf import read_netcdf
from glassdask.datasets.schema.learning_variables import EXAMINATION_VARIABLES, PREDICTION_VARIABLES
from glassdask.datasets.schema.variables import CRITICAL_VARIABLES, CUBE_VARIABLES, STATE_VARIABLES
from glassdask.errors import InvalidInput
from glassdask.figures import catalogue, measured
from glassdask.figures.catalogue import FIGURES, checked_names, draw_figures
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE, EXAMINATIONS, PREDICTIONS
from glassdask.observables.catalogue import OFFERED, variables_of
from glassdask.stages.report.figure_data import write_figure_data
from glassdask.stages.report.figure_sources import figure_sources
from tests.figures.learned.test_learning_figures import examinations, predictions

SCHEMAS = {
    CUBE: {**STATE_VARIABLES, **variables_of(OFFERED), **CUBE_VARIABLES},
    CRITICAL: CRITICAL_VARIABLES,
    PREDICTIONS: PREDICTION_VARIABLES,
    EXAMINATIONS: EXAMINATION_VARIABLES,
}


@pytest.fixture(scope="module")
def sources(tiny: Campaign) -> dict[str, xr.Dataset]:
    """The tiny campaign's files; critical points at one density, and a study of networks, are made up."""
    with figure_sources(tiny.folder) as opened:
        found = {name: data.load() for name, data in opened.items()}
    found[CRITICAL]["critical_temperature"][...] = 0.8
    found[CRITICAL]["critical_nonergodicity"][...] = 0.5
    return {**found, PREDICTIONS: predictions(), EXAMINATIONS: examinations(("random", "temperature"))}


@pytest.mark.parametrize("name", FIGURES)
def test_every_variable_is_one_of_the_schema(name: str) -> None:
    figure = FIGURES[name]
    known = {variable for source in figure.sources for variable in SCHEMAS[source]}
    assert set(figure.variables) <= known
    assert figure.shows in figure.variables


@pytest.mark.parametrize("name", FIGURES)
def test_every_caption_says_what_there_is_to_see(name: str) -> None:
    caption = FIGURES[name].caption
    assert all((caption.title, caption.paper, caption.text, caption.alt, caption.missing))
    assert re.search(r"1/σ_AA|τ_MD|ε_AA|without unit|k_BT", caption.text), "units"
    assert re.search(r"error|median", caption.text), "what bands are, or why there are none"
    assert len(caption.alt) > 40


@pytest.mark.parametrize("name", FIGURES)
def test_the_data_of_a_figure_hold_all_of_it(name: str, sources: dict[str, xr.Dataset], tmp_path: Path) -> None:
    """Drawn from its netCDF file alone, it is the same picture."""
    figure = FIGURES[name]
    data = figure.data(sources)
    assert data is not None
    files, _ = write_figure_data(data, name, tmp_path)
    assert files[0] == tmp_path / f"{name}.nc"
    kept = read_netcdf(files[0])
    assert set(kept.data_vars) == set(figure.variables), "no more than it draws"
    pictures = [figure.save(one, tmp_path / f"{i}.png") for i, one in enumerate((data, kept))]
    first, second = (matplotlib.image.imread(picture) for picture in pictures)
    np.testing.assert_array_equal(first, second)


def test_a_figure_without_its_file_or_values_is_not_drawn(sources: dict[str, xr.Dataset]) -> None:
    assert FIGURES["transfer"].data({CUBE: sources[CUBE]}) is None
    without = sources[CUBE].drop_vars([name for name in sources[CUBE].data_vars if "memory" in str(name)])
    assert FIGURES["memory"].data({CUBE: without}) is None
    one_mode = sources[CUBE].sel(n_exp=[1])
    assert FIGURES["second_mode"].data({**sources, CUBE: one_mode}) is None


def test_pdf_holds_text_in_truetype_fonts_and_no_date(sources: dict[str, xr.Dataset], tmp_path: Path) -> None:
    [(_, first)] = draw_figures(sources, tmp_path / "1", "pdf", ["relaxation_time"])
    [(_, second)] = draw_figures(sources, tmp_path / "2", "pdf", ["relaxation_time"])
    content = first.read_bytes()
    assert content == second.read_bytes(), "equal data, equal file"
    streams = [_inflated(part) for part in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)]
    everything = content + b"".join(streams)
    assert b"/FontFile2" in everything
    assert b"/Type3" not in everything
    assert b"/CreationDate" not in everything


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def test_svg_holds_text_and_no_date(sources: dict[str, xr.Dataset], tmp_path: Path) -> None:
    [(_, first)] = draw_figures(sources, tmp_path / "1", "svg", ["critical_temperature"])
    [(_, second)] = draw_figures(sources, tmp_path / "2", "svg", ["critical_temperature"])
    text = first.read_text()
    assert text == second.read_text()
    assert "hollow: Table 1 of the paper</text>" in text


def test_names_and_formats_are_checked(sources: dict[str, xr.Dataset], tmp_path: Path) -> None:
    assert checked_names(["memory", "scattering", "memory"]) == ["scattering", "memory"]
    with pytest.raises(InvalidInput, match="there is no figure 'memry'; allowed: structure_factor, "):
        checked_names(["memry"])
    with pytest.raises(InvalidInput, match="the format 'eps' is unknown; allowed: png, pdf, svg"):
        list(draw_figures(sources, tmp_path, "eps"))


_FILE = """
from glassdask.figures.drawing.campaign_figure import CUBE, CampaignFigure, Caption

FIGURE = CampaignFigure(25, None, (CUBE,), ("peak_scattering",), "peak_scattering", Caption("S", "none", "", "", ""))
"""


def test_another_figure_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that Python takes for a part of the room's: found, and in its place."""
    (tmp_path / "second_look.py").write_text(_FILE, encoding="utf-8")
    monkeypatch.setattr(measured, "__path__", [*measured.__path__, str(tmp_path)])
    names = list(catalogue.all_figures())
    del sys.modules["glassdask.figures.measured.second_look"]
    assert [name for name in names if name != "second_look"] == list(FIGURES)
    assert names[2:4] == ["second_look", "relaxation_time"]
