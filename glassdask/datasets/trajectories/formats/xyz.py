"""XYZ, plain and extended: what each comment line says of box, time and columns.

Extended XYZ: ``Lattice="…" Properties=species:S:1:pos:R:3 …`` (https://github.com/libAtoms/extxyz). Plain XYZ says no box; LAMMPS writes
the step into the comment, atooms step, cell and columns.
"""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.trajectories.formats.byte_offsets import counted_offsets, open_bytes
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame, sorted_by_id, types_and_labels
from glassdask.errors import InvalidInput

_PLAIN = "species:S:1:pos:R:3"
#: The header of a frame is shorter. [bytes]
_HEADER = 16384
#: What others call the same column, without regard to case.
_COLUMNS = {
    **dict.fromkeys(("pos", "position", "positions"), "pos"),
    **dict.fromkeys(("species", "element", "type", "types", "symbol", "symbols"), "species"),
    **dict.fromkeys(("mass", "masses"), "mass"),
    **dict.fromkeys(("image", "images", "periodic_image", "image_flags"), "image"),
    "id": "id",
}
_STEP = ("step", "timestep")
_ATOOMS = re.compile(r"(\w+):(\S+)")


@dataclass(frozen=True)
class _Comment:
    """What a comment line says."""

    cell: Floats | None = None
    origin: Floats | None = None
    step: int | None = None
    time: float | None = None
    properties: str = _PLAIN
    pbc: tuple[bool, ...] = (True, True, True)
    words: Mapping[str, str] = field(default_factory=dict)


class XyzFile:
    """A file of frames, each of which begins with the number of its particles and a comment; plain or .gz."""

    knows_corner = False

    def __init__(self, path: Path, options: TrajectoryOptions):  # noqa: ARG002
        self.path = path
        self._stream = open_bytes(path)
        try:
            self._offsets = counted_offsets(self._stream, path)
        except BaseException:
            self._stream.close()
            raise
        self.n_frames = len(self._offsets) - 1
        self.format = "XYZ"
        if self.n_frames and b"Lattice" in self._bytes(0, _HEADER):
            self.format = "extended XYZ"

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Those of the comments."""
        comments = [self._comment(index, self._bytes(index, _HEADER)) for index in frames]
        steps, times = [one.step for one in comments], [one.time for one in comments]
        return (
            None if None in steps else np.array(steps, dtype=np.int64),
            None if None in times else np.array(times, dtype=float),
        )

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        block = self._bytes(index)
        comment = self._comment(index, block)
        columns = self._columns(index, comment, block)
        if "pos" not in columns or columns["pos"].shape[1] not in (2, 3):
            raise self._error(index, f"Properties is {comment.properties!r}: no pos:R:3; write the positions")
        ids = columns["id"][:, 0].astype(np.int64) if "id" in columns else None
        order = sorted_by_id(ids)
        positions = columns["pos"].astype(float)[order]
        if positions.shape[1] == 2:
            positions = np.column_stack([positions, np.zeros(len(positions))])
        types, labels = types_and_labels(columns["species"][:, 0][order]) if "species" in columns else (None, ())
        return StoredFrame(
            cell=comment.cell,
            positions=positions if comment.origin is None else positions - comment.origin,
            images=columns["image"].astype(np.int64)[order] if "image" in columns else None,
            types=types,
            labels=labels,
            ids=None if ids is None else ids[order],
            masses=columns["mass"][:, 0].astype(float)[order] if "mass" in columns else None,
            is_periodic=all(comment.pbc),
        )

    def _error(self, index: int, message: str) -> InvalidInput:
        return InvalidInput(f"{self.path}, frame {index}: {message}")

    def _bytes(self, index: int, at_most: int | None = None) -> bytes:
        begin, end = self._offsets[index], self._offsets[index + 1]
        self._stream.seek(begin)
        return self._stream.read(end - begin if at_most is None else min(at_most, end - begin))

    def _comment(self, index: int, block: bytes) -> _Comment:
        lines = block[:_HEADER].split(b"\n", 2)
        if len(lines) < 3:
            raise self._cut(index)
        try:
            return comment_of(lines[1].decode("utf-8", errors="replace").strip())
        except ValueError as error:
            raise self._error(
                index, f"its comment line cannot be understood ({error}); write the file again"
            ) from error

    def _cut(self, index: int) -> InvalidInput:
        remedy = f"use the frames before it (last={index - 1})" if index else "there is no whole frame in it"
        return self._error(index, f"the file ends or breaks off within this frame; {remedy}, or copy the file again")

    def _columns(self, index: int, comment: _Comment, block: bytes) -> dict[str, NDArray]:
        """By property, each of shape (N, its columns)."""
        import pandas as pd

        head, _, rest = block.partition(b"\n")
        rows = rest.partition(b"\n")[2]
        if index == self.n_frames - 1 and not block.endswith(b"\n"):
            raise self._cut(index)
        if int(head) == 0:
            raise self._error(index, "it has no particles; write the frames of all")
        layout = _layout(comment.properties)
        wanted = {column: kind for name, kind, columns in layout if name in _COLUMNS.values() for column in columns}
        try:
            table = pd.read_csv(
                io.BytesIO(rows),
                sep=r"\s+",
                header=None,
                names=list(range(sum(len(columns) for *_, columns in layout)))
                if comment.properties != _PLAIN
                else None,
                usecols=sorted(wanted),
                nrows=int(head),
                index_col=False,
                keep_default_na=False,
                na_values={
                    column: ["nan", "NaN", "-nan", "inf", "-inf"] for column, kind in wanted.items() if kind != "S"
                },
                dtype={column: str for column, kind in wanted.items() if kind == "S"},
            )
        except (ValueError, pd.errors.ParserError) as error:
            raise self._error(
                index, f"its particles cannot be read as {comment.properties} ({error}); write the file again"
            ) from error
        if len(table) < int(head):
            raise self._cut(index)
        found = {
            name: np.stack([table[column].to_numpy() for column in columns], axis=1)
            for name, _, columns in layout
            if all(column in wanted for column in columns)
        }
        if any(found[name].dtype.kind not in "if" for name, kind, _ in layout if name in found and kind in "IR"):
            raise self._cut(index)
        return found


def _layout(properties: str) -> list[tuple[str, str, list[int]]]:
    """Name, kind and places of each property's columns."""
    parts = properties.split(":")
    if len(parts) % 3:
        raise InvalidInput(
            f"Properties is {properties!r}; expected: name:kind:columns, again and again; write the file again"
        )
    layout: list[tuple[str, str, list[int]]] = []
    place = 0
    for name, kind, n_columns in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        known = _COLUMNS.get(name.lower(), name)
        if any(known == other for other, *_ in layout):
            known = name  # the first of two that mean the same
        layout.append((known, kind, list(range(place, place + int(n_columns)))))
        place += int(n_columns)
    return layout


def comment_of(comment: str) -> _Comment:
    """What a comment line says, of extended XYZ, LAMMPS or atooms; of any other, nothing.

    Raises
    ------
    ValueError
        If it is extended XYZ and a value in it is no number.
    """
    if "=" in comment and ("Lattice" in comment or "Properties" in comment):
        return _extended(comment)
    found = {key.lower(): value for key, value in _ATOOMS.findall(comment.replace(": ", ":"))}
    step = next((int(found[key]) for key in _STEP if found.get(key, "").isdigit()), None)
    cell = _floats(found["cell"].replace(",", " ")) if "cell" in found else None
    time = float(found["time"]) if _is_number(found.get("time", "")) else None
    properties = _atooms_properties(found["columns"]) if "columns" in found else _PLAIN
    return _Comment(None if cell is None else np.diag(cell), None, step, time, properties)


def _extended(comment: str) -> _Comment:
    pairs = (word.partition("=") for word in shlex.split(comment.replace("{", '"').replace("}", '"')))
    words = {key.lower(): value for key, _, value in pairs}
    cell = _floats(words["lattice"]).reshape(3, 3) if "lattice" in words else None
    if cell is not None and not cell[2].any():
        cell[2, 2] = 1.0  # of a plane
    step = next((int(words[key]) for key in _STEP if key in words), None)
    return _Comment(
        cell=cell,
        origin=_floats(words["origin"]) if "origin" in words else None,
        step=step,
        time=float(words["time"]) if "time" in words else None,
        properties=words.get("properties", _PLAIN),
        pbc=tuple(word.upper().startswith("T") for word in words.get("pbc", "T T T").split()),
    )


def _atooms_properties(columns: str) -> str:
    """The columns of atooms, id (the species) and x, y, z or pos, as extended XYZ would name them."""
    names = columns.replace("x,y,z", "pos").replace("x,y", "pos2").split(",")
    kinds = {"id": "species:S:1", "pos": "pos:R:3", "pos2": "pos:R:2"}
    return ":".join(kinds.get(name, f"{name}:R:{3 if name in ('vel', 'velocity') else 1}") for name in names)


def _floats(text: str) -> Floats:
    return np.array([float(word) for word in text.split()])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def begins_xyz(head: bytes) -> bool:
    """Whether the first line is a whole number, and the third a name and numbers."""
    lines = head.split(b"\n")
    return len(lines) > 1 and lines[0].strip().isdigit() and (len(lines) < 4 or len(lines[2].split()) >= 3)
