"""F_s(k_p,t) and S(k) of a state drawn with characters, for a terminal."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotext

from glassdask.physics.liquids.liquid import SPECIES, pairs_of

#: Lines of one drawing.
HEIGHT = 17
NARROWEST, WIDEST = 50, 140
#: Largest k that is drawn. [1/sigma_AA]
_LARGEST_WAVENUMBER = 20.0
ASCII = str.maketrans("─│┌┐└┘┤┬├┼┴", "-|+++++++++")
COLOUR_CODE = re.compile(r"\x1b\[[0-9;]*m")


class _Curve(NamedTuple):
    """A curve: keys of abscissa and ordinate in the state's curves, legend, the letter and colour that draw it."""

    x: str
    y: str
    label: str
    letter: str
    colour: str


#: Colours of the species, lighter of their theories, and letters and colours of unlike pairs, in the order of all arrays.
_COLOURS, _OF_THEORY = ("blue+", "orange", "magenta+", "red+", "cyan"), ("gray", "gray+", "gray", "gray+", "gray")
_UNLIKE = tuple(zip("xyzuvwrspq", ("green", "cyan+", "magenta", "green+", "red") * 2, strict=True))


def _scattering(curves: Mapping[str, Any]) -> list[_Curve]:
    """Of each species by theory, then as measured, on top."""
    found = [one for one in zip(SPECIES, _COLOURS, _OF_THEORY, strict=True) if f"F_{one[0]}" in curves]
    theory = [_Curve("t_mct", f"F_mct_{name}", f"{name}, theory", name.lower(), pale) for name, _, pale in found]
    return theory + [_Curve("t", f"F_{name}", name, name, colour) for name, colour, _ in found]


def _structure(curves: Mapping[str, Any]) -> list[_Curve]:
    """Of unlike pairs, then of like ones, A on top."""
    found = [pair for pair in pairs_of(len(SPECIES)) if f"S_{pair}" in curves]
    unlike = [pair for pair in found if pair[0] != pair[1]]
    like = [_Curve("k", f"S_{s}{s}", f"{s}{s}", s, c) for s, c in zip(SPECIES, _COLOURS, strict=True) if s + s in found]
    return [_Curve("k", f"S_{p}", p, *look) for p, look in zip(unlike, _UNLIKE, strict=False)] + like[::-1]


def terminal_curves(curves: Mapping[str, Any], width: int, has_colour: bool, is_ascii: bool) -> str:
    """Both drawings of :func:`glassdask.stages.collect.state_curves.state_curves`, one under the other; empty if there
    is nothing to draw. Without colour, letters draw the lines."""
    width = min(max(width, NARROWEST), WIDEST)
    rough = " so far" if curves.get("is_so_far") else ""
    drawings = []
    scattering, structure = _scattering(curves), _structure(curves)
    times = [t for curve in scattering if curve.x == "t" for t in _points(curves, curve, is_log=True)[0]]
    if times:
        limits = (min(times), max(times))
        drawings.append(_drawn(curves, scattering, width, has_colour and not is_ascii, limits, f"F_s(k_p,t){rough}"))
    if structure and _points(curves, structure[-1], is_log=False)[0]:
        limits = (0.0, _LARGEST_WAVENUMBER)
        drawings.append(_drawn(curves, structure, width, has_colour and not is_ascii, limits, f"S(k){rough}"))
    text = "\n\n".join(drawings)
    return text.translate(ASCII) if is_ascii else text


def _drawn(
    curves: Mapping[str, Any],
    kinds: Sequence[_Curve],
    width: int,
    has_colour: bool,
    limits: tuple[float, float],
    title: str,
) -> str:
    is_log = kinds[-1].x == "t"
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(width, HEIGHT)
    plotext.theme("clear")
    drawn = []
    for kind in kinds:
        x, y = _points(curves, kind, is_log, limits)
        if x:
            marker = "braille" if has_colour else kind.letter
            plotext.plot(x, y, marker=marker, color=kind.colour if has_colour else "default")
            drawn.append(kind)
    plotext.xlim(*limits)
    plotext.title(title)
    if is_log:
        decades = range(math.ceil(limits[0]), math.floor(limits[1]) + 1)
        plotext.xticks(list(decades), [f"{10.0**power:g}" for power in decades])
        plotext.ylim(0.0, 1.0)
        plotext.xlabel("t [tau_MD]")
    else:
        plotext.xlabel("k [1/sigma_AA]")
    drawing = f"{plotext.build().rstrip()}\n{_legend(drawn, has_colour)}"
    plotext.clear_figure()
    drawing = drawing if has_colour else COLOUR_CODE.sub("", drawing)
    return "\n".join(line.rstrip() for line in drawing.splitlines())


def _legend(drawn: Sequence[_Curve], has_colour: bool) -> str:
    """What draws which curve, in a line of its own: plotext's legend would lie on F_s = 1."""
    if has_colour:
        return "    " + "   ".join(plotext.colorize(f"⠒⠒ {kind.label}", kind.colour) for kind in reversed(drawn))
    return "    " + "   ".join(f"{kind.letter}: {kind.label}" for kind in reversed(drawn))


def _points(
    curves: Mapping[str, Any], kind: _Curve, is_log: bool, limits: tuple[float, float] | None = None
) -> tuple[list[float], list[float]]:
    """What is known of a curve inside of the limits; decades of t, without t = 0, on a logarithmic axis."""
    pairs = zip(curves.get(kind.x, ()), curves.get(kind.y, ()), strict=False)
    known = [(x, y) for x, y in pairs if x is not None and y is not None and (x > 0 or not is_log)]
    points = [(math.log10(x) if is_log else x, y) for x, y in known]
    if limits is not None:
        points = [(x, y) for x, y in points if limits[0] <= x <= limits[1]]
    return [x for x, _ in points], [y for _, y in points]
