"""One's own trajectory: S(k), F_s(k,t), relaxation, diffusion, heterogeneity; and on to theory and memory functions."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from glassdask.errors import InvalidInput
from glassdask.operations.progress import tell_nothing

if TYPE_CHECKING:
    import xarray as xr

    from glassdask.datasets.trajectories.options import TrajectoryOptions
    from glassdask.datasets.trajectories.own_trajectory import OwnTrajectory
    from glassdask.operations.analysis.memory import MemoryFunctions
    from glassdask.operations.analysis.theory import ModeCouplingTheory
    from glassdask.physics.memory.dynamics import Dynamics
    from glassdask.stages.reduce.own_trajectory import OwnAnalysis, Step

#: In the output folder while an analysis is under way.
PROGRESS = "analysis-in-progress.npz"
#: Seconds between two savings of it.
_SAVE_SECONDS = 20.0
#: Scalars of species, as they are told: name of the variable, its error, and in `as_dict`.
_BY_SPECIES = (
    "relaxation_time",
    "relaxation_time_error",
    "diffusion_coefficient",
    "diffusion_coefficient_error",
    "alpha2_peak",
    "alpha2_peak_error",
    "alpha2_peak_time",
    "chi4_peak",
    "chi4_peak_error",
    "chi4_peak_time",
)


@dataclass(frozen=True, eq=False)
class TrajectoryAnalysis:
    """What a trajectory says.

    Parameters
    ----------
    data
        The variables of a campaign's state and of the observables, over k, t, pair, species …, in the file's units.
    understood
        How the file was understood, in lines.
    notes
        What to be careful about.
    reasons
        Why it is not simply done.
    facts
        Of the file: n_frames, n_particles, density, dimension, schedule …
    theory
        What mode-coupling theory says of its S(k), where that was asked for.
    memory
        Memory functions of its F_s(k_p,t), where they were asked for.
    folder
        Where everything lies, where it was written.
    files
        What was written there.
    """

    data: xr.Dataset
    understood: tuple[str, ...]
    notes: tuple[str, ...]
    reasons: tuple[str, ...]
    facts: dict[str, Any]
    theory: ModeCouplingTheory | None = None
    memory: MemoryFunctions | None = None
    folder: Path | None = None
    files: tuple[str, ...] = field(default=())

    @property
    def status(self) -> str:
        """``done``, ``not_equilibrated`` or ``crystallised``."""
        return str(self.data.attrs["status"])

    def as_dict(self) -> dict[str, Any]:
        """All but curves as plain data, for strict JSON: what does not exist is None."""
        data = self.data
        species = [str(name) for name in data["species"].values]
        found: dict[str, Any] = {
            **self.facts,
            "k_p": _finite(data["peak_wavenumber"]),
            "peak": _finite(data["peak_structure_factor"][0]),
            "crystalline_fraction": _finite(data["crystalline_fraction"]),
            "status": self.status,
            "reasons": list(self.reasons),
        }
        for name in (name for name in _BY_SPECIES if name in data):
            found[name] = {s: _finite(data[name].sel(species=s)) for s in species}
        found["understood"], found["notes"] = list(self.understood), list(self.notes)
        found["mct"] = None if self.theory is None else self.theory.as_dict()
        found["memory"] = None if self.memory is None else self.memory.as_dict()
        return {**found, "folder": None if self.folder is None else str(self.folder), "files": list(self.files)}


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def analyse(
    path: str | Path,
    *,
    options: TrajectoryOptions | None = None,
    observables: Sequence[str] | None = None,
    wavenumbers: Sequence[float] = (),
    temperature: float | None = None,
    density: float | None = None,
    overlap_distance: float = 0.3,
    max_vectors: int | None = None,
    structure_frames: int = 200,
    output: str | Path | None = None,
    figures: bool = True,
    mct: bool = False,
    fit: bool = False,
    dynamics: Dynamics | None = None,
    array: str = "auto",
    say: Callable[[str], None] = tell_nothing,
    progress: Callable[[Step], None] = lambda _: None,
) -> TrajectoryAnalysis:
    """All that this field asks of a trajectory: one call from a file to S(k), F_s(k,t), theory and memory.

    Parameters
    ----------
    path
        The file: GSD, LAMMPS dump, (extended) XYZ, DCD, XTC, TRR, H5MD, AMBER NetCDF.
    options
        What the file does not say (`glassdask.TrajectoryOptions`).
    observables
        Names; all that are defined in its dimension and are computed by default.
    wavenumbers
        Of collective scattering, besides k_p. [1/length]
    temperature
        k_BT, for the file's data and Newtonian theory with the mass of A as unit. [length² mass/time²]
    density
        N/V of a file without a box, which is then a cube; with one it must agree. [1/length^d]
    overlap_distance
        Within which a particle counts as not moved. [length]
    max_vectors
        Wavevectors of a fine bin, beyond which they are sampled; by default all up to 5000 particles, else 1000.
    structure_frames
        Frames that S(k) is averaged over.
    output
        Folder for netCDF, tables (CSV) and figures; and for the progress, from which an analysis that was killed goes on.
    figures
        Draw them, where `output` is given.
    mct, fit
        Go on to mode-coupling theory of S(k), to memory functions of F_s(k_p,t).
    dynamics
        Of both: "newtonian" where a temperature is given, else "overdamped".
    array
        ``numpy``, ``cupy`` or ``auto``.
    say
        Called with a line where this takes long.
    progress
        Called after every frame.

    Returns
    -------
    TrajectoryAnalysis
        With the Dataset in ``data``.

    Raises
    ------
    InvalidInput
        If the file cannot be read or understood, or values do not go together; with the frame, and what to do.

    Examples
    --------
    >>> found = glassdask.analyse("run.gsd")  # doctest: +SKIP
    >>> found.data.relaxation_time.sel(species="A"), found.as_dict()["chi4_peak"]["A"]  # doctest: +SKIP
    """
    from glassdask.arrays import array_module
    from glassdask.datasets.trajectories.options import TrajectoryOptions
    from glassdask.datasets.trajectories.own_trajectory import open_trajectory
    from glassdask.observables.catalogue import default_names
    from glassdask.physics.motion.lag_pairs import lag_pairs
    from glassdask.stages.contract.sections import WavenumbersSection
    from glassdask.stages.reduce.own_trajectory import OwnAnalysis, OwnSettings

    for name, value in {"temperature": temperature, "density": density, "overlap_distance": overlap_distance}.items():
        if value is not None and not (math.isfinite(value) and value > 0):
            raise InvalidInput(f"--{name.replace('_', '-')} is {value:g}; allowed: a finite number above 0")
    folder = None if output is None else Path(output)
    if folder is not None and folder.exists() and not folder.is_dir():
        raise InvalidInput(f"--output {str(folder)!r} is a file; allowed: a folder, there or not")
    chosen = _with_cube(Path(path), options or TrajectoryOptions(), density)
    with open_trajectory(path, chosen) as trajectory:
        _check_density(trajectory, density)
        if mct and trajectory.dimension != 3:
            raise InvalidInput("--mct is of three dimensions, and the trajectory has two; leave it out")
        used = dynamics or ("overdamped" if temperature is None else "newtonian")
        if used == "newtonian" and (mct or fit):
            _check_newtonian(trajectory, temperature)
        lags = lag_pairs(trajectory.times)
        names = tuple(observables) if observables is not None else default_names(trajectory.dimension)
        section = WavenumbersSection(structure_frames=structure_frames)
        settings = OwnSettings(section, names, tuple(wavenumbers), overlap_distance, max_vectors=max_vectors)
        analysis = OwnAnalysis(
            trajectory,
            trajectory.names,
            _masses(trajectory),
            lags,
            settings,
            array_module(array),
            _stamp(Path(path), chosen),
        )
        understood = in_words(trajectory, lags)
        for line in understood:
            say(line)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        _go_through(analysis, folder, say, progress)
        result = analysis.result()
        facts = _facts(trajectory, lags, result.structure.density)
        notes = (*trajectory.notes, *result.notes)
    data = _dataset(result, str(path), temperature, facts)
    theory = _theory(data, analysis, used, temperature, say) if mct else None
    memory = _memory(data, analysis, used, temperature, say) if fit else None
    found = TrajectoryAnalysis(data, understood, notes, result.reasons, facts, theory, memory)
    if folder is None:
        return found
    from glassdask.operations.trajectories.files import write_analysis

    files = write_analysis(data, theory, memory, folder, figures)
    (folder / PROGRESS).unlink(missing_ok=True)
    return TrajectoryAnalysis(data, understood, notes, result.reasons, facts, theory, memory, folder, tuple(files))


# --- before and while it goes on --------------------------------------------------------------------------------------


def _with_cube(path: Path, options: TrajectoryOptions, density: float | None) -> TrajectoryOptions:
    """With the cube (in two dimensions the square) of a density, where a file has no box and nobody gives one."""
    from dataclasses import replace

    from glassdask.datasets.trajectories.formats.catalogue import open_file

    if density is None or options.box is not None:
        return options
    file = open_file(path, options)
    try:
        frame = file.frame(options.first)
    finally:
        file.close()
    if frame.cell is not None:
        return options
    length = (len(frame.positions) / density) ** (1.0 / (options.dimension or frame.dimension or 3))
    return replace(options, box=options.length_unit * length)


def _check_density(trajectory: OwnTrajectory, density: float | None) -> None:
    from glassdask.physics.numerics.periodic_cell import volumes

    own = len(trajectory.species) / float(volumes(trajectory.cell(0)))
    if density is not None and not math.isclose(own, density, rel_tol=0.01):
        raise InvalidInput(
            f"--density is {density:g}, and the file's box gives {own:.6g}; allowed: leave it out where the file has a box; "
            "--length-unit scales its lengths"
        )


def _check_newtonian(trajectory: OwnTrajectory, temperature: float | None) -> None:
    """Inertia needs a unit of time that goes with those of length, mass and energy."""
    if temperature is None:
        raise InvalidInput("--dynamics newtonian needs --temperature, k_BT with the mass of A as the unit of mass")
    if not trajectory.has_times:
        raise InvalidInput(
            f"the file counts {trajectory.time_unit}, and Newtonian dynamics needs times; give --time-step in the unit in "
            "which k_BT/m is a squared velocity (tau_LJ of reduced units), or --dynamics overdamped"
        )


def _masses(trajectory: OwnTrajectory) -> tuple[float, ...]:
    masses = trajectory.masses
    return (1.0,) * len(trajectory.names) if masses is None else tuple(float(mass) for mass in masses)


def _stamp(path: Path, options: TrajectoryOptions) -> str:
    """Tells a file from another of the same name."""
    facts = path.stat()
    return f"{path.absolute()} {facts.st_size} {facts.st_mtime_ns} {options!r}"


def in_words(trajectory: OwnTrajectory, lags: Any) -> tuple[str, ...]:
    """How a trajectory was understood, in lines."""
    import numpy as np

    counts = np.bincount(trajectory.species, minlength=len(trajectory.names))
    species = ", ".join(f"{count} {name}" for count, name in zip(counts, trajectory.names, strict=True))
    cell = trajectory.cell(0)
    lengths = np.diag(cell)
    is_simple = np.array_equal(cell, np.diag(lengths))
    box = " × ".join(f"{x:.6g}" for x in (lengths if is_simple else np.linalg.norm(cell, axis=1)))
    kind = "" if is_simple else ", triclinic (lengths of its vectors)"
    length = trajectory.times[-1] - trajectory.times[0]
    return (
        f"{trajectory.format}: {len(trajectory.species)} particles ({species}), {len(trajectory)} frames",
        f"box {box}{kind}, {trajectory.dimension} dimensions; positions {'wrapped' if trajectory.is_wrapped else 'unwrapped'}"
        + (", with image flags" if trajectory.has_images else ""),
        f"frames: {lags.schedule.describe()}; {length:.6g} from the first to the last",
    )


def _facts(trajectory: OwnTrajectory, lags: Any, density: float) -> dict[str, Any]:
    import numpy as np

    counts = np.bincount(trajectory.species, minlength=len(trajectory.names))
    return {
        "format": trajectory.format,
        "n_frames": len(trajectory),
        "n_particles": len(trajectory.species),
        "species": {name: int(count) for name, count in zip(trajectory.names, counts, strict=True)},
        "density": density,
        "dimension": trajectory.dimension,
        "box": trajectory.cell(0).tolist(),
        "is_wrapped": bool(trajectory.is_wrapped),
        "schedule": str(lags.schedule.kind),
        "time_unit": {"time": "the file's time"}.get(trajectory.time_unit, trajectory.time_unit),
        "length": float(trajectory.times[-1] - trajectory.times[0]),
    }


def _go_through(
    analysis: OwnAnalysis, folder: Path | None, say: Callable[[str], None], progress: Callable[[Step], None]
) -> None:
    """All steps; the progress is saved now and then, and what an analysis that was killed has left is taken up."""
    saved_at = time.monotonic()
    path = None if folder is None else folder / PROGRESS
    if path is not None and _took_up(analysis, path):
        say(f"goes on from {path}")
    for step in analysis.steps():
        progress(step)
        if path is not None and time.monotonic() - saved_at > _SAVE_SECONDS:
            _save(analysis, path)
            saved_at = time.monotonic()


def _took_up(analysis: OwnAnalysis, path: Path) -> bool:
    import numpy as np

    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            return analysis.restore(dict(stored))
    except FileNotFoundError:
        return False
    except (ValueError, OSError, KeyError, EOFError, BadZipFile):  # damaged: the analysis begins again
        return False


def _save(analysis: OwnAnalysis, path: Path) -> None:
    import numpy as np

    from glassdask.files.atomic_write import atomic_write

    with atomic_write(path, durable=False) as temporary, temporary.open("wb") as stream:
        arrays: dict[str, Any] = analysis.saved()
        np.savez(stream, **arrays)


# --- results ----------------------------------------------------------------------------------------------------------


def _dataset(result: Any, source: str, temperature: float | None, facts: dict[str, Any]) -> xr.Dataset:
    from glassdask.datasets.netcdf import dataset

    coordinates = dict(result.coordinates)
    if temperature is not None:
        coordinates["T"] = temperature
    coordinates["rho"] = result.structure.density
    values = {name: value for name, value in result.values.items() if name in result.schema}
    data = dataset(values, coordinates, result.schema)
    data["t"].attrs["units"] = facts["time_unit"]
    return data.assign_attrs(
        title=Path(source).name,
        source=source,
        status=str(result.status),
        status_reasons="; ".join(result.reasons),
        n_particles=facts["n_particles"],
        is_imported=1,
        box_length=(facts["n_particles"] / facts["density"]) ** (1.0 / facts["dimension"]),
    )


def _theory(
    data: xr.Dataset, analysis: OwnAnalysis, dynamics: Dynamics, temperature: float | None, say: Callable[[str], None]
) -> ModeCouplingTheory:
    from glassdask.operations.analysis.theory import mode_coupling_theory
    from glassdask.stages.solve_mct.own_structure import own_structure

    structure = own_structure(data, analysis.settings.wavenumbers)
    mobility: dict[str, Any] = {}
    if dynamics == "newtonian":
        assert temperature is not None
        unit = analysis.masses[0]
        mobility = {"temperature": temperature / unit, "masses": [mass / unit for mass in analysis.masses]}
    return mode_coupling_theory(
        structure, dynamics=dynamics, wavenumber=float(data["peak_wavenumber"]), say=say, **mobility
    )


def _memory(
    data: xr.Dataset, analysis: OwnAnalysis, dynamics: Dynamics, temperature: float | None, say: Callable[[str], None]
) -> MemoryFunctions:
    """Newtonian: Ω = k_p² k_BT/m of each species, with the mass of A as the unit."""
    import numpy as np

    from glassdask.operations.analysis.memory import fit_memory

    is_later = np.isfinite(data["peak_scattering"].values).all(axis=0)
    part = data[["peak_scattering", "peak_scattering_error"]].isel(t=is_later)
    curves = part.rename(peak_scattering="F", peak_scattering_error="error")
    omega = None
    if dynamics == "newtonian" and temperature is not None:
        masses = analysis.masses
        omega = [float(data["peak_wavenumber"]) ** 2 * temperature * masses[0] / mass for mass in masses]
    return fit_memory(curves, dynamics=dynamics, omega=omega, say=say)
