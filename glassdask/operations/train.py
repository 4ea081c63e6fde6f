"""Models of F_s from a campaign's S(k) and F_s, examined beside what anybody would try first."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassdask.errors import InvalidInput, MissingComponent
from glassdask.operations.progress import tell, tell_nothing
from glassdask.operations.site import Where, checked_site

if TYPE_CHECKING:
    import pandas as pd

    from glassdask.campaign.definition.campaign import Campaign
    from glassdask.campaign.files.products import ProductRecord
    from glassdask.campaign.files.status import StateStatus
    from glassdask.operations.trainers import TrainingDisplay
    from glassdask.stages.train.run import Study
    from glassdask.stages.train.training_plan import StudyOptions


@dataclass(frozen=True)
class Training:
    """Trained models and how they were judged.

    Parameters
    ----------
    folder
        ``learning`` in the campaign's folder; ``folder / "model"`` is what `glassdask.read_model` reads.
    files
        Everything that was made.
    """

    folder: Path
    files: tuple[Path, ...]

    @property
    def scores(self) -> pd.DataFrame:
        """Every examination and model, a row each; NaN where a score says nothing."""
        import pandas as pd

        return pd.read_csv(self.folder / "scores.csv")

    @property
    def text(self) -> str:
        """The judgement in words, as Markdown."""
        return (self.folder / "learning.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class _Request:
    """What is asked for; the first five decide what is made."""

    members: int
    folds: int
    epochs: int | None
    seed: int
    with_glasses: bool
    ranks: int
    where: Where
    quiet: bool

    def of_product(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("members", "folds", "epochs", "seed", "with_glasses")}

    def study_options(self) -> StudyOptions:
        from dataclasses import replace

        from glassdask.learning.training.recipe import PAPER
        from glassdask.stages.train.training_plan import StudyOptions

        recipe = PAPER if self.epochs is None else replace(PAPER, epochs=self.epochs)
        return StudyOptions(self.members, self.folds, self.seed, recipe)


def train(
    path: str | Path,
    site: str | Path | None = None,
    *,
    ranks: int | None = None,
    members: int = 3,
    folds: int = 8,
    epochs: int | None = None,
    seed: int = 0,
    with_glasses: bool = False,
    secure: bool = True,
    quiet: bool = False,
) -> Training | None:
    """Learns F_s(k_p,t) of each species from S(k), by a Gaussian process and two networks, and judges them.

    Killed at any time, the same call goes on; what is there already is not made again. Under torchrun or mpirun the copies
    of the script are the ranks.

    Parameters
    ----------
    path
        A campaign (its TOML file or folder) with finished states.
    site
        Site file: ranks on its workers.
    ranks
        Processes that train together (DDP); 1 unless given.
    members
        Networks of an ensemble, 2 or more.
    folds
        Of the random examination, 2 or more.
    epochs
        Of the paper's network, at most; 300 unless given.
    seed
        Of all random numbers.
    with_glasses
        Learn from states out of equilibrium, too.
    secure
        Encrypt Dask's connections.
    quiet
        No progress.

    Returns
    -------
    Training or None
        Files, scores, the judgement in words; None in the further ranks of torchrun or mpirun.

    Raises
    ------
    MissingComponent
        If torch or scikit-learn is not installed.
    InvalidInput
        If a value is wrong, or there are too few states to learn from.
    CampaignLocked
        If another process drives the campaign.
    Interrupted
        After Ctrl-C; what is trained so far is kept.

    Examples
    --------
    >>> trained = glassdask.train("campaign.toml", members=5)  # doctest: +SKIP
    >>> trained.scores.query("examination == 'random'")  # doctest: +SKIP
    """
    require_learning()
    from glassdask.campaign.definition.campaign import load_campaign
    from glassdask.cluster.pools.mpi_launcher import said_once
    from glassdask.stages.train import LEARNING

    with said_once():
        for name, value, least in (
            ("ranks", ranks, 1),
            ("members", members, 2),
            ("folds", folds, 2),
            ("epochs", epochs, 1),
        ):
            if value is not None and value < least:
                raise InvalidInput(f"{name} = {value}; allowed: {least} or more")
        campaign = load_campaign(path)
        where = checked_site(site, secure)
        is_world = _enter_world(ranks, where)
    request = _Request(members, folds, epochs, seed, with_glasses, ranks or 1, where, quiet)
    again = f"glassdask train {path}{where.option}" + f" --ranks {ranks}" * (ranks is not None)
    record = _record(campaign, request, again, is_world)
    if record is None:
        return None
    return Training(campaign.folder / LEARNING, tuple(campaign.folder / name for name in record.files))


def require_learning() -> None:
    """Does nothing if torch and scikit-learn are there; MissingComponent, with the command that installs them, if
    not."""
    for module in ("torch", "sklearn"):
        if importlib.util.find_spec(module) is None:
            raise MissingComponent(f"learning needs {module}; pip install 'glassdask[ml]'")


def _enter_world(ranks: int | None, where: Where) -> bool:
    """Whether this process is one of several ranks that a launcher has started; prepares it if so."""
    from glassdask.cluster.pools.mpi_launcher import launched_as

    is_torchrun = int(os.environ.get("WORLD_SIZE", "1")) > 1
    n_ranks = launched_as()[1]
    if not is_torchrun and n_ranks < 2:
        return False
    if ranks is not None or where.path is not None:
        raise InvalidInput("--ranks and --on start ranks; under torchrun or mpirun they are there: leave both out")
    if not is_torchrun:
        from glassdask.learning.training.mpi_rendezvous import set_rendezvous

        set_rendezvous()
    return True


def _record(campaign: Campaign, request: _Request, again: str, is_world: bool) -> ProductRecord | None:
    """The product's record, made if it is not there; none in the further ranks of a world."""
    from glassdask.campaign.files.driver_lock import driver_lock
    from glassdask.campaign.files.status import campaign_status
    from glassdask.campaign.work.campaign_product import (
        campaign_context,
        campaign_inputs,
        campaign_record,
        make_product,
    )
    from glassdask.interruption import CHECKPOINTS, interruptible
    from glassdask.learning.training.process_group import process_group, rank
    from glassdask.operations.trainers import TrainingDisplay
    from glassdask.stages.train import STAGE

    statuses = list(campaign_status(campaign.folder))
    options = request.of_product()
    inputs = campaign_inputs(campaign, STAGE, statuses, options)
    record = campaign_record(campaign, STAGE, inputs)
    if record is not None:
        return None if is_world and int(os.environ.get("RANK", "0")) > 0 else record
    with process_group():
        is_judge = rank() == 0
        is_silent = request.quiet or not is_judge
        study = _study(campaign, statuses, request, TrainingDisplay(is_silent), is_judge)
        context = campaign_context(campaign, statuses, study, tell_nothing if is_silent else tell)
        if not is_judge:
            STAGE.function(context)
            return None
        lease = campaign.specification.execution.lease_seconds
        with interruptible(f"'{again}' goes on.", CHECKPOINTS), driver_lock(campaign.folder, lease):
            return make_product(campaign, STAGE, inputs, context, options=options)


def _study(
    campaign: Campaign, statuses: Sequence[StateStatus], request: _Request, show: TrainingDisplay, is_judge: bool
) -> Study:
    """What the stage works with; the data are read and judged here, before anything is locked or taken back."""
    from glassdask.datasets.netcdf import read_netcdf
    from glassdask.operations.trainers import gang, here
    from glassdask.stages.collect import CRITICAL_TEMPERATURE, coverage_of, n_collected
    from glassdask.stages.train.run import Study
    from glassdask.stages.train.training_data import training_data

    if is_judge and not request.quiet and n_collected(statuses) < len(statuses):
        tell(f"learning from what there is: {coverage_of(statuses)}")
    critical = campaign.folder / CRITICAL_TEMPERATURE
    known = read_netcdf(critical) if critical.is_file() else None
    data = training_data(campaign.folder, statuses, campaign.specification, known, request.with_glasses)
    is_here = request.ranks == 1 and request.where.path is None
    trainer = here(show) if is_here else gang(campaign.folder, request.where, request.ranks, show)
    return Study(data, request.study_options(), trainer, is_judge)
