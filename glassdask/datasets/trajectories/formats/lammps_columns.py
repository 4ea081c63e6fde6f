"""LAMMPS dumps: what columns and boxes mean, whether they are written as text or in binary.

https://docs.lammps.org/dump.html: columns may stand in any order, particles come unsorted, positions are scaled by the box
(xs, xsu) or not (x, xu), followed through the boundaries (xu, xsu) or not. The bounds of a tilted box are those of the box
around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.trajectories.stored_frame import Floats, StoredFrame, sorted_by_id, types_and_labels

#: Columns of positions, the most telling first: name, scaled by the box, followed through the boundaries.
_POSITIONS = (
    (("xu", "yu", "zu"), False, True),
    (("xsu", "ysu", "zsu"), True, True),
    (("x", "y", "z"), False, False),
    (("xs", "ys", "zs"), True, False),
)
_IMAGES = ("ix", "iy", "iz")
_LABELS = ("type", "element")
WANTED = {"id", "mass", *_LABELS, *_IMAGES, *(name for names, *_ in _POSITIONS for name in names)}


class MissingColumns(Exception):
    """Neither of the sets of columns that hold positions is whole."""


def cell_and_corner(bounds: Floats, is_general: bool) -> tuple[Floats, Floats]:
    """The cell of three lines of a box: low, high and tilt by axis; or, of a general triclinic box, a vector and its origin.

    Returns
    -------
    tuple
        Lattice vectors as rows, shape (3, 3), and the corner of the box, shape (3,). [length of the file]
    """
    if is_general:
        return bounds[:, :3], bounds[:, 3]
    low, high = bounds[:, 0].copy(), bounds[:, 1].copy()
    xy, xz, yz = bounds[:, 2] if bounds.shape[1] > 2 else (0.0, 0.0, 0.0)
    low[0] -= min(0.0, xy, xz, xy + xz)
    high[0] -= max(0.0, xy, xz, xy + xz)
    low[1] -= min(0.0, yz)
    high[1] -= max(0.0, yz)
    cell = np.diag(high - low)
    cell[1, 0], cell[2, 0], cell[2, 1] = xy, xz, yz
    return cell, low


def frame_of_columns(
    columns: Mapping[str, NDArray], cell: Floats, corner: Floats, label: str, **of_frame: object
) -> StoredFrame:
    """A frame from its columns by name, unsorted; `label` is the column that tells species.

    Raises
    ------
    MissingColumns
        If there are no positions.
    """
    names, is_scaled, is_unwrapped = positions_in(columns)
    ids = columns.get("id")
    order = sorted_by_id(ids)
    positions = np.stack([np.asarray(columns[name], dtype=float)[order] for name in names], axis=1)
    positions = positions @ cell if is_scaled else positions - corner
    images = None
    if not is_unwrapped and all(name in columns for name in _IMAGES):
        images = np.stack([columns[name][order] for name in _IMAGES], axis=1).astype(np.int64)
    types, labels = types_and_labels(columns[label][order]) if label in columns else (None, ())
    return StoredFrame(
        cell=cell,
        positions=positions,
        images=images,
        is_unwrapped=is_unwrapped,
        types=types,
        labels=labels,
        ids=None if ids is None else ids[order].astype(np.int64),
        masses=np.asarray(columns["mass"], dtype=float)[order] if "mass" in columns else None,
        **of_frame,  # type: ignore[arg-type]
    )


def positions_in(columns: Mapping[str, NDArray] | Sequence[str]) -> tuple[tuple[str, ...], bool, bool]:
    """The columns of the positions, whether they are scaled, and whether they are unwrapped; raises MissingColumns."""
    for names, is_scaled, is_unwrapped in _POSITIONS:
        if all(name in columns for name in names):
            return names, is_scaled, is_unwrapped
    raise MissingColumns


def label_column(columns: Sequence[str], wanted: Mapping[str, str] | None) -> str:
    """The column that tells species: the one whose kind the user's labels have, else `type` before `element`."""
    asks_for_names = bool(wanted) and not all(key.isdigit() for key in wanted or ())
    candidates = _LABELS[::-1] if asks_for_names else _LABELS
    return next((name for name in candidates if name in columns), "type")
