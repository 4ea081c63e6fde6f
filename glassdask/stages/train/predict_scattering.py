"""F_s(k_p,t) of a structure factor that somebody brings, by a trained model, with an error and with warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassdask.datasets.netcdf import dataset, write_netcdf
from glassdask.datasets.own_files.structure_factor_file import read_structure_factor
from glassdask.datasets.schema.learning_variables import ONE_PREDICTION_VARIABLES
from glassdask.datasets.tables.number_table import TableOptions
from glassdask.errors import InvalidInput
from glassdask.files.atomic_write import write_text
from glassdask.learning.data.questions import Kind, Question
from glassdask.learning.data.training_set import TrainingSet
from glassdask.learning.models.calibration import Calibration
from glassdask.learning.models.model_folder import Model
from glassdask.learning.models.predictor import Predictor
from glassdask.physics.liquids.catalogue import LIQUIDS, liquid_named
from glassdask.physics.liquids.liquid import SPECIES, Liquid, pairs_of
from glassdask.physics.mode_coupling.critical_coupling import critical_coupling
from glassdask.physics.motion.curves.relaxation_time import relaxation_time
from glassdask.physics.structure.bipolar_grid import smoothed_at
from glassdask.physics.structure.static_structure import StaticStructure, matrix_of_pairs, pairs_of_matrix
from glassdask.physics.structure.table_on_grid import TableOnGrid, on_bipolar_grid
from glassdask.stages.train.prediction_errors import errors_of

if TYPE_CHECKING:
    import xarray as xr

#: Outside of the range of the training by more than this, in widths of that range, it is said.
_NEAR = 1e-6
#: The largest of 303 distances is a little above 0 for any new S(k): noise and interpolation.
_FAR = 0.1


@dataclass(frozen=True, eq=False)
class Prediction:
    """F_s(k_p,t) of one state.

    Parameters
    ----------
    network
        Name of the ensemble.
    lag_time
        t, shape (n_t,). [tau_MD]
    F, error
        F_s of each species, 1 at t = 0, and its standard error, shape (n_t, n_species): half of what holds 68.3 % of such
        questions' points, where they were examined; else the ensemble's spread, times what made it hold states at random.
    critical_coupling
        g_c of the structure factor.
    distance
        Largest distance from the range of the training, in widths of it; 0 inside.
    notes, warnings
        What was done to S(k), and what to be careful about.
    question
        Which kind of question the state is to the model, and how far it lies from what the model learned from.
    calibration
        What is known of errors in such questions; None where none was ever asked.
    is_calibrated
        Whether error and interval were measured to hold in such questions, as far away as this one.
    interval
        Lowest and highest F that hold 95 % of such questions' points, shape (n_t, n_species) each; None where fewer than 19
        states were asked for.
    read
        How the file of S(k) was understood, in a line.
    """

    network: str
    lag_time: np.ndarray
    F: np.ndarray
    error: np.ndarray
    critical_coupling: float
    distance: float
    notes: list[str]
    warnings: list[str]
    question: Question
    calibration: Calibration | None = None
    is_calibrated: bool = False
    interval: tuple[np.ndarray, np.ndarray] | None = None
    read: str = ""

    @property
    def data(self) -> xr.Dataset:
        """``predicted_scattering(species, t)`` and its ``predicted_scattering_error``, its interval for 95 % as
        ``predicted_scattering_lower`` and ``_upper``, NaN where there is none, ``mct_critical_coupling``, ``distance``, with units; the
        network, the kind of question, whether errors are calibrated for it, and notes as attributes."""
        lower, upper = self.interval or [np.full(self.F.shape, np.nan)] * 2
        values = {
            "predicted_scattering": self.F.T,
            "predicted_scattering_error": self.error.T,
            "predicted_scattering_lower": lower.T,
            "predicted_scattering_upper": upper.T,
            "mct_critical_coupling": self.critical_coupling,
            "distance": self.distance,
        }
        coordinates = {"species": list(SPECIES[: self.F.shape[1]]), "t": self.lag_time}
        about = {
            "network": self.network,
            "question": str(self.question.kind),
            "is_calibrated": int(self.is_calibrated),
            "notes": "; ".join(self.notes + self.warnings),
        }
        return dataset(values, coordinates, ONE_PREDICTION_VARIABLES).assign_attrs(about)

    @property
    def relaxation_times(self) -> dict[str, float]:
        """F_s(k_p,t) = 1/e of each species; NaN where that is not reached. [tau_MD]"""
        return {name: relaxation_time(self.lag_time, F).value for name, F in zip(SPECIES, self.F.T, strict=False)}

    @property
    def relaxation_intervals(self) -> dict[str, tuple[float, float]]:
        """The same of the lowest and the highest F; NaN where not reached or not known."""
        if self.interval is None:
            return dict.fromkeys(self.relaxation_times, (float("nan"), float("nan")))
        ends = [[relaxation_time(self.lag_time, F).value for F in end.T] for end in self.interval]
        return dict(zip(SPECIES, zip(*ends, strict=True), strict=False))

    def write(self, path: str | Path, attributes: Mapping[str, Any] | None = None) -> None:
        """Writes `data` with further attributes as netCDF or, by the file's ending, as CSV (t,A,A_error,B,B_error), whole."""
        if Path(path).suffix.lower() == ".csv":
            write_text(Path(path), self._csv())
        else:
            write_netcdf(self.data, Path(path), attributes or {})

    def _csv(self) -> str:
        names = SPECIES[: self.F.shape[1]]
        lines = [",".join(["t", *(f"{name},{name}_error" for name in names)])]
        for t, F, error in zip(self.lag_time, self.F, self.error, strict=True):
            lines.append(",".join([f"{t:.8g}", *(f"{f:.6f},{e:.6f}" for f, e in zip(F, error, strict=True))]))
        return "\n".join(lines) + "\n"


def predicted_scattering(
    model: Model,
    source: str | Path | xr.Dataset,
    temperature: float,
    density: float,
    potential: str,
    network: str | None = None,
    extrapolates: bool = False,
    options: TableOptions | None = None,
    normalisation: str | None = None,
) -> Prediction:
    """Predicts F_s(k_p,t): what `glassdask.predict` says, of a model that was read.

    `network` is an ensemble of the model, by default its first; `options` and `normalisation` are those of
    `read_structure_factor`.
    """
    _check_state(model, temperature, density, potential, extrapolates)
    liquid = _liquid_of(model, potential)
    question = model.learned.question(potential, density, temperature, liquid.n_species)
    name = model.network_for(question.kind) if network is None else network
    ensemble = _ensemble(model, name)
    x = np.array(list(liquid.composition.values()))
    measured = read_structure_factor(source, tuple(x), density, options, normalisation)
    table = on_bipolar_grid(measured.wavenumber, measured.partials, density, x, measured.errors)
    coupling = critical_coupling(StaticStructure(table.wavenumber, matrix_of_pairs(table.partials), density, x))
    notes = [*table.notes, *table.warnings, *_where_it_ends(table, density, x, coupling)]
    on_grid, said = _on_grid_of(model.wavenumber, measured.wavenumber, measured.partials, x)
    sample = _sample(model, on_grid, temperature, density, liquid, coupling)
    F, spread = (of_all[..., : liquid.n_species] for of_all in ensemble.curves(sample))
    distance = float(ensemble.distance(sample)[0])
    errors = errors_of(ensemble, question, np.log(sample.lag_time), F[0], spread[0])
    warnings = [*errors.warnings, *_warnings(model, temperature, density, potential, coupling, distance)]
    notes = [*measured.doubts, *notes, *(said if ensemble.reads_grid else []), *errors.notes]
    return Prediction(
        network=name,
        lag_time=sample.lag_time,
        F=F[0],
        error=errors.error,
        critical_coupling=coupling,
        distance=distance,
        notes=notes,
        warnings=warnings,
        question=question,
        calibration=ensemble.calibrations.get(question.kind),
        is_calibrated=errors.is_calibrated,
        interval=errors.interval,
        read=measured.read,
    )


def _check_state(model: Model, temperature: float, density: float, potential: str, extrapolates: bool) -> None:
    for name, value in (("temperature", temperature), ("density", density)):
        if not (np.isfinite(value) and value > 0):
            raise InvalidInput(f"--{name} is {value:g}; allowed: a finite number above 0")
    known = model.about["potentials"]
    is_examined = any(Kind.LIQUID in one.calibrations for one in model.ensembles.values())
    is_welcome = extrapolates or (is_examined and potential in LIQUIDS)
    if potential not in known and not is_welcome:
        hint = f"did you mean {potential.lower()!r}? " if potential.lower() in known else ""
        raise InvalidInput(
            f"--potential is {potential!r}, which this model never saw; {hint}allowed: {', '.join(known)}; train on a campaign "
            "with that potential, or type --extrapolate to have a guess whose error nobody has measured"
        )


def _liquid_of(model: Model, potential: str) -> Liquid:
    """As the model's campaign had it, or one of the catalogue; with no more species than the model knows."""
    records = model.about.get("liquids", {})
    liquid = Liquid.from_record(records[potential]) if potential in records else liquid_named(potential)
    n_species = next(iter(model.ensembles.values())).n_species
    if liquid.n_species > n_species:
        raise InvalidInput(
            f"--potential is {potential!r}, of {liquid.n_species} species; allowed: liquids of at most {n_species}, as the model "
            "knows no more; train on a campaign with such a liquid"
        )
    return liquid


def _ensemble(model: Model, network: str) -> Predictor:
    if network not in model.ensembles:
        raise InvalidInput(f"--network is {network!r}; allowed: {', '.join(map(repr, model.ensembles))}")
    return model.ensembles[network]


def _where_it_ends(table: TableOnGrid, density: float, x: np.ndarray, coupling: float) -> list[str]:
    """What the end of the table does to g_c, measured by cutting off its last quarter; nothing is said of a percent."""
    kept = 3 * table.wavenumber.size // 4
    S = matrix_of_pairs(table.partials[:, :kept])
    shorter = critical_coupling(StaticStructure(table.wavenumber[:kept], S, density, x))
    if abs(shorter / coupling - 1.0) < 0.01:
        return []
    end = f"the grid ends at k = {table.wavenumber[-1]:.4g}"
    return [f"{end}: without its last quarter g_c is {shorter:.4g} instead of {coupling:.4g}"]


def _on_grid_of(grid: np.ndarray, k: np.ndarray, S: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """S(k) at the wavenumbers of the training, and what was done in words; beyond the data the limit x_a δ_ab."""
    if k.shape == grid.shape and np.allclose(k, grid, rtol=1e-6):
        return S, []
    inside = grid <= k[-1]
    limits = pairs_of_matrix(np.diag(x))
    values = np.tile(limits[:, None], grid.size)
    spacing = grid[1] - grid[0]
    lowest = max(float(k[0]), float(k[min(4, k.size - 1)]) if k[0] > grid[0] else 0.0)
    values[:, inside] = smoothed_at(grid[inside], k, S, np.ones_like(k), lowest, 0.625 * spacing)
    said = [f"S(k) was interpolated to the training's k = {grid[0]:g}, {grid[1]:g} … {grid[-1]:g}"]
    if not inside.all():
        said.append(f"beyond k = {k[-1]:.4g}, where the data end, S_ab = x_a δ_ab was taken")
    return values, said


def _sample(
    model: Model, S: np.ndarray, temperature: float, density: float, liquid: Liquid, coupling: float
) -> TrainingSet:
    """The state as one row, without a measured F."""
    t, n_species = model.lag_time, next(iter(model.ensembles.values())).n_species
    unknown = np.full((1, t.size, n_species), np.nan)
    of_all = dict.fromkeys(pairs_of(n_species), np.full(model.wavenumber.size, np.nan))
    of_all |= dict(zip(liquid.pair_names, S, strict=True))
    return TrainingSet(
        potential=np.array([liquid.name]),
        temperature=np.array([temperature]),
        density=np.array([density]),
        replica=np.zeros(1, dtype=np.int64),
        wavenumber=model.wavenumber,
        structure_factor=np.array(list(of_all.values()))[None],
        lag_time=t,
        scattering=unknown,
        scattering_error=unknown,
        theory=unknown,
        critical_coupling=np.array([coupling]),
        critical_temperature=np.array([np.nan]),
        mass=np.array([[liquid.masses.get(name, 1.0) for name in SPECIES[:n_species]]]),
        liquids=np.array(model.about["potentials"]),
    )


def _warnings(
    model: Model, temperature: float, density: float, potential: str, coupling: float, distance: float
) -> list[str]:
    about = model.about
    found = []
    ranges = {
        "temperature": (temperature, about["temperatures"]),
        "density": (density, [min(about["densities"]), max(about["densities"])]),
        "critical coupling of S(k)": (coupling, about["critical_couplings"]),
    }
    for name, (value, (low, high)) in ranges.items():
        if not low * (1 - _NEAR) <= value <= high * (1 + _NEAR):
            found.append(f"the {name} {value:.4g} is outside of the training's {low:.4g} … {high:.4g}")
    if potential not in about["potentials"]:
        found.append(f"the potential {potential!r} was never seen in training ({', '.join(about['potentials'])})")
    if distance > _FAR:
        found.append(
            f"some input lies {distance:.2g} times the width of the training's range outside of it: the error bar was "
            "measured inside"
        )
    return found
