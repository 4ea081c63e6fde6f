"""OpenPBS and PBS Professional (18.2 or later): all that this package knows of them. Torque is another system.

Words of refusals are those of OpenPBS's ``src/lib/Liblog/pbs_messages.c``.
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
    clock_seconds,
)

#: Substate of a job that was deleted.
_TAKEN = "91"
#: Resources that have keys of their own, and those keys.
_KEYS = {"ncpus": "cores", "ngpus": "gpus", "mem": "memory", "select": "resources", "walltime": "walltime"}


class Pbs(Scheduler):
    """A job is one chunk of ``-l select``, made of its pool's own keys: of two such lines the first counts, silently."""

    submit_command = ("qsub",)
    cancel_command = ("qdel",)
    queue_command = ("qstat",)
    job_class = ("dask_jobqueue.pbs", "PBSJob")
    queue_row = r"^(\d+)(?:\.\S*)?(?:[ \t]+\S+){3}[ \t]+([A-Z])\b"
    alive_states, running_states, suspended_states = frozenset("QHRETSUW"), frozenset("RE"), frozenset("SU")
    #: ``7.server``; only where there is no such line, a number alone.
    identifier_lines = (r"(\d+)\.[A-Za-z][\w.-]*", r"(\d+)")
    complaint_line = r"qsub\b.*:"
    refusal_words: ClassVar = {
        Refusal.LIMIT: r"per-(user|group|project) limit|would exceed .*limit",
        Refusal.FINAL: "no default queue",
    }
    gone_words = "unknown job|finished"
    job_variable = "PBS_JOBID"
    log_pattern = r"{number}\..*|.*\.[oe]{number}"  # 7.server.OU or name.o7

    def job_options(self, pool: PoolRequest) -> dict[str, Any]:
        """One chunk; output is written where it belongs while the job runs, not at its end."""
        in_place = [] if any(line.startswith("-k") for line in pool.directives) else ["-k doe"]
        memory = pool.memory.replace(" ", "").replace("i", "").lower()
        gpus = f":ngpus={pool.gpus}" if pool.gpus else ""
        further = f":{pool.resources}" if pool.resources else ""
        return {
            "queue": pool.queue,
            "account": pool.account,
            "walltime": clock(pool.walltime_seconds),
            "resource_spec": f"select=1:ncpus={pool.cores}{gpus}:mem={memory}{further}",
            "job_extra_directives": [*pool.directives, *in_place],
        }

    def check_pool(self, name: str, pool: PoolRequest) -> None:
        """Refuses what would be dropped without a word beside the chunk, or is not known."""
        for resource in re.findall(r"(?:^|:)(\w+)=", pool.resources or ""):
            if resource in _KEYS:
                raise ValueError(
                    f"pool.{name}.resources = {pool.resources!r} sets {resource} again; allowed: any other resource, and "
                    f"{_KEYS[resource]} for this one"
                )
        for line in pool.directives:
            _check_directive(name, line)

    def state_commands(self, identifier: str) -> list[list[str]]:
        """A server that keeps no history refuses -x, even for jobs that run."""
        return [["qstat", "-f", identifier], ["qstat", "-x", "-f", identifier]]

    def state(self, printed: str) -> QueueState:
        """State and comment; long values go on after a tab.

        >>> SCHEDULER.state("Job Id: 7\\n  job_state = Q\\n  comment = Not Running: Insufficient\\n\\t resource ngpus").text
        'Q (Not Running: Insufficient resource ngpus)'
        """
        values = _values(printed)
        if "job_state" not in values:
            return GONE
        letter, comment = values["job_state"], values.get("comment", "")
        text = f"{letter} ({comment})" if comment else letter
        return QueueState(text, letter in self.alive_states, "exec_host" in values, values.get("substate") == _TAKEN)

    def end_command(self, identifier: str) -> list[str]:
        """All that is known of the job."""
        return ["qstat", "-f", identifier]

    def end(self, printed: str) -> float | None:
        """Now and what is left: the walltime that was asked for, less what is used."""
        values = _values(printed)
        if "Resource_List.walltime" not in values:
            return None
        used = values.get("resources_used.walltime", "0")
        return time.time() + clock_seconds(values["Resource_List.walltime"]) - clock_seconds(used)


def _values(printed: str) -> dict[str, str]:
    lines = printed.replace("\n\t", "").splitlines()
    return dict(line.strip().split(" = ", 1) for line in lines if " = " in line)


def _check_directive(name: str, line: str) -> None:
    listed = re.match(r"-l\s*(.*)", line)
    for resource in re.findall(r"(?:^|,)\s*(\w+)\s*=", listed.group(1)) if listed else ():
        if resource == "nodes":
            raise ValueError(
                f"pool.{name}.directives holds {line!r}, as Torque writes it; allowed: OpenPBS and PBS Professional, "
                "whose chunk is made of cores, gpus, memory and resources. Torque is not supported"
            )
        if resource in _KEYS:
            raise ValueError(
                f"pool.{name}.directives holds {line!r}, which PBS drops or refuses beside the chunk that is made of the "
                f"pool's keys; allowed: {_KEYS[resource]} for it, as in resources = 'model=a100'"
            )


SCHEDULER = Pbs()
