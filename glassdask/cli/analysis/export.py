"""``glassdask export``: a campaign's data as tables or as a store for other programs."""

from __future__ import annotations

import click

from glassdask.cli.terminal.changed_file import say_what_changed


@click.command("export", short_help="Write a campaign's data as CSV, Parquet or Zarr.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option(
    "--format", "file_format", type=click.Choice(["csv", "parquet", "zarr"]), default="csv", show_default=True
)
@click.option("--output", required=True, type=click.Path(), help="A folder that does not exist yet.")
@click.option(
    "--variable", "variables", multiple=True, metavar="NAME", help="Only this one and its error; may be given again."
)
def command(campaign: str, file_format: str, output: str, variables: tuple[str, ...]) -> None:
    """Write a campaign's data for other programs. CAMPAIGN is the campaign's TOML file, its folder, or a cube (.nc).

    CSV and Parquet: a table for each set of dimensions (states, species, species_t, pair_k, ...), a row a value, with the
    status of its state; units and meanings in comments or in the columns' metadata. Zarr: the cube itself. The folder is
    whole or absent. Parquet and Zarr need pip install 'glassdask[export]'.

    \b
    Example:
      glassdask export campaign.toml --output tables
      glassdask export campaign.toml --format parquet --variable relaxation_time --variable peak_scattering --output tau
      glassdask export campaign --format zarr --output campaign.zarr
    """
    from glassdask.operations.analysis.export import export

    if not campaign.endswith(".nc"):
        say_what_changed(campaign)
    for path in export(campaign, output, file_format, variables):
        click.echo(path)
