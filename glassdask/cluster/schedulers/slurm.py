"""SLURM 20.02 or later: all that this package knows of it.

Words of refusals are those of its ``src/common/slurm_errno.c``, and the names of limits in
``src/slurmctld/acct_policy.c``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from typing import Any, ClassVar

from glassdask.cluster.schedulers.protocol import (
    GONE,
    PoolRequest,
    QueueState,
    Refusal,
    Scheduler,
    clock,
    refuse_resources,
)

_ALIVE = {
    *("PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "REQUEUED", "SUSPENDED", "REQUEUE_HOLD", "RESIZING"),
    *("STOPPED", "SIGNALING", "STAGE_OUT", "RESV_DEL_HOLD", "REQUEUE_FED", "SPECIAL_EXIT"),
}
#: Of a job that somebody or something else has ended.
_TAKEN = {"CANCELLED", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "REVOKED"}


class Slurm(Scheduler):
    """Partitions are queues."""

    submit_command = ("sbatch", "--parsable")
    cancel_command = ("scancel",)
    # --me leaves out jobs of others and, unlike --jobs, does not fail when a job is already forgotten
    queue_command = ("squeue", "--me", "--noheader", "--states=all", "--format=%A %T")
    job_class = ("dask_jobqueue.slurm", "SLURMJob")
    queue_row = r"^(\d+) ([A-Z_]+)$"
    alive_states = frozenset(_ALIVE)
    running_states, suspended_states = frozenset({"RUNNING", "COMPLETING"}), frozenset({"SUSPENDED", "STOPPED"})
    #: ``7;cluster`` of ``--parsable``, or the usual words, of wrappers that drop the option; then a number alone.
    identifier_lines = (r"(\d+);\S+", r"Submitted batch job (\d+)( on cluster \S+)?", r"(\d+)")
    complaint_line = r"sbatch\b.*:"
    refusal_words: ClassVar = {
        Refusal.LIMIT: r"max\w*submit|submit\w*limit|(max|grp)jobs\w*limit",  # QOSMaxSubmitJobPerUserLimit
        Refusal.PASSING: "munge",
        Refusal.FINAL: r"(qos|assoc)(max|min|grp)\w+|no partition",  # QOSMaxWallDurationPerJobLimit
    }
    gone_words = "invalid job id"
    job_variable = "SLURM_JOB_ID"
    end_variable = "SLURM_JOB_END_TIME"  # from 22.05 on, in batch steps
    rank_variables = ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")
    launch_hint = (
        "inside a SLURM allocation, 'srun --mpi=pmi2 -n 4 glassdask run …' (a plain srun starts worlds of one rank)"
    )
    log_pattern = r".*-{number}\.(out|err)"

    def job_options(self, pool: PoolRequest) -> dict[str, Any]:
        """dask-jobqueue asks for one core a worker; a pool says itself how many cores a job has."""
        gpus = [f"--gres=gpu:{pool.gpus}"] * bool(pool.gpus)
        return {
            "queue": pool.queue,
            "account": pool.account,
            "walltime": clock(pool.walltime_seconds),
            "job_cpu": pool.cores,
            "job_extra_directives": [*pool.directives, *gpus],
        }

    def check_pool(self, name: str, pool: PoolRequest) -> None:
        """It knows no chunks."""
        refuse_resources(pool, name, "slurm", "['--constraint=a100']")

    def state_commands(self, identifier: str) -> list[list[str]]:
        """State, reason and nodes."""
        return [["squeue", "--noheader", "--states=all", f"--jobs={identifier}", "--format=%T (%r) %N"]]

    def state(self, printed: str) -> QueueState:
        """The last line of that form.

        >>> SCHEDULER.state("PENDING (PartitionTimeLimit)")
        QueueState(text='PENDING (PartitionTimeLimit)', is_alive=True, has_run=False, was_taken=False)
        """
        found = re.findall(r"^([A-Z_]+) (\(.*\))(.*)$", printed, re.MULTILINE)
        if not found:
            return GONE
        state, reason, nodes = found[-1]
        text = state if reason == "(None)" else f"{state} {reason}"
        return QueueState(text, state in self.alive_states, bool(nodes.strip()), state in _TAKEN)

    def end_command(self, identifier: str) -> list[str]:
        """The end as local time."""
        return ["squeue", "--noheader", "--jobs", identifier, "--format", "%e"]

    def end(self, printed: str) -> float | None:
        """The last line that is a time: wrappers may print others."""
        for line in reversed(printed.splitlines()):
            with suppress(ValueError):
                return datetime.strptime(line.strip(), "%Y-%m-%dT%H:%M:%S").astimezone().timestamp()
        return None


SCHEDULER = Slurm()
