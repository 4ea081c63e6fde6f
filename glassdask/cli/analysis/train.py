"""``glassdask train``: networks from a campaign's S(k) and F_s, examined beside what anybody would try first."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from glassdask.cli.analysis.learning_extra import require_learning
from glassdask.errors import InvalidInput

if TYPE_CHECKING:
    from glassdask.campaign.definition.campaign import Campaign
    from glassdask.stages.train.run import Trainer
    from glassdask.stages.train.training_plan import StudyOptions

#: Between two lines of progress where the terminal is none. [s]
_LINE_SECONDS, _TERMINAL_SECONDS = 15.0, 0.5


@click.command("train", short_help="Train networks on a campaign: F_s(k,t) from S(k).")
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
def command(source: str, ranks: int | None, site: str | None, quiet: bool, as_json: bool, **options: Any) -> None:
    """Train networks that give F_s(k_p,t) of A and B from S(k), T, rho and the potential, and judge them.

    SOURCE is a campaign (its TOML file or folder) with finished states. The paper's network and a smaller one whose
    recipe is chosen by cross-validation are examined on states that they have not seen: at random, colder ones, the
    other potential, another density; beside mode-coupling theory, the nearest state, interpolation in T, ridge
    regression and gradient boosting. Results lie in the campaign's folder learning/: the model for 'glassdask predict',
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
    require_learning()
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.cluster.pools.mpi_launcher import said_once

    with said_once():
        campaign = load_campaign(source)
        _refuse_impossible_site(site)
        is_world = _enter_world(ranks, site)
    again = (
        f"glassdask train {source}" + f" --on {site}" * (site is not None) + f" --ranks {ranks}" * (ranks is not None)
    )
    files = _trained(campaign, options, quiet, again, is_world, ranks or 1, site)
    if not files:
        return
    text = (campaign.folder / "learning" / "learning.md").read_text(encoding="utf-8")
    click.echo(json.dumps({"scores": _scores(campaign.folder), "files": files}, indent=1) if as_json else text)
    if not as_json:
        click.echo("\n".join(files))


def _refuse_impossible_site(path: str | None) -> None:
    """What the site file asks of this machine is found now, not after the data were read."""
    if path is None:
        return
    from glassdask.cluster.site.network_interface import refuse_missing_interface
    from glassdask.cluster.site.site import load_site

    refuse_missing_interface(load_site(path), path)


def _enter_world(ranks: int | None, site: str | None) -> bool:
    """Whether this process is one of several ranks that a launcher has started; prepares it if so."""
    from glassdask.cluster.pools.mpi_launcher import launched_as

    is_torchrun = int(os.environ.get("WORLD_SIZE", "1")) > 1
    n_ranks = launched_as()[1]
    if not is_torchrun and n_ranks < 2:
        return False
    if ranks is not None or site is not None:
        raise InvalidInput("--ranks and --on start ranks; under torchrun or mpirun they are there: leave both out")
    if not is_torchrun:
        from glassdask.learning.training.mpi_rendezvous import set_rendezvous

        set_rendezvous()
    return True


def _trained(
    campaign: Campaign, options: dict[str, Any], quiet: bool, again: str, is_world: bool, ranks: int, site: str | None
) -> list[str]:
    """Files of the product, made if they are not there; none in the further ranks of a world."""
    from glassdask.campaign.files.driver_lock import driver_lock
    from glassdask.campaign.files.status import campaign_status
    from glassdask.campaign.work.training import commit_training, trained_record, training_inputs
    from glassdask.cluster.runtime.interruption import CHECKPOINTS, interruptible
    from glassdask.learning.training.process_group import process_group, rank

    statuses = list(campaign_status(campaign.folder))
    told = {name: options[name] for name in ("members", "folds", "epochs", "seed", "with_glasses")}
    inputs = training_inputs(campaign, statuses, told)
    record = trained_record(campaign, inputs)
    if record is None:
        with process_group():
            make = _maker(campaign, statuses, options, quiet, ranks, site)
            if rank() > 0:
                make(False)
                return []
            lease = campaign.specification.execution.lease_seconds
            with interruptible(f"'{again}' goes on.", CHECKPOINTS), driver_lock(campaign.folder, lease):
                record = commit_training(campaign, inputs, told, lambda: make(True))
    elif is_world and int(os.environ.get("RANK", "0")) > 0:
        return []
    return [str(campaign.folder / name) for name in record.files]


def _maker(
    campaign: Campaign, statuses: Sequence[Any], options: dict[str, Any], quiet: bool, ranks: int, site: str | None
) -> Any:
    """Makes the product: the data are read and judged at once, the training starts when it is called."""
    from glassdask.datasets.netcdf import read_netcdf
    from glassdask.stages.collect import CRITICAL_TEMPERATURE
    from glassdask.stages.train import LEARNING
    from glassdask.stages.train.run import train_campaign
    from glassdask.stages.train.training_data import training_data

    critical = campaign.folder / CRITICAL_TEMPERATURE
    known = read_netcdf(critical) if critical.is_file() else None
    data = training_data(campaign.folder, statuses, campaign.specification, known, options["with_glasses"])
    provenance = {"campaign": campaign.identity, "title": campaign.specification.campaign.name}

    def make(is_judge: bool) -> list[Path]:
        def tell(line: str) -> None:
            if is_judge and not quiet:
                click.echo(line, err=True)

        show = _Display(quiet or not is_judge)
        trainer = (
            _here(show) if ranks == 1 and site is None else _gang(campaign, ranks, site, options["insecure"], show)
        )
        return train_campaign(
            data, campaign.folder / LEARNING, trainer, _study_options(options), provenance, tell, is_judge
        )

    return make


def _study_options(options: dict[str, Any]) -> StudyOptions:
    from dataclasses import replace

    from glassdask.learning.training.recipe import PAPER
    from glassdask.stages.train.training_plan import StudyOptions

    recipe = PAPER if options["epochs"] is None else replace(PAPER, epochs=options["epochs"])
    return StudyOptions(options["members"], options["folds"], options["seed"], recipe)


# --- who trains -------------------------------------------------------------------------------------------------------


def _here(show: _Display) -> Trainer:
    """In this process, on all its cores, or as one rank of a world."""

    def train(samples: Any, trainings: Any, folder: Path) -> None:
        from glassdask.cluster.pools.launch import available_cores
        from glassdask.learning.training.process_group import world_size
        from glassdask.learning.training.study import run_study

        names = [training.name for training in trainings]
        run_study(
            samples,
            trainings,
            folder,
            lambda training, progress: show(names.index(training.name), len(names), training.name, vars(progress)),
            threads=max(1, available_cores() // world_size()),
        )
        show.end()

    return train


def _gang(campaign: Campaign, ranks: int, path: str | None, is_insecure: bool, show: _Display) -> Trainer:
    """On workers, one rank each."""

    def train(samples: Any, trainings: Any, folder: Path) -> None:
        from glassdask.cluster.pools.launch import start_workers
        from glassdask.cluster.ranks.training_gang import Gang
        from glassdask.cluster.site.site import Site, load_site
        from glassdask.files.atomic_write import write_json
        from glassdask.learning.training.rank import RankRequest
        from glassdask.processes.answer import PROGRESS, REQUEST
        from glassdask.stages.train.run import SAMPLES

        folder = folder.resolve()
        samples.write(folder / SAMPLES)
        request = RankRequest(str(folder / SAMPLES), str(folder), [training.plain() for training in trainings])
        write_json(folder / REQUEST, vars(request))

        def on_poll() -> None:
            try:
                told = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))
            except (OSError, ValueError):
                return
            show(told["number"], told["of"], told["training"], told)

        site = Site(scheduler="local") if path is None else load_site(path)
        count: dict[str, Any] = {"n_workers": ranks} if path is None else {}
        with start_workers(site, campaign.folder, is_secure=not is_insecure, dashboard=False, **count) as (
            workers,
            lines,
        ):
            for line in lines:
                click.echo(line, err=True)
            Gang(workers, ranks, lambda line: click.echo(line, err=True)).run(folder / REQUEST, on_poll)
        show.end()

    return train


class _Display:
    """One line of progress: rewritten on a terminal, now and then elsewhere."""

    def __init__(self, is_quiet: bool):
        self._is_terminal = sys.stderr.isatty()
        self._seconds = float("inf") if is_quiet else _TERMINAL_SECONDS if self._is_terminal else _LINE_SECONDS
        self._last = time.monotonic() if self._is_terminal else float("-inf")

    def __call__(self, number: int, total: int, name: str, progress: dict[str, Any]) -> None:
        """Shows where training stands."""
        if time.monotonic() - self._last < self._seconds:
            return
        self._last = time.monotonic()
        validation = progress["validation"]
        also = f", of states set apart {validation:.4g}" if math.isfinite(validation) else ""
        line = (
            f"training {number + 1} of {total} ({name}): epoch {progress['epoch']}, loss {progress['loss']:.4g}{also}"
        )
        click.echo(f"\r{line:<110}" if self._is_terminal else line, nl=not self._is_terminal, err=True)

    def end(self) -> None:
        """Ends the line."""
        if self._is_terminal and self._seconds < float("inf"):
            click.echo("", err=True)


def _scores(folder: Path) -> list[dict[str, Any]]:
    """Every examination and model as plain data."""
    import csv

    with (folder / "learning" / "scores.csv").open(encoding="utf-8", newline="") as stream:
        return [
            {name: value if name in ("examination", "model") else _plain(value) for name, value in row.items()}
            for row in csv.DictReader(stream)
        ]


def _plain(text: str) -> float | None:
    """A number as JSON has it: none where it is not finite."""
    value = float(text)
    return value if math.isfinite(value) else None
