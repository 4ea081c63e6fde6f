"""The page that shows a campaign while it runs: phase diagrams, curves of a state, jobs, pace; one HTML file.

The figures are Bokeh's and are filled by ``campaign_page.js``, on the live page from the scheduler and in a file from
what the file itself holds. Nothing is loaded from anywhere else.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from bokeh.embed import components
from bokeh.models import ColumnDataSource, HoverTool, NumeralTickFormatter, Range1d, TapTool
from bokeh.plotting import figure
from bokeh.resources import Resources

from glassdask.figures.drawing.style import NAMED

_CELL = ("left", "right", "bottom", "top", "colour", "outline", "width", "state", "said")
_DASHES = ("solid", "dashed", "dotted", "dotdash")
#: Of curves; the program knows what each is on a dark ground.
_COLOURS = tuple(colour for colour in NAMED if colour != "#56B4E9")
#: Names in a line of a legend.
_ASIDE = 6
#: States above which cells are small.
_MANY = 1000
#: Densities of which each has its tick.
_MOST_TICKS = 12
_JOB_STATES = ("pending", "running", "ended")


def campaign_page(data: dict[str, Any], details: dict[str, Any] | None, refresh: float | None) -> str:
    """The page as HTML, self-contained: scripts, styles and data are in it.

    `data` is :meth:`glassdask.campaign.observe.campaign_view.CampaignView.full`; `details` by state what a click opens,
    None where the page asks the scheduler for it. After `refresh` seconds the page looks for news, a live page by
    asking the scheduler, a file by being loaded again; None: never.
    """
    found = data["states"]
    pairs = sorted(set(zip(found["potential"], found["rho"], strict=True)))
    curves = tuple(data["species"]), tuple(data["pairs"])
    script, places = _figures(
        tuple(pairs), tuple(data["titles"].items()), curves, tuple(data["stages"]), len(found["rho"])
    )
    held = {"data": data, "details": details, "refresh": refresh, "is_live": details is None}
    return _template().render(
        name=data["campaign"],
        bokeh=Resources(mode="inline", components=["bokeh"]).render_js(),
        figures=script,
        places=places,
        held=compact_json(held).replace("</", "<\\/"),  # it cannot end the script element that it stands in
        program=_text("campaign_page.js"),
        style=_text("campaign_page.css"),
    )


def compact_json(found: Any) -> str:
    """JSON, made dict by dict: in one call, that of thousands of states would keep every other thread waiting."""
    if not isinstance(found, dict):
        return json.dumps(found, separators=(",", ":"))
    return "{" + ",".join(f"{json.dumps(key)}:{compact_json(value)}" for key, value in found.items()) + "}"


@functools.cache
def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_text("campaign_page.html"))


@functools.lru_cache(maxsize=4)
def _figures(
    pairs: Sequence[tuple[str, float]],
    titles: Sequence[tuple[str, str]],
    curves: tuple[Sequence[str], Sequence[str]],
    stages: Sequence[str],
    n_states: int,
) -> tuple[str, dict[str, str]]:
    """Bokeh's script and the elements of every figure by name; the same for all pages of a campaign.

    `pairs` of potential and density, `titles` by potential, `curves` are species and pairs of species.
    """
    title_of = dict(titles)
    densities: dict[str, list[float]] = {}
    for potential, density in pairs:
        densities.setdefault(potential, []).append(density)
    drawn = {
        f"cells-{name}": _phase_diagram(name, title_of[name], found, n_states) for name, found in densities.items()
    }
    drawn |= {
        "scattering": _curves("scattering", "t", "t / τ_MD", "F_s(k_p,t)", curves[0], x_axis_type="log"),
        "structure": _curves("structure", "k", "k σ_AA", "S(k)", curves[1]),
        "pace": _over_time("pace", "finished an hour", stages, "before"),
        "jobs": _over_time("jobs", "batch jobs", _JOB_STATES, "after"),
    }
    script, places = components(drawn)
    return script, places


def _plot(name: str, x: str, y: str, height: int, **options: Any) -> Any:
    plot = figure(
        name=name,
        height=height,
        sizing_mode="stretch_width",
        x_axis_label=x,
        y_axis_label=y,
        x_range=Range1d(start=1.0, end=2.0),  # the program sets both with the data
        y_range=Range1d(start=1.0, end=2.0),
        tools="pan,box_zoom,wheel_zoom,reset",
        active_scroll=None,
        background_fill_alpha=0,
        border_fill_alpha=0,
        output_backend="canvas",
        **options,
    )
    plot.toolbar.logo = None
    plot.toolbar.autohide = True
    return plot


def _phase_diagram(potential: str, title: str, densities: list[float], n_states: int) -> Any:
    """A cell for each state, in columns by density and replica; a click opens the state."""
    options = {"title": title, "y_axis_type": "log", "toolbar_location": "above"}
    plot = _plot(f"phase-{potential}", "ρ σ_AA³", "k_B T / ε_AA", 420, **options)
    source = ColumnDataSource({name: [] for name in _CELL}, name=f"cells-{potential}")
    cells = plot.quad(
        left="left",
        right="right",
        bottom="bottom",
        top="top",
        fill_color="colour",
        line_color="outline",
        line_width="width",
        nonselection_fill_alpha=1.0,
        nonselection_line_alpha=1.0,
        selection_line_color="#ff00ff",
        selection_line_width=4,
        source=source,
    )
    # a hatch in each cell would take Bokeh milliseconds a cell
    flags = ColumnDataSource({"x": [], "y": [], "marker": []}, name=f"flags-{potential}")
    size = 8 if n_states <= _MANY else 4
    plot.scatter("x", "y", marker="marker", size=size, line_color="white", fill_alpha=0, source=flags)
    plot.add_tools(HoverTool(renderers=[cells], tooltips=[("", "@state"), ("", "@said")]), TapTool(renderers=[cells]))
    plot.grid.visible = False
    if len(densities) <= _MOST_TICKS:
        plot.xaxis.ticker = densities
    plot.yaxis.formatter = NumeralTickFormatter(format="0.[00]")
    return plot


def _look(number: int) -> tuple[str, str]:
    """Colour and dash of a curve; those of the fifteen pairs of five species all differ."""
    return _COLOURS[number % len(_COLOURS)], _DASHES[(number + number // len(_COLOURS)) % len(_DASHES)]


def _curves(name: str, x: str, x_label: str, y_label: str, curves: Sequence[str], **axes: Any) -> Any:
    """Curves of a state with error bands; beside F_s, that of mode-coupling theory."""
    plot = _plot(f"plot-{name}", x_label, y_label, 270, **axes)
    columns = (x, *(f"{curve}{part}" for curve in curves for part in ("", "_low", "_high")))
    source = ColumnDataSource({column: [] for column in columns}, name=f"curve-{name}")
    theory = ColumnDataSource({column: [] for column in (x, *curves)}, name="curve-theory")
    for number, curve in enumerate(curves):
        colour, dash = _look(number)
        dash = "dotdash" if name == "scattering" and dash == "dotted" else dash  # dotted is the theory
        look = {"x": x, "color": colour}
        plot.varea(y1=f"{curve}_low", y2=f"{curve}_high", alpha=0.25, source=source, **look)
        plot.line(y=curve, line_width=2, line_dash=dash, source=source, legend_label=curve, **look)
        if name == "scattering":
            plot.line(y=curve, line_dash="dotted", source=theory, legend_label=f"{curve}, MCT", **look)
    return _with_legend(plot)


def _over_time(name: str, label: str, series: Sequence[str], mode: str) -> Any:
    """Steps over time, one line a series: `mode` says whether a value holds before or after its time."""
    plot = _plot(f"plot-{name}", "time (local)", label, 230, x_axis_type="datetime")
    source = ColumnDataSource({key: [] for key in ("time", *series)}, name=name)
    for key, colour, dash in zip(series, NAMED, _DASHES, strict=False):
        options = {"color": colour, "line_width": 2, "line_dash": dash, "mode": mode, "legend_label": key}
        plot.step(x="time", y=key, source=source, **options)
    return _with_legend(plot)


def _with_legend(plot: Any) -> Any:
    plot.add_layout(plot.legend[0], "above")
    plot.legend.orientation = "horizontal"
    if len(plot.legend[0].items) > _ASIDE:
        plot.legend.ncols = _ASIDE
    plot.legend.background_fill_alpha = plot.legend.border_line_alpha = 0
    plot.legend.padding = plot.legend.margin = 0
    plot.legend.label_text_font_size = "11px"
    return plot
