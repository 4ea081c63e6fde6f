"""What there is to draw of one state: F_s(k_p,t) and S(k), measured, by theory, or so far of a simulation that runs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from glassdask.datasets.netcdf import ONE_AT_A_TIME
from glassdask.errors import InvalidInput
from glassdask.physics.liquids.liquid import SPECIES, TAU_MD, pairs_of
from glassdask.physics.motion.intermediate_scattering import self_intermediate_scattering
from glassdask.physics.motion.lag_average import lag_average
from glassdask.physics.motion.lag_times import frame_pairs, lag_grid
from glassdask.physics.structure.spread_frames import spread_frames
from glassdask.physics.structure.structure_factor_plan import StructureFactorPlan
from glassdask.physics.structure.wavenumber_bins import (
    peak,
    peak_half_width,
    peak_interval,
    rebin,
    smooth_structure_factor,
)
from glassdask.processes.answer import REQUEST
from glassdask.simulation import TRAJECTORY
from glassdask.simulation.records.checkpoint import SEGMENTS
from glassdask.simulation.records.trajectory import DamagedTrajectory, Frame, Trajectory
from glassdask.simulation.run.relaxation_monitor import WAVENUMBER
from glassdask.stages.contract.grids import wavenumber_edges
from glassdask.stages.contract.sections import FramesSection, WavenumbersSection
from glassdask.stages.reduce import OBSERVABLES
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.stages.solve_mct import MODE_COUPLING

#: Frames for S(k), origins of a lag for F_s, largest k of S(k) [1/sigma_AA]: half a second for 1200 particles.
_STRUCTURE_FRAMES, _ORIGINS, _LARGEST_WAVENUMBER = 6, 8, 16.0
#: How far on both sides of k_p, and in which steps, the curve of which it is the maximum is given. [1/sigma_AA]
_AROUND_PEAK, _PEAK_STEP = 1.2, 0.04
#: Blocks of time that the error bars of F_s come from.
_N_BLOCKS = 10
#: What reading a file that vanishes, or is damaged, may raise.
_UNREADABLE = (OSError, RuntimeError, ValueError, KeyError, TypeError, IndexError, DamagedTrajectory)


def state_curves(folder: Path) -> dict[str, Any]:
    """The curves of a state, as far as its files hold them, as plain data; None stands for NaN.

    Parameters
    ----------
    folder
        The state's folder, in that of a campaign.

    Returns
    -------
    dict
        Measured: ``t`` [tau_MD], ``F_A``, ``F_A_error``, ``F_B``, ``F_B_error`` (F_s(k_p,t), 1 at t = 0), ``k``
        [1/sigma_AA], ``S_AA``, ``S_AB``, ``S_BB`` and their ``…_error``, ``k_p`` [1/sigma_AA]; around the peak, where
        fine bins tell more, ``k_peak`` [1/sigma_AA], ``S_AA_peak``, … , the curve of which ``k_p`` is the maximum, and its height
        ``S_p``; they are not there where k_p was not found so. By mode-coupling theory:
        ``t_mct`` [tau_MD], ``F_mct_A``, ``F_mct_B``. Lists of one length for each abscissa. Before the state is
        reduced, ``is_so_far`` is True and the measured curves are rough ones, from some of the frames that are on
        disk, S(k) up to k = 16; only ``is_so_far`` is there before the first frame. A file that vanishes meanwhile, or
        cannot be read, counts as absent.
    """
    observed = _read(folder / OBSERVABLES, _observed) or {"is_so_far": True, **_so_far(folder)}
    return _plain({**observed, **_read(folder / MODE_COUPLING, _theory)})


def _read(path: Path, take) -> dict[str, Any]:
    try:
        with ONE_AT_A_TIME, xr.open_dataset(path, engine="netcdf4") as data:
            return take(data)
    except _UNREADABLE:
        return {}


def _observed(data: xr.Dataset) -> dict[str, Any]:
    curves: dict[str, Any] = {"t": data["t"].values, "k": data["k"].values, "k_p": float(data["peak_wavenumber"])}
    for end in ("", "_error"):
        F, S = data[f"peak_scattering{end}"].values, data[f"structure_factor{end}"].values
        curves |= {f"F_{name}{end}": F[i] for i, name in enumerate(data["species"].values)}
        curves |= {f"S_{name}{end}": S[i] for i, name in enumerate(data["pair"].values)}
    return curves | _observed_peak(data, curves["k_p"])


def _observed_peak(data: xr.Dataset, k_p: float) -> dict[str, Any]:
    """Of a reduced state, whose files keep no count of the vectors in fine bins: those of its cubic box, of which the
    smallest k is 2 pi/L."""
    try:
        length = 2 * np.pi / float(np.nanmin(data["mean_wavenumber_fine"].values))
        centres = data["k_fine"].values
        width = float(centres[1] - centres[0])
        count = _vectors_in_bins(length, np.arange(centres.size + 1) * width, k_p + _AROUND_PEAK + peak_half_width(1.2))
        fine = dict(zip(data["pair"].values, data["structure_factor_fine"].values, strict=True))
        return _peak_curves(data["mean_wavenumber_fine"].values, fine, count, k_p)
    except (*_UNREADABLE, InvalidInput):  # no fine bins, as in what somebody else has made
        return {}


def _vectors_in_bins(length: float, edges: np.ndarray, largest: float) -> np.ndarray:
    """Wavevectors (2 pi/L) n of a cubic box in each bin up to the `largest` k."""
    n = int(largest * length / (2 * np.pi)) + 1
    squares = np.arange(-n, n + 1) ** 2
    sizes, counts = np.unique(squares[:, None, None] + squares[:, None] + squares, return_counts=True)
    found, _ = np.histogram(2 * np.pi / length * np.sqrt(sizes), edges, weights=counts)
    return found


def _peak_curves(k: np.ndarray, fine: Mapping[str, np.ndarray], count: np.ndarray, k_p: float) -> dict[str, Any]:
    """The smooth S_ab(k) around the peak, at k_p among others."""
    at = k_p + np.arange(-_AROUND_PEAK, _AROUND_PEAK + 1e-9, _PEAK_STEP)
    smooth = {pair: smooth_structure_factor(k, S, count, at) for pair, S in fine.items()}
    return {"k_peak": at, "S_p": float(smooth["AA"][at.size // 2]), **{f"S_{p}_peak": S for p, S in smooth.items()}}


def _theory(data: xr.Dataset) -> dict[str, Any]:
    F = data["mct_peak_scattering"].values
    return {"t_mct": data["t_mct"].values, **{f"F_mct_{name}": F[i] for i, name in enumerate(data["species"].values)}}


def _plain(curves: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [x if math.isfinite(x) else None for x in value.tolist()] if isinstance(value, np.ndarray) else value
        for name, value in curves.items()
    }


# --- of a simulation that is not finished, or not reduced yet ---------------------------------------------------------


class _Schedule(NamedTuple):
    """When the frames were taken: the state's steps per base step, the base step [tau_MD], blocks in base steps."""

    divisor: int
    base_step: float
    block_length: int
    per_octave: float


class _Frames:
    """The frames of several trajectory files, one after the other, by number."""

    def __init__(self, paths: list[Path]):
        self._files = [Trajectory(path) for path in paths]
        self._starts = np.cumsum([0, *(len(file) for file in self._files)])
        self.steps = np.concatenate([file.steps for file in self._files])
        self.species, self.box_length = self._files[0].species, self._files[0].box_length

    def __getitem__(self, index: int) -> Frame:
        number = int(np.searchsorted(self._starts, index, side="right")) - 1
        return self._files[number][index - int(self._starts[number])]

    def close(self) -> None:
        for file in self._files:
            file.close()


def _so_far(folder: Path) -> dict[str, Any]:
    try:
        paths, schedule, wavenumbers = _on_disk(folder)
        frames = _Frames(paths)
    except _UNREADABLE:
        return {}
    try:
        base = frames.steps // schedule.divisor
        structure = _structure_so_far(frames, base, wavenumbers)
        return {**structure, **_scattering_so_far(frames, base, schedule, structure["k_p"])}
    except _UNREADABLE:
        return {}
    finally:
        frames.close()


def _on_disk(folder: Path) -> tuple[list[Path], _Schedule, WavenumbersSection]:
    """The trajectory's files, when their frames were taken, and the table ``wavenumbers`` of the campaign, if it lies in one."""
    record = folder.absolute().parents[1] / "campaign.json"
    tables = json.loads(record.read_bytes())["specification"] if record.exists() else {}
    wavenumbers = WavenumbersSection.model_validate(tables.get("wavenumbers", {}))
    if (folder / TRAJECTORY).exists():
        found = json.loads((folder / f"{SIMULATE.name}.json").read_bytes())["provenance"]["simulation"]
        base_step = found["time_step"] * found["divisor"] / TAU_MD
        frames = FramesSection.model_validate(tables["frames"])
        schedule = _Schedule(found["divisor"], base_step, frames.block_length, frames.per_octave)
        return [folder / TRAJECTORY], schedule, wavenumbers
    attempts = folder.glob(f"work/{SIMULATE.name}/*/*/{SEGMENTS}")
    newest = max(
        (path for path in attempts if any(path.glob("frames-*.gsd"))),
        key=lambda path: path.parent.stat().st_mtime,
    )
    request = json.loads((newest.parent / REQUEST).read_bytes())
    production = request["production"]
    schedule = _Schedule(request["divisor"], request["base_step"], production["block_length"], production["per_octave"])
    return sorted(newest.glob("frames-*.gsd")), schedule, wavenumbers


def _structure_so_far(frames: _Frames, base: np.ndarray, section: WavenumbersSection) -> dict[str, Any]:
    _, fine_edges = wavenumber_edges(section)
    count = min(section.count, round(_LARGEST_WAVENUMBER / section.spacing))
    plan = StructureFactorPlan(frames.box_length, frames.species, fine_edges[: count * section.fine_bins + 1])
    chosen = spread_frames(base, _STRUCTURE_FRAMES) if len(base) > 1 else [0]
    S = np.concatenate([plan.of_frames(frames[int(index)].positions[None]) for index in chosen])
    coarse, _ = rebin(S, plan.count, section.fine_bins)
    error = coarse.std(axis=0, ddof=1) / math.sqrt(len(chosen)) if len(chosen) > 1 else np.full(coarse[0].shape, np.nan)
    mean = coarse.mean(axis=0)
    density = len(frames.species) / frames.box_length**3
    try:
        k_p = peak(plan.wavenumber, S[:, 0].mean(axis=0), plan.count, peak_interval(density)).wavenumber
    except InvalidInput:  # too few frames, or too small a box, for a peak
        k_p = WAVENUMBER
    curves = {"k": (np.arange(count) + 0.5) * section.spacing, "k_p": k_p}
    names = pairs_of(int(frames.species.max()) + 1)
    for i, name in enumerate(names):
        curves |= {f"S_{name}": mean[i], f"S_{name}_error": error[i]}
    try:
        return curves | _peak_curves(plan.wavenumber, dict(zip(names, S.mean(axis=0), strict=True)), plan.count, k_p)
    except InvalidInput:
        return curves


def _scattering_so_far(frames: _Frames, base: np.ndarray, schedule: _Schedule, k_p: float) -> dict[str, Any]:
    n_blocks = max(1, int(base[-1]) // schedule.block_length)
    lags = lag_grid(n_blocks, schedule.block_length, schedule.per_octave)
    pairs = [_spread(found) for found in frame_pairs(base, lags, schedule.block_length)]
    is_reached = [len(found) > 0 for found in pairs]
    lags, pairs = lags[is_reached], [found for found in pairs if len(found)]
    needed, local = np.unique(np.concatenate(pairs), return_inverse=True)
    positions = np.array([frames[int(index)].unwrapped for index in needed])
    pairs_here = local.reshape(-1, 2)
    values = self_intermediate_scattering(positions, frames.species, [k_p], pairs_here, box_lengths=np.inf)[..., 0]
    average = lag_average(values, pairs, base, _N_BLOCKS)
    curves: dict[str, Any] = {"t": lags * schedule.base_step}
    for i, name in enumerate(SPECIES[: average.mean.shape[1]]):
        curves |= {f"F_{name}": average.mean[:, i], f"F_{name}_error": average.standard_error[:, i]}
    return curves


def _spread(pairs: np.ndarray) -> np.ndarray:
    """A few pairs, evenly in time."""
    if len(pairs) <= _ORIGINS:
        return pairs
    return pairs[np.linspace(0, len(pairs) - 1, _ORIGINS).round().astype(int)]
