"""The drivers of ``deploy/`` that submit themselves again: on a real SLURM, and the PBS one with its commands watched."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from glassdask.cluster.runtime.workers import OutOfTime
from tests.cluster.real_slurm import RealSlurm
from tests.command_line import REPOSITORY, environment
from tests.faults.campaigns import LONG, assert_whole, events, write_campaign
from tests.stopped_simulations import resume_to_end, stopped_at_checkpoint
from tests.waiting import HANGS, wait_until

SLURM_SCRIPT, PBS_SCRIPT = REPOSITORY / "deploy" / "driver-slurm.sh", REPOSITORY / "deploy" / "driver-pbs.sh"
SITE = """\
scheduler = "slurm"
interface = "lo"
worker_timeout = 20
deadline_margin = 12
[pool.cpu]
queue = "cpu"
memory = "1GB"
walltime = "00:05:00"
"""
#: A stand-in of ``timeout``: time is up at the first checkpoint.
TIME_IS_UP_AT_A_CHECKPOINT = r"""
[ "$1 $2 $3 $4" = "--foreground --preserve-status --signal=TERM 1" ] || exit 99
shift 4
"$@" & driver=$!
until grep -q '"phase": "production"' run/states/*/work/simulate/*/*/checkpoints.json 2>/dev/null; do
  kill -0 $driver || break
  sleep 0.05
done
kill -TERM $driver
wait $driver"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a campaign and a site file, and with ``bin/glassdask`` and ``bin/python`` of this environment."""
    write_campaign(tmp_path, **LONG)
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "bin").mkdir()
    write_command(tmp_path, "python", f'exec {sys.executable} "$@"')
    write_command(tmp_path, "glassdask", f'exec {sys.executable} -c "from glassdask.__main__ import main; main()" "$@"')
    return tmp_path


def write_command(place: Path, name: str, body: str) -> None:
    path = place / "bin" / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def shell(place: Path, *command: str | Path, **variables: str) -> subprocess.CompletedProcess:
    variables = {**environment(), **variables}
    variables["PATH"] = f"{place / 'bin'}:{variables['PATH']}"
    return subprocess.run(command, cwd=place, env=variables, capture_output=True, text=True, timeout=HANGS, check=False)


def submit(place: Path, **variables: str) -> str:
    done = shell(place, "sbatch", "--parsable", SLURM_SCRIPT, "run.toml", "site.toml", **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def log(place: Path, job: str) -> str:
    path = place / f"glassdask-driver-{job}.log"
    return path.read_text() if path.exists() else ""


def last_word(place: Path, job: str) -> str:
    """What the script says at its end."""
    wait_until(lambda: f"driver job {job}, " in log(place, job))
    return log(place, job).splitlines()[-1]


def wait_until_empty(slurm: RealSlurm) -> None:
    """Waits until no job is in the queue; one that is over stays there for a moment."""
    states = "--states=PENDING,RUNNING,COMPLETING"
    wait_until(lambda: slurm.run("squeue", "--me", "--noheader", states) == "")


@pytest.mark.parametrize("path", sorted((REPOSITORY / "deploy").glob("*.sh")), ids=lambda path: path.name)
def test_every_script_is_valid_shell(path: Path) -> None:
    assert subprocess.run(["bash", "-n", path], capture_output=True, text=True, check=True).stderr == ""
    assert path.stat().st_mode & 0o111


@pytest.mark.slurm
class TestOnSlurm:
    def test_a_driver_at_its_time_limit_goes_on_in_another_job(self, slurm: RealSlurm, place: Path) -> None:
        """The batch system's warning comes in the middle of a simulation; the next driver's job continues it."""
        first = submit(place, GLASSDASK_LEAST_SECONDS="1")
        simulating = stopped_at_checkpoint(place / "run.toml")
        slurm.run("scancel", "--signal=TERM", "--batch", first)
        resume_to_end(simulating)
        words = last_word(place, first)
        assert " goes on in job " in words, log(place, first)
        assert "stopped by SIGTERM. Simulations keep a checkpoint" in log(place, first)
        second = words.split()[-1]
        assert last_word(place, second).endswith("glassdask run ended with code 0; the chain ends")
        assert_whole(place / "run.toml")
        assert events(place / "run.toml", "simulate") == ["started", "partial", "started", "done"]
        wait_until_empty(slurm)

    def test_a_cancelled_driver_does_not_come_back(self, slurm: RealSlurm, place: Path) -> None:
        """In good order by SIGINT; a bare scancel kills after KillWait, and then the workers miss their driver."""
        (place / "site.toml").write_text('scheduler = "local"\n')
        polite = submit(place, GLASSDASK_LEAST_SECONDS="1")
        simulating = stopped_at_checkpoint(place / "run.toml")
        slurm.run("scancel", "--signal=INT", "--batch", polite)
        resume_to_end(simulating)
        assert "stopped by hand: not submitted again" in last_word(place, polite)
        assert events(place / "run.toml", "simulate") == ["started", "partial"]
        rude = submit(place, GLASSDASK_LEAST_SECONDS="1")
        wait_until(lambda: events(place / "run.toml", "simulate")[2:] == ["started"])
        slurm.run("scancel", rude)
        wait_until_empty(slurm)
        assert "goes on in job" not in log(place, rude)

    def test_a_stop_within_the_least_time_ends_the_chain(self, slurm: RealSlurm, place: Path) -> None:
        """Without this, a --signal as long as the job would submit one after the other."""
        (place / "site.toml").write_text('scheduler = "local"\n')
        job = submit(place, GLASSDASK_LEAST_SECONDS="600")
        simulating = stopped_at_checkpoint(place / "run.toml")
        slurm.run("scancel", "--signal=TERM", "--batch", job)
        resume_to_end(simulating)
        assert "less than 600 s: not submitted again" in last_word(place, job)
        wait_until_empty(slurm)

    def test_a_mistake_ends_the_chain_with_its_message(self, slurm: RealSlurm, place: Path) -> None:
        (place / "site.toml").write_text(SITE + "curse = 1\n")
        job = submit(place, GLASSDASK_LEAST_SECONDS="0")
        assert last_word(place, job).endswith("glassdask run ended with code 2; the chain ends")
        assert "pool.cpu.curse is not a known key" in log(place, job)
        wait_until_empty(slurm)


class TestIdleChains:
    """Jobs that bring nothing forward; `glassdask run` stands still here until it is stopped."""

    @pytest.fixture(autouse=True)
    def standing_still(self, place: Path) -> None:
        write_command(place, "glassdask", 'trap "exit 130" TERM\ntouch started\nsleep 60 > /dev/null 2>&1 & wait $!')
        welcome = "echo 'Welcome: 3 nodes are down'"  # of sites that wrap commands
        write_command(place, "squeue", f"{welcome}; echo RUNNING")
        write_command(place, "sbatch", f'echo "$@" >> submitted; {welcome}; echo 2')
        write_command(place, "qsub", f'echo "$@" >> submitted; {welcome}; echo 2.server')
        write_command(place, "qstat", "echo '    Resource_List.walltime = 00:01:02'")

    def slurm_job(self, place: Path, *arguments: str) -> subprocess.CompletedProcess:
        script = (
            f"bash {SLURM_SCRIPT} run.toml site.toml {' '.join(arguments)} & until [ -e started ]; do sleep 0.05; done"
        )
        command = f"rm -f started; {script}; kill -TERM $!; wait $!"
        return shell(place, "bash", "-c", command, SLURM_JOB_ID="1", GLASSDASK_LEAST_SECONDS="0")

    def pbs_job(self, place: Path, **variables: str) -> subprocess.CompletedProcess:
        names = {"CAMPAIGN": "run.toml", "SITE": "site.toml", "SCRIPT": str(PBS_SCRIPT), "PBS_JOBID": "1.server"}
        options = {"PBS_O_WORKDIR": str(place), "GLASSDASK_LEAST_SECONDS": "1", "GLASSDASK_MARGIN": "61"}
        return shell(place, "bash", "-c", f"bash < {PBS_SCRIPT}", **{**names, **options, **variables})

    def test_the_third_idle_slurm_job_is_the_last(self, place: Path) -> None:
        done = self.slurm_job(place, "1")
        assert (done.returncode, done.stdout.split()[-1]) == (0, "2"), done.stdout + done.stderr
        assert (place / "submitted").read_text() == f"--parsable {SLURM_SCRIPT} run.toml site.toml 2\n"
        done = self.slurm_job(place, "2")
        assert done.returncode == 1
        assert "3 jobs in a row without progress: not submitted again" in done.stdout
        assert len((place / "submitted").read_text().splitlines()) == 1

    def test_the_third_idle_pbs_job_is_the_last(self, place: Path) -> None:
        done = self.pbs_job(place, IDLE_JOBS="1")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.endswith("goes on in job 2.server\n")
        names = f"CAMPAIGN=run.toml,SITE=site.toml,SCRIPT={PBS_SCRIPT},IDLE_JOBS=2"
        assert (place / "submitted").read_text() == f"-v {names} {PBS_SCRIPT}\n"
        done = self.pbs_job(place, IDLE_JOBS="2")
        assert done.returncode == 1
        assert "3 jobs in a row without progress: not submitted again" in done.stdout
        assert len((place / "submitted").read_text().splitlines()) == 1

    def test_a_driver_whose_own_job_is_at_its_end_goes_on_in_another(self, place: Path) -> None:
        """Exit code 75, of sites whose workers run in the driver's job: no signal has come."""
        write_command(place, "glassdask", f"exit {OutOfTime.exit_code}")
        done = shell(
            place, "bash", SLURM_SCRIPT, "run.toml", "site.toml", SLURM_JOB_ID="1", GLASSDASK_LEAST_SECONDS="0"
        )
        assert (done.returncode, done.stdout.split()[-1]) == (0, "2"), done.stdout + done.stderr
        done = self.pbs_job(place)
        assert done.returncode == 1
        assert "its time was up after 0 s: not submitted again" in done.stdout
        done = self.pbs_job(place, GLASSDASK_LEAST_SECONDS="0")
        assert (done.returncode, done.stdout.split()[-1]) == (0, "2.server"), done.stdout + done.stderr
        assert len((place / "submitted").read_text().splitlines()) == 2

    def test_a_walltime_that_leaves_no_time_is_refused(self, place: Path) -> None:
        done = self.pbs_job(place, GLASSDASK_MARGIN="180")
        assert done.returncode == 2
        assert "the walltime leaves -118 s to work: not started" in done.stdout
        assert not (place / "submitted").exists()

    def test_a_script_that_cannot_be_found_again_is_refused(self, place: Path) -> None:
        done = self.pbs_job(place, SCRIPT="gone.sh")
        assert done.returncode == 2
        assert f"SCRIPT=gone.sh cannot be read from {place}" in done.stdout


def test_a_pbs_driver_stops_before_its_walltime_and_goes_on(place: Path) -> None:
    """The real campaign on this machine: stopped when its time is up, its progress seen, submitted again."""
    write_campaign(place, **{**LONG, "production": {"length": 16000.0}})
    write_command(place, "timeout", TIME_IS_UP_AT_A_CHECKPOINT)
    (place / "site.toml").write_text('scheduler = "local"\n')
    write_command(place, "qsub", 'echo "$@" >> submitted; echo 2.server')
    write_command(place, "qstat", "echo '    Resource_List.walltime = 00:01:01'")
    names = {"CAMPAIGN": "run.toml", "SITE": "site.toml", "SCRIPT": str(PBS_SCRIPT), "PBS_JOBID": "1.server"}
    options = {"PBS_O_WORKDIR": str(place), "GLASSDASK_LEAST_SECONDS": "1", "GLASSDASK_MARGIN": "60", "IDLE_JOBS": "2"}
    done = shell(place, "bash", "-c", f"bash < {PBS_SCRIPT}", **names, **options)
    assert done.stdout.endswith("goes on in job 2.server\n"), done.stdout + done.stderr
    assert "IDLE_JOBS=0" in (place / "submitted").read_text(), "there was progress"
    assert events(place / "run.toml", "simulate") == ["started", "partial"]
