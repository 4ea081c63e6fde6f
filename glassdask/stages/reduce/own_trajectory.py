"""The twin of `reduce` for somebody's own trajectory: whatever its cells, its lags and its unit of time, and resumable.

First S(k) of some frames, which gives k_p; then one pass over the frames that all correlations come from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glassdask.datasets.schema.variables import OWN_VARIABLES, VARIABLES, Variable
from glassdask.errors import InvalidInput
from glassdask.observables.catalogue import observables_named, variables_of
from glassdask.observables.frames import Floats, Frames
from glassdask.observables.pass_over_frames import PassOverFrames
from glassdask.observables.setting import Setting
from glassdask.outcome import Status
from glassdask.physics.motion.curves.diffusion import diffusion_coefficient
from glassdask.physics.motion.curves.relaxation_time import relaxation_time
from glassdask.physics.motion.equilibration import Tolerances, equilibration
from glassdask.physics.motion.lag_pairs import LagPairs
from glassdask.physics.structure.crystallinity import is_crystallised
from glassdask.stages.contract.grids import wavenumber_centres
from glassdask.stages.contract.sections import QualitySection, WavenumbersSection
from glassdask.stages.reduce.own_statics import OwnStatics, OwnStructure

#: What `reduce` finds of motion; other observables are added to them.
CORE = ("self_intermediate_scattering", "mean_squared_displacement")
#: Mean distances between particles that the k grid is laid out for. [length]
_SPACINGS = (0.5, 2.0)
#: Beyond so many particles the wavevectors of a fine bin are sampled, so many of them.
_FULL_LATTICE, _SAMPLED = 5000, 1000
STATICS, MOTION = "S(k)", "correlations"


@dataclass(frozen=True)
class OwnSettings:
    """How a trajectory is analysed.

    Parameters
    ----------
    wavenumbers
        The k grid, its fine bins, and frames for S(k).
    observables
        Names of what is measured beside S(k), F_s(k,t) and displacements.
    collective
        Further wavenumbers of collective scattering, after k_p. [1/length]
    overlap_distance
        Within which a particle counts as not moved. [length]
    distance
        Up to which g(r) and the van Hove function go. [length]
    max_vectors
        Wavevectors of a fine bin, beyond which they are sampled; by default all up to 5000 particles, else 1000.
    quality
        Limits of the verdict.
    time_unit
        One unit of the file's times in the unit of the results.
    """

    wavenumbers: WavenumbersSection = field(default_factory=WavenumbersSection)
    observables: tuple[str, ...] = ()
    collective: tuple[float, ...] = ()
    overlap_distance: float = 0.3
    distance: float = 5.0
    max_vectors: int | None = None
    quality: QualitySection = field(default_factory=QualitySection)
    time_unit: float = 1.0


class Step(NamedTuple):
    """How far an analysis is: which of its two parts, frames that are done, and all of the part."""

    part: str
    done: int
    total: int


@dataclass(frozen=True)
class OwnResult:
    """What a trajectory says.

    Parameters
    ----------
    values, schema
        Variables by name, and their declarations: those of a campaign's state, and of the observables.
    coordinates
        Of their dimensions, without those of a state.
    status, reasons
        The verdict, and why it is not simply done.
    structure
        The statics.
    notes
        What to be careful about, in sentences.
    """

    values: dict[str, Any]
    schema: dict[str, Variable]
    coordinates: dict[str, Any]
    status: Status
    reasons: tuple[str, ...]
    structure: OwnStructure
    notes: tuple[str, ...]


class OwnAnalysis:
    """Analysis of a trajectory that can be stopped after any frame, saved and gone on with.

    Parameters
    ----------
    frames
        The trajectory.
    names
        Of its species.
    masses
        Of its species.
    lags
        Lags and pairs of frames.
    settings
        How it is analysed.
    xp
        Where the work is done, ``numpy`` or ``cupy``.
    about
        What else tells this analysis from another, for what is saved of it.

    Raises
    ------
    InvalidInput
        If lengths are not in units of about the distance between particles, or an observable is unknown.
    """

    def __init__(
        self,
        frames: Frames,
        names: Sequence[str],
        masses: Sequence[float],
        lags: LagPairs,
        settings: OwnSettings,
        xp: ModuleType = np,
        about: str = "",
    ):
        self.frames, self.names, self.masses = frames, tuple(names), tuple(masses)
        self.lags, self.settings, self._xp, self._about = lags, settings, xp, about
        self.observables = observables_named((*CORE, *settings.observables))
        n = len(frames.species)
        most = settings.max_vectors or (None if n <= _FULL_LATTICE else _SAMPLED)
        _check_lengths(frames)
        self._statics = OwnStatics(frames, settings.wavenumbers, most, xp)
        self._structure: OwnStructure | None = None
        self._pass: PassOverFrames | None = None

    def steps(self) -> Iterator[Step]:
        """Goes on with the analysis; yields after each frame how far it is."""
        total = len(self._statics.chosen)
        for done in self._statics.steps():
            yield Step(STATICS, done, total)
        motion = self._motion()
        for done in motion.steps():
            yield Step(MOTION, done, motion.n_frames)

    @property
    def structure(self) -> OwnStructure:
        """The statics, once they are done."""
        if self._structure is None:
            self._structure = self._statics.structure()
        return self._structure

    def _motion(self) -> PassOverFrames:
        if self._pass is None:
            self._pass = PassOverFrames(
                self.frames, self.lags.pairs, self.observables, self.setting(), single=self._statics.chosen
            )
        return self._pass

    def setting(self) -> Setting:
        """What the observables are told."""
        chosen, section = self.settings, self.settings.wavenumbers
        has_equal_masses = len(set(self.masses)) <= 1
        return Setting(
            species=self.frames.species,
            names=self.names,
            masses=self.masses,
            cell=self.frames.cell(0),
            lag_times=self.lags.lag_times * chosen.time_unit,
            wavenumbers=(self.structure.peak.wavenumber, *chosen.collective),
            grid=wavenumber_centres(section),
            edges=self._statics.fine_edges,
            overlap_distance=chosen.overlap_distance,
            distance=chosen.distance,
            remove_drift=None if has_equal_masses else False,
            xp=self._xp,
        )

    # --- a killed analysis goes on ------------------------------------------------------------------------------------

    def saved(self) -> dict[str, NDArray[Any]]:
        """All that another one of the same trajectory and settings needs to go on from here, as arrays by name."""
        arrays = {f"statics.{name}": value for name, value in self._statics.saved().items()}
        if self._pass is not None:
            arrays |= {f"motion.{name}": value for name, value in self._pass.saved().items()}
        return {"identity": self._identity(), **arrays}

    def restore(self, saved: Mapping[str, NDArray[Any]]) -> bool:
        """Goes on where another one was saved; False, and nothing done, if that was of other frames or settings."""
        if "identity" not in saved or not np.array_equal(saved["identity"], self._identity()):
            return False
        self._statics.restore(_under("statics.", saved))
        motion = _under("motion.", saved)
        if motion:
            self._motion().restore(motion)
        return True

    def _identity(self) -> NDArray[np.uint8]:
        facts = (
            self._about,
            repr(self.settings),
            self.names,
            self.masses,
            self.lags.lag_times.tolist(),
            sorted(self.observables),
        )
        digest = hashlib.sha256(repr(facts).encode())
        for array in (self.frames.times, self.frames.species.astype(float), self.frames.cell(0), self.lags.all_pairs):
            digest.update(np.ascontiguousarray(array).tobytes())
        return np.frombuffer(digest.digest(), dtype=np.uint8)

    # --- results ------------------------------------------------------------------------------------------------------

    def result(self) -> OwnResult:
        """All that has been found; when every step is done."""
        motion, structure, settings = self._motion(), self.structure, self.settings
        setting = self.setting()
        found = motion.values()
        peak = found["peak_scattering_blocks"]
        taus = [
            relaxation_time(setting.lag_times, found["peak_scattering"][a], peak[a]) for a in range(len(self.names))
        ]
        length = float(self.frames.times[-1] - self.frames.times[0]) * settings.time_unit
        values = {
            **_of_structure(structure),
            **found,
            "relaxation_time": [tau.value for tau in taus],
            "relaxation_time_error": [tau.standard_error for tau in taus],
            "production_time": length,
            "composition": np.bincount(self.frames.species, minlength=len(self.names)) / len(self.frames.species),
        }
        status, reasons = self._verdict(np.moveaxis(peak, 0, 1), [tau.value for tau in taus], length)
        coordinates = {
            "k": setting.grid,
            "k_fine": structure.fine_centres,
            "t": setting.lag_times,
            "pair": list(setting.pair_names),
            "species": list(self.names),
        }
        for observable in self.observables.values():
            coordinates |= observable.coordinates(setting)
        schema = {**VARIABLES, **OWN_VARIABLES, **variables_of(self.observables)}
        return OwnResult(
            values,
            schema,
            coordinates,
            status,
            reasons,
            structure,
            (*self.lags.notes, *structure.notes, *self._notes(structure)),
        )

    def _verdict(self, blocks: Floats, taus: list[float], length: float) -> tuple[Status, tuple[str, ...]]:
        crystal = self.structure.crystal
        if self.frames.dimension == 3 and is_crystallised(crystal.fraction_blocks, crystal.clusters):
            most, cluster = np.nanmax(crystal.fraction_blocks), np.max(crystal.clusters, initial=0)
            return Status.CRYSTALLISED, (
                f"solid-like particles: up to {most:.1%} of {crystal.species} and {cluster:.0f} in a cluster",
            )
        verdict = equilibration(
            None, None, blocks, taus, length, Tolerances(relaxation_times=self.settings.quality.relaxation_times)
        )
        return (Status.DONE if verdict.is_equilibrated else Status.NOT_EQUILIBRATED), verdict.reasons

    def _notes(self, structure: OwnStructure) -> Iterator[str]:
        if "diffusion" in self.observables:
            yield from self._why_no_diffusion()
        if self.frames.dimension == 2:
            yield "crystalline_fraction is that of particles in hexagons that agree with their neighbours': a measure, no verdict"
        if len(set(self.masses)) > 1:
            yield "masses differ: the centre of mass is taken to be at rest, no drift is taken off"
        if structure.is_filled.sum() > 1:
            low = np.flatnonzero(structure.is_filled)
            yield f"S(k) of {low.size} bins below k = {structure.fine_centres[0] + self.settings.wavenumbers.spacing * (low[-1] + 1):.3g} is extrapolated: no wavevector of the box lies there"

    def _why_no_diffusion(self) -> Iterator[str]:
        second, times = self._motion().average("diffusion").part((..., 0, slice(None))), self.setting().lag_times
        for a, name in enumerate(self.names):
            found = diffusion_coefficient(
                times, second.mean[:, a], second.blocks[:, :, a], dimension=self.frames.dimension
            )
            if found.reason:
                yield f"no diffusion coefficient of {name}: {found.reason}"


def _under(prefix: str, saved: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): value for name, value in saved.items() if name.startswith(prefix)}


def _of_structure(structure: OwnStructure) -> dict[str, Any]:
    fractions = structure.crystal.fraction_blocks
    return {
        "structure_factor": structure.partials,
        "structure_factor_error": structure.error,
        "structure_factor_is_filled": structure.is_filled,
        "mean_wavenumber": structure.mean_wavenumber,
        "structure_factor_fine": structure.fine,
        "structure_factor_fine_error": structure.fine_error,
        "mean_wavenumber_fine": structure.fine_wavenumber,
        "n_vectors_fine": structure.fine_count,
        "peak_wavenumber": structure.peak.wavenumber,
        "peak_structure_factor": structure.peak_values,
        "crystalline_fraction": float(np.max(fractions)),
        "density": structure.density,
    }


def _check_lengths(frames: Frames) -> None:
    """The k grid, bins of distances and overlap are laid out for lengths in units of about a particle's diameter."""
    volume = abs(float(np.linalg.det(frames.cell(0))))
    spacing = (volume / len(frames.species)) ** (1.0 / frames.dimension)
    if not _SPACINGS[0] <= spacing <= _SPACINGS[1]:
        raise InvalidInput(
            f"the mean distance between particles, (V/N)^(1/{frames.dimension}), is {spacing:.4g} in the file's unit of length; "
            f"allowed: {_SPACINGS[0]} to {_SPACINGS[1]}. Give the diameter of a particle as the unit: length_unit "
            f"(--length-unit {spacing / 0.94:.3g} makes the density 1.2)"
        )
