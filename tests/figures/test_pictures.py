"""What a reader sees: statements about the artists of every figure, drawn once, of a real campaign and of a large cube."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from glassdask.campaign.definition.campaign import Campaign
from glassdask.datasets.coverage import COVERAGE
from glassdask.datasets.cube import REMARKS
from glassdask.datasets.store import open_campaign
from glassdask.figures.catalogue import FIGURES
from glassdask.figures.comparison.draw_both import draw_both
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE, EXAMINATIONS, PREDICTIONS
from glassdask.figures.drawing.log_ticks import has_plain_numbers
from glassdask.figures.measured import state_curves
from glassdask.figures.memory.second_mode import is_determined, second_weight
from glassdask.stages.report.figure_sources import figure_sources
from tests.figures.learned.test_learning_figures import examinations, predictions

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
#: Width of two columns of a paper, and the smallest letters that its readers read. [inch, points]
TWO_COLUMNS, SMALLEST = 7.1, 5.0
Pictures = dict[str, Figure]


@pytest.fixture(scope="module")
def small(tiny: Campaign) -> dict[str, xr.Dataset]:
    """The tiny campaign's files; critical points at one density, and a study of networks, are made up."""
    with figure_sources(tiny.folder) as opened:
        found = {name: data.load() for name, data in opened.items()}
    found[CRITICAL]["critical_temperature"][...] = 0.8
    found[CRITICAL]["critical_nonergodicity"][...] = 0.5
    return {**found, PREDICTIONS: predictions(), EXAMINATIONS: examinations(("random", "temperature"))}


@pytest.fixture(scope="module")
def large() -> dict[str, xr.Dataset]:
    """64 states of the workstation, at two of its densities, and its critical temperatures."""
    cube, critical = open_campaign(RESULTS / "workstation-observables.nc"), xr.open_dataset(RESULTS / "table1.nc")
    return {CUBE: cube.sel(rho=[1.2, 1.8]), CRITICAL: critical}


@pytest.fixture(scope="module")
def pictures(
    small: dict[str, xr.Dataset], large: dict[str, xr.Dataset], tmp_path_factory: pytest.TempPathFactory
) -> Pictures:
    """Every figure of both, one of a state and those that compare, each laid out once."""
    folder = tmp_path_factory.mktemp("pictures")
    found: Pictures = {}
    with pytest.MonkeyPatch.context() as patch:
        for kind, sources in (("small", small), ("large", large)):
            for name, figure in FIGURES.items():
                data = figure.data(sources)
                if data is not None:
                    found[f"{kind} {name}"] = laid_out(patch, partial(figure.save, data), folder)
        data = FIGURES["relaxation_time"].data(small)
        assert data is not None
        unfinished = data.assign_attrs(
            {COVERAGE: "3 of 8 states", REMARKS: "a state is longer than the others, by half"}
        )
        found["unfinished"] = laid_out(patch, partial(FIGURES["relaxation_time"].save, unfinished), folder)
        cube = small[CUBE]
        for name in ("relaxation_time", "structure_factor_fine", "peak_scattering"):
            compared: list[Figure] = []
            keep(patch, compared)
            draw_both(cube[[v for v in cube if str(v).startswith(name)]], cube, ("one", "other"), folder)
            found |= {f"compared {name}": one for one in compared}
        found["state"] = laid_out(patch, partial(state_curves.draw, a_state(), "a state"), folder)
    return found


def keep(patch: pytest.MonkeyPatch, kept: list[Figure]) -> None:
    """Figures are laid out where they would be written, and kept."""

    def savefig(figure: Figure, path: Path, **_: Any) -> None:
        figure.draw_without_rendering()
        Path(path).touch()
        kept.append(figure)

    patch.setattr(Figure, "savefig", savefig)


def laid_out(patch: pytest.MonkeyPatch, draw: Callable[[Path], Path], folder: Path) -> Figure:
    kept: list[Figure] = []
    keep(patch, kept)
    draw(folder / "figure.png")
    return kept[0]


def a_state() -> dict[str, Any]:
    t, k = np.geomspace(0.03, 300, 30), np.linspace(0.2, 39.8, 100)
    curves: dict[str, Any] = {"t": t, "k": k, "k_p": 7.2, "t_mct": t}
    for name in "AB":
        curves |= {f"F_{name}": np.exp(-t / 9), f"F_{name}_error": 0.01 * t, f"F_mct_{name}": np.exp(-t / 20)}
    return curves | {f"S_{pair}": 1 + np.cos(k) / (1 + k) for pair in ("AA", "AB", "BB")} | {
        f"S_{pair}_error": 0.01 * k for pair in ("AA", "AB", "BB")
    }  # fmt: skip


def points_of(axes: Axes) -> np.ndarray:
    """Points of all curves, bars and bands of a panel that are seen, in pixels, so near each other that no word lies between."""
    parts = []
    for line in axes.get_lines():
        xy = np.asarray(line.get_xydata(), dtype=float)
        if len(xy) and line.get_transform() == axes.transData:
            parts.append(dense(axes.transData.transform(xy), line.get_linestyle() not in ("None", "none")))
    for collection in axes.collections:
        if isinstance(collection, (LineCollection, PolyCollection)):
            parts += [dense(axes.transData.transform(path.vertices), True) for path in collection.get_paths()]
    points = np.concatenate([part[np.isfinite(part).all(axis=1)] for part in parts]) if parts else np.zeros((0, 2))
    box = axes.get_window_extent()
    return points[(points >= box.min).all(axis=1) & (points <= box.max).all(axis=1)]


def dense(xy: np.ndarray, is_joined: bool, step: float = 3.0) -> np.ndarray:
    """With points between neighbours, so that none is further than a few pixels from the next."""
    if not is_joined or len(xy) < 2:
        return xy
    parts = [xy]
    for one, other in pairwise(xy):
        n = np.abs(other - one).max() / step
        if np.isfinite(n) and n > 1:
            parts.append(one + np.linspace(0, 1, min(int(n) + 1, 2000))[:, None] * (other - one))
    return np.concatenate(parts)


def keys_of(figure: Figure) -> Iterator[tuple[str, Bbox]]:
    """Legends and words that stand on or beside panels, with their boxes."""
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
    words = [
        text for texts in (figure.texts, *(axes.texts for axes in figure.axes)) for text in texts if text.get_text()
    ]
    for artist in (*legends, *words):
        if artist is not None:
            name = artist.get_text() if isinstance(artist, Text) else "key"
            yield name, artist.get_window_extent()


def test_no_key_or_word_lies_over_a_curve(pictures: Pictures) -> None:
    assert len(pictures) > 25
    for name, figure in pictures.items():
        for axes in figure.axes:
            points = points_of(axes)
            for key, box in keys_of(figure):
                inside = (points > box.min).all(axis=1) & (points < box.max).all(axis=1)
                assert not inside.any(), f"{name}: {key!r} lies over {inside.sum()} points"


def test_no_words_lie_over_words(pictures: Pictures) -> None:
    for name, figure in pictures.items():
        boxes = list(keys_of(figure))
        for axes in (axes for axes in figure.axes if axes.axison):
            words = [axes.title, axes.xaxis.label, axes.yaxis.label]
            boxes += [(text.get_text(), text.get_window_extent()) for text in words if text.get_text()]
            boxes.append(("a panel", axes.get_window_extent()))
        for (one, box), (other, its_box) in combinations(boxes, 2):
            # letters may touch the edge of what is beside them: a pixel
            overlap = np.minimum(box.max, its_box.max) - np.maximum(box.min, its_box.min)
            assert not (overlap > 1.5).all(), f"{name}: {one!r} over {other!r}"


def colours_by_temperature(legend: Legend) -> dict[float, Any]:
    found = {}
    for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True):
        words = text.get_text().split()
        if words[:2] == ["T", "="]:
            lines = [handle] if isinstance(handle, Line2D) else list(handle.get_children())  # type: ignore[union-attr]
            found[float(words[2])] = mpl.colors.to_hex(
                next(one for one in lines if isinstance(one, Line2D)).get_color()
            )
    return found


@pytest.mark.parametrize("kind", ["small", "large"])
def test_a_temperature_has_one_colour_in_all_figures(kind: str, pictures: Pictures) -> None:
    """In every key; and every curve of such a figure has a colour of its key, or is no curve of a temperature."""
    by_temperature = defaultdict(set)
    n_keys = 0
    for name, figure in pictures.items():
        if not name.startswith(kind) or "predicted" in name:  # those are made up, of another campaign
            continue
        found: dict[float, Any] = {}
        for legend in legends_of(figure):
            found |= colours_by_temperature(legend)
        for T, colour in found.items():
            by_temperature[T].add(colour)
        n_keys += bool(found)
    assert n_keys > (8 if kind == "small" else 0)
    assert {len(colours) for colours in by_temperature.values()} == {1}
    bars = [axes for name, figure in pictures.items() if name.startswith(kind) for axes in figure.axes if is_bar(axes)]
    assert len({(axes.get_ylim(), axes.get_ylabel()) for axes in bars}) <= 1, "one colour bar for all"
    assert bool(bars) == (kind == "large")


def is_bar(axes: Axes) -> bool:
    return axes.get_label() == "<colorbar>"


def test_curves_have_the_colours_of_the_key(pictures: Pictures) -> None:
    figure = pictures["small scattering"]
    colours = set(colours_by_temperature(figure.legends[0]).values())
    drawn = {mpl.colors.to_hex(line.get_color()) for axes in figure.axes for line in axes.get_lines() if curve(line)}
    assert drawn == colours


def curve(line: Line2D) -> bool:
    return len(np.unique(np.asarray(line.get_ydata()))) > 2


def test_logarithmic_axes_have_ticks_of_whole_decades(pictures: Pictures) -> None:
    """Two or more of them are labelled, and nothing else; but for axes that say 1, 2, 5 in plain numbers."""
    n_axes = 0
    for name, figure in pictures.items():
        for axes in (axes for axes in figure.axes if axes.axison and not is_bar(axes)):
            for axis in (axes.xaxis, axes.yaxis):
                if axis.get_scale() == "log" and not has_plain_numbers(axis):
                    low, high = sorted(axis.get_view_interval())
                    ticks = [t for t in axis.get_majorticklocs() if low * 0.999 <= t <= high * 1.001]
                    np.testing.assert_allclose(np.log10(ticks) % 1, 0, atol=1e-9, err_msg=name)
                    assert len(ticks) > 1, name
                    assert not any(text.get_text() for text in axis.get_minorticklabels()), name
                    n_axes += 1
    assert n_axes > 30


def test_lines_that_guide_the_eye_are_named(pictures: Pictures) -> None:
    """Each line across a panel has a word at its height, or is in a key."""
    n_lines = 0
    for name, figure in pictures.items():
        keyed = {text.get_text() for key in legends_of(figure) for text in key.get_texts()}
        for axes in figure.axes:
            for line in axes.get_lines():
                x, y = (np.asarray(data, dtype=float) for data in line.get_data())
                if line.get_transform() == axes.transData or len(x) != 2:
                    continue
                words = [text for text in axes.texts if np.isclose(text.xy[1], y[0])]  # type: ignore[attr-defined]
                is_named = bool(words) or line.get_label() in keyed or ("learned above" in keyed and x[0] == x[1])
                assert is_named, f"{name}: a line at {x[0]:g}, {y[0]:g} has no name"
                n_lines += 1
    assert n_lines > 10


def legends_of(figure: Figure) -> list[Legend]:
    return [*figure.legends, *(legend for axes in figure.axes if (legend := axes.get_legend()) is not None)]


def test_words_are_read_in_two_columns_of_a_paper(pictures: Pictures) -> None:
    for name, figure in pictures.items():
        shrunk = min(TWO_COLUMNS / figure.get_figwidth(), 1.0)
        sizes = [float(text.get_fontsize()) for text in figure.findobj(Text) if text.get_text()]  # type: ignore[attr-defined]
        assert min(sizes) * shrunk > SMALLEST, name


def test_points_that_are_shifted_say_so(pictures: Pictures) -> None:
    [axes] = pictures["large critical_temperature"].axes
    assert "drawn 0.016 beside each other" in axes.get_title()
    ticks = set(axes.get_xticks())
    assert ticks == {1.2, 1.4, 1.6, 1.8}, "the densities themselves"


def test_memories_have_the_band_of_their_bootstrap(pictures: Pictures) -> None:
    """In every lower panel of the tiny campaign, a band a curve; and no word of bands where a cube has none."""
    small, large = pictures["small memory"], pictures["large memory"]
    words = {text.get_text() for text in small.legends[0].get_texts()}
    assert "two standard errors (bootstrap)" in words
    assert "two standard errors (bootstrap)" not in {text.get_text() for text in large.legends[0].get_texts()}
    below = [axes for axes in small.axes if axes.get_yscale() == "log"]
    bands = [[c for c in axes.collections if isinstance(c, PolyCollection)] for axes in below]
    assert below
    assert all(len(found) == len([line for line in axes.get_lines() if line.get_linestyle() == "-"])
               for found, axes in zip(bands, below, strict=True))  # fmt: skip


def test_second_modes_that_are_not_determined_are_hollow(large: dict[str, xr.Dataset], pictures: Pictures) -> None:
    """White faces in grey, as many as there are such states; the others are filled."""
    data = FIGURES["second_mode"].data(large)
    assert data is not None
    axes_row = pictures["large second_mode"].axes
    for column, axes in enumerate(axes_row):
        of_equation = data.isel(dynamics=column).sel(species="A")
        known, told = np.isfinite(second_weight(of_equation.sel(n_exp=2))[0]), is_determined(of_equation)
        marked = [line for line in axes.get_lines() if line.get_marker() not in ("None", "", "_", "|")]
        hollow, filled = (sum(n_points(line) for line in marked if is_white(line) == w) for w in (True, False))
        assert (hollow, filled) == ((known & ~told).sum(), (known & told).sum())
        assert hollow > 0


def n_points(line: Line2D) -> int:
    return int(np.size(line.get_xdata()))


def is_white(line: Line2D) -> bool:
    return mpl.colors.to_hex(line.get_markerfacecolor()) == "#ffffff"
