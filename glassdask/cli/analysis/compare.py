"""``glassdask compare``: two campaigns, or a campaign and a reference, in units of their errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from glassdask.cli.terminal.table import text_table

if TYPE_CHECKING:
    from glassdask.operations.comparison.comparison import Comparison


@click.command("compare", short_help="Compare two campaigns in units of their errors.")
@click.argument("first", metavar="A", type=click.Path(exists=True))
@click.argument("second", metavar="B", type=click.Path(exists=True))
@click.option("--variable", "variables", multiple=True, metavar="NAME", help="Only this variable; may be given again.")
@click.option(
    "--rows", type=click.IntRange(min=0), default=40, show_default=True, help="Most rows of the table, largest first."
)
@click.option(
    "--figure", "folder", type=click.Path(file_okay=False), help="Draw τ, S(k) and F_s of both into this folder."
)
@click.option("--format", "file_format", type=click.Choice(["png", "pdf", "svg"]), default="png", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Every row machine-readable, on standard output.")
def command(
    first: str, second: str, variables: tuple[str, ...], rows: int, folder: str | None, file_format: str, as_json: bool
) -> None:
    """Compare A with B: campaigns (TOML file or folder), cubes and critical temperatures (.nc), or a list of critical
    temperatures (.json).

    For each state and variable with an error on both sides: the difference in units of the combined error; for each
    variable chi2 per point, and what is expected of it. States are the same where potential, T and rho are.

    \b
    Example:
      glassdask compare campaign.toml reference/observables.nc
      glassdask compare first.toml second.toml --variable relaxation_time --figure both
      glassdask compare campaign.toml benchmarks/results/table1.json --json
    """
    from glassdask.operations.comparison.comparison import compare

    found = compare(first, second, variables)
    files = found.draw(folder, file_format) if folder is not None else {}
    if as_json:
        figures = {name: str(path) for name, path in files.items()}
        click.echo(json.dumps({**found.as_dict(), "figures": figures}, indent=1))
        return
    click.echo(_text(found, rows))
    for path in files.values():
        click.echo(path)
    if folder is not None and not files:
        click.echo("no figure: they have no curves or relaxation times in common", err=True)


def _text(found: Comparison, most: int) -> str:
    from glassdask.operations.comparison.comparison import EXPECTED
    from glassdask.operations.comparison.page import largest_rows, state_row, variable_rows

    common, n_first, n_second = found.n_states
    head = [
        f"A: {found.first.name} ({n_first} with values)",
        f"B: {found.second.name} ({n_second} with values)",
        f"in common: {common}",
        *(f"note: {note}" for note in found.notes),
    ]
    variables = text_table(["variable", "points", "curves", "chi2/n", "expected", "largest"], variable_rows(found))
    shown = largest_rows(found, most)
    lines = [*head, "", variables, "", EXPECTED]
    if shown:
        lines += ["", text_table(["state", "variable", "of", "A", "B", "(A-B)/error"], map(state_row, shown))]
    if len(shown) < len(found.rows):
        lines.append(f"{len(found.rows) - len(shown)} more with smaller differences; --rows and --json show them")
    return "\n".join(lines)
