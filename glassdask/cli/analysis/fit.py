"""``glassdask fit``: memory functions of a campaign's states, or of the user's own F(t)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from glassdask.cli.analysis.memory_table import memory_text
from glassdask.cli.terminal.number_lists import numbers_of
from glassdask.cli.terminal.own_files import (
    check_folder,
    is_data_file,
    refuse_options_of_files,
    say_what_was_read,
    table_options,
    table_options_of,
)
from glassdask.errors import InvalidInput
from glassdask.physics.memory.dynamics import DYNAMICS

_PICTURES = (".png", ".pdf", ".svg")


@click.command("fit", short_help="Memory function of a campaign's states or of your own F(t).")
@click.argument("source", type=click.Path(exists=True))
@click.option(
    "--dynamics",
    type=click.Choice(DYNAMICS),
    help="Equation of motion.  [default: overdamped, as of mct; newtonian for a campaign's state]",
)
@click.option("--omega", help="Omega, one for all species or one for each (18,20).  [default: estimated, then fitted]")
@click.option("--fit-omega", is_flag=True, help="Fit Omega, from the value of --omega.")
@click.option("--t-min", type=float, help="Leave out earlier times, such as those of ballistic motion.")
@click.option("--n-exp", help="Numbers of stretched exponentials: 2 or 1,2,3 or 1-4.  [default: 1,2,3]")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of all random numbers.")
@click.option("--bootstrap", type=click.IntRange(min=0), default=0, help="Resampled data sets for errors, such as 50.")
@click.option("--method", type=click.Choice(["evolution", "inversion"]), default="evolution", show_default=True)
@click.option(
    "--lasso", type=float, default=0.0, help="Weight of sum w_i/Omega in the loss; above 1e-8 it moves the fit."
)
@click.option("--checkpoint", type=click.Path(dir_okay=False), help="File from which a killed fit goes on.")
@click.option("--output", type=click.Path(dir_okay=False), help="netCDF file for F, its fits, M and all parameters.")
@click.option(
    "--plot", type=click.Path(dir_okay=False), help="Figure (.png, .pdf, .svg): F with its fits, and M, against log t."
)
@click.option("--wavenumber", type=float, help="Which k of a file with the columns k,t,F.")
@table_options
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(source: str, as_json: bool, **options: Any) -> None:
    """Memory functions M(t) from correlation functions F(t), as sums of stretched exponentials.

    SOURCE is a campaign (its TOML file or folder), or a file of your own F(t): a table of any layout with the
    columns t,F_A,F_B and, if you know them, error_A,error_B (t,F,error for one component; k,t,F of several wavenumbers), or
    arrays of NumPy, or a netCDF file with F(species, t), or the
    observables.nc of a campaign's state. F is 1 at t = 0, or the file has t = 0. M(t) = c + sum w exp(-(t/tau)^b) is
    searched by CMA-ES so that the memory equation gives F back: F' + Omega F + M*F' = 0 for colloids (overdamped, Omega =
    k^2 D), F'' + Omega F + M*F' = 0 for atoms (newtonian, Omega = k^2 k_BT/m), in the file's unit of time.
    BIC says how many exponentials the data bear; a fit that does not reproduce F is said to be none. The inversion
    (overdamped) finds M without a form for it.

    \b
    Example:
      glassdask fit campaign.toml
      glassdask fit F.csv --omega 0.87 --plot memory.png
      glassdask fit F.csv --dynamics newtonian --n-exp 1-4 --bootstrap 50 --output memory.nc
      glassdask fit F.csv --omega 2 --method inversion --json | jq .species.A.baseline
    """
    if not is_data_file(source):
        from glassdask.cli.analysis.fit_campaign import fits_of_campaign

        remedy = "(table [memory]). To fit one state in another way give its file, CAMPAIGN/states/STATE/observables.nc"
        refuse_options_of_files(source, "F(t)", remedy)
        fits_of_campaign(source, as_json)
        return
    _of_file(source, as_json, options)


def _of_file(source: str, as_json: bool, options: dict[str, Any]) -> None:
    from glassdask.operations.analysis.memory import fit_memory

    options["n_exp"], options["omega"] = numbers_of_modes(options["n_exp"]), _rates(options["omega"])
    for name in ("checkpoint", "output", "plot"):
        _check_file(options[name], f"--{name}", Path(source))
    output, plot = options.pop("output"), options.pop("plot")
    if plot is not None and Path(plot).suffix.lower() not in _PICTURES:
        raise InvalidInput(f"--plot is {plot!r}; allowed: a name that ends in {', '.join(_PICTURES)}")
    table = table_options_of(options)
    found = fit_memory(source, table=table, **options, say=lambda line: click.echo(line, err=True))
    say_what_was_read(found.read, found.doubts)
    if output is not None:
        found.write(output)
    if plot is not None:
        found.draw(plot)
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=1, allow_nan=False))
        return
    written = [name for name in (output, plot) if name is not None]
    click.echo("\n".join([memory_text(found.as_dict()), *written]))


# --- options --------------------------------------------------------------------------------------------------------


def numbers_of_modes(text: str | None) -> tuple[int, ...] | None:
    """Numbers of exponentials, such as 2, 1,2,3 or 1-4."""
    from glassdask.fits.fit_options import MOST_MODES

    if text is None:
        return None
    numbers: set[int] = set()
    try:
        for part in text.split(","):
            first, _, last = part.partition("-")
            numbers |= set(range(int(first), int(last or first) + 1))
    except ValueError:
        numbers = set()
    if not numbers or min(numbers) < 1 or max(numbers) > MOST_MODES:
        raise InvalidInput(f"--n-exp is {text!r}; allowed: numbers from 1 to {MOST_MODES}, such as 2 or 1,2,3 or 1-4")
    return tuple(sorted(numbers))


def _rates(text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        rates = numbers_of(text, "--omega")
    except InvalidInput:
        rates = ()
    if not rates or not all(math.isfinite(rate) and rate > 0 for rate in rates):
        raise InvalidInput(f"--omega is {text!r}; allowed: a number above 0, or one for each species, such as 18,20")
    return rates


def _check_file(name: str | None, option: str, source: Path) -> None:
    if name is None:
        return
    check_folder(name, option)
    path = Path(name).absolute()
    if path.exists() and path.samefile(source):
        raise InvalidInput(f"{option} {name!r} is the file of F(t) itself; allowed: another name")
