"""Species and masses from a second file, for trajectories that hold none."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from glassdask.datasets.trajectories.formats.catalogue import open_file
from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import StoredFrame, types_and_labels
from glassdask.errors import InvalidInput, MissingComponent

#: Endings of LAMMPS data files.
_LAMMPS_DATA = (".data", ".lmp", ".lmpdat")
#: Columns of the atoms of a LAMMPS data file by its atom style.
_STYLES = {
    "atomic": "id type x y z",
    "charge": "id type charge x y z",
    "molecular": "id resid type x y z",
    "full": "id resid type charge x y z",
}
#: What tells species in a topology, the most telling first.
_LABELS = ("types", "names", "elements", "resnames")


def with_species(frame: StoredFrame, topology: str | Path, named: str) -> StoredFrame:
    """A frame with the species, and where they are there the masses, of a topology file: a trajectory that is read here and has
    species (a GSD, a LAMMPS dump, an XYZ), or whatever MDAnalysis reads (PDB, GRO, PSF, prmtop, LAMMPS data).

    Raises
    ------
    InvalidInput
        If it cannot be read, has no species, or another number of particles.
    MissingComponent
        If it needs MDAnalysis, which is not installed.
    """
    path = Path(topology)
    found = _by_own_reader(path) or _by_mdanalysis(path)
    if found.types is None:
        raise InvalidInput(f"topology is {path}, which says no species; give one with types or names of the particles")
    if len(found.types) != len(frame.positions):
        raise InvalidInput(
            f"topology is {path}, of {len(found.types)} particles; {named} has {len(frame.positions)}: give the one of this trajectory"
        )
    return replace(frame, types=found.types, labels=found.labels, masses=found.masses)


def _by_own_reader(path: Path) -> StoredFrame | None:
    try:
        file = open_file(path, TrajectoryOptions())
    except InvalidInput:
        if not path.is_file():
            raise
        return None
    try:
        return file.frame(0) if file.n_frames else None
    finally:
        file.close()


def _by_mdanalysis(path: Path) -> StoredFrame:
    try:
        import MDAnalysis
    except ImportError as error:
        raise MissingComponent(
            f"topology {path} is read by MDAnalysis, which is not installed ({error}); pip install 'glassdask[trajectories]'"
        ) from error
    try:
        kind = _lammps_data(path) if path.suffix in _LAMMPS_DATA or path.name.startswith("data.") else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a topology lacks and nobody asks for here
            atoms: Any = MDAnalysis.Universe(str(path), to_guess=(), **kind).atoms
    except Exception as error:  # of many parsers, each with errors of its own
        raise InvalidInput(
            f"topology {path} cannot be read ({error}); give a PDB, GRO, PSF, prmtop or LAMMPS data file"
        ) from error
    labels = next(
        (getattr(atoms, name) for name in _LABELS if hasattr(atoms, name) and any(getattr(atoms, name))), None
    )
    types, names = (None, ()) if labels is None else types_and_labels(np.asarray(labels, dtype=str))
    masses = np.asarray(atoms.masses, dtype=float) if hasattr(atoms, "masses") else None
    return StoredFrame(None, np.zeros((len(atoms), 3)), types=types, labels=names, masses=masses)


def _lammps_data(path: Path) -> dict[str, str]:
    """What MDAnalysis must be told of a LAMMPS data file: the columns of its atoms, by the style that is named or their number."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    begin = next(number for number, line in enumerate(lines) if line.split()[:1] == ["Atoms"])
    first = next(line for line in lines[begin + 1 :] if line.strip())
    n_columns = len(first.partition("#")[0].split())
    style = lines[begin].partition("#")[2].strip()
    if style not in _STYLES:
        style = {5: "atomic", 8: "atomic", 7: "full", 10: "full"}.get(n_columns, "molecular")
    return {"topology_format": "DATA", "atom_style": _STYLES[style]}
