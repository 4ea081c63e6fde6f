"""``glassdask script``: prints the job script of every pool."""

from __future__ import annotations

import click


@click.command("script", short_help="Print the job scripts of a campaign on a site; submit nothing.")
@click.argument("campaign", type=click.Path(exists=True))
@click.option(
    "--on", "site", type=click.Path(exists=True, dir_okay=False), required=True, help="Site file of a batch system."
)
@click.option("--pool", help="Only the script of this pool.")
def command(campaign: str, site: str, pool: str | None) -> None:
    """Print the job scripts that 'glassdask run CAMPAIGN --on SITE' would submit. Nothing is submitted or written.

    The driver's address and keys do not exist yet: placeholders stand for them.

    \b
    Example:
      glassdask script campaign.toml --on deploy/slurm.toml
      glassdask script campaign.toml --on deploy/slurm.toml --pool cpu | sbatch --test-only
    """
    from glassdask.operations.plan import job_scripts

    scripts = job_scripts(campaign, site, pool=pool)
    if pool is not None:
        click.echo(scripts[pool], nl=False)
        return
    for name, text in scripts.items():
        click.echo(f"# {f' pool {name} ':=^100}\n{text}")
