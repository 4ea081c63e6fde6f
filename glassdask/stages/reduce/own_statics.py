"""Statics of somebody's own trajectory: S_ab(k) in cells of any shape, its main peak, crystallinity; frame by frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.arrays import to_host
from glassdask.errors import InvalidInput
from glassdask.observables.frames import Floats, Frames
from glassdask.physics.liquids.liquid import SPECIES
from glassdask.physics.numerics.error_bars import consecutive_blocks
from glassdask.physics.numerics.periodic_cell import volumes
from glassdask.physics.structure.columns.structure_plan import structure_plan
from glassdask.physics.structure.crystallinity import crystallinity, majority_species
from glassdask.physics.structure.neighbours.hexatic_order import hexatic_order
from glassdask.physics.structure.structure_factor import average_of_frames
from glassdask.physics.structure.wavenumber_bins import fill_empty_bins, peak, peak_half_width, peak_interval, rebin
from glassdask.stages.contract.grids import wavenumber_edges
from glassdask.stages.contract.sections import WavenumbersSection
from glassdask.stages.reduce.structure import CRYSTAL_FRAMES, N_BLOCKS, Crystal, Structure, value_at


@dataclass(frozen=True)
class OwnStructure(Structure):
    """As of a simulation, with what differs from frame to frame or from file to file.

    Parameters
    ----------
    fine_count
        Vectors in each fine bin, all signs, the mean over the frames, shape (n_fine,).
    density
        Mean number density. [1/length^d]
    notes
        What could not be told, in sentences.
    """

    fine_count: NDArray[np.int64]
    density: float
    notes: tuple[str, ...]


class OwnStatics:
    """S_ab(k) and crystallinity of chosen frames of a trajectory; can be stopped after any frame, saved and gone on with.

    Parameters
    ----------
    frames
        The trajectory.
    section
        The k grid, its fine bins, and of how many frames.
    max_vectors
        Of a fine bin; more are sampled. None for all.
    xp
        Where the work is done, ``numpy`` or ``cupy``.
    """

    def __init__(self, frames: Frames, section: WavenumbersSection, max_vectors: int | None, xp: ModuleType = np):
        self._frames, self._section, self._xp = frames, section, xp
        self.edges, self.fine_edges = wavenumber_edges(section)
        self.chosen = evenly_in_time(frames.times, section.structure_frames)
        self._crystal_frames = set(evenly_in_time(frames.times, CRYSTAL_FRAMES).tolist())
        self._plan = structure_plan(frames.cell(0), frames.species, self.fine_edges, max_vectors, frames.dimension, xp)
        self._rows: list[Floats] = []
        self._counts: list[Floats] = []
        self._wavenumbers: list[Floats] = []
        self._volumes: list[float] = []
        self._crystals: list[tuple[float, float]] = []
        self._trouble = ""

    @property
    def n_done(self) -> int:
        """Frames that are done."""
        return len(self._rows)

    def steps(self) -> Iterator[int]:
        """Goes on; yields how many frames are done after each."""
        for index in self.chosen[self.n_done :].tolist():
            cell, positions = self._frames.cell(index), self._frames.positions(index)
            here = self._plan.in_cell(cell)
            if index in self._crystal_frames and not self._trouble:
                self._look_for_crystals(positions, cell)
            self._rows.append(to_host(here.of_frames(self._xp.asarray(positions)[None])[0]))
            self._counts.append(here.count.astype(float))
            self._wavenumbers.append(here.wavenumber)
            self._volumes.append(float(volumes(cell)))
            yield self.n_done

    def _look_for_crystals(self, positions: Floats, cell: Floats) -> None:
        species = self._frames.species
        try:
            if self._frames.dimension == 2:
                self._crystals.append((hexatic_order(positions, cell, species).ordered_fraction, 0.0))
                return
            found = crystallinity(positions, cell, species)
        except InvalidInput as error:
            self._trouble = f"whether it has crystallised cannot be told: {error}"
            return
        self._crystals.append((found.solid_fraction, float(found.largest_cluster)))

    def saved(self) -> dict[str, NDArray[Any]]:
        """What has been done, as arrays by name."""
        lists = {"rows": self._rows, "counts": self._counts, "wavenumbers": self._wavenumbers, "volumes": self._volumes}
        return {name: np.array(value) for name, value in lists.items()} | {
            "crystals": np.array(self._crystals).reshape(-1, 2),
            "trouble": np.array(self._trouble),
        }

    def restore(self, saved: Mapping[str, NDArray[Any]]) -> None:
        """Goes on where another one over the same frames was saved."""
        self._rows, self._counts = list(saved["rows"]), list(saved["counts"])
        self._wavenumbers, self._volumes = list(saved["wavenumbers"]), saved["volumes"].tolist()
        self._crystals = [(float(a), float(b)) for a, b in saved["crystals"]]
        self._trouble = str(saved["trouble"])

    def structure(self) -> OwnStructure:
        """What all frames together say.

        Raises
        ------
        InvalidInput
            If too few bins hold wavevectors, or S has no main peak where liquids of this density have it.
        """
        section, species, dimension = self._section, self._frames.species, self._frames.dimension
        rows, counts = np.array(self._rows), np.rint(self._counts).astype(np.int64)
        fine = average_of_frames(rows, self._wavenumbers, counts, N_BLOCKS)
        merged = [rebin(row, own, section.fine_bins) for row, own in zip(rows, counts, strict=True)]
        lengths = [rebin(k, own, section.fine_bins)[0] for k, own in zip(self._wavenumbers, counts, strict=True)]
        coarse = average_of_frames([row for row, _ in merged], lengths, [own for _, own in merged], N_BLOCKS)
        centres = 0.5 * (self.edges[1:] + self.edges[:-1])
        filled = fill_empty_bins(coarse.partials, coarse.wavenumber, coarse.count, centres)
        density = species.size / float(np.mean(self._volumes))
        where, width = peak_interval(density, dimension), peak_half_width(density, dimension)
        main = peak(fine.wavenumber, fine.partials[0], fine.count, where, width)
        n_species = 1 + int(species.max())
        like = [fine.partials[a * n_species - a * (a - 1) // 2] for a in range(n_species)]
        others = [value_at(fine.wavenumber, fine.count, S, main.wavenumber) for S in like[1:]]
        return OwnStructure(
            partials=filled.partials,
            error=coarse.standard_error,
            is_filled=filled.is_filled,
            mean_wavenumber=coarse.wavenumber,
            fine=fine.partials,
            fine_error=fine.standard_error,
            fine_wavenumber=fine.wavenumber,
            fine_centres=0.5 * (self.fine_edges[1:] + self.fine_edges[:-1]),
            peak=main,
            peak_values=np.array([main.value, *others]),
            crystal=self._crystal(),
            fine_count=fine.count,
            density=density,
            notes=(self._trouble,) if self._trouble else (),
        )

    def _crystal(self) -> Crystal:
        majority = SPECIES[majority_species(self._frames.species)]
        found = np.array(self._crystals).reshape(-1, 2)
        fractions = consecutive_blocks(found[:, 0], N_BLOCKS) if len(found) else np.array([np.nan])
        return Crystal(majority, fractions, found[:, 1])


def evenly_in_time(times: Floats, count: int) -> NDArray[np.intp]:
    """Numbers of at most so many frames, as evenly spread in time as the frames allow.

    >>> evenly_in_time(np.array([0.0, 0.1, 0.2, 1.0, 2.0]), 3)
    array([0, 3, 4])
    """
    wanted = np.linspace(times[0], times[-1], min(count, len(times)))
    after = np.clip(np.searchsorted(times, wanted), 1, len(times) - 1) if len(times) > 1 else np.zeros(1, dtype=int)
    nearest = np.where(wanted - times[after - 1] < times[after] - wanted, after - 1, after)
    return np.unique(nearest)
