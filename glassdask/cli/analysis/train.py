"""``glassdask train``: models of F_s from a campaign's S(k) and F_s, examined beside what anybody would try first."""

from __future__ import annotations

import json
import math
from typing import Any

import click

from glassdask.operations.train import Training, train


@click.command("train", short_help="Learn F_s(k,t) from S(k) of a campaign.")
@click.argument("source", type=click.Path(exists=True))
@click.option("--ranks", type=click.IntRange(min=1), help="Processes that train together (DDP).  [default: 1]")
@click.option("--on", "site", type=click.Path(exists=True, dir_okay=False), help="Site file: ranks on its workers.")
@click.option("--members", type=click.IntRange(min=2), default=3, show_default=True, help="Networks of an ensemble.")
@click.option("--folds", type=click.IntRange(min=2), default=8, show_default=True, help="Of the random examination.")
@click.option("--epochs", type=click.IntRange(min=1), help="Of the paper's network, at most.  [default: 300]")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--with-glasses", is_flag=True, help="Learn from states out of equilibrium, too.")
@click.option("--insecure", is_flag=True, help="No encryption of Dask's connections.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, on standard output.")
def command(source: str, ranks: int | None, site: str | None, insecure: bool, as_json: bool, **options: Any) -> None:
    """Learn F_s(k_p,t) of each species from S(k), by a Gaussian process and two networks, and judge them.

    SOURCE is a campaign (its TOML file or folder) with finished states. A Gaussian process told what mode-coupling theory makes of S(k), a
    small network, both chosen by cross-validation, and the paper's network are examined on states that they have not seen: at random,
    colder ones, other liquids, another density; beside baselines by what they know. Results lie in the campaign's folder learning/: the model for 'glassdask predict',
    predictions.nc, examinations.nc, learning.md and figures. Killed at any time, the same command goes on.

    Several ranks share each batch (DDP): --ranks N starts them on this machine; with --on, on workers of the site's pools
    that run the stage "train", each in a job of its own where there are several. Under torchrun or mpirun, this command's
    own copies are the ranks.

    \b
    Example:
      glassdask train campaign.toml
      glassdask train campaign.toml --members 5 --json | jq .scores
      glassdask train campaign.toml --ranks 4 --on deploy/slurm.toml
      torchrun --nproc-per-node 2 -m glassdask train campaign.toml
      mpirun -n 2 glassdask train campaign.toml
    """
    done = train(source, site, ranks=ranks, secure=not insecure, **options)
    if done is None:  # a further rank
        return
    files = [str(path) for path in done.files]
    click.echo(json.dumps({"scores": _scores(done), "files": files}, indent=1) if as_json else done.text)
    if not as_json:
        click.echo("\n".join(files))


def _scores(done: Training) -> list[dict[str, Any]]:
    """Every examination and model as plain data, none for a number that is not finite."""
    return [
        {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()}
        for row in done.scores.to_dict("records")
    ]
