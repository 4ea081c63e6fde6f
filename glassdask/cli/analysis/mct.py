"""``glassdask mct``: critical temperatures of a campaign, or mode-coupling theory of the user's own S(k)."""

from __future__ import annotations

import json
import math
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
from glassdask.errors import InvalidInput
from glassdask.outcome import CriticalVerdict
from glassdask.physics.memory.dynamics import DYNAMICS

if TYPE_CHECKING:
    from glassdask.stages.solve_mct.theory_doubt import TheoryDoubt

#: Names of numbers in the answer, and in the Dataset.
_CRITICAL = {
    "T_mct": "critical_temperature",
    "error": "critical_temperature_error",
    "exponent_parameter": "exponent_parameter",
    "a": "exponent_a",
    "b": "exponent_b",
}
#: Those with a budget of errors.
_WITH_BUDGETS = {
    **{name: variable for name, variable in _CRITICAL.items() if name != "error"},
    "g_c": "critical_coupling",
}


@click.command("mct", short_help="Mode-coupling theory of a campaign or of your own S(k).")
@click.argument("source", type=click.Path(exists=True), required=False)
@click.option("--density", type=float, help="N/V, in 1/length³ of the length that k is in 1/length of.")
@click.option("--composition", help="Mole fractions of the species, such as 0.8,0.2; 1 for one component.")
@click.option("--dynamics", type=click.Choice(DYNAMICS), help="Of every own table.  [default: overdamped]")
@click.option("--diffusivity", type=float, help="Short-time D of overdamped dynamics, in length²/time.  [default: 1]")
@click.option("--temperature", type=float, help="k_BT/m of Newtonian dynamics, in length²/time².  [default: 1]")
@click.option("--masses", help="Of the species in Newtonian dynamics, such as 1,2; they divide k_BT/m.  [default: 1]")
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
@click.option(
    "--other-box",
    type=click.Path(exists=True),
    help="A campaign in a box of another size: errors of SOURCE, a campaign, get their part of finite size.",
)
@table_options
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(source: str | None, other_box: str | None, as_json: bool, **options: Any) -> None:
    """Mode-coupling theory (MCT).

    SOURCE is a campaign (its TOML file or folder): T_mct with its standard error for every potential and density, from
    S(k,T) smoothed in T over the campaign's states, and where the errors come from: the statistics, and the treatment of S(k). Or it is a file of your own S(k): a table of any layout with the columns
    k,AA,AB,BB (or k,AA for one component; error_AA … if you know them), arrays of NumPy, or a netCDF file with
    structure_factor(pair, k); S_ab = (1/N) <rho_a rho_b*>, which tends to the mole fraction at large k, or another
    normalisation if it can be told or is given. Then the long-time limit (liquid, glass or not_converged), relaxation times (F = 1/e)
    and, with --output, all curves. With --packing-fraction, hard spheres in the Percus–Yevick approximation.

    S(k) with errors (columns error_AA …), or whose roughness shows them, is smoothed, and solved again as the errors allow it:
    numbers have standard errors then. What the end of the table and its spacing do to them is measured and said, too.

    \b
    Example:
      glassdask mct campaign.toml
      glassdask mct campaign.toml --other-box larger.toml
      glassdask mct S.csv --density 1.2 --composition 0.8,0.2 --json | jq .outcome
      glassdask mct S.csv --density 1.2 --composition 0.8,0.2 --wavenumber 7.2 --output F.nc
      glassdask mct --packing-fraction 0.52
      glassdask mct --packing-fraction 0.55 --diameters 0.8,1 --composition 0.2,0.8
    """
    if source is not None and options["packing_fraction"] is None and not is_data_file(source):
        refuse_options_of_files(source, "S(k)", "(table [mode_coupling])", allowed=("other_box",))
        _of_campaign(source, other_box, as_json)
    else:
        if other_box is not None:
            raise InvalidInput("--other-box belongs to a campaign; leave it out for one S(k)")
        _of_structure(source, as_json, options)


# --- a campaign -----------------------------------------------------------------------------------------------------


def _of_campaign(source: str, other_box: str | None, as_json: bool) -> None:
    from glassdask.operations.analysis.theory import critical_temperatures

    rows = critical_rows(critical_temperatures(source, other_box=other_box))
    if as_json:
        click.echo(json.dumps({"critical_temperatures": rows}, indent=1))
        return
    header = ["potential", "rho", "T_mct", "error", "lambda", "a", "b", "runs", ""]
    table = [
        [
            row["potential"],
            f"{row['rho']:g}",
            *(None if row[name] is None else f"{row[name]:.4g}" for name in _CRITICAL),
            str(row["n_runs"]),
            row["message"],
        ]
        for row in rows
    ]
    click.echo(text_table(header, table))
    for line in budget_lines(rows):
        click.echo(line)


def budget_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Where the errors of `critical_rows` come from, as lines: in percent of T_mct, and of 1 for the others."""
    found = [row for row in rows if row["T_mct"] is not None]
    if not found:
        return []
    if any(row["errors"] is None for row in found):
        return [
            "errors are of the statistics alone: these data were collected before the treatment of S(k) was looked at"
        ]
    sources = list(found[0]["errors"]["T_mct"])
    table = [
        [
            row["potential"],
            f"{row['rho']:g}",
            name,
            *(_figures(row["errors"][name][source], row["T_mct"] if name == "T_mct" else 1.0) for source in sources),
        ]
        for row in found
        for name in row["errors"]
    ]
    words = "where errors come from: T_mct in % of itself, the others in 0.01; – was not looked at"
    return ["", words, text_table(["potential", "rho", "of", *(source.replace("_", " ") for source in sources)], table)]


def _figures(error: float | None, of: float) -> str | None:
    return None if error is None else f"{100 * error / of:.2g}"


def critical_rows(data: Any) -> list[dict[str, Any]]:
    """One entry for each (potential, density) of the campaign, as plain data.

    ``errors`` has the parts of the error of each number by where they come from, and their total; None where the data are
    from before there were such.
    """
    rows = []
    for place in data["verdict"].stack(place=["potential", "rho"])["place"].values:
        at = data.sel(dict(zip(("potential", "rho"), place, strict=True)))
        rows.append(
            {
                "potential": str(place[0]),
                "rho": float(place[1]),
                **{name: _known(at[variable]) for name, variable in _CRITICAL.items()},
                "verdict": CriticalVerdict.flagged(int(at["verdict"])),
                "message": str(at["message"].values),
                "n_runs": int(at["n_runs"]),
                "errors": _errors(at),
            }
        )
    return [row for row in rows if row["verdict"] is not CriticalVerdict.MISSING]


def _errors(at: Any) -> dict[str, dict[str, float | None]] | None:
    """By number and by where it comes from."""
    if "error_source" not in at.coords:
        return None
    return {
        name: {
            **{str(part["error_source"].values): _known(part) for part in at[f"{variable}_error_part"]},
            "total": _known(at[f"{variable}_error"]),
        }
        for name, variable in _WITH_BUDGETS.items()
    }


def _known(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


# --- one structure factor -------------------------------------------------------------------------------------------


def _of_structure(source: str | None, as_json: bool, options: dict[str, Any]) -> None:
    from glassdask.operations.analysis.theory import mode_coupling_theory

    output = options.pop("output")
    if output is not None:
        check_folder(output, "--output")
    for name in ("composition", "diameters", "masses"):
        if options[name] is not None:
            options[name] = numbers_of(options[name], f"--{name}")
    table = table_options_of(options)
    theory = mode_coupling_theory(source, table=table, **options, say=lambda line: click.echo(line, err=True))
    if output is not None:
        theory.write(output)
    if theory.read is not None:
        say_what_was_read(theory.read)
    answer = theory.as_dict()
    click.echo(json.dumps({**answer, "output": output}, indent=1) if as_json else _text(answer, theory.doubt, output))


def _text(found: dict[str, Any], doubt: TheoryDoubt, output: str | None) -> str:
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
    none, place = [None] * len(found["relaxation_time"]), found["k"].index(found["wavenumber"])
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
        dynamics_in_words(found["dynamics"], found[mobility_name(found["dynamics"])], found.get("masses", [])),
    ]
    error = "" if found["error_estimate"] is None else f", the solver's own error {found['error_estimate']:.1g}"
    lines.append(f"time domain: {found['time_domain']}{error}" + _where_errors_are_from(doubt))
    said = [f"note: {note}" for note in found["notes"]] + [f"WARNING: {line}" for line in found["warnings"]]
    return "\n".join([*lines, *said, *([str(output)] if output else [])])


def _where_errors_are_from(doubt: TheoryDoubt) -> str:
    if doubt.error_source is None:
        return "; S(k) is taken as exact" if not doubt.n_resamples else ""
    known = "its column of errors" if doubt.error_source == "column" else "its roughness"
    return f"; ± from {doubt.n_resamples} S(k) drawn within {known}"
