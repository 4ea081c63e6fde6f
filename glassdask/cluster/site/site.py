"""A site file (TOML): which scheduler, which pools of workers, and what a job of each pool asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, model_validator

from glassdask.campaign.definition.notify_section import NotifySection
from glassdask.campaign.definition.validation_message import validation_message
from glassdask.cluster.schedulers.protocol import Scheduler, clock_seconds
from glassdask.cluster.schedulers.registry import schedulers
from glassdask.cluster.site.texts import (
    ARRAY_VARIABLE,
    ArrayName,
    ChunkText,
    Directory,
    JobName,
    Line,
    MemoryText,
    PoolName,
    WalltimeText,
    Word,
    check_scheduler,
)
from glassdask.cluster.site.walltime import MARGIN_VARIABLE
from glassdask.errors import InvalidInput
from glassdask.files.folder_rule import read_site_toml
from glassdask.stages.contract.registry import POOL_STAGES, STATE_STAGES
from glassdask.stages.contract.sections import Count, Section

#: Keys that workers read in their environment, which is ours to set only where we start them.
_IN_ENVIRONMENT = {"array": ARRAY_VARIABLE, "deadline_margin": MARGIN_VARIABLE}


def _stage_name(value: str) -> str:
    names = [stage.name for stage in POOL_STAGES]
    if value not in names:
        raise ValueError(f"allowed: {', '.join(map(repr, names))}")
    return value


StageName = Annotated[str, AfterValidator(_stage_name)]
#: Stages that site files may leave out, since older ones do not know them, and the stage whose pools run them then.
_RUNS_WITH = {stage.name: stage.runs_with for stage in POOL_STAGES if stage.runs_with}


class Pool(Section):
    """Jobs of one kind.

    Parameters
    ----------
    queue, account
        Partition or queue, and whom to charge.
    cores, memory, gpus, walltime
        What one job asks for; walltime as hours:minutes:seconds.
    count
        Most jobs at once.
    runs_per_gpu
        Worker processes, and so stages, that share each GPU of a job; ``glassdask doctor --runs-per-gpu`` measures the best.
    mps
        Whether a job whose GPUs are shared starts NVIDIA's Multi-Process Service, and stops it at its end. Where it cannot
        be started, processes take turns.
    array
        Where reductions and memory fits work: ``numpy`` (cores), ``cupy`` (GPUs) or ``auto``; by default the site's.
    prologue
        Lines of shell run before the workers start, as ``module load cuda``.
    resources
        Where jobs ask for a chunk of resources, what it asks for besides cores, gpus and memory, as ``model=a100``.
    directives
        Extra directives, without the word that begins their lines in a job script.
    check_gpu
        Whether a job ends at once on a node that shows it fewer GPUs than it asked for.
    stages
        Stages that run here; by default all, on a pool with GPUs or where there is no such pool. `solve_mct`,
        `fit_memory` and `correlate`, where no pool names them, run where `reduce` does, and `train`, the training of
        networks, where `simulate` does.
    """

    queue: Word | None = None
    account: Word | None = None
    cores: Count = 1
    memory: MemoryText = "4GB"
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    walltime: WalltimeText = "12:00:00"
    count: Annotated[int, Field(ge=1, le=10_000)] = 1
    runs_per_gpu: Annotated[int, Field(ge=1, le=64)] = 1
    mps: bool = True
    array: ArrayName | None = None
    prologue: list[Line] = Field(default_factory=list)
    resources: ChunkText | None = None
    directives: list[Line] = Field(default_factory=list)
    check_gpu: bool = True
    stages: Annotated[list[StageName], Field(min_length=1)] | None = None

    @property
    def workers_per_job(self) -> int:
        """Worker processes of a job: one stage each."""
        return self.gpus * self.runs_per_gpu if self.gpus else self.cores

    @property
    def walltime_seconds(self) -> int:
        """The walltime in seconds."""
        days, _, clock = self.walltime.rpartition("-")
        return int(days or 0) * 86400 + clock_seconds(clock)


class Site(Section):
    """A whole site file.

    Parameters
    ----------
    scheduler
        ``local``, the name of a batch system, ``mpi``, or the address of a running Dask scheduler.
    interface
        Network interface that all nodes share: nothing listens on any other.
    local_directory
        Scratch folder of the nodes for Dask's own small files.
    job_name
        Jobs are called ``<job_name>-<pool>``.
    worker_timeout
        Workers that do not reach the driver for so long end, with their jobs. [s]
    deadline_margin
        Simulations stop to write their last checkpoint so long before their job ends; not for a running scheduler, whose
        workers read it in their environment. [s]
    command_timeout
        The batch system's commands that take longer are given up. [s]
    array
        Where reductions and memory fits work on pools that do not say, and without pools; for a running scheduler as above.
    runs_per_gpu
        With ``local``: worker processes that share each GPU of this machine, for the stages that use it.
    tls_ca_file, tls_cert, tls_key
        For a running scheduler: its certificate authority, our certificate and key.
    notify
        Whom to tell of runs on this site, where the campaign file does not say.
    pool
        Kinds of batch jobs, by name.
    """

    scheduler: Annotated[str, AfterValidator(check_scheduler)]
    interface: Word | None = None
    local_directory: Directory | None = None
    job_name: JobName = "glassdask"
    worker_timeout: Annotated[float, Field(ge=5, le=86400, allow_inf_nan=False)] = 60.0
    deadline_margin: Annotated[float, Field(ge=1, le=86400, allow_inf_nan=False)] = 30.0
    command_timeout: Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)] = 60.0
    array: ArrayName = "auto"
    runs_per_gpu: Annotated[int, Field(ge=1, le=64)] = 1
    tls_ca_file: Line | None = None
    tls_cert: Line | None = None
    tls_key: Line | None = None
    notify: NotifySection = NotifySection()
    pool: dict[PoolName, Pool] = Field(default_factory=dict)

    @property
    def is_batch(self) -> bool:
        """Whether workers run in batch jobs."""
        return self.scheduler in schedulers()

    @property
    def batch_system(self) -> Scheduler:
        """Where jobs are submitted, if workers run in batch jobs."""
        return schedulers()[self.scheduler]

    @model_validator(mode="after")
    def _fits(self) -> Site:
        if self.interface is None and (self.is_batch or self.scheduler == "mpi"):
            raise ValueError(
                f"interface is missing; with scheduler = {self.scheduler!r} it must be given: the network that all nodes "
                "share, such as 'ib0' or 'eth0' (ip -brief address lists them)"
            )
        if self.scheduler != "local" and "runs_per_gpu" in self.model_fields_set:
            raise ValueError(
                f"runs_per_gpu = {self.runs_per_gpu} belongs to scheduler = 'local' here; with {self.scheduler!r}: in the "
                "table of a pool with GPUs"
            )
        if self.pool and not self.is_batch:
            raise ValueError(f"pool tables have no meaning with scheduler = {self.scheduler!r}; allowed: none")
        if self.is_batch:
            self._check_pools()
        elif self.scheduler not in ("local", "mpi"):
            self._check_environment()
        files = (self.tls_ca_file, self.tls_cert, self.tls_key)
        if any(files) != self.scheduler.startswith("tls://") or any(files) != all(files):
            raise ValueError(
                "tls_ca_file, tls_cert and tls_key: all three belong to a scheduler = 'tls://…', and no other"
            )
        return self

    def _check_environment(self) -> None:
        for key, variable in _IN_ENVIRONMENT.items():
            if key in self.model_fields_set:
                raise ValueError(
                    f"{key} = {getattr(self, key)!r} has no effect on the workers of a running scheduler; allowed: "
                    f"no such key, and export {variable}={getattr(self, key)} where they are started"
                )

    def _check_pools(self) -> None:
        if not self.pool:
            raise ValueError("no pool is given; allowed: one or more tables such as [pool.gpu] and [pool.cpu]")
        for stage in STATE_STAGES:
            if not any(stage.name in self.stages_of(name) for name in self.pool):
                raise ValueError(
                    f"no pool runs the stage {stage.name!r}; allowed: each stage in the stages of a pool, such as "
                    f'stages = ["{stage.name}"] in [pool.cpu]'
                )
        for name, pool in self.pool.items():
            self.batch_system.check_pool(name, pool)
            if pool.walltime_seconds < 2 * self.deadline_margin:
                raise ValueError(
                    f"pool.{name}.walltime = {pool.walltime!r} leaves no time to work before the deadline_margin of "
                    f"{self.deadline_margin:g} s; allowed: at least twice the margin"
                )

    def stages_of(self, name: str) -> list[str]:
        """The stages that a pool runs."""
        listed = {other: self._listed_stages(other) for other in self.pool}
        named = {stage for stages in listed.values() for stage in stages}
        added = [new for new, old in _RUNS_WITH.items() if new not in named and old in listed[name]]
        return listed[name] + added

    def _listed_stages(self, name: str) -> list[str]:
        """Those that its table names, or that it runs because its table names none."""
        pool = self.pool[name]
        if pool.stages is not None:
            return list(pool.stages)
        has_gpu_pool = any(other.gpus for other in self.pool.values())
        return [stage.name for stage in STATE_STAGES] if pool.gpus or not has_gpu_pool else []


def load_site(path: str | Path) -> Site:
    """The validated site file; one message for everything that is wrong with it: key, value, what is allowed."""
    data: dict[str, Any] = read_site_toml(Path(path))
    try:
        return Site.model_validate(data)
    except ValidationError as error:
        raise InvalidInput(validation_message(error, Site, str(path), "site file")) from None
