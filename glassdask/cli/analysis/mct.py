"""``glassdask mct``: critical temperatures of a campaign, or mode-coupling theory of the user's own S(k)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glassdask.cli.terminal.number_lists import numbers_of
from glassdask.cli.terminal.own_files import (
    check_folder,
    is_data_file,
    refuse_options_of_files,
    say_what_was_read,
    table_options,
    table_options_of,
)
from glassdask.cli.terminal.table import text_table
from glassdask.counted import counted
from glassdask.errors import InvalidInput
from glassdask.physics.memory.dynamics import DYNAMICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glassdask.campaign.files.status import StateStatus
    from glassdask.physics.structure.static_structure import StaticStructure
    from glassdask.physics.structure.table_on_grid import TableOnGrid
    from glassdask.stages.solve_mct.theory_doubt import TheoryDoubt


@click.command("mct", short_help="Mode-coupling theory of a campaign or of your own S(k).")
@click.argument("source", type=click.Path(exists=True), required=False)
@click.option("--density", type=float, help="N/V, in 1/length³ of the length that k is in 1/length of.")
@click.option("--composition", help="Mole fractions of the species, such as 0.8,0.2; 1 for one component.")
@click.option("--dynamics", type=click.Choice(DYNAMICS), help="Of every own table.  [default: overdamped]")
@click.option("--diffusivity", type=float, help="Short-time D of overdamped dynamics, in length²/time.  [default: 1]")
@click.option("--temperature", type=float, help="k_BT/m of Newtonian dynamics, in length²/time².  [default: 1]")
@click.option("--wavenumber", type=float, help="Where relaxation times are wanted.  [default: the main peak of S]")
@click.option("--end-time", type=float, help="Last time of the curves.  [default: 1e10 bare times]")
@click.option("--packing-fraction", type=float, help="Percus–Yevick hard spheres in place of a file.")
@click.option("--diameters", help="Of the hard spheres, such as 0.8,1.  [default: 1]")
@click.option(
    "--beyond-table",
    type=click.Choice(["end", "ideal"]),
    default="end",
    show_default=True,
    help="Beyond the last k: the integrals end, or S_ab = x_a δ_ab.",
)
@click.option(
    "--resamples",
    type=click.IntRange(0, 10_000),
    default=24,
    show_default=True,
    help="S(k) drawn within its errors and solved again, for standard errors; 0 for none.",
)
@click.option("--output", type=click.Path(dir_okay=False), help="netCDF file for F, F_s, M and all else.")
@click.option(
    "--normalisation", help="Of the file's S: by-N, ashcroft-langreth, faber-ziman …  [default: found, or asked for]"
)
@table_options
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(source: str | None, as_json: bool, **options: Any) -> None:
    """Mode-coupling theory (MCT).

    SOURCE is a campaign (its TOML file or folder): T_mct with its standard error for every potential and density, from
    S(k,T) smoothed in T over the campaign's states. Or it is a file of your own S(k): a table of any layout with the columns
    k,AA,AB,BB (or k,AA for one component; error_AA … if you know them), arrays of NumPy, or a netCDF file with
    structure_factor(pair, k); S_ab = (1/N) <rho_a rho_b*>, which tends to the mole fraction at large k, or another
    normalisation if it can be told or is given. Then the long-time limit (liquid, glass or not_converged), relaxation times (F = 1/e)
    and, with --output, all curves. With --packing-fraction, hard spheres in the Percus–Yevick approximation.

    S(k) with errors (columns error_AA …), or whose roughness shows them, is smoothed, and solved again as the errors allow it:
    numbers have standard errors then. What the end of the table and its spacing do to them is measured and said, too.

    \b
    Example:
      glassdask mct campaign.toml
      glassdask mct S.csv --density 1.2 --composition 0.8,0.2 --json | jq .outcome
      glassdask mct S.csv --density 1.2 --composition 0.8,0.2 --wavenumber 7.2 --output F.nc
      glassdask mct --packing-fraction 0.52
      glassdask mct --packing-fraction 0.55 --diameters 0.8,1 --composition 0.2,0.8
    """
    is_file = source is not None and is_data_file(source)
    if (source is None) == (options["packing_fraction"] is None):
        raise InvalidInput("give one of SOURCE (a campaign, or a file of S(k)) and --packing-fraction")
    if source is not None and not is_file:
        refuse_options_of_files(source, "S(k)", "(table [mode_coupling])")
        _of_campaign(source, as_json)
        return
    structure, table, read = (*_hard_spheres(options), None) if source is None else _measured(source, options)
    _of_structure(structure, table, source, as_json, {**options, "read": read})


# --- a campaign -----------------------------------------------------------------------------------------------------


def _of_campaign(source: str, as_json: bool) -> None:
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.campaign.files.status import campaign_status
    from glassdask.campaign.work.campaign_product import is_collected
    from glassdask.datasets.netcdf import read_netcdf
    from glassdask.stages.collect import CRITICAL_TEMPERATURE
    from glassdask.stages.collect.critical_temperatures import critical_temperatures

    campaign = load_campaign(source)
    statuses = list(campaign_status(campaign.folder))
    if is_collected(campaign, statuses):
        data = read_netcdf(campaign.folder / CRITICAL_TEMPERATURE)
    else:
        click.echo(f"{_why_not_collected(statuses)}: computed from what is there", err=True)
        data = critical_temperatures(campaign.folder, statuses, campaign.specification)
    rows = critical_rows(data)
    if as_json:
        click.echo(json.dumps({"critical_temperatures": rows}, indent=1))
        return
    header = ["potential", "rho", "T_mct", "error", "lambda", "a", "b", "runs", ""]
    names = ("T_mct", "error", "exponent_parameter", "a", "b")
    table = [
        [
            row["potential"],
            f"{row['rho']:g}",
            *(None if row[name] is None else f"{row[name]:.4g}" for name in names),
            str(row["n_runs"]),
            row["message"],
        ]
        for row in rows
    ]
    click.echo(text_table(header, table))


def _why_not_collected(statuses: Sequence[StateStatus]) -> str:
    n_open = sum(item.status in ("running", "waiting") for item in statuses)
    if n_open:
        return f"the campaign is unfinished, {n_open} of {counted(len(statuses), 'state')} to go"
    return "the campaign has moved on since its data were collected"


def critical_rows(data) -> list[dict[str, Any]]:
    """One entry for each (potential, density) of the campaign, as plain data."""
    from glassdask.datasets.schema.variables import CRITICAL_VERDICTS

    names = {
        "T_mct": "critical_temperature",
        "error": "critical_temperature_error",
        "exponent_parameter": "exponent_parameter",
        "a": "exponent_a",
        "b": "exponent_b",
    }
    rows = []
    for potential in data["potential"].values:
        for rho in data["rho"].values:
            here = data.sel(potential=potential, rho=rho)
            verdict = CRITICAL_VERDICTS[int(here["verdict"])]
            if verdict == "missing":
                continue
            numbers = {name: float(here[variable]) for name, variable in names.items()}
            row = {name: value if math.isfinite(value) else None for name, value in numbers.items()}
            about = {"verdict": verdict, "message": str(here["message"].values), "n_runs": int(here["n_runs"])}
            rows.append({"potential": str(potential), "rho": float(rho), **row, **about})
    return rows


# --- one structure factor -------------------------------------------------------------------------------------------


def _numbers(text: str | None, option: str, default: tuple[float, ...] = (1.0,)) -> tuple[float, ...]:
    if text is None:
        return default
    return numbers_of(text, option)


def _positive(value: float | None, option: str) -> None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise InvalidInput(f"{option} is {value:g}; allowed: a finite number above 0")


def _hard_spheres(options: dict[str, Any]) -> tuple[StaticStructure, TableOnGrid]:
    from glassdask.stages.solve_mct.theory_of_structure import hard_spheres

    if options["density"] is not None:
        raise InvalidInput("--density and --packing-fraction say the same thing twice; give --packing-fraction alone")
    diameters = _numbers(options["diameters"], "--diameters")
    return hard_spheres(options["packing_fraction"], diameters, _numbers(options["composition"], "--composition"))


def _measured(source: str, options: dict[str, Any]) -> tuple[StaticStructure, TableOnGrid, str]:
    from glassdask.datasets.own_files.structure_factor_file import read_structure_factor
    from glassdask.stages.solve_mct.theory_of_structure import structure_of_measured

    if options["diameters"] is not None:
        raise InvalidInput("--diameters belongs to --packing-fraction (hard spheres); leave it out for a file of S(k)")
    if options["density"] is None:
        raise InvalidInput(
            "--density is missing; give N/V in 1/length³, in the unit of length of k, such as --density 1.2"
        )
    _positive(options["density"], "--density")
    composition = _numbers(options["composition"], "--composition")
    measured = read_structure_factor(
        source, composition, options["density"], table_options_of(options), options["normalisation"]
    )
    structure, table = structure_of_measured(measured, options["density"], composition)
    table.warnings[:0] = measured.doubts  # a wrong digit changes times by factors
    return structure, table, measured.read


def _of_structure(
    structure: StaticStructure, table: TableOnGrid, source: str | None, as_json: bool, options: dict[str, Any]
) -> None:
    from glassdask.datasets.netcdf import write_netcdf
    from glassdask.physics.memory.dynamics import DEFAULT_DYNAMICS
    from glassdask.stages.solve_mct.theory_answer import doubts_in_words, theory_json
    from glassdask.stages.solve_mct.theory_doubt import theory_doubt
    from glassdask.stages.solve_mct.theory_of_structure import theory_arrays, theory_of_structure

    for name in ("diffusivity", "temperature", "end_time"):
        _positive(options[name], "--" + name.replace("_", "-"))
    dynamics = options["dynamics"] or DEFAULT_DYNAMICS
    mine, other = ("diffusivity", "temperature") if dynamics == "overdamped" else ("temperature", "diffusivity")
    if options[other] is not None:
        raise InvalidInput(f"--{other} has no part in {dynamics} dynamics; give --{mine}, or the other --dynamics")
    output, beyond = options["output"], options["beyond_table"]
    if output is not None:
        check_folder(output, "--output")
    theory = theory_of_structure(
        structure, dynamics, options[mine] or 1.0, options["wavenumber"], options["end_time"], beyond
    )
    doubt = theory_doubt(theory, table, options["resamples"], beyond, lambda text: click.echo(text, err=True))
    warnings = [*table.warnings, *doubts_in_words(theory, doubt)]
    arrays = theory_arrays(theory)
    if output is not None:
        notes = "; ".join([*table.notes, *warnings])
        write_netcdf(arrays.dataset(), Path(output), {"structure_factor_file": source, "notes": notes})
    if options["read"] is not None:
        say_what_was_read(options["read"])
    if as_json:
        answer = {**theory_json(arrays, doubt), "read": options["read"], "notes": table.notes, "warnings": warnings}
        click.echo(json.dumps({**answer, "output": output}, indent=1))
    else:
        click.echo(_text(theory_json(arrays), theory.place, doubt, table.notes, warnings, output))


def _text(
    found: dict[str, Any], place: int, doubt: TheoryDoubt, notes: list[str], warnings: list[str], output: str | None
) -> str:
    from glassdask.stages.solve_mct.theory_answer import dynamics_in_words, mobility_name, with_error

    words = {
        "liquid": "liquid: correlations decay to zero",
        "glass": "glass: correlations are arrested",
        "not_converged": f"not converged after {found['iterations']} iterations: close to a critical point",
    }
    lines = [words[found["outcome"]]]
    coupling = with_error(found["critical_coupling"], doubt.critical_coupling)
    if coupling is not None:
        lines.append(f"critical coupling g_c {coupling} (1 at the critical point, above it in the liquid)")
    if found["largest_eigenvalue"] is not None:
        lines.append(
            "largest eigenvalue of the stability matrix "
            f"{with_error(found['largest_eigenvalue'], doubt.eigenvalue)} (1 at the critical point), exponent parameter "
            f"{with_error(found['exponent_parameter'], doubt.exponent_parameter)}"
        )
    none = [None] * len(found["relaxation_time"])
    header = ["species", f"tau_s(k={found['wavenumber']:.4g})", "tau collective", "f_s", "f"]
    rows = []
    for a, name in enumerate(found["relaxation_time"]):
        times = (
            with_error(found["relaxation_time"][name], (doubt.relaxation_times or none)[a]),
            with_error(found["collective_relaxation_time"][name], (doubt.collective_relaxation_times or none)[a]),
        )
        limits = found["self_nonergodicity"][name][place], found["nonergodicity"][name * 2][place]
        rows.append([name, *times, *(f"{value:.5g}" for value in limits)])
    lines += [
        "",
        text_table(header, rows),
        "",
        dynamics_in_words(found["dynamics"], found[mobility_name(found["dynamics"])]),
    ]
    error = "" if found["error_estimate"] is None else f", the solver's own error {found['error_estimate']:.1g}"
    lines.append(f"time domain: {found['time_domain']}{error}" + _where_errors_are_from(doubt))
    said = [f"note: {note}" for note in notes] + [f"WARNING: {warning}" for warning in warnings]
    return "\n".join([*lines, *said, *([str(output)] if output else [])])


def _where_errors_are_from(doubt: TheoryDoubt) -> str:
    if doubt.error_source is None:
        return "; S(k) is taken as exact" if not doubt.n_resamples else ""
    known = "its column of errors" if doubt.error_source == "column" else "its roughness"
    return f"; ± from {doubt.n_resamples} S(k) drawn within {known}"
