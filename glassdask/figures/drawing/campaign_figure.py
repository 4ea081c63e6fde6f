"""What a figure of a campaign declares of itself: whence it comes, what stands under it, and its place in the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from glassdask.datasets.coverage import incomplete_coverage
from glassdask.datasets.cube import REMARKS
from glassdask.datasets.liquids import titles_of
from glassdask.figures.drawing.colour_scales import TEMPERATURE_RANGE, temperature_range
from glassdask.figures.drawing.fewer_temperatures import OF_TEMPERATURES, with_fewer_temperatures
from glassdask.figures.drawing.panels import is_measured, most_densities
from glassdask.figures.drawing.style import noted

#: Files of a campaign that figures are drawn from: the cube, critical temperatures, what networks predict, and how well.
CUBE, CRITICAL, PREDICTIONS, EXAMINATIONS = "cube", "critical", "predictions", "examinations"
#: What a figure reads at most; it is held several times while it is drawn. [bytes]
MOST_BYTES = 2**28


@dataclass(frozen=True)
class Caption:
    """What stands under a figure.

    Parameters
    ----------
    title
        In a few words.
    paper
        The figure or table of the paper that it answers to, or a word on why there is none.
    text
        What is seen, units, bands; with the names of the figure's `words` in braces.
    alt
        The picture for those who do not see it.
    missing
        Why there may be no figure.
    command
        The verb that brings what is missing.
    """

    title: str
    paper: str
    text: str
    alt: str
    missing: str
    command: str = "glassdask run"


@dataclass(frozen=True)
class CampaignFigure:
    """A figure of a campaign; ``FIGURE`` of the file that draws it, whose name is the figure's.

    Parameters
    ----------
    place
        In the report: figures stand in the order of these numbers.
    draw
        Given a dataset for each source and a path.
    sources
        Names of the files that it is drawn from.
    variables
        What it draws of them, and nothing else.
    shows
        The variable without whose values there is no figure.
    caption
        What stands under it.
    selection
        Labels of dimensions that it draws a part of.
    narrowed
        What else of the data it leaves out.
    words
        What the caption says of the data, by name.
    """

    place: int
    draw: Callable[..., Path]
    sources: tuple[str, ...]
    variables: tuple[str, ...]
    shows: str
    caption: Caption
    selection: Mapping[str, list] | None = None
    narrowed: Callable[[xr.Dataset], xr.Dataset] = lambda data: data
    words: Callable[[xr.Dataset], Mapping[str, str]] = lambda _: {}

    def data(self, sources: Mapping[str, xr.Dataset]) -> xr.Dataset | None:
        """What the figure draws, in memory; None where a file or the values are not there.

        Parameters
        ----------
        sources
            The files that there are, opened.
        """
        opened = [sources[name] for name in self.sources if name in sources]
        if len(opened) < len(self.sources) or self.shows not in opened[0]:
            return None
        parts = [part[[name for name in self.variables if name in part]] for part in opened]
        data = xr.merge(parts, join="outer", combine_attrs="drop_conflicts") if len(parts) > 1 else parts[0]
        for dimension, labels in (self.selection or {}).items():
            if not np.isin(labels, data[dimension].values).all():
                return None
            data = data.sel({dimension: labels})
        data = with_fewer_temperatures(data, sources.get(CUBE), MOST_BYTES)
        chosen = {name: data.attrs[name] for name in (OF_TEMPERATURES,) if name in data.attrs}
        data = self.narrowed(data).load().assign_attrs({**opened[0].attrs, **chosen})
        if CUBE in sources:  # colours of temperatures are those of the campaign, whatever the figure draws of it
            data.attrs[TEMPERATURE_RANGE] = list(temperature_range(sources[CUBE]))
        return data if np.isfinite(data[self.shows].values.astype(float)).any() else None

    def caption_of(self, data: xr.Dataset) -> Caption:
        """What stands under the figure of these data; liquids that have none of them are named."""
        n_potentials = data.sizes.get("potential", 1)
        text = self.caption.text.format_map({"most_densities": most_densities(n_potentials), **self.words(data)})
        if "potential" in data[self.shows].dims:
            is_there = is_measured(data[self.shows], "potential")
            absent = [title for title, there in zip(titles_of(data).values(), is_there, strict=True) if not there]
            text += f" Nothing to draw of: {', '.join(absent)}." if absent else ""
        if chosen := data.attrs.get(OF_TEMPERATURES):
            text += f" The campaign is too large to be read whole: drawn, and in the data, are {chosen} temperatures, evenly chosen."
        remarks = data.attrs.get(REMARKS)
        return replace(self.caption, text=f"{text} Not all states are alike: {remarks}." if remarks else text)

    def save(self, data: xr.Dataset, path: Path) -> Path:
        """Draws its own data into a file, in the format that the ending names; where states are missing it says how many
        there are, and where they are not alike which are not."""
        notes = [incomplete_coverage(data.attrs), data.attrs.get(REMARKS, "")]
        with noted("\n".join(filter(None, notes))):
            return self.draw(*[data] * len(self.sources), path)
