"""Species, their names and masses: what the labels of a file, or the user, say of each particle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glassdask.datasets.trajectories.options import TrajectoryOptions
from glassdask.datasets.trajectories.stored_frame import Floats, Integers, StoredFrame
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import SPECIES

#: Masses of one species that differ by less are the same, rounded.
_SAME_MASS = 1e-4


@dataclass(frozen=True, eq=False)
class Composition:
    """Which particles are of which species.

    Parameters
    ----------
    names
        A, B and so on.
    labels
        What the file calls each species; several labels may be one species.
    species
        Index into the names by particle, int64, shape (N,).
    masses
        By species, shape (n_species,); None where nobody says. [mass]
    notes
        What was understood, in sentences.
    """

    names: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    species: Integers
    masses: Floats | None
    notes: list[str]


def composition_of(path: Path, frame: StoredFrame, options: TrajectoryOptions) -> Composition:
    """The species of the particles of a frame.

    Raises
    ------
    InvalidInput
        If neither file nor user say them, a label has no name or a name no label, or there are more than five.
    """
    if options.counts:
        names, labels, species, how = _by_counts(path, len(frame.positions), options.counts)
    elif frame.types is None:
        raise InvalidInput(
            f"{path} says no species; give a topology file, particles of each species in their order (types = 'A:800,B:200'), or, "
            f"where all are alike, types = 'A:{len(frame.positions)}'"
        )
    else:
        names, labels, species, how = _by_labels(path, frame.types, frame.labels, options.types)
    masses, note = _masses(path, names, labels, species, frame.masses, options.masses)
    n_each = np.bincount(species, minlength=len(names))
    listed = ", ".join(
        f"{name} ({'label ' + ' and '.join(label) + ', ' if label else ''}{n} particles)"
        for name, label, n in zip(names, labels, n_each, strict=True)
    )
    return Composition(names, labels, species, masses, [f"species are {listed}{how}", *note])


_Species = tuple[tuple[str, ...], tuple[tuple[str, ...], ...], Integers, str]


def _by_counts(path: Path, N: int, counts: Mapping[str, int]) -> _Species:
    if sum(counts.values()) != N:
        listed = ",".join(f"{name}:{count}" for name, count in counts.items())
        raise InvalidInput(
            f"{path} holds {N} particles, and types = {listed} are {sum(counts.values())}; give as many as there are"
        )
    names = tuple(sorted(counts))
    species = np.repeat([names.index(name) for name in counts], list(counts.values()))
    return names, ((),) * len(names), species.astype(np.int64), ", as given, in the order of the particles"


def _by_labels(path: Path, types: Integers, labels: tuple[str, ...], wanted: Mapping[str, str] | None) -> _Species:
    present = _in_order({labels[number] for number in np.unique(types)})
    if wanted:
        _refuse_other_labels(path, present, wanted)
        name_of, how = dict(wanted), ""
    elif len(present) > len(SPECIES):
        raise InvalidInput(
            f"{path} has {len(present)} labels ({', '.join(present)}), and there are {len(SPECIES)} species, {', '.join(SPECIES)}; say "
            f"which labels are one species (types = {present[0]}=A,{present[1]}=A,…)"
        )
    else:
        name_of, how = dict(zip(present, SPECIES, strict=False)), ", in the order of the labels"
    names = tuple(sorted(set(name_of.values())))
    of_label = np.array([names.index(name_of[label]) if label in name_of else -1 for label in labels])
    its_labels = tuple(tuple(label for label in present if name_of[label] == name) for name in names)
    return names, its_labels, of_label[types].astype(np.int64), how if its_labels != tuple((n,) for n in names) else ""


def _in_order(labels: set[str]) -> list[str]:
    """Numbers by size, before names by letter."""
    return sorted(labels, key=lambda label: (not label.isdigit(), int(label) if label.isdigit() else 0, label))


def _refuse_other_labels(path: Path, present: list[str], wanted: Mapping[str, str]) -> None:
    without_name = [label for label in present if label not in wanted]
    without_label = [label for label in wanted if label not in present]
    if without_name or without_label:
        trouble = (
            f"gives no name to the label {without_name[0]!r}"
            if without_name
            else f"names the label {without_label[0]!r}, which no particle has"
        )
        example = ",".join(f"{label}={name}" for label, name in zip(present, SPECIES, strict=False))
        raise InvalidInput(f"types {trouble}; the labels in {path} are {', '.join(present)} (types = {example})")


def _masses(
    path: Path,
    names: tuple[str, ...],
    labels: tuple[tuple[str, ...], ...],
    species: Integers,
    stored: Floats | None,
    wanted: Mapping[str, float] | None,
) -> tuple[Floats | None, list[str]]:
    if wanted:
        found = [
            next((wanted[key] for key in (name, *label) if key in wanted), None)
            for name, label in zip(names, labels, strict=True)
        ]
        unknown = [key for key in wanted if key not in {*names, *(one for label in labels for one in label)}]
        if unknown or None in found:
            raise InvalidInput(
                f"masses are given of {', '.join(wanted)}; the species of {path} are {', '.join(names)}: give one of each"
            )
        return np.array(found, dtype=float), []
    if stored is None:
        return None, []
    masses = np.array([stored[species == number][0] for number in range(len(names))])
    if not np.allclose(stored, masses[species], rtol=_SAME_MASS) or not np.all(masses > 0):
        return None, ["masses in the file differ within a species, or are not positive: they are not used; give masses"]
    return masses, []
