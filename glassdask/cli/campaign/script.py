"""``glassdask script``: prints the job script of every pool."""

from __future__ import annotations

import difflib

import click

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.errors import InvalidInput


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
      glassdask script campaign.toml --on deploy/slurm.toml --pool gpu | sbatch --test-only
    """
    from glassdask.cluster.schedulers.registry import schedulers
    from glassdask.cluster.site.site import load_site

    loaded, where = load_campaign(campaign), load_site(site)
    if not where.is_batch:
        raise InvalidInput(
            f"{site}: scheduler = {where.scheduler!r} has no job scripts; allowed: {', '.join(map(repr, schedulers()))}. "
            f"Such a campaign needs none: 'glassdask run {campaign} --on {site}' starts it"
        )
    if pool is not None and pool not in where.pool:
        near = difflib.get_close_matches(pool, where.pool, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise InvalidInput(f"--pool {pool!r} is not in {site}: {hint}allowed: {', '.join(map(repr, where.pool))}")
    from glassdask.cluster.pools.job_scripts import job_scripts

    scripts = job_scripts(where, loaded.folder.resolve())
    if pool is not None:
        click.echo(scripts[pool], nl=False)
        return
    for name, text in scripts.items():
        click.echo(f"# {f' pool {name} ':=^100}\n{text}")
