"""NetCDF of AMBER (https://ambermd.org/netcdf/nctraj.xhtml), as AMBER, OpenMM and LAMMPS (dump netcdf) write it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.trajectories.formats.dcd import cell_of_lengths, cosines_of
from glassdask.datasets.trajectories.formats.netcdf_length import netcdf_length
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame, sorted_by_id, types_and_labels
from glassdask.errors import InvalidInput

MAGIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05")


class AmberNetcdf:
    """Coordinates, cells and times by frame; ids and types where LAMMPS has written them."""

    format = "AMBER NetCDF"
    knows_corner = False

    def __init__(self, path: Path, options: TrajectoryOptions):  # noqa: ARG002
        import netCDF4

        self.path = path
        _refuse_cut(path)
        self._file = netCDF4.Dataset(str(path))
        self._file.set_auto_mask(False)
        if "coordinates" not in self._file.variables:
            self._file.close()
            raise InvalidInput(
                f"{path} is NetCDF without coordinates by frame: no trajectory of AMBER's convention, or a cut one: write it again"
            )
        self.n_frames = len(self._file.dimensions["frame"])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Times; the convention has no steps."""
        if "time" not in self._file.variables:
            return None, None
        return None, np.asarray(self._file["time"][:], dtype=float)[np.asarray(frames, dtype=int)]

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        positions = self._of("coordinates", index)
        lengths, angles, corner = (self._of(name, index) for name in ("cell_lengths", "cell_angles", "cell_origin"))
        ids, types = self._of("id", index), self._of("type", index)
        assert positions is not None
        order = sorted_by_id(ids)
        cell = None
        if lengths is not None and np.any(lengths):
            cell = cell_of_lengths(
                lengths.astype(float), cosines_of(np.full(3, 90.0) if angles is None else angles.astype(float))
            )
        numbers, labels = (None, ()) if types is None else types_and_labels(types[order])
        return StoredFrame(
            cell=cell,
            positions=positions[order].astype(np.float64) - (0.0 if corner is None else corner.astype(float)),
            types=numbers,
            labels=labels,
            ids=None if ids is None else ids[order].astype(np.int64),
        )

    def _of(self, name: str, index: int) -> NDArray | None:
        """A variable of one frame; of all frames, where it does not depend on them."""
        if name not in self._file.variables:
            return None
        variable = self._file[name]
        return np.asarray(variable[index] if variable.dimensions[0] == "frame" else variable[:])


def _refuse_cut(path: Path) -> None:
    """What a cut file lacks would be read as zeros. (NetCDF 4, which is HDF5, is told by its own library.)"""
    with path.open("rb") as stream:
        if not stream.read(4).startswith(MAGIC):
            return
    needed, found = netcdf_length(path), path.stat().st_size
    if found < needed:
        raise InvalidInput(
            f"{path} has {found} bytes, and its frames need {needed}: the last frame, or more, is cut; copy it again, or write it again"
        )
