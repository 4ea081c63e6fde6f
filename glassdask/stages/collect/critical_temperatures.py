"""The critical temperatures of a campaign: T_mct of each (potential, density) from S(k) of all its temperatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from glassdask.datasets.chosen_arrays import read_arrays
from glassdask.datasets.coverage import COVERAGE
from glassdask.datasets.liquids import described
from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.schema.variables import CRITICAL_VARIABLES
from glassdask.errors import InvalidInput
from glassdask.outcome import CriticalVerdict, Status
from glassdask.physics.liquids.liquid import Liquid, n_particles
from glassdask.physics.mode_coupling.critical_errors import CriticalErrors
from glassdask.physics.mode_coupling.critical_temperature import CriticalTemperature, Treatment, critical_temperature
from glassdask.physics.mode_coupling.error_budget import SOURCES, ErrorBudget
from glassdask.physics.structure.static_structure import pairs_of_matrix
from glassdask.stages.collect import CRITICAL_TEMPERATURE, coverage_of
from glassdask.stages.collect.campaign_cube import labels_of
from glassdask.stages.collect.treatments import WIDTHS, partials_of_treatments
from glassdask.stages.contract.context import HasStatus
from glassdask.stages.contract.grids import wavenumber_centres
from glassdask.stages.contract.sections import Sections
from glassdask.stages.reduce import OBSERVABLES, temperature_of
from glassdask.stages.solve_mct import MODE_COUPLING
from glassdask.stages.solve_mct.run import FINE_BINS


@dataclass(frozen=True)
class _Run:
    """What one equilibrated run says of the statics."""

    temperature: float
    nominal: float
    partials: np.ndarray
    #: By the names of windows, where the fine bins are known.
    otherwise: Mapping[str, np.ndarray]


def critical_temperatures(folder: Path, statuses: Iterable[HasStatus], sections: Sections) -> xr.Dataset:
    """T_mct, its error, exponents and the critical nonergodicity parameter of each (potential, density).

    Only runs in equilibrium count; crystallised and failed ones never do.

    Parameters
    ----------
    folder
        The campaign's folder.
    statuses
        Every replica of every state with its status.
    sections
        Tables of the campaign file.

    Returns
    -------
    xarray.Dataset
        Variables of `glassdask.datasets.schema.variables.CRITICAL_VARIABLES`, dimensions (potential, rho, …); NaN for the
        species and pairs of the campaign that a liquid lacks.
    """
    groups: dict[tuple[str, float], list[Path]] = {}
    items = list(statuses)
    for item in items:
        homes = groups.setdefault((item.state.potential, item.state.density), [])
        if item.status == Status.DONE:
            homes.append(folder / "states" / item.state.identifier)
    k = wavenumber_centres(sections.wavenumbers)
    potentials, densities = (sorted(set(column)) for column in zip(*groups, strict=True))
    shape = (len(potentials), len(densities))
    liquids = {name: sections.liquid_named(name) for name in potentials}
    coordinates: dict[str, Any] = {
        "potential": np.array(potentials),
        "rho": np.array(densities),
        "k": k,
        "error_source": list(SOURCES),
        **labels_of(liquids.values()),
    }
    values = _empty(shape, {name: len(array) for name, array in coordinates.items()})
    for (potential, density), homes in groups.items():
        runs = [run for home in homes for run in _run_of(home, sections)]  # those of one group are held at a time
        place = potentials.index(potential), densities.index(density)
        has_pair = np.isin(coordinates["pair"], liquids[potential].pair_names)
        answer = _critical_temperature(runs, sections, liquids[potential], density)
        _fill(values, place, has_pair, answer)
    data = dataset(values, coordinates, CRITICAL_VARIABLES, ("potential", "rho"))
    return data.assign_attrs({"liquids": described(liquids.values()), COVERAGE: coverage_of(items)})


def write_critical_temperatures(data: xr.Dataset, folder: Path, campaign: str) -> Path:
    """Writes them into the campaign's folder, whole."""
    attributes = {"title": "critical temperatures of mode-coupling theory", "campaign": campaign}
    write_netcdf(data, folder / CRITICAL_TEMPERATURE, attributes)
    return folder / CRITICAL_TEMPERATURE


def _run_of(home: Path, sections: Sections) -> list[_Run]:
    """One run, or none where the theory has not been solved or could not use it."""
    if not (home / MODE_COUPLING).is_file():
        return []
    theory = read_arrays(home / MODE_COUPLING, ("mct_structure_factor",))
    if theory.attributes["mct_reason"]:
        return []
    observed = read_arrays(home / OBSERVABLES, ("T", "measured_temperature", *FINE_BINS)).dataset()
    partials = theory.values["mct_structure_factor"]
    return [_Run(temperature_of(observed), float(observed["T"]), partials, partials_of_treatments(observed, sections))]


def _critical_temperature(runs: list[_Run], sections: Sections, liquid: Liquid, density: float) -> CriticalTemperature:
    """From runs of one potential and density, with the whole numbers of particles that were simulated."""
    if not runs:
        return CriticalTemperature(
            CriticalVerdict.TOO_FEW_TEMPERATURES, "no run in equilibrium; 'glassdask status' says why"
        )
    box_length, k = sections.system.box_length, wavenumber_centres(sections.wavenumbers)
    n = n_particles(density, box_length)
    composition = np.array(liquid.counts(n)) / n
    T, nominal = ([getattr(run, name) for run in runs] for name in ("temperature", "nominal"))
    partials = np.array([run.partials for run in runs])
    try:
        treatments = _treatments(runs, k)
        return critical_temperature(T, partials, k, n / box_length**3, composition, nominal, treatments=treatments)
    except InvalidInput as error:
        return CriticalTemperature(CriticalVerdict.NOT_CONVERGED, str(error))


def _treatments(runs: list[_Run], k: np.ndarray) -> list[Treatment]:
    """S(k) of all runs with every window with which all of them have it."""
    names = [name for name in WIDTHS if all(name in run.otherwise for run in runs)]
    return [Treatment("window", k, np.array([run.otherwise[name] for run in runs])) for name in names]


def _empty(shape: tuple[int, int], sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
    values: dict[str, np.ndarray] = {}
    for name, variable in CRITICAL_VARIABLES.items():
        full = (*shape, *(sizes[d] for d in variable.dims))
        if variable.dtype == "str":
            values[name] = np.full(full, "", dtype=object)
        else:
            values[name] = np.full(full, np.nan if variable.dtype.startswith("float") else 0)
    return values


def _fill(
    values: dict[str, np.ndarray], place: tuple[int, int], has_pair: np.ndarray, found: CriticalTemperature
) -> None:
    values["verdict"][place] = found.verdict.flag
    values["message"][place] = found.message
    values["n_runs"][place] = found.n_runs
    values["critical_temperature"][place] = found.temperature
    for name, budget in _budgets(found.errors).items():
        values[f"{name}_error"][place] = budget.total
        values[f"{name}_error_part"][place] = [getattr(budget, source) for source in SOURCES]
    if found.point is not None:
        point = found.point
        values["exponent_parameter"][place] = point.exponent_parameter
        values["exponent_a"][place], values["exponent_b"][place] = point.a, point.b
        F, S = pairs_of_matrix(point.glass.F), pairs_of_matrix(point.glass_structure.structure_factor)
        values["critical_nonergodicity"][place][has_pair] = F / S
        values["critical_self_nonergodicity"][place][: len(point.glass.F_s)] = point.glass.F_s


def _budgets(errors: CriticalErrors) -> dict[str, ErrorBudget]:
    """By the names of variables."""
    return {
        "critical_temperature": errors.temperature,
        "exponent_parameter": errors.exponent_parameter,
        "exponent_a": errors.a,
        "exponent_b": errors.b,
        "critical_coupling": errors.coupling,
    }
