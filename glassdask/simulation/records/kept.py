"""What a finished run leaves so that a longer one can go on from it: two checkpoints, beside its trajectory.

``equilibrated.npz`` is the end of equilibration, still under the thermostat: a longer equilibration goes on from there.
``produced.npz`` is the end of production: longer production goes on from there. The frames are not kept twice: the
trajectory is its one segment. Each holds some 65 bytes a particle, and the second the samples of the energies.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import gsd.fl

from glassdask.files.atomic_write import write_bytes
from glassdask.files.checksum import file_sha256
from glassdask.simulation.records.checkpoint import Checkpoint, CheckpointStore, link
from glassdask.simulation.records.trajectory import Segment

EQUILIBRATED, PRODUCED = "equilibrated.npz", "produced.npz"


def keep_equilibrated(folder: Path, checkpoint: Checkpoint) -> None:
    """Writes the end of equilibration into the work folder; it stays there while production runs."""
    write_bytes(folder / EQUILIBRATED, checkpoint.to_bytes())


def keep_produced(folder: Path, checkpoint: Checkpoint, trajectory: Path) -> None:
    """Writes the end of production into the work folder, its frames being those of the joined trajectory.

    Parameters
    ----------
    folder
        The work folder.
    checkpoint
        The end of production.
    trajectory
        The file that all segments were joined to.
    """
    first, last = checkpoint.segments[0], checkpoint.segments[-1]
    with gsd.fl.open(str(trajectory), "r") as stored:
        n_frames = int(stored.nframes)
    whole = Segment(first.name, file_sha256(trajectory), n_frames, first.first_step, last.last_step)
    kept = Checkpoint(checkpoint.phase, checkpoint.particles, checkpoint.arrays, checkpoint.numbers, [whole])
    write_bytes(folder / PRODUCED, kept.to_bytes())


def adopt_kept(kept: Path, trajectory: Path, work: Path) -> bool:
    """Has a new attempt go on from the end of a finished run; nothing of that run is changed.

    Parameters
    ----------
    kept
        One of the two files.
    trajectory
        The finished run's.
    work
        The new attempt's work folder, which holds no checkpoint yet.

    Returns
    -------
    bool
        False where the file or the trajectory isn't what was written: nothing can go on from them.
    """
    try:
        checkpoint = Checkpoint.from_bytes(kept.read_bytes())
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return False
    store = CheckpointStore(work)
    store.segments_folder.mkdir(parents=True, exist_ok=True)
    for segment in checkpoint.segments:
        link(trajectory, store.segments_folder / segment.name)
    if kept.name == PRODUCED and kept.with_name(EQUILIBRATED).is_file():
        link(kept.with_name(EQUILIBRATED), work / EQUILIBRATED)
    store.save(checkpoint)
    return store.load() is not None
