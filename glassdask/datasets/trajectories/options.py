"""What a user says of a trajectory where its file does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import SPECIES
from glassdask.physics.numerics.periodic_cell import DIMENSIONS, Floats, cells_of


@dataclass(frozen=True)
class TrajectoryOptions:
    """How to read a trajectory; whatever is left out is taken from the file.

    Parameters
    ----------
    types
        Name of a species by its label in the file, as ``{"1": "A", "2": "B"}``; empty: labels in their order are A, B, ….
    counts
        Particles of each species one after the other, as ``{"A": 800, "B": 200}``, for files that say no species.
    box
        One length, the lengths, or lattice vectors as rows; instead of the file's. [length of the file]
    time_step
        Times are steps × time_step; of a file without steps, frames × time_step. [time]
    length_unit
        Lengths of the file are divided by it. [length of the file]
    masses
        By name or label of the species. [mass]
    topology
        A file with the species, for formats that hold none.
    dimension
        2 or 3.
    first, last, stride
        Frames of the file that are used: from `first` to `last`, both counted from 0 and included, every `stride`-th. `last`
        may be negative: -1 is the last frame.
    is_unwrapped
        True: the positions were followed through the boundaries; False: they were not; None: the file decides.
    columns
        Names of the columns of a binary dump of a LAMMPS of before 2020, as ``id type x y z``.
    format
        The name of a format, where neither ending nor content tells it.

    Raises
    ------
    InvalidInput
        If a value is outside of what is allowed.
    """

    types: Mapping[str, str] | None = None
    counts: Mapping[str, int] | None = None
    box: ArrayLike | None = None
    time_step: float | None = None
    length_unit: float = 1.0
    masses: Mapping[str, float] | None = None
    topology: str | Path | None = None
    dimension: int | None = None
    first: int = 0
    last: int | None = None
    stride: int = 1
    is_unwrapped: bool | None = None
    columns: str | None = None
    format: str | None = None

    def __post_init__(self) -> None:
        _require(self.time_step is None or _is_positive(self.time_step), "time_step", self.time_step, "positive")
        _require(_is_positive(self.length_unit), "length_unit", self.length_unit, "positive")
        _require(self.dimension in (None, *DIMENSIONS), "dimension", self.dimension, "2, 3, or left out")
        _require(self.first >= 0, "first", self.first, "a frame's number, 0 or more")
        _require(self.stride >= 1, "stride", self.stride, "1 or more")
        masses = self.masses or {}
        _require(all(_is_positive(mass) for mass in masses.values()), "masses", dict(masses), "positive")
        counts = self.counts or {}
        _require(all(count > 0 for count in counts.values()), "counts", dict(counts), "positive numbers of particles")
        if self.types and self.counts:
            raise InvalidInput(
                "both types and counts are given; types are of a file with labels, counts of one without"
            )
        self._check_names()
        if self.box is not None:
            self.cell()

    def _check_names(self) -> None:
        names = sorted({*(self.types or {}).values(), *(self.counts or {})})
        expected = list(SPECIES[: len(names)])
        if names != expected or len(names) > len(SPECIES):
            key = "types" if self.types else "counts"
            raise InvalidInput(
                f"{key} names the species {', '.join(names)}; allowed: {', '.join(SPECIES)}, from A on without a gap "
                f"({', '.join(expected)} for {len(expected)})"
            )

    def cell(self) -> Floats:
        """The lattice vectors of `box`, shape (3, 3); of a plane, the third is of length 1. [length of the file]"""
        box = np.asarray(self.box, dtype=float)
        if box.shape in {(2,), (2, 2)} or (box.size == 1 and self.dimension == 2):
            cell = np.eye(3)
            cell[:2, :2] = _box_of(self.box, 2)
            return cell
        return _box_of(self.box, 3)


def _box_of(box: Any, dimension: int) -> Floats:
    cells = cells_of(box, dimension)
    if len(cells) > 1:
        raise InvalidInput(f"box holds {len(cells)} cells; allowed: one, that of all frames")
    return cells[0]


def _require(condition: bool, key: str, value: object, allowed: str) -> None:
    if not condition:
        raise InvalidInput(f"{key} is {value!r}; allowed: {allowed}")


def _is_positive(value: float) -> bool:
    return bool(np.isfinite(value) and value > 0)


def species_options(text: str) -> dict[str, Any]:
    """Options from ``1=A,2=B`` (names by label) or ``A:800,B:200`` (particles of each species, one after the other).

    Returns
    -------
    dict
        Either ``types`` or ``counts`` of :class:`TrajectoryOptions`.

    Raises
    ------
    InvalidInput
        If the text is neither.

    Examples
    --------
    >>> species_options("1=A,2=B")
    {'types': {'1': 'A', '2': 'B'}}
    >>> species_options("A:800, B:200")
    {'counts': {'A': 800, 'B': 200}}
    """
    items = [item.strip() for item in text.split(",") if item.strip()]
    for separator, key in (("=", "types"), (":", "counts")):
        pairs = [[part.strip() for part in item.split(separator)] for item in items]
        if not items or not all(len(pair) == 2 and all(pair) for pair in pairs):
            continue
        found = {pair[0]: pair[1] for pair in pairs}
        if len(found) < len(pairs):
            break
        if key == "types":
            return {"types": found}
        if all(count.isdigit() for count in found.values()):
            return {"counts": {name: int(count) for name, count in found.items()}}
    raise InvalidInput(
        f"types is {text!r}; allowed: names by label, as 1=A,2=B; or particles of each species, as A:800,B:200, each once"
    )
