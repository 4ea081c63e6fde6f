"""What the doctor has found out about a pool or a worker, and the question to a worker."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import distributed
from distributed import Client, Future

import glassdask
from glassdask.cluster.doctor.node_report import node_report
from glassdask.cluster.runtime.workers import submit_to
from glassdask.simulation.engines.engine_choice import engines_for_gpus


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
    def engines(self) -> dict[str, dict[str, Any]]:
        """Version, device and speed of each engine that has done some steps there."""
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


def pool_troubles(report: dict[str, Any], promised_gpus: int, is_simulating: bool) -> list[str]:
    """What keeps a campaign from running on a worker with this report
    (`glassdask.cluster.doctor.node_report.node_report`)."""
    found = []
    host = report["host"]
    if gpu_count(report) < promised_gpus:
        found.append(
            f"node {host} shows {gpu_count(report)} of {promised_gpus} GPUs promised (CUDA_VISIBLE_DEVICES = "
            f"{report['cuda_visible_devices'] or '(not set)'}): ask for them in the pool's directives, or load the "
            "driver in its prologue"
        )
    if not report["is_folder_visible"]:
        found.append(f"node {host} does not see the folder: choose one on a file system that all nodes share")
    elif not report["is_folder_writable"]:
        found.append(f"node {host} cannot write into the folder: look at its quota and how it is mounted there")
    if is_simulating and not working_engines(report):
        found.append(f"no engine of molecular dynamics runs on node {host}: {_engine_errors(report)}")
    return found


def remarks(report: dict[str, Any], promised_gpus: int | None = None) -> list[str]:
    """What differs from the driver, GPUs that lie idle, and GPUs that may be those of others, where the site file
    promises some."""
    found = []
    if promised_gpus is not None and gpu_count(report) > promised_gpus:
        found.append(
            f"node {report['host']} shows {gpu_count(report)} GPUs to a job that has {promised_gpus} (CUDA_VISIBLE_DEVICES "
            f"= {report['cuda_visible_devices'] or '(not set)'}): the batch system does not keep jobs apart, and two on one "
            "node would meet on the same GPU; ask for whole nodes, or have its administrators confine GPUs"
        )
    mine = {
        "glassdask": glassdask.__version__,
        "distributed": distributed.__version__,
        "python": platform.python_version(),
    }
    for name, version in mine.items():
        if report[name] != version:
            found.append(f"{name} is {report[name]} on {report['host']}, and {version} here")
    engines = working_engines(report)
    if gpu_count(report) and engines and not any(engine["device"] == "gpu" for engine in engines.values()):
        for_gpus = engines_for_gpus()
        why = _engine_errors(report) or f"{' and '.join(kind.title for kind in for_gpus)} is missing"
        remedy = " or ".join(kind.install_for_gpus for kind in for_gpus)
        found.append(f"no engine on {report['host']} uses its GPUs: {why}; {remedy}")
    trouble = report["cupy_trouble"]
    if gpu_count(report) and trouble:
        text = trouble.get("error") if isinstance(trouble, dict) else trouble
        found.append(f"reductions and memory fits on {report['host']} use cores, not its GPUs: {text}")
    return found


def gpu_count(report: dict[str, Any]) -> int:
    """GPUs that CUDA shows on the node; 0 where it cannot be asked."""
    return report["gpus"] if isinstance(report["gpus"], int) else 0


def working_engines(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The engines that have done some steps there."""
    return {name: found for name, found in report["engines"].items() if isinstance(found, dict) and "device" in found}


def _engine_errors(report: dict[str, Any]) -> str:
    engines = report["engines"]
    if isinstance(error := engines.get("error"), str):
        return error
    return "; ".join(f"{name}: {found['error']}" for name, found in engines.items() if "error" in found)
