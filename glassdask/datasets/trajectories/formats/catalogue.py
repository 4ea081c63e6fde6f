"""Every format there is, declared once: its name, the endings of its files, how its content begins, its reader."""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from glassdask.datasets.trajectories.formats import amber_netcdf, dcd, gromacs, gsd_file, h5md, lammps_binary, xyz
from glassdask.datasets.trajectories.formats.byte_offsets import PACKED_ENDINGS, is_packed, open_bytes
from glassdask.datasets.trajectories.formats.lammps_text import LammpsDump
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame, TrajectoryFile
from glassdask.errors import GlassdaskError, InvalidInput

#: Of the beginning of a file, to tell its format by. [bytes]
_HEAD = 4096


@dataclass(frozen=True)
class Format:
    """A format of trajectories.

    Parameters
    ----------
    name
        Value of the option `format`.
    title
        As a sentence says it.
    endings
        Of its files, without that of a compression.
    begins
        Whether a file whose first bytes these are is of it.
    opened
        Its reader.
    is_text
        Whether it is read compressed, too.
    """

    name: str
    title: str
    endings: tuple[str, ...]
    begins: Callable[[bytes], bool]
    opened: Callable[[Path, TrajectoryOptions], TrajectoryFile]
    is_text: bool = False


def _starts(*magic: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magic)


_ALL = (
    Format("gsd", "GSD", (".gsd",), _starts(gsd_file.MAGIC), gsd_file.GsdFile),
    Format(
        "lammps",
        "a LAMMPS dump",
        (".lammpstrj", ".lammpsdump", ".dump"),
        lambda head: head.lstrip().startswith(b"ITEM:"),
        LammpsDump,
        is_text=True,
    ),
    Format("dcd", "DCD", (".dcd",), _starts(*dcd.MAGIC), dcd.DcdFile),
    Format("xtc", "XTC", (".xtc",), _starts(*gromacs.XTC_MAGIC), gromacs.XtcFile),
    Format("trr", "TRR", (".trr",), _starts(gromacs.TRR_MAGIC), gromacs.TrrFile),
    Format("h5md", "H5MD", (".h5md", ".h5", ".hdf5"), _starts(h5md.MAGIC), h5md.H5mdFile),
    Format(
        "netcdf",
        "NetCDF of AMBER",
        (".nc", ".ncdf"),
        _starts(*amber_netcdf.MAGIC, h5md.MAGIC),
        amber_netcdf.AmberNetcdf,
    ),
    Format("xyz", "XYZ", (".xyz", ".extxyz", ".exyz"), xyz.begins_xyz, xyz.XyzFile, is_text=True),
    # last: an old one begins without a mark
    Format(
        "lammps-binary",
        "a binary LAMMPS dump",
        (".bin",),
        lammps_binary.begins_binary_dump,
        lammps_binary.LammpsBinaryDump,
    ),
)
#: By name.
FORMATS = {one.name: one for one in _ALL}


def open_file(path: str | Path, options: TrajectoryOptions) -> TrajectoryFile:
    """A file of frames of whatever format, by its content, its ending, or as `options` say.

    Raises
    ------
    InvalidInput
        If there is no such file, it cannot be read, it is empty, or its format is not known or another than its ending says.
    """
    path = Path(path)
    found = _format_of(path, _head(path), options.format)
    if not found.is_text and is_packed(path):
        raise InvalidInput(f"{path} is {found.title}, compressed; only text is read so: unpack it")
    return GuardedFile(found, path, options)


class GuardedFile:
    """A reader whose every trouble with a damaged file, whatever the library below says, is one that names file and frame.

    Raises
    ------
    InvalidInput
        If anything but a missing package keeps the file, or later a frame, from being read.
    """

    def __init__(self, format: Format, path: Path, options: TrajectoryOptions):
        self._title = format.title
        with self._named(f"{path}"):
            self._file = format.opened(path, options)
        self.path, self.format, self.n_frames = path, self._file.format, self._file.n_frames
        self.knows_corner = self._file.knows_corner

    def frame(self, index: int) -> StoredFrame:
        """A frame by its number in the file."""
        with self._named(f"{self.path}, frame {index}:"):
            return self._file.frame(index)

    def steps_and_times(self, frames: Sequence[int]) -> tuple[Integers | None, Floats | None]:
        """Of these frames."""
        with self._named(f"{self.path}"):
            return self._file.steps_and_times(frames)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @contextmanager
    def _named(self, named: str) -> Iterator[None]:
        try:
            yield
        except GlassdaskError:
            raise
        except Exception as error:
            raise InvalidInput(
                f"{named} cannot be read as {self._title} ({type(error).__name__}: {error}); it is cut or damaged: use the frames before "
                "it (last), copy the file again, or write it again"
            ) from error


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder; give the file of a trajectory in it")
    if path.exists() and not path.is_file():
        raise InvalidInput(f"{path} is no file but a device or pipe; write the trajectory to a file first")
    try:
        with open_bytes(path) as stream:
            head = stream.read(_HEAD)
    except FileNotFoundError:
        raise InvalidInput(f"there is no file {path}") from None
    except PermissionError:
        raise InvalidInput(f"{path} may not be read by this user; chmod u+r it, or copy it") from None
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise InvalidInput(f"{path} cannot be read ({error}); copy it again") from error
    if not head:
        raise InvalidInput(f"{path} is empty; copy it again, or run the simulation that writes it")
    return head


def _format_of(path: Path, head: bytes, wanted: str | None) -> Format:
    if wanted is not None:
        if wanted not in FORMATS:
            raise InvalidInput(f"format is {wanted!r}; allowed: {', '.join(FORMATS)}")
        return FORMATS[wanted]
    name = path.name.lower()
    for packed in PACKED_ENDINGS:
        name = name.removesuffix(packed)
    ending = Path(name).suffix
    by_ending = next((one for one in FORMATS.values() if ending in one.endings), None)
    by_content = [one for one in FORMATS.values() if one.begins(head)]
    found = by_ending if by_ending in by_content or not by_content else by_content[0]
    if found is None:
        raise InvalidInput(
            f"{path} is of no format that is known; allowed: {', '.join(one.title for one in FORMATS.values())}; where it is one of "
            f"them, name it (format = {', '.join(FORMATS)})"
        )
    if by_ending is not None and by_ending is not found:
        raise InvalidInput(
            f"{path} ends in {ending}, as {by_ending.title} does, and holds {found.title}; rename it, or say format = {found.name!r}"
        )
    if not by_content:
        raise InvalidInput(
            f"{path} ends in {ending} and does not begin as {found.title} does; it is damaged, or of another format: write it again, "
            "or name its format"
        )
    return found
