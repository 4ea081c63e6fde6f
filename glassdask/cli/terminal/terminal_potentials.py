"""u(r) of each pair of a liquid drawn with characters, for a terminal."""

from __future__ import annotations

import plotext

from glassdask.cli.terminal.terminal_curves import ASCII, COLOUR_CODE, HEIGHT, NARROWEST, WIDEST
from glassdask.physics.liquids.liquid import Liquid

_COLOURS = ("blue+", "green", "orange", "magenta", "red", "cyan")
_LETTERS = "AxByzCuvwDpqrsE"


def terminal_potentials(liquid: Liquid, width: int, has_colour: bool, is_ascii: bool) -> str:
    """The drawing with its legend; without colour, letters draw the lines."""
    has_colour = has_colour and not is_ascii
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plot_size(min(max(width, NARROWEST), WIDEST), HEIGHT)
    plotext.theme("clear")
    legend = []
    for place, (name, r, u) in enumerate(liquid.drawn_energies()):
        colour, letter = _COLOURS[place % len(_COLOURS)], _LETTERS[place]
        plotext.plot(
            r.tolist(),
            u.tolist(),
            marker="braille" if has_colour else letter,
            color=colour if has_colour else "default",
        )
        legend.append(plotext.colorize(f"⠒⠒ {name}", colour) if has_colour else f"{letter}: {name}")
    plotext.title("u(r) [epsilon_AA]")
    plotext.xlabel("r [sigma_AA]")
    drawing = plotext.build().rstrip() + "\n    " + "   ".join(legend)
    plotext.clear_figure()
    drawing = drawing if has_colour else COLOUR_CODE.sub("", drawing)
    drawing = "\n".join(line.rstrip() for line in drawing.splitlines())
    return drawing.translate(ASCII) if is_ascii else drawing
