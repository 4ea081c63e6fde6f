"""The gallery: every figure of the catalogue with its caption, drawn from the committed cubes while the pages are built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import xarray as xr

from glassdask.datasets.store import open_campaign
from glassdask.figures.catalogue import FIGURES, draw_figures
from glassdask.figures.drawing.campaign_figure import CRITICAL, CUBE, CampaignFigure

RESULTS = Path(__file__).parent.parent / "benchmarks" / "results"
#: Pictures of the repository's own campaign, of data that are not in it.
_DRAWN_ELSEWHERE = {path.stem.removeprefix("workstation-").replace("-", "_"): path for path in RESULTS.glob("*.png")}


def gallery(folder: Path) -> str:
    """Draws what the committed data have into a folder beside the page; the page's text, a section a figure."""
    folder.mkdir(exist_ok=True)
    with (
        open_campaign(RESULTS / "workstation-observables.nc") as whole,
        open_campaign(RESULTS / "tutorial-observables.nc") as small,
        xr.open_dataset(RESULTS / "table1.nc") as critical,
    ):
        cubes = {"workstation": _one_density(whole), "tutorial": small.load()}
        shown: dict[str, str] = {}
        for campaign, cube in cubes.items():
            sources = {CUBE: cube, CRITICAL: critical}
            names = [name for name in FIGURES if name not in shown]
            for name, path in draw_figures(sources, folder, names=names):
                shown[name] = _section(name, FIGURES[name], f"{folder.name}/{path.name}", campaign, sources)
    for name, figure in FIGURES.items():
        if name not in shown:
            picture = _DRAWN_ELSEWHERE.get(name)
            image = f"../benchmarks/results/{picture.name}" if picture else ""
            shown[name] = _section(name, figure, image, "workstation")
    return "\n\n".join(shown[name] for name in FIGURES)


def _one_density(cube: xr.Dataset) -> xr.Dataset:
    """A part that is quickly drawn, and still shows both liquids."""
    return cube.sel(rho=[1.2]).load().dropna("T", how="all", subset=["relaxation_time"])


def _section(
    name: str, figure: CampaignFigure, image: str, campaign: str, sources: Mapping[str, xr.Dataset] | None = None
) -> str:
    data = figure.data(sources) if sources else None
    caption = figure.caption if data is None else figure.caption_of(data)
    command = f"glassdask figures campaign.toml --only {name}"
    parts = [f"## {caption.title}", f"![{caption.alt}]({image})" if image else f"*Not drawn here.* {caption.missing}"]
    parts += [caption.text if data is not None else "", f"*{caption.paper[0].upper()}{caption.paper[1:]}.*"]
    after = f", after `{caption.command}`" if caption.command != "glassdask run" else ""
    home = (
        figure.draw.__module__.replace("figures.", "figures/", 1).replace(".", "/").removeprefix("glassdask/figures/")
    )
    parts.append(f"`{command}`{after}; declared in `glassdask/figures/{home}.py`; here of the campaign *{campaign}*.")
    return "\n\n".join(part for part in parts if part)
