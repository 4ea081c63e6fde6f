"""``glassdask liquids``: what ``potential`` of a grid may name, all of one liquid, and its u(r)."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import click

from glassdask.cli.terminal.own_files import check_folder
from glassdask.cli.terminal.table import text_table
from glassdask.errors import InvalidInput
from glassdask.operations.analysis.liquids import liquid, liquids
from glassdask.physics.interactions.form import Form
from glassdask.physics.liquids.liquid import Liquid

_FIGURES = (".png", ".pdf", ".svg")


@click.command("liquids", short_help="List the liquids that a campaign may ask for; all of one, with its u(r).")
@click.argument("name", required=False)
@click.option("--campaign", type=click.Path(exists=True), help="A campaign's file or folder: its own liquids, too.")
@click.option("--plot", is_flag=True, help="Draw u(r) of each pair in the terminal.")
@click.option("--figure", type=click.Path(dir_okay=False), help="Write u(r) of each pair: .png, .pdf, .svg.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(name: str | None, campaign: str | None, plot: bool, figure: str | None, as_json: bool) -> None:
    """List the liquids of the catalogue, or show all of one: species, masses, pair potentials, source.

    NAME is a value of 'potential' in [[grid]]. A campaign file declares others as [liquid.NAME].

    \b
    Example:
      glassdask liquids
      glassdask liquids ka21
      glassdask liquids wahnstrom --plot
      glassdask liquids soft --campaign campaign.toml --figure soft.pdf
      glassdask liquids --json | jq '.[].name'
    """
    if name is None:
        if plot or figure is not None:
            raise InvalidInput(f"{'--plot' if plot else '--figure'} without NAME; allowed: with the name of one liquid")
        known = liquids(campaign)
        click.echo(json.dumps([one.record() for one in known.values()], indent=1) if as_json else _listed(known))
        return
    if figure is not None and Path(figure).suffix.lower() not in _FIGURES:
        raise InvalidInput(f"--figure {figure!r}: its ending says the format; allowed: {', '.join(_FIGURES)}")
    if figure is not None:
        check_folder(figure, "--figure")
    shown = liquid(name, campaign)
    click.echo(json.dumps(shown.record(), indent=1) if as_json else _shown(shown))
    if plot:
        _draw(shown, as_json)
    if figure is not None:
        from glassdask.figures.measured.pair_potentials import draw

        click.echo(str(draw(shown, Path(figure))), err=as_json)


def _listed(known: dict[str, Liquid]) -> str:
    rows = [("name", "title", "species", "interaction", "cut-off", "source")]
    for one in known.values():
        forms = dict.fromkeys(_form(pair.form) for pair in one.pairs.values())
        reach = dict.fromkeys(f"{pair.cutoff / pair.sigma:g}" for pair in one.pairs.values())
        species = ", ".join(f"{name} {fraction:.3g}" for name, fraction in one.composition.items())
        rows.append((one.name, one.title, species, ", ".join(forms), ", ".join(reach), one.source))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _shown(one: Liquid) -> str:
    published = ", ".join(f"{T:g} (rho = {density:g})" for density, T in one.critical_temperatures.items())
    lines = {
        "composition": ", ".join(f"{name} {fraction:.6g}" for name, fraction in one.composition.items()),
        "masses": ", ".join(f"{name} {mass:g}" for name, mass in one.masses.items()),
        "units": "sigma_AA, epsilon_AA, m_A, k_B; t in tau_MD = (m_A sigma_AA^2 / 48 epsilon_AA)^(1/2)",
        "T_mct": published,
        "source": one.source,
    }
    pairs = text_table(
        ["pair", "epsilon", "sigma", "cut-off / sigma", "shifted", "interaction"],
        [
            (name, f"{p.epsilon:g}", f"{p.sigma:.6g}", f"{p.cutoff / p.sigma:.6g}", p.shift, _form(p.form))
            for name, p in one.pairs.items()
        ],
    )
    told = [f"{label:<11}  {value}" for label, value in lines.items() if value]
    return "\n".join([f"{one.name}: {one.title}", *told, "", pairs])


def _form(form: Form) -> str:
    """Its name and parameters; of a table the number of its rows."""
    parameters = {key: value for key, value in form.record().items() if key != "interaction" and value is not None}
    words = [
        f"{len(value)} {key}" if isinstance(value, tuple) else f"{key} {value:g}" for key, value in parameters.items()
    ]
    return " ".join([form.name, f"({', '.join(words)})" * bool(words)]).rstrip()


def _draw(shown: Liquid, as_json: bool) -> None:
    """With what standard output can print; colours only on a terminal."""
    from glassdask.cli.terminal.terminal_potentials import terminal_potentials

    is_ascii = not (sys.stdout.encoding or "ascii").lower().startswith("utf")
    has_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    drawing = terminal_potentials(shown, shutil.get_terminal_size().columns, has_colour, is_ascii)
    click.echo(f"\n{drawing}", color=has_colour, err=as_json)
