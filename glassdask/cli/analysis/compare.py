"""``glassdask compare``: two campaigns, or a campaign and a reference, in units of their errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from glassdask.cli.terminal.table import text_table
from glassdask.state_point import decimal_text

if TYPE_CHECKING:
    from glassdask.operations.comparison.comparison import Comparison
    from glassdask.operations.comparison.differences import Difference


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

    common, n_first, n_second = found.n_states
    head = [
        f"A: {found.first.name} ({n_first} with values)",
        f"B: {found.second.name} ({n_second} with values)",
        f"in common: {common}",
        *(f"note: {note}" for note in found.notes),
    ]
    shown = sorted(found.rows, key=lambda row: -abs(row.ratio))[:most]
    lines = [*head, "", _variables(found), "", EXPECTED]
    if shown:
        lines += ["", text_table(["state", "variable", "of", "A", "B", "(A-B)/error"], map(_row, shown))]
    if len(shown) < len(found.rows):
        lines.append(f"{len(found.rows) - len(shown)} more with smaller differences; --rows and --json show them")
    return "\n".join(lines)


def _variables(found: Comparison) -> str:
    rows = []
    for one in found.variables:
        if one.chi2_per_point is None or one.scatter is None:
            rows.append([one.name, 0, 0, None, None, None])
            continue
        low, high = one.scatter
        expected = f"1 ± {low:.2g}" + (f" to {high:.2g}" if one.n_curves < one.n_points else "")
        rows.append(
            [one.name, one.n_points, one.n_curves, f"{one.chi2_per_point:.3g}", expected, f"{one.largest:+.1f}"]
        )
    return text_table(["variable", "points", "curves", "chi2/n", "expected", "largest"], rows)


def _row(row: Difference) -> list[str]:
    numbers = (f"{name}{decimal_text(row.state[name])}" for name in ("rho", "T") if name in row.state)
    state = "_".join([row.state["potential"], *numbers])  # as states are called everywhere
    of = ", ".join([*map(str, row.labels.values()), *(f"{key} = {value:.4g}" for key, value in row.place.items())])
    mark = "" if row.is_comparable else " *"
    return [state, row.variable, of, f"{row.A:.5g}", f"{row.B:.5g}", f"{row.ratio:+.2f}{mark}"]
