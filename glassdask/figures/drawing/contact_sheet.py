"""All figures of a campaign on one sheet, small, each under its title: to look them over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib.image
import numpy as np
from matplotlib.figure import Figure

from glassdask.figures.drawing.style import save, styled

#: Pictures beside each other, and the width of each. [inch]
_COLUMNS, _WIDTH = 3, 5.0
#: Height of a title. [inch]
_TITLE = 0.35


def draw_contact_sheet(pictures: Mapping[str, Path], heading: str, path: Path) -> Path:
    """Puts pictures side by side in rows, each as wide as the others.

    Parameters
    ----------
    pictures
        PNG files by their titles, in their order; one or more.
    heading
        Above the sheet.
    path
        The file; its ending says the format.
    """
    images = [matplotlib.image.imread(picture) for picture in pictures.values()]
    rows = [range(start, min(start + _COLUMNS, len(images))) for start in range(0, len(images), _COLUMNS)]
    heights = [_TITLE + _WIDTH * max(image.shape[0] / image.shape[1] for image in _of(images, row)) for row in rows]
    total = sum(heights) + _TITLE
    with styled():
        figure = Figure(figsize=(_COLUMNS * _WIDTH, total))
        figure.text(0.01, 1 - 0.5 * _TITLE / total, heading, fontsize=13, va="center")
        top = total - _TITLE
        for row, height in zip(rows, heights, strict=True):
            for column, number in enumerate(row):
                _place(figure, images[number], list(pictures)[number], column, top, total)
            top -= height
        return save(figure, path)


def _of(images: list[np.ndarray], row: range) -> list[np.ndarray]:
    return [images[number] for number in row]


def _place(figure: Figure, image: np.ndarray, title: str, column: int, top: float, total: float) -> None:
    """A picture under its title, its upper edge `top` inches above the lower edge of the sheet."""
    high = _WIDTH * image.shape[0] / image.shape[1]
    share = 0.96 / _COLUMNS
    axes = figure.add_axes((column / _COLUMNS + 0.01, (top - _TITLE - 0.96 * high) / total, share, 0.96 * high / total))
    axes.imshow(image)
    axes.set_axis_off()
    axes.set_title(title, fontsize=10, loc="left", fontweight="bold")
