"""Figure: u(r) of each pair of a liquid."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from glassdask.figures.drawing.keys import key_beside
from glassdask.figures.drawing.style import NAMED, save, styled
from glassdask.physics.liquids.liquid import Liquid

_LINES = ("-", "--", ":", "-.")


def draw(liquid: Liquid, path: Path) -> Path:
    """Draws u(r) of each pair, up to a few times the deepest well or the unit of energy.

    Parameters
    ----------
    liquid
        Of the catalogue or of a campaign file.
    path
        The file; its ending says the format.

    Returns
    -------
    Path
        The file.
    """
    with styled():
        figure = Figure(figsize=(4.2, 3.1), layout="constrained")
        axes = figure.subplots()
        for place, (name, r, u) in enumerate(liquid.drawn_energies()):
            line, colour = divmod(place, len(NAMED))
            axes.plot(r, u, _LINES[line], color=NAMED[colour], label=name)
        axes.axhline(0.0, color="0.6", lw=0.8, zorder=0)  # the axis: it has no name
        axes.set(xlabel="r [σ$_{AA}$]", ylabel="u(r) [ε$_{AA}$]", title=liquid.title)
        key_beside(figure, *axes.get_legend_handles_labels())
        return save(figure, path)
