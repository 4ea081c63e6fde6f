"""What every batch system must do, whichever it is; what each prints, as text; and that no other file knows of them."""

from __future__ import annotations

import io
import re
import tokenize
from importlib import import_module
from pathlib import Path

import pytest

from glassdask.cluster.schedulers import jobs
from glassdask.cluster.schedulers.jobs import BatchSystemError, cancel, queue_state, queued_jobs, submit
from glassdask.cluster.schedulers.protocol import GONE, QueuedJob, QueueState, Refusal, Scheduler
from glassdask.cluster.schedulers.registry import current_job, schedulers
from glassdask.cluster.site.site import Pool
from tests.command_line import REPOSITORY

SYSTEMS = [pytest.param(system, id=name) for name, system in schedulers().items()]


@pytest.mark.parametrize("system", SYSTEMS)
class TestEverySystem:
    def test_it_says_all_that_is_asked_of_it(self, system: Scheduler) -> None:
        """Attributes without a default are there, and its commands are those of dask-jobqueue's class."""
        declared = {name for name in Scheduler.__annotations__ if not hasattr(Scheduler, name)}
        assert [name for name in sorted(declared) if not hasattr(system, name)] == []
        module, name = system.job_class
        job = getattr(import_module(module), name)
        assert (job.submit_command, job.cancel_command) == (system.submit_command[0], system.cancel_command[0])
        re.compile(system.log_pattern.format(number=7))
        assert set(system.refusal_words) <= set(Refusal) - {Refusal.UNKNOWN}

    def test_what_it_cannot_read_is_no_job(self, system: Scheduler) -> None:
        for printed in ("", "Welcome: 3 nodes are down\n"):
            assert system.queued(printed) == {}
            assert system.state(printed) == GONE
            assert system.end(printed) is None

    def test_a_job_knows_where_it_runs(self, system: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
        for other in schedulers().values():
            monkeypatch.delenv(other.job_variable, raising=False)
        assert current_job() is None
        monkeypatch.setenv(system.job_variable, "4711")
        assert current_job() == (system, "4711")

    def test_what_its_pools_keys_say_is_not_said_again(self, system: Scheduler) -> None:
        system.check_pool("cpu", Pool())


QUEUES = {
    "slurm": "Welcome\n5 RUNNING\n6 PENDING\n7 SUSPENDED\n8 COMPLETED\n9 COMPLETING\n",
    "pbs": (
        "Job id            Name             User              Time Use S Queue\n"
        "5.host            cpu              glass             00:00:01 R cpu\n"
        "6.host            cpu              glass                    0 Q cpu\n"
        "7.host            cpu              glass             00:00:01 S cpu\n"
        "8.host            cpu              glass             00:00:01 F cpu\n"
        "9.host            cpu              glass             00:00:01 E cpu\n"
    ),
    "lsf": "Welcome\n5          RUN\n6          PEND\n7          SSUSP\n8          DONE\n9          UNKWN\n",
}


@pytest.mark.parametrize("name", schedulers())
def test_all_jobs_are_known_from_one_list(name: str) -> None:
    assert schedulers()[name].queued(QUEUES[name]) == {
        "5": QueuedJob(True),
        "6": QueuedJob(False),
        "7": QueuedJob(False, is_suspended=True),
        "9": QueuedJob(True),
    }


@pytest.mark.parametrize(
    ("name", "printed", "state"),
    [
        ("slurm", "RUNNING (None) g1\n", QueueState("RUNNING", True, True)),
        ("slurm", "banner\nCANCELLED (None) \n", QueueState("CANCELLED", False, False, True)),
        ("slurm", "NODE_FAIL (None) g1", QueueState("NODE_FAIL", False, True, True)),
        ("slurm", "FAILED (NonZeroExitCode) g1", QueueState("FAILED (NonZeroExitCode)", False, True)),
        ("pbs", "Job Id: 7\n    job_state = F\n    exec_host = n1/0\n    substate = 91\n", QueueState("F", False, True, True)),
        ("pbs", "Job Id: 7\n    job_state = H\n", QueueState("H", True, False)),
        ("lsf", "RUN|n1|-|-\n", QueueState("RUN", True, True)),
        ("lsf", "banner\nPEND|-|-|Job's resource requirements not satisfied: 3 hosts;\n", QueueState("PEND (Job's resource requirements not satisfied: 3 hosts;)", True, False)),
        ("lsf", "PSUSP|-|-|-", QueueState("PSUSP", True, False)),
        ("lsf", "USUSP|6*n1|-|-", QueueState("USUSP", True, True)),
        ("lsf", "DONE|n1|-|-", QueueState("DONE", False, True)),
        ("lsf", "EXIT|n1|-|-", QueueState("EXIT", False, True)),
        ("lsf", "EXIT|-|TERM_OWNER: job killed by owner|-", QueueState("EXIT (TERM_OWNER: job killed by owner)", False, False, True)),
        ("lsf", "EXIT|n1|TERM_FORCE_ADMIN: killed|-", QueueState("EXIT (TERM_FORCE_ADMIN: killed)", False, True, True)),
        ("lsf", "EXIT|n1|TERM_MEMLIMIT: job killed|-", QueueState("EXIT (TERM_MEMLIMIT: job killed)", False, True)),
        ("lsf", "UNKWN|n1|-|-", QueueState("UNKWN", True, True)),
        ("lsf", "ZOMBI|n1|-|-", QueueState("ZOMBI", False, True, True)),
    ],
)  # fmt: skip
def test_one_job_in_the_systems_own_words(name: str, printed: str, state: QueueState) -> None:
    assert schedulers()[name].state(printed) == state


@pytest.mark.parametrize(
    ("line", "key"), [("-n 4", "cores"), ("-M 16GB", "memory"), ("-W 1:00", "walltime"), ("-q night", "queue")]
)
def test_lsf_is_not_told_twice(line: str, key: str) -> None:
    with pytest.raises(ValueError, match=f"holds '{line}', which the pool's keys already say; allowed: {key} for it"):
        schedulers()["lsf"].check_pool("gpu", Pool(directives=[line]))
    schedulers()["lsf"].check_pool("gpu", Pool(directives=['-gpu "num=1"', "-G glass", '-R "select[a100]"']))


# --- the commands, played by scripts of a few lines --------------------------------------------------------------------------


def command(folder: Path, name: str, body: str) -> None:
    """A program of the batch system in a folder that is first on PATH."""
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path


@pytest.mark.parametrize("name", schedulers())
def test_a_script_is_submitted_as_its_system_reads_it(name: str, on_path: Path) -> None:
    """As the last argument, or from standard input; variables are there."""
    from glassdask.cluster.pools.job_scripts import make_job
    from glassdask.cluster.site.site import Site

    (on_path / "logs").mkdir()
    job = make_job(
        Site(scheduler=name, interface="lo", pool={"cpu": Pool()}), "cpu", "cpu-1", "tls://x:1", on_path / "logs", None
    )
    system = schedulers()[name]
    answer = {"slurm": "7", "pbs": "7.host", "lsf": "Job <7> is submitted to queue <night>."}[name]
    program = system.submit_command[0]
    script = "cat" if system.reads_input else 'for last; do :; done; cat "$last"'
    command(on_path, program, f'{script} > {on_path}/seen; echo "$LSB_STDOUT_DIRECT" > {on_path}/env; echo "{answer}"')
    assert submit(system, job, 20) == "7" == job.job_id
    assert (on_path / "seen").read_text() == job.job_script()
    assert (on_path / "env").read_text().strip() == system.environment.get("LSB_STDOUT_DIRECT", "")


def test_a_user_without_jobs_is_no_failure(on_path: Path) -> None:
    """bjobs fails then."""
    lsf = schedulers()["lsf"]
    command(on_path, "bjobs", "echo 'No unfinished job found' >&2; exit 255")
    assert queued_jobs(lsf, ["7"], 20) == {}
    command(on_path, "bjobs", "echo 'LSF is down. Please wait ...' >&2; exit 255")
    with pytest.raises(BatchSystemError, match="bjobs failed: LSF is down") as error:
        queued_jobs(lsf, ["7"], 20)
    assert error.value.refusal is Refusal.PASSING
    command(on_path, "bjobs", "echo 'Job <7> is not found' >&2; exit 255")
    assert queue_state(lsf, "7", 20) == GONE


def test_a_server_without_history_forgets_jobs_and_one_that_is_down_does_not(on_path: Path) -> None:
    pbs = schedulers()["pbs"]
    command(
        on_path,
        "qstat",
        '[ "$1" = -x ] && { echo "qstat: PBS is not configured to maintain job history" >&2; exit 1; }\necho "qstat: Unknown Job Id 7.host" >&2; exit 153',
    )
    assert queue_state(pbs, "7", 20) == GONE
    command(on_path, "qstat", "echo 'Connection refused' >&2; exit 1")
    assert queue_state(pbs, "7", 20) == QueueState("unknown: qstat failed: Connection refused", True)
    command(
        on_path,
        "qstat",
        '[ "$1" = -x ] && { echo "    job_state = F"; exit; }\necho "qstat: 7.host Job has finished" >&2; exit 35',
    )
    assert queue_state(pbs, "7", 20) == QueueState("F", False, False)


def test_a_command_that_keeps_the_user_waiting_says_why(on_path: Path) -> None:
    """bsub waits while too many jobs are pending; it is given up, and another job may be taken later."""
    lsf = schedulers()["lsf"]
    command(
        on_path,
        "bsub",
        "echo 'User <glass>: Pending job threshold reached. Retrying in 60 seconds...' >&2; exec sleep 60",
    )
    with pytest.raises(
        BatchSystemError, match="bsub has not answered for 1 s: User <glass>: Pending job threshold"
    ) as error:
        jobs.run(lsf, ["bsub"], 1)
    assert error.value.refusal is Refusal.LIMIT
    command(on_path, "bsub", "exec sleep 60")
    with pytest.raises(BatchSystemError, match=r"bsub has not answered for 1 s$") as error:
        jobs.run(lsf, ["bsub"], 1)
    assert error.value.refusal is Refusal.PASSING


def test_of_jobs_to_be_cancelled_those_that_have_ended_are_no_error(on_path: Path) -> None:
    lsf = schedulers()["lsf"]
    command(
        on_path,
        "bkill",
        f'echo "$*" >> {on_path}/killed; [ $# = 1 ] || {{ echo "Job <7>: Job has already finished" >&2; exit 255; }}',
    )
    command(on_path, "bjobs", "echo '8 RUN'")
    assert cancel(lsf, ["7", "8"], 20) == []
    assert (on_path / "killed").read_text() == "7 8\n8\n"
    command(on_path, "bjobs", "exit 1")
    assert cancel(lsf, ["7", "8"], 20) == ["7", "8"], "nobody knows"


# --- nobody else knows of them -----------------------------------------------------------------------------------------------

_WORDS = re.compile(
    r"slurm|sbatch|squeue|scancel|\bsrun|\bpbs|\bqsub|\bqstat|\bqdel|\blsf|\bbsub|\bbjobs|\bbkill|(SLURM|PBS|LSB)_", re.IGNORECASE
)  # fmt: skip


def test_no_other_file_names_a_batch_system() -> None:
    """But for examples in the help of verbs and operations, which are no code."""
    package = REPOSITORY / "glassdask"
    own = {package / "cluster" / "schedulers" / f"{name}.py" for name in schedulers()}
    found = []
    for path in sorted(set(package.rglob("*.py")) - own):
        text = path.read_text(encoding="utf-8")
        if not _WORDS.search(text):
            continue
        if path.relative_to(package).parts[0] in ("cli", "operations"):
            tokens = tokenize.generate_tokens(io.StringIO(text).readline)
            lines = [token.string for token in tokens if not (token.type == tokenize.STRING and '"""' in token.string)]
            text = "\n".join(line for line in lines if "Site file: " not in line)
        found += [f"{path.relative_to(package)}: {match.group()}" for match in _WORDS.finditer(text)]
    assert found == []
