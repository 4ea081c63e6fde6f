"""Job scripts, line by line: what a site file says reaches the batch system, and nothing of it a shell unquoted."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from distributed.security import Security

from glassdask.cluster.pools.job_scripts import make_job
from glassdask.cluster.runtime.keys import RunKeys
from glassdask.cluster.runtime.settings import settings_as_environment
from glassdask.cluster.runtime.shared_gpus import sharing_lines
from glassdask.cluster.schedulers.jobs import log_tail
from glassdask.cluster.schedulers.registry import schedulers
from glassdask.cluster.site.site import Pool, Site
from glassdask.errors import InvalidInput

ADDRESS = "tls://10.0.0.1:8786"


def site_of(scheduler: str, **changes: Any) -> Site:
    """A site with a GPU pool and a CPU pool in which nothing is at its default."""
    gpu = {
        "queue": "fast-gpu",
        "account": "glass+1",
        "cores": 6,
        "memory": "12GiB",
        "gpus": 2,
        "walltime": "1-02:03:04",
        "count": 5,
        "runs_per_gpu": 3,
        "array": "cupy",
        "prologue": ["module load cuda", "export NOTE='a b; $HOME'"],
        "directives": ["--qos=low", "--comment='two words'"],
    }
    pools = {"gpu": Pool(**{**gpu, **changes}), "cpu": Pool(queue="day", cores=8, memory="32GB")}
    return Site(
        scheduler=scheduler,
        interface="ib0",
        local_directory="$TMPDIR/dask",
        job_name="glass",
        worker_timeout=90,
        deadline_margin=45,
        pool=pools,
    )


@pytest.fixture
def keys(tmp_path: Path) -> RunKeys:
    """Keys in a folder whose name asks for trouble; only their names count here."""
    folder = tmp_path / "a $(touch hacked) 'folder'"
    return RunKeys(Security(), folder / "ca.pem", folder / "certificate.pem", folder / "key.pem")


def script(site: Site, pool: str, logs: Path, keys: RunKeys | None = None, address: str = ADDRESS) -> list[str]:
    return make_job(site, pool, f"{pool}-7", address, logs, keys).job_script().splitlines()


def directives(lines: list[str], mark: str) -> list[str]:
    return [line.removeprefix(mark + " ") for line in lines if line.startswith(mark)]


def test_a_slurm_job_asks_for_what_its_pool_says(tmp_path: Path) -> None:
    lines = script(site_of("slurm"), "gpu", tmp_path)
    assert lines[0] == "#!/usr/bin/env bash"
    assert directives(lines, "#SBATCH") == [
        "-J glass-gpu",
        f"-e {tmp_path}/glass-gpu-%J.err",
        f"-o {tmp_path}/glass-gpu-%J.out",
        "-p fast-gpu",
        "-A glass+1",
        "-n 1",
        "--cpus-per-task=6",
        "--mem=12G",
        "-t 26:03:04",
        "--qos=low",
        "--comment='two words'",
        "--gres=gpu:2",
    ]


def test_a_pbs_job_asks_for_what_its_pool_says(tmp_path: Path) -> None:
    lines = script(site_of("pbs", directives=["-l place=pack"], resources="model=a100:ib=hdr"), "gpu", tmp_path)
    assert lines[0] == "#!/usr/bin/env bash"
    assert directives(lines, "#PBS") == [
        "-N glass-gpu",
        "-q fast-gpu",
        "-A glass+1",
        "-l select=1:ncpus=6:ngpus=2:mem=12gb:model=a100:ib=hdr",
        "-l walltime=26:03:04",
        f"-e {tmp_path}/",
        f"-o {tmp_path}/",
        "-l place=pack",
        "-k doe",
    ]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # dask-jobqueue leaves lsf.conf open
def test_an_lsf_job_asks_for_what_its_pool_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Untested on a real server. Units of -M are those of the site's lsf.conf; a minute that has begun is whole."""
    (tmp_path / "lsf.conf").write_text("LSF_UNIT_FOR_LIMITS=MB\n")
    monkeypatch.setenv("LSF_ENVDIR", str(tmp_path))
    lines = script(site_of("lsf", directives=["-G glass"]), "gpu", tmp_path)
    assert lines[0] == "#!/usr/bin/env bash"
    assert directives(lines, "#BSUB") == [
        "-J glass-gpu",
        f"-e {tmp_path}/gpu-7-%J.err",
        f"-o {tmp_path}/gpu-7-%J.out",
        "-q fast-gpu",
        '-P "glass+1"',
        "-n 6",
        '-R "span[hosts=1]"',
        "-M 12885",
        "-W 26:04",
        "-G glass",
        '-R "rusage[mem=12885MB]"',
        '-gpu "num=2:mode=shared:j_exclusive=yes"',
    ]


def test_how_an_lsf_job_shares_gpus_can_be_said(tmp_path: Path) -> None:
    line = '-gpu "num=2:mode=exclusive_process:mps=yes"'
    found = directives(script(site_of("lsf", directives=[line]), "gpu", tmp_path), "#BSUB")
    assert [other for other in found if other.startswith("-gpu")] == [line]


def test_where_a_pbs_job_writes_its_output_can_be_said(tmp_path: Path) -> None:
    found = directives(script(site_of("pbs", directives=["-koe"]), "gpu", tmp_path), "#PBS")
    assert [line for line in found if line.startswith("-k")] == ["-koe"]


def test_a_pool_without_gpus_asks_for_none(tmp_path: Path) -> None:
    slurm = script(site_of("slurm"), "cpu", tmp_path)
    assert directives(slurm, "#SBATCH")[3:] == ["-p day", "-n 1", "--cpus-per-task=8", "--mem=30G", "-t 12:00:00"]
    pbs = script(site_of("pbs"), "cpu", tmp_path)
    assert "-l select=1:ncpus=8:mem=32gb" in directives(pbs, "#PBS")
    lsf = script(site_of("lsf"), "cpu", tmp_path)
    assert '-R "rusage[mem=32000MB]"' in directives(lsf, "#BSUB")
    for lines in (slurm, pbs, lsf):
        assert "gpu" not in "\n".join(lines).replace(str(tmp_path), "").lower()


@pytest.mark.parametrize("scheduler", schedulers())
def test_before_the_workers_come_the_sites_lines_settings_and_the_look_for_gpus(scheduler: str, tmp_path: Path) -> None:
    """In this order: the site's lines may be what makes GPUs visible."""
    lines = script(site_of(scheduler), "gpu", tmp_path)
    end, *between = [line for line in lines if line and not line.startswith("#")][:-1]
    assert end == f"export GLASSDASK_JOB_END=$(($(date +%s) + {site_of(scheduler).pool['gpu'].walltime_seconds}))"
    assert between == [
        *(f"export {name}_NUM_THREADS=1" for name in ("OMP", "MKL", "OPENBLAS")),
        "module load cuda",
        "export NOTE='a b; $HOME'",
        *settings_as_environment(),
        "export GLASSDASK_DEADLINE_MARGIN=45",
        "export GLASSDASK_ARRAY=cupy",
        *sharing_lines(2, 3, has_mps=True),
        f"{sys.executable} -m glassdask.cluster.doctor.node_check --gpus 2 --simulates || exit 1",
    ]


@pytest.mark.parametrize(
    ("changes", "threads"), [({}, 1), ({"runs_per_gpu": 1}, 3), ({"gpus": 0}, 1), ({"cores": 2}, 1)]
)
def test_the_cores_of_a_job_are_shared_among_its_workers(changes: dict[str, int], threads: int, tmp_path: Path) -> None:
    """PBS gives each of them all: OMP_NUM_THREADS is ncpus there."""
    lines = script(site_of("pbs", **changes), "gpu", tmp_path)
    assert f"export OMP_NUM_THREADS={threads}" in lines
    assert lines.index(f"export OMP_NUM_THREADS={threads}") < lines.index("module load cuda"), (
        "the site has the last word"
    )


def test_a_pool_that_does_not_say_where_to_work_does_as_its_site_says(tmp_path: Path) -> None:
    for array in ("auto", "numpy"):
        site = site_of("slurm").model_copy(update={"array": array})
        assert f"export GLASSDASK_ARRAY={array}" in script(site, "cpu", tmp_path)
        assert "export GLASSDASK_ARRAY=cupy" in script(site, "gpu", tmp_path)


def test_the_look_for_gpus_can_be_left_out(tmp_path: Path) -> None:
    assert not any("node_check" in line for line in script(site_of("slurm", check_gpu=False), "gpu", tmp_path))


@pytest.mark.parametrize("scheduler", schedulers())
def test_the_workers_command(scheduler: str, tmp_path: Path, keys: RunKeys) -> None:
    """One stage a worker, several workers a GPU, TLS, nothing but the named interface and loopback."""
    words = shlex.split(script(site_of(scheduler), "gpu", tmp_path, keys)[-1])
    assert words == [
        *(sys.executable, "-m", "distributed.cli.dask_worker", ADDRESS),
        *("--name", "gpu-7", "--nthreads", "1", "--memory-limit", "2.00GiB", "--nworkers", "6", "--nanny"),
        *("--death-timeout", "90", "--local-directory", "$TMPDIR/dask", "--resources", "pool_gpu=1"),
        *("--dashboard-address", "127.0.0.1:0", "--no-dashboard"),
        *("--tls-ca-file", str(keys.certificate_authority), "--tls-cert", str(keys.worker_certificate)),
        *("--tls-key", str(keys.worker_key), "--protocol", "tls", "--interface", "ib0"),
    ]


def test_without_encryption_no_key_is_named(tmp_path: Path) -> None:
    command = script(site_of("slurm"), "gpu", tmp_path, address="tcp://10.0.0.1:8786")[-1]
    assert "tls" not in command


@pytest.mark.parametrize("scheduler", schedulers())
@pytest.mark.parametrize("address", [ADDRESS, "tls://[fe80::1]:8786", "tls://x:1; touch hacked #"])
def test_bash_takes_every_argument_as_it_was_meant(scheduler: str, address: str, tmp_path: Path, keys: RunKeys) -> None:
    """The script is valid shell; run by bash with another program in the worker's place, each word arrives whole."""
    lines = script(site_of(scheduler), "gpu", tmp_path, keys, address)
    subprocess.run(["bash", "-n"], input="\n".join(lines), text=True, check=True)
    assert lines[-1].startswith(f"{sys.executable} -m ")
    printed = lines[-1].replace(
        f"{sys.executable} -m", f'{sys.executable} -c "import json, sys; print(json.dumps(sys.argv[1:]))"', 1
    )
    environment = {"TMPDIR": "/scratch", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        ["bash", "-c", printed], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    arguments = json.loads(done.stdout)
    assert arguments[1] == address
    assert arguments[arguments.index("--local-directory") + 1] == "/scratch/dask", "expanded on the node"
    assert arguments[arguments.index("--tls-key") + 1] == str(keys.worker_key)
    assert not list(tmp_path.iterdir()), "nothing was executed"


@pytest.mark.parametrize("name", ["two words", "a'b", "$(id)", "a;b", "new\nline", "#x", "a\\b", "~x"])
def test_a_folder_that_directives_cannot_hold_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"allowed on a batch system: letters, digits") as error:
        script(site_of("slurm"), "gpu", tmp_path / name)
    assert error.value.exit_code == 2
    assert repr(str(tmp_path / name)) in str(error.value)
    assert not (tmp_path / name).exists()


def test_the_output_of_a_job_is_not_that_of_another(tmp_path: Path) -> None:
    """Of jobs 5, 15, 52 and 55 only the first's, by all the names that batch systems give it."""
    dashed = ["glass-5-cpu5-5.err", "glass-5-cpu5-5.out"]
    own = {"slurm": dashed, "pbs": ["5.OU", "5.pbs5.ER", "5.pbs5.OU", "cpu.o5", "glass-cpu.e5"], "lsf": dashed}
    others = ["glass-5-cpu5-15.err", "glass-5-cpu5-52.out", "15.pbs5.OU", "52.pbs5.ER", "55.OU", "cpu.o15", "cpu.e55"]
    for name in [*dashed, *own["pbs"], *others]:
        (tmp_path / name).write_text(f"{name}\n")
    for name, system in schedulers().items():
        for identifier in ("5", "5.pbs5"):
            assert log_tail(system, tmp_path, identifier).splitlines() == own[name]
        assert log_tail(system, tmp_path, "2") == f"(nothing in {tmp_path})"


@pytest.mark.pbs
def test_a_real_pbs_takes_the_script(tmp_path: Path) -> None:
    """Submitted on hold and deleted: the server has understood every directive."""
    if shutil.which("qsub") is None:
        pytest.skip("PBS is not installed: no qsub")
    pools = {"cpu": Pool(memory="1GB", walltime="00:05:00", directives=["-h"])}
    site = Site(scheduler="pbs", interface="lo", pool=pools)
    (tmp_path / "job.sh").write_text("\n".join(script(site, "cpu", tmp_path)))
    done = subprocess.run(["qsub", tmp_path / "job.sh"], capture_output=True, text=True, check=True)
    identifier = done.stdout.strip()
    try:
        shown = subprocess.run(["qstat", "-f", identifier], capture_output=True, text=True, check=True).stdout
    finally:
        subprocess.run(["qdel", identifier], check=True)
    assert "Job_Name = glassdask-cpu" in shown
    assert "Resource_List.walltime = 00:05:00" in shown
