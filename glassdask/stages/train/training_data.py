"""What a campaign has to learn from: the finished states' S(k) as theory takes it, their F_s(k_p,t), and theory's F."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from glassdask.datasets.campaign_grids import check_grids, is_imported, on_campaign_grids
from glassdask.datasets.chosen_arrays import ChosenArrays, read_arrays
from glassdask.errors import InvalidInput
from glassdask.learning.data.training_set import TrainingSet
from glassdask.outcome import Status
from glassdask.physics.liquids.liquid import Liquid
from glassdask.stages.collect.campaign_cube import campaign_coordinates, labels_of
from glassdask.stages.collect.campaign_times import campaign_times
from glassdask.stages.contract.context import HasStatus
from glassdask.stages.contract.sections import Sections
from glassdask.stages.reduce import OBSERVABLES
from glassdask.stages.solve_mct import MODE_COUPLING
from glassdask.state_point import StatePoint

#: States that a network can be made from at all: one to learn from, one to stop by, one to be judged by.
FEWEST_STATES = 3
#: Grids of a state that must be the campaign's; theory's times are interpolated.
_TAKEN_AS_THEY_ARE = ("k", "t", "pair", "species")


@dataclass(frozen=True)
class TrainingData:
    """Samples, one row a replica; the states of the campaign that are not among them, with the reason; the liquids, by name."""

    samples: TrainingSet
    left_out: dict[str, str]
    liquids: dict[str, Liquid] = field(default_factory=dict)


def training_data(
    folder: Path,
    statuses: Iterable[HasStatus],
    sections: Sections,
    critical: xr.Dataset | None = None,
    with_glasses: bool = False,
) -> TrainingData:
    """What there is to be learned from in a campaign, from every replica of every state with its status; with the
    critical temperatures of the paper's Table 1 where the campaign has none.

    InvalidInput if fewer than three states can be used (the message says what became of the others), or if a state's
    grids are not the campaign's.
    """
    items = list(statuses)
    liquids = {name: sections.liquid_named(name) for name in sorted({item.state.potential for item in items})}
    coordinates = {**campaign_coordinates(sections), **labels_of(liquids.values())}
    homes = [folder / "states" / item.state.identifier for item in items]
    coordinates["t"] = campaign_times(coordinates["t"], homes)
    grids = {name: values for name, values in coordinates.items() if name in _TAKEN_AS_THEY_ARE}
    wanted = (Status.DONE, Status.NOT_EQUILIBRATED) if with_glasses else (Status.DONE,)
    rows: list[dict[str, Any]] = []
    left_out: dict[str, str] = {}
    for item in items:
        home = folder / "states" / item.state.identifier
        reason = "" if item.status in wanted else item.status
        if not reason and not ((home / OBSERVABLES).is_file() and (home / MODE_COUPLING).is_file()):
            reason = "not yet reduced"
        if not reason:
            row = _row(item.state, home, grids)
            reason = "" if np.isfinite(row["critical_coupling"]) else "no critical coupling"
            row["critical_temperature"] = _critical_temperature(item.state, liquids[item.state.potential], critical)
            row["mass"] = _masses(liquids[item.state.potential], len(grids["species"]))
        if reason:
            left_out[item.state.identifier] = reason
        else:
            rows.append(row)
    _refuse_too_few(rows, left_out)
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    samples = TrainingSet(wavenumber=grids["k"], lag_time=grids["t"][1:], **columns)
    return TrainingData(samples, left_out, {name: liquids[name] for name in samples.liquids.tolist()})


def _row(state: StatePoint, home: Path, grids: dict[str, np.ndarray]) -> dict[str, Any]:
    """What one run says, on the campaign's grids."""
    data = _checked(home / OBSERVABLES, grids, ("peak_scattering", "peak_scattering_error"))
    theory = _checked(
        home / MODE_COUPLING, grids, ("t_mct", "mct_structure_factor", "mct_peak_scattering", "mct_critical_coupling")
    )
    labels = {name: grids[name] for name in ("pair", "species")}  # a species that the liquid has not is missing
    measured, solved = on_campaign_grids(data, labels), on_campaign_grids(theory, labels)
    t = grids["t"][1:]
    F, error = (
        _on_lags(measured["t"], measured[name], t, is_imported(data.attributes))
        for name in ("peak_scattering", "peak_scattering_error")
    )
    return {
        "potential": state.potential,
        "temperature": state.temperature,
        "density": state.density,
        "replica": state.replica,
        "structure_factor": solved["mct_structure_factor"],
        "scattering": F,
        "scattering_error": error,
        "theory": _on_times(solved["t_mct"], solved["mct_peak_scattering"], t),
        "critical_coupling": float(solved.get("mct_critical_coupling", np.nan)),
    }


def _checked(path: Path, grids: dict[str, np.ndarray], names: tuple[str, ...]) -> ChosenArrays:
    found = read_arrays(path, (*grids, *names))
    own = {name: found.values[name] for name in grids if name in found.values}
    check_grids(own, is_imported(found.attributes), path, grids)
    return found


def _masses(liquid: Liquid, n_species: int) -> np.ndarray:
    """m of each species, 1 for those that the liquid has not. [m_A]"""
    found = np.ones(n_species)
    found[: liquid.n_species] = list(liquid.masses.values())
    return found


def _on_lags(own: np.ndarray, values: np.ndarray, t: np.ndarray, is_interpolated: bool) -> np.ndarray:
    """What was measured, (n_species, n_own), at later lag times, shape (n_t, n_species): those of a simulation begin them; of an
    imported run, whose lags are its own, linear in ln t between them."""
    own, values = own[1:], values[:, 1:].T
    found = np.full((t.size, values.shape[1]), np.nan)
    if not is_interpolated:
        found[: own.size] = values
        return found
    for a, curve in enumerate(values.T):
        known = np.isfinite(curve)
        if known.any():
            found[:, a] = np.interp(np.log(t), np.log(own[known]), curve[known], left=np.nan, right=np.nan)
    return found


def _on_times(own: np.ndarray, F: np.ndarray, t: np.ndarray) -> np.ndarray:
    """F_s(k_p,t) of the theory, (n_species, n_own), linear in ln t between its times, shape (n_t, n_species)."""
    return np.stack([np.interp(np.log(t), np.log(own[1:]), curve[1:], left=1.0) for curve in F], axis=1)


def _critical_temperature(state: StatePoint, liquid: Liquid, critical: xr.Dataset | None) -> float:
    """The campaign's own T_mct, else the published one. [epsilon_AA/k_B]"""
    own = np.nan
    if critical is not None:
        has_it = state.potential in critical["potential"].values and state.density in critical["rho"].values
        if has_it:
            own = float(critical["critical_temperature"].sel(potential=state.potential, rho=state.density))
    return own if np.isfinite(own) else liquid.published_critical_temperature(state.density)


def _refuse_too_few(rows: list[dict[str, Any]], left_out: dict[str, str]) -> None:
    states = {(row["potential"], row["density"], row["temperature"]) for row in rows}
    if len(states) >= FEWEST_STATES:
        return
    counts = ", ".join(f"{count} {reason}" for reason, count in Counter(left_out.values()).items())
    raise InvalidInput(
        f"{len(states)} states of this campaign can be learned from ({counts or 'it has no more'}); allowed: "
        f"{FEWEST_STATES} or more, dozens for a useful model; run more of it, at temperatures where the liquid "
        "neither crystallises nor falls out of equilibrium"
    )
