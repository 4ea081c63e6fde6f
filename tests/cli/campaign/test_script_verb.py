"""``glassdask script``: the job scripts as a user sees them before anything is submitted."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.campaign.campaign_files import SHORT

SITE = """\
scheduler = "slurm"
interface = "lo"
[pool.gpu]
queue = "fast"
gpus = 1
count = 3
stages = ["simulate"]
[pool.cpu]
cores = 2
stages = ["reduce"]
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A campaign file and a site file."""
    (tmp_path / "c.toml").write_text(SHORT)
    (tmp_path / "site.toml").write_text(SITE)
    return tmp_path / "c.toml", tmp_path / "site.toml"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_every_pool_has_its_script_and_nothing_is_written(call, files: tuple[Path, Path], tmp_path: Path) -> None:
    campaign, site = files
    answer = call("script", campaign, "--on", site)
    assert (answer.code, answer.err) == (0, "")
    headers = [line.strip("# =") for line in answer.out.splitlines() if line.startswith("# ====")]
    assert headers == ["pool gpu", "pool cpu"]
    assert "#SBATCH -p fast\n" in answer.out
    assert f"#SBATCH -o {tmp_path}/c/logs/glassdask-cpu-%J.out\n" in answer.out
    assert "--gres=gpu:1" in answer.out
    assert names(tmp_path) == ["c.toml", "site.toml"]
    assert subprocess.run(["bash", "-n"], input=answer.out, text=True, check=False).returncode == 0


def test_what_only_a_run_knows_is_marked(call, files: tuple[Path, Path], tmp_path: Path) -> None:
    campaign, site = files
    answer = call("script", campaign, "--on", site, "--pool", "gpu")
    lines = answer.out.splitlines()
    assert lines[0] == "#!/usr/bin/env bash", "sbatch asks for it in the first line"
    assert lines[1].endswith("submits up to 3 of these at once as it needs them.")
    assert "tls://PLACEHOLDER-DRIVER-HOST:1 and PLACEHOLDER-RUN stand for what each run makes anew" in lines[2]
    assert "dask_worker tls://PLACEHOLDER-DRIVER-HOST:1 --name gpu-1 " in lines[-1]
    assert f"--tls-key {tmp_path}/c/.keys/PLACEHOLDER-RUN/worker-key.pem " in lines[-1]
    assert "pool_cpu" not in answer.out


def test_the_script_is_the_one_that_a_run_submits(call, files: tuple[Path, Path], tmp_path: Path) -> None:
    """But for the two lines of notice and the placeholders."""
    from distributed.security import Security

    from glassdask.cluster.pools.job_scripts import make_job
    from glassdask.cluster.runtime.keys import RunKeys
    from glassdask.cluster.site.site import load_site

    campaign, site = files
    own = tmp_path / "c" / ".keys" / "run-1"
    keys = RunKeys(Security(), *(own / f"{name}.pem" for name in ("authority", "worker-certificate", "worker-key")))
    job = make_job(load_site(site), "cpu", "cpu-1", "tls://10.0.0.1:5000", tmp_path / "c" / "logs", keys)
    printed = call("script", campaign, "--on", site, "--pool", "cpu").out.splitlines()
    text = "\n".join([printed[0], *printed[3:]])
    text = text.replace("tls://PLACEHOLDER-DRIVER-HOST:1", "tls://10.0.0.1:5000").replace("PLACEHOLDER-RUN", "run-1")
    assert text == job.job_script().rstrip()


@pytest.mark.parametrize("scheduler", ["local", "mpi", "tcp://127.0.0.1:8786"])
def test_a_site_without_a_batch_system_has_no_scripts(scheduler: str, call, files: tuple[Path, Path]) -> None:
    campaign, site = files
    site.write_text(f'scheduler = "{scheduler}"\ninterface = "lo"\n')
    answer = call("script", campaign, "--on", site)
    assert (answer.code, answer.out) == (2, "")
    assert f"scheduler = '{scheduler}' has no job scripts; allowed: 'slurm', 'pbs', 'lsf'" in answer.err
    assert f"'glassdask run {campaign} --on {site}' starts it" in answer.err


def test_an_unknown_pool_is_named_with_the_nearest(call, files: tuple[Path, Path]) -> None:
    campaign, site = files
    answer = call("script", campaign, "--on", site, "--pool", "gup")
    assert (answer.code, answer.out) == (2, "")
    assert f"--pool 'gup' is not in {site}: did you mean 'gpu'? allowed: 'gpu', 'cpu'" in answer.err


def test_a_folder_with_a_space_is_refused(call, files: tuple[Path, Path], tmp_path: Path) -> None:
    campaign, site = files
    (tmp_path / "my data").mkdir()
    moved = campaign.rename(tmp_path / "my data" / "c.toml")
    answer = call("script", moved, "--on", site)
    assert (answer.code, answer.out) == (2, "")
    assert "my data/c' holds ' '; allowed on a batch system: letters, digits" in answer.err


@pytest.mark.parametrize("verb", ["run", "script", "doctor"])
def test_a_mistake_in_a_site_file_ends_every_verb_before_anything_is_written(
    verb: str, call, files: tuple[Path, Path], tmp_path: Path
) -> None:
    campaign, site = files
    site.write_text(SITE.replace('queue = "fast"', 'queu = "fast"') + 'walltime = "10:00"\n')
    answer = call(verb, campaign, "--on", site)
    assert (answer.code, answer.out) == (2, "")
    assert "site.toml is not a valid site file (2 errors)" in answer.err
    assert "pool.gpu.queu is not a known key: did you mean 'queue'?" in answer.err
    assert "pool.cpu.walltime = '10:00': allowed: hours:minutes:seconds" in answer.err
    assert names(tmp_path) == ["c.toml", "site.toml"]
