"""What tells a reader which curve is which: keys beside and below the panels, never over curves, and named lines."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glassdask.figures.drawing.colour_scales import ColourScale
from glassdask.figures.drawing.log_ticks import plain_numbers
from glassdask.figures.drawing.style import BESIDE, key_height

#: Values that are named one by one; of more there is a colour bar.
MOST_NAMED = 8
#: Letters of a line of a key beside the axes, and how many fill an inch.
_WIDEST_LABEL, _LETTERS_AN_INCH = 34, 14
#: Width of the key of a panel. [inch]
_PANEL_KEY = 0.95
#: Of what is no data: lines that guide the eye.
GUIDE: dict[str, Any] = {"color": "0.45", "lw": 0.9}
#: Of what the data do not determine.
UNDETERMINED: dict[str, Any] = {"color": "0.6", "mfc": "white", "mec": "0.55"}


def key_beside(figure: Figure, handles: Sequence[Artist], labels: Sequence[str]) -> None:
    """A key at the right of all panels; the figure becomes as much wider."""
    wrapped = [textwrap.fill(label, _WIDEST_LABEL) for label in labels]
    widest = max(len(line) for label in wrapped for line in label.splitlines())
    figure.set_figwidth(figure.get_figwidth() + 0.6 + widest / _LETTERS_AN_INCH)
    n_lines = sum(label.count("\n") + 1 for label in wrapped)
    figure.set_figheight(max(figure.get_figheight(), key_height(n_lines)))
    figure.legend(handles, wrapped, loc="outside right upper").set_gid(BESIDE)


def key_below(figure: Figure, looks: Mapping[str, Mapping[str, Any]], n_columns: int = 0) -> None:
    """A key under all panels, a line and a marker by what they are called; the figure becomes as much higher."""
    if not looks:
        return
    handles = [Line2D([], [], **{"color": "0.3", "ls": "none", **look}) for look in looks.values()]
    n_fitting = max(int(figure.get_figwidth() * 11 / (max(map(len, looks)) + 7)), 1)
    n_columns = min(n_columns or len(looks), n_fitting, len(looks))
    n_rows = math.ceil(len(looks) / n_columns)
    figure.set_figheight(figure.get_figheight() + 0.12 + 0.19 * n_rows)
    figure.legend(handles, list(looks), loc="outside lower center", ncols=n_columns)


def is_named(values: Iterable[float]) -> bool:
    """Whether a key names each of the values: there are few."""
    return len(set(values)) <= MOST_NAMED


def colour_key(figure: Figure, axes: Sequence[Axes], scale: ColourScale, values: Iterable[float], name: str) -> None:
    """Which colour is which value, beside all panels: named one by one, or a colour bar where there are many.

    Parameters
    ----------
    figure, axes
        The figure and all of its panels.
    scale
        Of the colours.
    values
        That are drawn.
    name
        Before each value: "T" makes "T = 0.8"; 0 is one that nobody has told.
    """
    drawn = np.unique(np.fromiter(values, dtype=float))
    if not drawn.size:
        return
    if is_named(drawn):
        handles = [Line2D([], [], color=scale.colour(value)) for value in drawn]
        key_beside(figure, handles, [f"{name} = {v:.4g}" if v > 0 else f"{name} not told" for v in drawn])
        return
    figure.set_figwidth(figure.get_figwidth() + 0.7)
    n_rows = axes[0].get_subplotspec().get_gridspec().nrows  # type: ignore[union-attr]
    bar = figure.colorbar(
        scale.mappable(), ax=list(axes), label=scale.label, aspect=22 * n_rows, fraction=0.05, pad=0.02
    )
    bar.ax.grid(False)
    plain_numbers(bar.ax.yaxis)


def key_of_panel(axes: Axes, colours: Mapping[str, Any]) -> None:
    """A key beside one panel, a colour by its name: where the panels of a figure show different things
    (`room_for_panel_keys`)."""
    handles = [Line2D([], [], color=colour) for colour in colours.values()]
    axes.legend(handles, list(colours), loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize="small", handlelength=1.4)


def room_for_panel_keys(figure: Figure, n_columns: int) -> None:
    """Makes a figure wider by the keys of its panels; many columns share less, as letters are to be read in a paper."""
    figure.set_figwidth(figure.get_figwidth() + n_columns * (_PANEL_KEY if n_columns < 3 else 0.5 * _PANEL_KEY))


def named_level(axes: Axes, y: float, name: str) -> None:
    """A horizontal line that guides the eye, its name at its end, outside of the panel."""
    axes.axhline(y, zorder=1, **GUIDE)
    axes.annotate(name, (1.0, y), xycoords=("axes fraction", "data"), xytext=(2, 0), textcoords="offset points",
                  va="center", fontsize="small", color="0.3", annotation_clip=False)  # fmt: skip
