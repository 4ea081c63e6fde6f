"""A site file (TOML): which scheduler, which pools of workers, and what a job of each pool asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from glassdask.campaign.folder import read_toml
from glassdask.campaign.specification import Count, Section
from glassdask.campaign.validation_message import validation_message
from glassdask.errors import InvalidInput

#: A word that a scheduler's directive or a command line takes as one argument, whatever shell reads it.
_WORD = r"^[A-Za-z0-9][A-Za-z0-9._@:+,=%/-]{0,254}$"
Word = Annotated[str, Field(pattern=_WORD)]
WalltimeText = Annotated[str, Field(pattern=r"^(\d+-)?\d{1,3}:[0-5]\d(:[0-5]\d)?$")]
MemoryText = Annotated[str, Field(pattern=r"^[1-9]\d* ?(MB|GB|MiB|GiB)$")]


def _one_line(value: str) -> str:
    if not value or not value.isprintable():
        raise ValueError("allowed: one line of printable text")
    return value


def _directory(value: str) -> str:
    if not value.startswith("/") or not all(c.isalnum() or c in "/._-$@" for c in value):
        raise ValueError("allowed: an absolute path of letters, digits and / . _ - @ ($NAME is expanded on the node)")
    return value


Line = Annotated[str, AfterValidator(_one_line)]
Directory = Annotated[str, AfterValidator(_directory)]


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
        Worker processes, and so stages, that share each GPU of a job.
    prologue
        Lines of shell run before the workers start, as ``module load cuda``.
    directives
        Extra directives, without ``#SBATCH`` or ``#PBS``.
    stages
        Stages that run here; by default all on a pool of its own, else those with a GPU on the pool that has one.
    """

    queue: Word | None = None
    account: Word | None = None
    cores: Count = 1
    memory: MemoryText = "4GB"
    gpus: Annotated[int, Field(ge=0, le=64)] = 0
    walltime: WalltimeText = "12:00:00"
    count: Annotated[int, Field(ge=1, le=10_000)] = 1
    runs_per_gpu: Annotated[int, Field(ge=1, le=64)] = 1
    prologue: list[Line] = []
    directives: list[Line] = []
    stages: list[Literal["simulate", "reduce"]] | None = None

    @property
    def workers_per_job(self) -> int:
        """Worker processes of a job: one stage each."""
        return self.gpus * self.runs_per_gpu if self.gpus else self.cores

    @property
    def walltime_seconds(self) -> int:
        """The walltime in seconds."""
        days, _, clock = self.walltime.rpartition("-")
        parts = [int(part) for part in clock.split(":")]
        hours, minutes, seconds = (*parts, 0)[:3]
        return int(days or 0) * 86400 + hours * 3600 + minutes * 60 + seconds


class Site(Section):
    """A whole site file."""

    scheduler: Literal["local", "slurm", "pbs", "mpi"]
    interface: Word | None = None
    local_directory: Directory | None = None
    job_name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]{0,14}$")] = "glassdask"
    worker_timeout: Annotated[float, Field(ge=5, le=86400, allow_inf_nan=False)] = 60.0
    pool: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,15}$")], Pool] = {}

    @model_validator(mode="after")
    def _pools_fit(self) -> Site:
        if self.scheduler in ("slurm", "pbs"):
            self._check_stages()
        elif self.pool:
            raise ValueError(f"pool tables have no meaning with scheduler = {self.scheduler!r}; allowed: none")
        return self

    def _check_stages(self) -> None:
        if not self.pool:
            raise ValueError("no pool is given; allowed: one or more tables such as [pool.gpu] and [pool.cpu]")
        for stage in ("simulate", "reduce"):
            if not any(stage in self.stages_of(name) for name in self.pool):
                raise ValueError(f"no pool runs the stage {stage!r}; allowed: each stage in the stages of a pool")

    def stages_of(self, name: str) -> list[str]:
        """The stages that a pool runs."""
        pool = self.pool[name]
        if pool.stages is not None:
            return list(pool.stages)
        has_gpu_pool = any(other.gpus for other in self.pool.values())
        return ["simulate", "reduce"] if pool.gpus or not has_gpu_pool else []


def load_site(path: str | Path) -> Site:
    """The validated site file.

    Raises
    ------
    InvalidInput
        With the key's path, its value and what is allowed, for everything that is wrong with the file.
    """
    data: dict[str, Any] = read_toml(Path(path))
    try:
        return Site.model_validate(data)
    except ValidationError as error:
        raise InvalidInput(validation_message(error, Site, str(path), "site file")) from None
