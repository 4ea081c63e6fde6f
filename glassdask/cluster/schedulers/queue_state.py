"""What the batch system says of one job, in its own words: state and reason."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from glassdask.cluster.site.site import Site

#: States of a job that is still to run, or running.
SLURM_ALIVE = {
    *(
        "PENDING",
        "CONFIGURING",
        "RUNNING",
        "COMPLETING",
        "REQUEUED",
        "SUSPENDED",
        "REQUEUE_HOLD",
        "RESIZING",
        "STOPPED",
    ),
    *("SIGNALING", "STAGE_OUT", "RESV_DEL_HOLD", "REQUEUE_FED", "SPECIAL_EXIT"),
}
PBS_ALIVE = set("QHRETSUW")
#: Of one whose processes stand still until the batch system lets them go on.
SLURM_SUSPENDED = {"SUSPENDED", "STOPPED"}
PBS_SUSPENDED = set("SU")
#: States of a job that somebody or something else has ended, and PBS's substate of one that was deleted.
_SLURM_TAKEN = {"CANCELLED", "PREEMPTED", "NODE_FAIL", "BOOT_FAIL", "REVOKED"}
_PBS_TAKEN = "91"


@dataclass(frozen=True)
class QueueState:
    """What is known of a job.

    Parameters
    ----------
    text
        State and reason as a user of the batch system knows them.
    is_alive
        Whether it is still to run, or running.
    has_run
        Whether it was ever given a node; None where that is no longer known.
    was_taken
        Whether it did not end by itself: deleted, preempted, its node lost.
    """

    text: str
    is_alive: bool
    has_run: bool | None = None
    was_taken: bool = False


def queue_state(site: Site, identifier: str) -> QueueState:
    """The state of a job; a batch system that does not answer leaves it alive."""
    if site.scheduler == "slurm":
        command = ["squeue", "--noheader", "--states=all", f"--jobs={identifier}", "--format=%T (%r) %N"]
        return _ask(site, command, slurm_state)
    found = _ask(site, ["qstat", "-f", identifier], pbs_state)
    if found.is_alive:
        return found
    # a server that keeps no history refuses -x, even for jobs that run
    remembered = _ask(site, ["qstat", "-x", "-f", identifier], pbs_state)
    return found if remembered.is_alive else remembered


def _ask(site: Site, command: list[str], understood: Callable[[str], QueueState]) -> QueueState:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=site.command_timeout, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return QueueState(f"unknown: {error}", True)
    if done.returncode:  # "Invalid job id", "Unknown Job Id", "Job has finished"
        said = done.stderr.strip().splitlines()[-1:]
        is_gone = re.search("invalid job id|unknown job|finished", done.stderr, re.IGNORECASE) is not None
        return QueueState("no longer in the queue" if is_gone else f"unknown: {''.join(said)}", not is_gone)
    return understood(done.stdout)


def slurm_state(output: str) -> QueueState:
    """The state in what ``squeue --format='%T (%r) %N'`` prints.

    >>> slurm_state("PENDING (PartitionTimeLimit)")
    QueueState(text='PENDING (PartitionTimeLimit)', is_alive=True, has_run=False, was_taken=False)
    """
    found = re.findall(r"^([A-Z_]+) (\(.*\))(.*)$", output, re.MULTILINE)
    if not found:
        return QueueState("no longer in the queue", False)
    state, reason, nodes = found[-1]
    text = state if reason == "(None)" else f"{state} {reason}"
    return QueueState(text, state in SLURM_ALIVE, bool(nodes.strip()), state in _SLURM_TAKEN)


def pbs_state(output: str) -> QueueState:
    """The state in what ``qstat -f`` prints, whose long values go on after a tab.

    >>> pbs_state("Job Id: 7\\n    job_state = Q\\n    comment = Not Running: Insufficient amount of\\n\\t resource ngpus").text
    'Q (Not Running: Insufficient amount of resource ngpus)'
    """
    lines = output.replace("\n\t", "").splitlines()
    values = dict(line.strip().split(" = ", 1) for line in lines if " = " in line)
    if "job_state" not in values:
        return QueueState("no longer in the queue", False)
    letter, comment = values["job_state"], values.get("comment", "")
    text = f"{letter} ({comment})" if comment else letter
    was_taken = values.get("substate") == _PBS_TAKEN
    return QueueState(text, letter in PBS_ALIVE, "exec_host" in values, was_taken)
