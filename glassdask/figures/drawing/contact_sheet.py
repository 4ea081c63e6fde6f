"""All figures of a campaign on one sheet, small, each under its title: to look them over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib.image
import numpy as np
from matplotlib.figure import Figure

from glassdask.figures.drawing.style import save, styled

#: Columns of the sheet, the width of each, and of the space around a picture. [inch]
_COLUMNS, _WIDTH, _SPACE = 3, 5.0, 0.1
#: Height of a title. [inch]
_TITLE = 0.35


def draw_contact_sheet(pictures: Mapping[str, Path], heading: str, path: Path) -> Path:
    """Puts pictures below each other in columns, all equally wide, each in the column that is shortest so far.

    Parameters
    ----------
    pictures
        PNG files by their titles, in their order; one or more.
    heading
        Above the sheet.
    path
        The file; its ending says the format.
    """
    images = {title: matplotlib.image.imread(picture) for title, picture in pictures.items()}
    columns = min(len(images), _COLUMNS)
    places, lengths = [], np.zeros(columns)
    for image in images.values():
        column = int(np.argmin(lengths.round(1)))
        places.append((column, float(lengths[column])))
        lengths[column] += _TITLE + _height(image) + _SPACE
    width, height = columns * _WIDTH, lengths.max() + _TITLE
    with styled():
        figure = Figure(figsize=(width, height))
        figure.text(_SPACE / width, 1 - 0.5 * _TITLE / height, heading, fontsize=13, va="center")
        for (title, image), (column, down) in zip(images.items(), places, strict=True):
            top = height - _TITLE - down - _TITLE
            box = column * _WIDTH + _SPACE, top - _height(image), _WIDTH - 2 * _SPACE, _height(image)
            axes = figure.add_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
            axes.imshow(image, interpolation="antialiased")
            axes.set_axis_off()
            axes.set_title(title, fontsize=8.5, loc="left")
        return save(figure, path)


def _height(image: np.ndarray) -> float:
    """Of a picture on the sheet. [inch]"""
    return (_WIDTH - 2 * _SPACE) * image.shape[0] / image.shape[1]
