"""What the batch system says of one job, in its own words: state and reason."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

from glassdask.cluster.site import Site

#: States of a job that is still to run, or running.
SLURM_ALIVE = {"PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "REQUEUED", "SUSPENDED", "REQUEUE_HOLD", "RESIZING"}
PBS_ALIVE = set("QHRETSW")


@dataclass(frozen=True)
class QueueState:
    """State and reason as a user of the batch system knows them, and whether the job is still to run or running."""

    text: str
    is_alive: bool


def queue_state(site: Site, identifier: str) -> QueueState:
    """The state of a job; a batch system that does not answer leaves it alive."""
    is_slurm = site.scheduler == "slurm"
    if is_slurm:
        command = ["squeue", "--noheader", "--states=all", f"--jobs={identifier}", "--format=%T (%r)"]
    else:
        command = ["qstat", "-f", identifier]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=site.command_timeout, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return QueueState(f"unknown: {error}", True)
    if done.returncode:  # "Invalid job id", "Unknown Job Id", "Job has finished"
        said = done.stderr.strip().splitlines()[-1:]
        is_gone = re.search("invalid job id|unknown job|finished", done.stderr, re.IGNORECASE) is not None
        return QueueState("no longer in the queue" if is_gone else f"unknown: {''.join(said)}", not is_gone)
    return slurm_state(done.stdout) if is_slurm else pbs_state(done.stdout)


def slurm_state(output: str) -> QueueState:
    """The state in what ``squeue --format='%T (%r)'`` prints.

    >>> slurm_state("PENDING (PartitionTimeLimit)")
    QueueState(text='PENDING (PartitionTimeLimit)', is_alive=True)
    """
    text = output.strip().removesuffix(" (None)")
    if not text:
        return QueueState("no longer in the queue", False)
    return QueueState(text, text.split()[0] in SLURM_ALIVE)


def pbs_state(output: str) -> QueueState:
    """The state in what ``qstat -f`` prints, whose long values go on after a tab.

    >>> pbs_state("Job Id: 7\\n    job_state = Q\\n    comment = Not Running: Insufficient amount of\\n\\t resource ngpus")
    QueueState(text='Q (Not Running: Insufficient amount of resource ngpus)', is_alive=True)
    """
    lines = output.replace("\n\t", "").splitlines()
    values = dict(line.strip().split(" = ", 1) for line in lines if " = " in line)
    letter, comment = values.get("job_state", "?"), values.get("comment", "")
    return QueueState(f"{letter} ({comment})" if comment else letter, letter in PBS_ALIVE)
