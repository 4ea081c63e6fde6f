"""What the doctor has found out about a pool or a worker, and the question to a worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distributed import Client, Future

import glassdask
from glassdask.cluster.doctor.diagnosis import gpu_count, remarks, working_engines
from glassdask.cluster.doctor.node_report import node_report
from glassdask.cluster.runtime.workers import submit_to


@dataclass
class PoolCheck:
    """What was found out about a pool, or about a worker of a cluster without pools.

    Parameters
    ----------
    pool
        Its name, or the worker's address.
    job, state
        Identifier of the batch job, and what the batch system said of it last.
    seconds
        Until the answer came.
    promised_gpus
        How many the site file says that a job has; None where it does not say.
    rates, runs_per_gpu
        Steps per second of all simulations together, by how many share a GPU, and the best number; None if not
        measured.
    report
        What the worker sees (`node_report`); None without an answer.
    troubles, remarks
        What keeps a campaign from running there; what may be as the user wants it.
    """

    pool: str
    job: str | None = None
    state: str | None = None
    seconds: float | None = None
    promised_gpus: int | None = None
    rates: dict[str, float] | None = None
    runs_per_gpu: int | None = None
    report: dict[str, Any] | None = None
    troubles: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def engines(self) -> dict[str, dict[str, str]]:
        """Version and device of each engine that has done some steps there."""
        return working_engines(self.report) if self.report else {}

    @property
    def n_gpus(self) -> int:
        """How many GPUs the worker sees."""
        return gpu_count(self.report) if self.report else 0


def ask(client: Client, address: str, folder: Path, mark: str) -> Future[Any]:
    """Asks this worker, and no other, for its report."""
    return submit_to(client, address, node_report, folder, mark, key=f"doctor-{address}")


def note_answer(check: PoolCheck, future: Future[Any]) -> None:
    """Notes the worker's report, or why there is none."""
    if future.status == "finished":
        check.report = future.result()
        check.remarks += remarks(future.result(), check.promised_gpus)
    else:  # whatever went wrong on the worker, as a missing package
        error = future.exception()
        check.troubles.append(
            f"the worker could not answer: {type(error).__name__}: {error}; install glassdask {glassdask.__version__} there"
        )
