"""Mode-coupling theory: critical temperatures of a campaign, and all that it says of one's own structure factor."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from glassdask.errors import InvalidInput
from glassdask.operations.progress import tell, tell_nothing
from glassdask.outcome import Status
from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS, Dynamics

if TYPE_CHECKING:
    import xarray as xr

    from glassdask.datasets.labelled_arrays import LabelledArrays
    from glassdask.datasets.tables.number_table import TableOptions
    from glassdask.physics.structure.static_structure import StaticStructure
    from glassdask.physics.structure.table_on_grid import TableOnGrid
    from glassdask.stages.solve_mct.theory_doubt import TheoryDoubt


def critical_temperatures(
    path: str | Path, *, other_box: str | Path | None = None, say: Callable[[str], None] = tell
) -> xr.Dataset:
    """T_mct of every potential and density of a campaign, from S(k,T) smoothed in T over its states.

    Parameters
    ----------
    path
        The campaign's TOML file or its folder.
    other_box
        A campaign of the same liquids and densities in a box of another size, for the part of the errors that is of finite size.
    say
        Called with a line where states are missing, or the campaign's own file is out of date.

    Returns
    -------
    xarray.Dataset
        Over (potential, rho): ``critical_temperature`` and its ``critical_temperature_error`` [epsilon_AA/k_B],
        ``exponent_parameter``, ``exponent_a``, ``exponent_b``, ``n_runs``, ``verdict`` (a flag) and ``message``. Each error is
        of the statistics and of the treatment of S(k) together; ``critical_temperature_error_part`` … have the parts over
        ``error_source``.

    Raises
    ------
    InvalidInput
        If a campaign was not started, or both have the same box.
    """
    from glassdask.stages.collect.finite_size import with_finite_size

    data, box_length = _of_campaign(path, say)
    if other_box is None:
        return data
    other, other_box_length = _of_campaign(other_box, say)
    return with_finite_size(data, other, box_length, other_box_length)


def _of_campaign(path: str | Path, say: Callable[[str], None]) -> tuple[xr.Dataset, float]:
    """Of one campaign, with the length of its box."""
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.campaign.files.status import campaign_status
    from glassdask.campaign.work.campaign_product import is_current
    from glassdask.datasets.netcdf import read_netcdf
    from glassdask.stages.collect import CRITICAL_TEMPERATURE, coverage_of
    from glassdask.stages.collect import STAGE as COLLECT
    from glassdask.stages.collect.critical_temperatures import critical_temperatures as computed

    campaign = load_campaign(path)
    box_length = campaign.specification.system.box_length
    statuses = list(campaign_status(campaign.folder))
    is_unfinished = any(item.status in (Status.RUNNING, Status.WAITING) for item in statuses)
    if is_unfinished:
        say(f"the campaign is unfinished: {coverage_of(statuses)}")
    if is_current(campaign, COLLECT, statuses):
        return read_netcdf(campaign.folder / CRITICAL_TEMPERATURE), box_length
    if not is_unfinished:
        say("the campaign has moved on since its data were collected: computed from what is there")
    return computed(campaign.folder, statuses, campaign.specification), box_length


@dataclass(frozen=True, eq=False)
class ModeCouplingTheory:
    """What mode-coupling theory says of one structure factor.

    Parameters
    ----------
    arrays
        All that was computed, with dimensions, names and units.
    doubt
        What S(k) leaves open: its errors, its end, its spacing.
    notes, warnings
        What was done to S(k), and what to be careful about.
    read
        How a file of S(k) was understood, in a line.
    source
        That file.
    """

    arrays: LabelledArrays
    doubt: TheoryDoubt
    notes: list[str]
    warnings: list[str]
    read: str | None = None
    source: str | None = None

    @property
    def data(self) -> xr.Dataset:
        """``structure_factor``, ``scattering``, ``self_scattering``, ``memory``, ``nonergodicity`` …, over k, t, pair and
        species; ``relaxation_time`` and the other numbers; the outcome and the dynamics as attributes."""
        return self.arrays.dataset()

    def write(self, path: str | Path) -> None:
        """Writes `data` as netCDF, whole or not at all."""
        from glassdask.datasets.netcdf import write_netcdf

        notes = "; ".join([*self.notes, *self.warnings])
        write_netcdf(self.data, Path(path), {"structure_factor_file": self.source, "notes": notes})

    def as_dict(self) -> dict[str, Any]:
        """All but curves over time as plain data, for strict JSON: what does not exist is None."""
        from glassdask.stages.solve_mct.theory_answer import theory_json

        found = theory_json(self.arrays, self.doubt)
        return {**found, "read": self.read, "notes": self.notes, "warnings": self.warnings}


def mode_coupling_theory(
    source: str | Path | xr.Dataset | StaticStructure | None = None,
    *,
    density: float | None = None,
    composition: Sequence[float] | None = None,
    packing_fraction: float | None = None,
    diameters: Sequence[float] | None = None,
    dynamics: Dynamics | None = None,
    diffusivity: float | None = None,
    temperature: float | None = None,
    masses: Sequence[float] | None = None,
    wavenumber: float | None = None,
    end_time: float | None = None,
    beyond_table: Literal["end", "ideal"] = "end",
    resamples: int = 24,
    table: TableOptions | None = None,
    normalisation: str | None = None,
    say: Callable[[str], None] = tell_nothing,
) -> ModeCouplingTheory:
    """Mode-coupling theory of one's own S(k), or of Percus–Yevick hard spheres: outcome, relaxation times, all curves.

    Parameters
    ----------
    source
        S_ab(k): a file (`read_structure_factor`), a Dataset with ``structure_factor(pair, k)``, or a `StaticStructure`, which
        has its own density and composition and is taken as exact.
    density
        N/V of a file or Dataset. [1/length³, of the length of k]
    composition
        Mole fractions; 1 for one component, by default.
    packing_fraction, diameters
        Of hard spheres, in place of `source`.
    dynamics
        "overdamped", by default, or "newtonian".
    diffusivity
        Short-time D of overdamped dynamics, 1 by default. [length²/time]
    temperature
        k_BT/m of Newtonian dynamics, 1 by default. [length²/time²]
    masses
        Of the species in Newtonian dynamics, in units of that of `temperature`; all 1 by default.
    wavenumber
        Where relaxation times are wanted; the main peak of S by default. [1/length]
    end_time
        Last time of the curves; 1e10 bare times by default. [time]
    beyond_table
        Beyond the last k the integrals "end", or S_ab = x_a δ_ab ("ideal").
    resamples
        S(k) drawn within its errors and solved again, for standard errors; 0 for none.
    table
        How a table is to be read, where it leaves that open.
    normalisation
        Of S; found by default.
    say
        Called with a line where this takes long.

    Returns
    -------
    ModeCouplingTheory
        With the Dataset in ``data``.

    Raises
    ------
    InvalidInput
        If S(k) cannot be right, or values do not go together.

    Examples
    --------
    >>> spheres = glassdask.mode_coupling_theory(packing_fraction=0.45)  # doctest: +SKIP
    >>> spheres.data.long_time_limit, float(spheres.data.relaxation_time[0])  # doctest: +SKIP
    ('liquid', 0.71)
    """
    from glassdask.stages.solve_mct.theory_answer import doubts_in_words
    from glassdask.stages.solve_mct.theory_doubt import theory_doubt
    from glassdask.stages.solve_mct.theory_of_structure import theory_arrays, theory_of_structure

    if (source is None) == (packing_fraction is None):
        raise InvalidInput("give one of SOURCE (a campaign, or a file of S(k)) and --packing-fraction")
    spheres = packing_fraction, diameters
    structure, on_grid, read = _structure_of(source, spheres, density, composition, table, normalisation)
    mobility = {"diffusivity": diffusivity, "temperature": temperature}
    for name, value in {**mobility, "end_time": end_time}.items():
        _check_positive(name, value)
    dynamics = dynamics or DEFAULT_DYNAMICS
    mine, other = mobility if dynamics == "overdamped" else reversed(mobility)
    if mobility[other] is not None:
        raise InvalidInput(f"--{other} has no part in {dynamics} dynamics; give --{mine}, or the other --dynamics")
    theory = theory_of_structure(structure, dynamics, mobility[mine] or 1.0, wavenumber, end_time, beyond_table, masses)
    doubt = theory_doubt(theory, on_grid, resamples, beyond_table, say)
    notes, warnings = ([], []) if on_grid is None else (on_grid.notes, on_grid.warnings)
    file = str(source) if isinstance(source, str | Path) else None
    return ModeCouplingTheory(
        theory_arrays(theory), doubt, notes, [*warnings, *doubts_in_words(theory, doubt)], read, file
    )


def _structure_of(
    source: Any,
    spheres: tuple[float | None, Sequence[float] | None],
    density: float | None,
    composition: Sequence[float] | None,
    options: TableOptions | None,
    normalisation: str | None,
) -> tuple[StaticStructure, TableOnGrid | None, str | None]:
    """S(k) on the bipolar grid, what was done to it, and how it was understood."""
    from glassdask.datasets.own_files.structure_factor_file import read_structure_factor
    from glassdask.physics.structure.static_structure import StaticStructure
    from glassdask.stages.solve_mct.theory_of_structure import hard_spheres, structure_of_measured

    x = composition or (1.0,)
    packing_fraction, diameters = spheres
    if packing_fraction is not None:
        if density is not None:
            raise InvalidInput(
                "--density and --packing-fraction say the same thing twice; give --packing-fraction alone"
            )
        return *hard_spheres(packing_fraction, diameters or (1.0,), x), None
    if diameters is not None:
        raise InvalidInput("--diameters belongs to --packing-fraction (hard spheres); leave it out for a file of S(k)")
    if isinstance(source, StaticStructure):
        if density is not None or composition is not None:
            raise InvalidInput("a StaticStructure has its own density and composition; leave both out")
        return source, None, None
    if density is None:
        raise InvalidInput(
            "--density is missing; give N/V in 1/length³, in the unit of length of k, such as --density 1.2"
        )
    _check_positive("density", density)
    measured = read_structure_factor(source, x, density, options, normalisation)
    structure, table = structure_of_measured(measured, density, x)
    table.warnings[:0] = measured.doubts  # a wrong digit changes times by factors
    return structure, table, measured.read


def _check_positive(name: str, value: float | None) -> None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise InvalidInput(f"--{name.replace('_', '-')} is {value:g}; allowed: a finite number above 0")
