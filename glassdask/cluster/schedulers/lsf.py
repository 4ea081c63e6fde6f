"""IBM Spectrum LSF 10.1 or later: all that this package knows of it. Not tried on a real server yet.

Forms and words are those of its command reference (bsub, bjobs, bkill) and of the messages that users have reported.
"""

from __future__ import annotations

import re
import time
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

#: Why a job was ended that did not end by itself, in its exit reason.
_TAKEN = r"TERM_(\w*OWNER|\w*ADMIN|PREEMPT|REQUEUE\w*|LOAD|WINDOW|CHKPNT|REMOVE_HUNG_JOB|ORPHAN_SYSTEM)\b"
#: Options that have keys of their own, and those keys.
_KEYS = {"-n": "cores", "-M": "memory", "-W": "walltime", "-q": "queue", "-P": "account"}


class Lsf(Scheduler):
    """Projects are accounts."""

    submit_command = ("bsub",)
    cancel_command = ("bkill",)
    queue_command = ("bjobs", "-noheader", "-o", "jobid stat")
    job_class = ("dask_jobqueue.lsf", "LSFJob")  # finds the unit of -M in lsf.conf, and asks for all cores on one node
    queue_row = r"^\s*(\d+)\s+([A-Z]+)\s*$"
    # UNKWN: its node does not answer. ZOMBI is no longer alive: killed while its node did not, or begun anew elsewhere
    alive_states = frozenset({"PEND", "PROV", "WAIT", "RUN", "PSUSP", "USUSP", "SSUSP", "UNKWN"})
    running_states, suspended_states = frozenset({"RUN", "UNKWN"}), frozenset({"USUSP", "SSUSP"})
    reads_input = True  # a script that is named as an argument is run without a look at its directives
    environment: ClassVar = {"LSB_STDOUT_DIRECT": "Y"}  # output is written while the job runs, not at its end
    identifier_lines = (r"Job <(\d+)> is submitted to .*queue <[^>]*>\.?",)
    complaint_line = r".*(Job not submitted|\bLSF\b|Pending job)"
    refusal_words: ClassVar = {
        Refusal.LIMIT: r"pending job \w*\s?(threshold|limit)",
        Refusal.PASSING: r"LSF is down|please wait|queue (has been|is) closed|does not accept jobs|LIM is down",
        Refusal.FINAL: r"cannot (exceed|use)|\bbad |not in the|too many (processors|tasks) requested|cannot be found",
    }
    gone_words = r"is not found|no (matching )?job found|already finished"
    empty_words = "no unfinished job found"
    job_variable = "LSB_JOBID"
    log_pattern = r".*-{number}\.(out|err)"

    def job_options(self, pool: PoolRequest) -> dict[str, Any]:
        """Memory is reserved as well as limited; GPUs are the job's alone, whose workers may share them."""
        from dask.utils import parse_bytes

        further = [f'-R "rusage[mem={-(-parse_bytes(pool.memory) // 10**6)}MB]"']
        if pool.gpus and not any(line.startswith("-gpu") for line in pool.directives):
            further.append(f'-gpu "num={pool.gpus}:mode=shared:j_exclusive=yes"')
        return {
            "queue": pool.queue,
            "project": pool.account,
            "walltime": clock(pool.walltime_seconds + 59)[:-3],  # whole minutes, none too few
            "ncpus": pool.cores,
            "job_extra_directives": [*pool.directives, *further],
        }

    def check_pool(self, name: str, pool: PoolRequest) -> None:
        """It knows no chunks, and refuses an option that is given twice."""
        refuse_resources(pool, name, "lsf", "['-R \"select[model==A100]\"']")
        for line in pool.directives:
            option = re.match(r"-\w", line)
            key = _KEYS.get(option.group()) if option else None
            if key and not line.startswith("-gpu"):
                raise ValueError(
                    f"pool.{name}.directives holds {line!r}, which the pool's keys already say; allowed: {key} for it"
                )

    def state_commands(self, identifier: str) -> list[list[str]]:
        """State, node, and why it waits or has ended; jobs that have ended are remembered for an hour."""
        return [["bjobs", "-noheader", "-o", "stat exec_host exit_reason pend_reason delimiter='|'", identifier]]

    def state(self, printed: str) -> QueueState:
        """The last line of that form; ``-`` stands for what there is not.

        >>> SCHEDULER.state("EXIT|n1|TERM_RUNLIMIT: job killed after reaching LSF run time limit|-").text
        'EXIT (TERM_RUNLIMIT: job killed after reaching LSF run time limit)'
        """
        found = re.findall(r"^([A-Z]+)\s*\|(.*?)\|(.*?)\|(.*)$", printed, re.MULTILINE)
        if not found:
            return GONE
        state, node, ended, waits = (part.strip().replace("-", "", part.strip() == "-") for part in found[-1])
        reason = ended or waits
        text = f"{state} ({reason})" if reason else state
        was_taken = state == "ZOMBI" or re.search(_TAKEN, ended) is not None
        return QueueState(text, state in self.alive_states, bool(node), was_taken)

    def end_command(self, identifier: str) -> list[str]:
        """The time that is left."""
        return ["bjobs", "-noheader", "-o", "time_left", identifier]

    def end(self, printed: str) -> float | None:
        """``hours:minutes L``, where the letter says that it is a limit; the minute that has begun is not counted on."""
        found = re.findall(r"^\s*(\d+):(\d+) [LX]\s*$", printed, re.MULTILINE)
        return time.time() + max(0, int(found[-1][0]) * 60 + int(found[-1][1]) - 1) * 60 if found else None


SCHEDULER = Lsf()
