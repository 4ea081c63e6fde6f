"""Float64 checkpoints in two generations; whatever happens to one file, the run goes on from the other.

A checkpoint is ``checkpoint-<number>.npz`` (no pickle), written whole; ``checkpoints.json``, written last, names the
newest two with their steps and checksums. Loading takes the newest one that is intact and whose trajectory segments
are intact, and removes the segments that are newer.
"""

from __future__ import annotations

import io
import json
import logging
import os
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.files.atomic_write import remove_partial_files, write_bytes, write_json
from glassdask.files.checksum import bytes_sha256
from glassdask.simulation.particles.particles import Particles
from glassdask.simulation.records.trajectory import Segment

RECORD = "checkpoints.json"
SEGMENTS = "segments"
GENERATIONS = 2
PARTICLE_ARRAYS = ("positions", "velocities", "images", "species")

logger = logging.getLogger(__name__)


@dataclass
class Checkpoint:
    """Where a run stands.

    Parameters
    ----------
    phase
        Name of the phase that the run is in.
    particles
        In float64, with the step within the phase.
    arrays
        What the phases have accumulated, by name.
    numbers
        What they have found so far, JSON values by name.
    segments
        The trajectory up to here.
    """

    phase: str
    particles: Particles
    arrays: dict[str, NDArray]
    numbers: dict
    segments: list[Segment]

    def to_bytes(self) -> bytes:
        """The checkpoint as an npz file."""
        particles = self.particles
        header = {
            "phase": self.phase,
            "step": particles.step,
            "box_length": particles.box_length,
            "numbers": self.numbers,
            "segments": [asdict(segment) for segment in self.segments],
        }
        stream = io.BytesIO()
        arrays: dict[str, Any] = {f"data_{name}": array for name, array in self.arrays.items()}
        arrays |= {name: getattr(particles, name) for name in PARTICLE_ARRAYS}
        np.savez(stream, header=np.array(json.dumps(header)), **arrays)
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Checkpoint:
        """The checkpoint that `to_bytes` wrote; ValueError, KeyError or BadZipFile if it is damaged."""
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = json.loads(str(arrays.pop("header")))
        values = {name: arrays.pop(name) for name in PARTICLE_ARRAYS}
        particles = Particles(box_length=header["box_length"], step=header["step"], **values)
        data = {name.removeprefix("data_"): array for name, array in arrays.items()}
        segments = [Segment(**segment) for segment in header["segments"]]
        return cls(header["phase"], particles, data, header["numbers"], segments)


class CheckpointStore:
    """The checkpoints of one work folder.

    Parameters
    ----------
    folder
        The work folder; ``segments/`` inside it holds the trajectory.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.segments_folder = folder / SEGMENTS

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the next generation, then the record, then remove what is older than two generations."""
        entries = self._entries()
        number = 1 + max((entry["number"] for entry in entries), default=0)
        content = checkpoint.to_bytes()
        name = f"checkpoint-{number:06d}.npz"
        write_bytes(self.folder / name, content)
        newest = {
            "number": number,
            "name": name,
            "phase": checkpoint.phase,
            "step": checkpoint.particles.step,
            "sha256": bytes_sha256(content),
        }
        self._write_record([newest, *entries][:GENERATIONS])

    def load(self) -> Checkpoint | None:
        """The newest intact checkpoint, or None; everything newer than it, or left half-written, is removed."""
        remove_partial_files(self.folder)
        remove_partial_files(self.segments_folder)
        intact = []
        for entry in self._entries():
            checkpoint = self._read(entry)
            if checkpoint is not None:
                intact.append((entry, checkpoint))
        self._write_record([entry for entry, _ in intact])
        self._keep_segments({segment.name for _, checkpoint in intact[:1] for segment in checkpoint.segments})
        return intact[0][1] if intact else None

    def _entries(self) -> list[dict]:
        """The recorded generations, newest first; if the record is unreadable, what the folder holds."""
        path = self.folder / RECORD
        if not path.exists():
            return []
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))["generations"]
            return [{key: entry[key] for key in ("number", "name", "phase", "step", "sha256")} for entry in entries]
        except (ValueError, KeyError, TypeError) as error:
            logger.warning("%s is damaged (%s): taking the checkpoint files as they are", path, error)
            names = sorted((path.name for path in self.folder.glob("checkpoint-*.npz")), reverse=True)
            return [
                {"number": int(name[11:-4]), "name": name, "phase": None, "step": None, "sha256": None}
                for name in names
            ]

    def _write_record(self, entries: list[dict]) -> None:
        write_json(self.folder / RECORD, {"generations": entries})
        for path in self.folder.glob("checkpoint-*.npz"):
            if path.name not in {entry["name"] for entry in entries}:
                path.unlink(missing_ok=True)

    def _read(self, entry: dict) -> Checkpoint | None:
        """The checkpoint of an entry, or None with a message in the log."""
        path = self.folder / entry["name"]
        try:
            content = path.read_bytes()
            if entry["sha256"] not in (None, bytes_sha256(content)):
                raise ValueError(f"its checksum differs ({len(content)} bytes)")
            checkpoint = Checkpoint.from_bytes(content)
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            logger.warning("checkpoint %s is treated as absent: %s", path, error)
            return None
        for segment in checkpoint.segments:
            if not segment.is_intact(self.segments_folder):
                logger.warning("checkpoint %s is treated as absent: its segment %s is damaged", path, segment.name)
                return None
        return checkpoint

    def _keep_segments(self, names: set[str]) -> None:
        for path in self.segments_folder.glob("frames-*.gsd"):
            if path.name not in names:
                logger.warning("segment %s is newer than the checkpoint or damaged: removed", path)
                path.unlink()


def adopt(previous_folder: str | Path, new_folder: str | Path, also: Sequence[str] = ()) -> int:
    """Give a new attempt the checkpoints and segments of an earlier one, by hard links where the disk allows.

    The earlier folder is left as it is, and may still be written to by a process that has not noticed its end: files
    are replaced there, never changed, and `CheckpointStore.load` trusts checksums only.

    Parameters
    ----------
    previous_folder
        The earlier attempt's work folder; it may hold nothing.
    new_folder
        The new attempt's; it is made if needed.
    also
        Names of other files that are taken over where they are there.

    Returns
    -------
    int
        How many files were taken over.
    """
    previous, new = Path(previous_folder), Path(new_folder)
    (new / SEGMENTS).mkdir(parents=True, exist_ok=True)
    record = sorted(previous.glob(RECORD))  # first: what it names exists now, what comes later is newer
    names = [*record, *sorted(previous.glob("checkpoint-*.npz")), *sorted((previous / SEGMENTS).glob("frames-*.gsd"))]
    names += [previous / name for name in also]
    count = 0
    for path in names:
        count += link(path, new / path.relative_to(previous))
    return count


def link(source: Path, target: Path) -> int:
    """Link or copy one file; 0 if it has gone meanwhile or is there already."""
    try:
        os.link(source, target)
    except (FileNotFoundError, FileExistsError):
        return 0
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
    return 1
