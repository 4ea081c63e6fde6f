"""The look of all figures: one size, one set of colours that people with colour-vision deficiency can tell apart."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from glassdask.figures.drawing.log_ticks import decades, has_plain_numbers
from glassdask.files.atomic_write import atomic_write

#: Okabe and Ito's colours, for things that are told apart by name.
NAMED = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
#: Lines of the species A to E, and what captions call them.
LINES = {"solid": "-", "dashed": "--", "dash-dotted": "-.", "dotted": ":", "dash-dot-dotted": (0, (5, 1, 1, 1, 1, 1))}
_SETTINGS: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "lines.linewidth": 1.4,
    "pdf.fonttype": 42,  # TrueType, so that text in a PDF stays text
    "svg.fonttype": "none",
    "svg.hashsalt": "glassdask",  # equal figures are equal files
}
#: Mark of keys beside the panels.
BESIDE = "key_beside"
#: Endings that figures may have.
FORMATS = ("png", "pdf", "svg")
#: What figures are to say beside what they show, and how many letters of it fill an inch.
_note: ContextVar[str] = ContextVar("note", default="")
_LETTERS_AN_INCH = 16
#: What a format would write of the clock: nothing, so that the same data give the same file.
_METADATA = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}


def named_look(number: int) -> dict[str, Any]:
    """Colour and marker of the thing that has this number among those told apart by name."""
    return {"color": NAMED[number % len(NAMED)], "marker": MARKERS[number % len(MARKERS)]}


def pair_colours(pairs: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """Colour and line by pair: that of like species is the colour of the species, unlike ones come after those."""
    like = [pair for pair in pairs if pair[0] == pair[1]]
    lines = list(LINES.values())
    order = [*like, *(pair for pair in pairs if pair not in like)]
    return {pair: (NAMED[i % len(NAMED)], lines[i // len(NAMED)]) for pair, i in ((p, order.index(p)) for p in pairs)}


def lines_in_words(species: Iterable[str]) -> str:
    """Which line is whose.

    >>> lines_in_words("AB")
    'A solid, B dashed'
    """
    return ", ".join(f"{name} {words}" for name, words in zip(species, LINES, strict=False))


@contextmanager
def styled() -> Iterator[None]:
    """Figures drawn inside have the house's look; the user's own settings stay as they were."""
    with mpl.rc_context(_SETTINGS):
        yield


@contextmanager
def noted(text: str) -> Iterator[None]:
    """Figures saved inside say this at their top right, such as how many states they show; nothing if it is empty."""
    before = _note.set(text)
    try:
        yield
    finally:
        _note.reset(before)


def curve_with_band(
    axes: Axes, x: np.ndarray, y: np.ndarray, error: np.ndarray, colour: Any, line: Any = "-", **look: Any
) -> None:
    """A curve where y is known, and its band of two standard errors; `look` is that of the line."""
    shown = np.isfinite(y)
    x, y, error = x[shown], y[shown], error[shown]
    axes.plot(x, y, line, color=colour, **look)
    axes.fill_between(x, y - 2 * error, y + 2 * error, color=colour, alpha=0.2, lw=0)


def lag_time_label(data: xr.Dataset) -> str:
    """Of an axis of lag times: in τ_MD, or in what the time of somebody's own trajectory is counted."""
    unit = str(data["t"].attrs.get("units", "tau_MD"))
    return f"lag time t [{'τ$_{MD}$' if unit == 'tau_MD' else unit}]"


def save(figure: Figure, path: Path) -> Path:
    """Writes a figure whole, in the format that the ending names; needs no screen. Vector formats keep text as text.
    Logarithmic axes without plain numbers of their own get ticks of whole decades."""
    FigureCanvasAgg(figure)
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axes.axison and axis.get_scale() == "log" and not has_plain_numbers(axis):
                decades(axis)
    if _note.get():
        _stand_above(figure, _note.get())
    if figure.get_suptitle():
        _make_room_above(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        figure.savefig(temporary, dpi=160, metadata=_METADATA.get(path.suffix[1:].lower()))
    return path


def _make_room_above(figure: Figure) -> None:
    """Keys beside the panels are centred, so that they end below what stands over all of them, and the figure is as much
    higher."""
    height = 0.05 + 0.165 * (figure.get_suptitle().count("\n") + 1)
    figure.set_figheight(figure.get_figheight() + height)
    for legend in figure.legends:
        if legend.get_gid() == BESIDE:
            legend.set_loc("outside right center")
            n_lines = sum(text.get_text().count("\n") + 1 for text in legend.get_texts())
            figure.set_figheight(max(figure.get_figheight(), key_height(n_lines) + 2 * height))


def key_height(n_lines: int) -> float:
    """Of a key beside the panels. [inch]"""
    return 0.4 + 0.18 * n_lines


def _stand_above(figure: Figure, text: str) -> None:
    """A line over all panels, for which the layout makes room; under the figure's own title where it has one."""
    n_letters = int(_LETTERS_AN_INCH * figure.get_figwidth())
    text = "\n".join(textwrap.fill(line, n_letters) for line in text.splitlines())
    title = figure.get_suptitle()
    if title:
        figure.suptitle(f"{title}\n{text}", fontsize=8.0)
    else:
        figure.suptitle(text, x=0.995, ha="right", fontsize=8.0, color="0.35")
