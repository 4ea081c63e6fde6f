"""Figure: whether error bars hold what they say: share of deviations within a half-width against what a normal error has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from glassdask.figures.drawing.campaign_figure import EXAMINATIONS, CampaignFigure, Caption
from glassdask.figures.drawing.keys import GUIDE, key_beside
from glassdask.figures.drawing.style import named_look, save, styled


def draw(examinations: xr.Dataset, path: Path) -> Path:
    """Draws the coverage of each error bar on states that were not learned from; the diagonal is a perfect one."""
    with styled():
        figure = Figure(figsize=(3.8, 3.5), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], label="a perfect error bar", **GUIDE)
        for i, name in enumerate(examinations["error_bar"].values):
            line = "--" if "spread" in str(name) else "-"
            look: dict[str, Any] = {"color": named_look(i // 2)["color"], "marker": named_look(i)["marker"], "ms": 4}
            axes.plot(examinations["nominal"].values, examinations["coverage"].values[i], line, label=str(name), **look)
        axes.set(xlabel="share within the half-width, normal errors", ylabel="share of deviations observed")
        axes.set(xlim=(0, 1), ylim=(0, 1))
        key_beside(figure, *axes.get_legend_handles_labels())
        return save(figure, path)


FIGURE = CampaignFigure(
    place=70,
    draw=draw,
    sources=(EXAMINATIONS,),
    variables=("coverage",),
    shows="coverage",
    caption=Caption(
        title="Whether the networks' error bars hold",
        paper="not in the paper",
        text=(
            "Share of the deviations of states set apart that lie within a half-width, against the share that normal errors "
            "would have there (both without unit). The diagonal is a perfect error bar; above it, errors are too wide."
        ),
        alt="Observed against nominal coverage of four error bars, near the diagonal where they hold",
        missing="The campaign has no trained networks.",
        command="glassdask train",
    ),
)
