"""Site files: what is allowed is understood, everything else is named with its key, its value and what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.cluster.schedulers.protocol import clock
from glassdask.cluster.schedulers.registry import schedulers
from glassdask.cluster.site.site import Pool, Site, load_site
from glassdask.errors import InvalidInput
from tests.command_line import REPOSITORY

GOOD = """\
scheduler = "slurm"
interface = "lo"
[pool.gpu]
queue = "gpu"
gpus = 1
"""
WORD = "one word of letters, digits and . _ @ : + , = % / -"
CLOCK = "hours:minutes:seconds or days-hours:minutes:seconds, as '08:00:00'"
TLS = "all three belong to a scheduler = 'tls://…'"
RUNNING = 'scheduler = "tls://head:8786"\ntls_ca_file = "a.pem"\ntls_cert = "b c.pem"\ntls_key = "k.pem"\n'


def site_file(folder: Path, text: str) -> Path:
    (folder / "site.toml").write_text(text, encoding="utf-8")
    return folder / "site.toml"


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def with_pool_line(line: str) -> str:
    return GOOD + line + "\n"


def with_top_line(line: str) -> str:
    return line + "\n" + GOOD


def message(folder: Path, text: str) -> str:
    with pytest.raises(InvalidInput) as error:
        load_site(site_file(folder, text))
    assert error.value.exit_code == 2
    assert str(error.value).startswith(f"{folder / 'site.toml'} is not a valid site file (")
    return str(error.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('account = "a\\n#SBATCH --wrap=id"', f"pool.gpu.account = 'a\\n#SBATCH --wrap=id': allowed: {WORD}"),
        ('account = "two words"', f"pool.gpu.account = 'two words': allowed: {WORD}"),
        ('account = "$(id)"', f"pool.gpu.account = '$(id)': allowed: {WORD}"),
        ("account = \"a'b\"", f"pool.gpu.account = \"a'b\": allowed: {WORD}"),
        ("account = 'a\"b'", f"pool.gpu.account = 'a\"b': allowed: {WORD}"),
        ('account = "-x"', f"pool.gpu.account = '-x': allowed: {WORD}"),
        ('account = "a;b"', f"pool.gpu.account = 'a;b': allowed: {WORD}"),
        ('account = "`id`"', f"pool.gpu.account = '`id`': allowed: {WORD}"),
        ('account = ""', f"pool.gpu.account = '': allowed: {WORD}"),
        ('acount = "x"', "pool.gpu.acount is not a known key: did you mean 'account'? allowed: queue, account,"),
        ('prologue = ["module load x\\nrm -r y"]', "pool.gpu.prologue[0] = 'module load x\\nrm -r y': allowed: one line"),
        ('prologue = "module load x"', "pool.gpu.prologue = 'module load x': allowed: a list in square brackets"),
        ('directives = ["--qos=a\\n#SBATCH --uid=0"]', "pool.gpu.directives[0] = '--qos=a\\n#SBATCH --uid=0': allowed: one"),
        ('walltime = "10:00"', f"pool.gpu.walltime = '10:00': allowed: {CLOCK}"),
        ('walltime = "10"', f"pool.gpu.walltime = '10': allowed: {CLOCK}"),
        ('walltime = "01:60:00"', f"pool.gpu.walltime = '01:60:00': allowed: {CLOCK}"),
        ('walltime = "1-10"', f"pool.gpu.walltime = '1-10': allowed: {CLOCK}"),
        ('walltime = "2h"', f"pool.gpu.walltime = '2h': allowed: {CLOCK}"),
        ("walltime = 3600", "pool.gpu.walltime = 3600: allowed: a text in quotes"),
        ('walltime = "00:00:59"', "pool.gpu.walltime = '00:00:59' leaves no time to work before the deadline_margin of 30 s"),
        ('memory = "4"', "pool.gpu.memory = '4': allowed: a whole number and MB, GB, MiB or GiB"),
        ('memory = "4GB --uid=0"', "pool.gpu.memory = '4GB --uid=0': allowed: a whole number and MB, GB"),
        ("memory = 4", "pool.gpu.memory = 4: allowed: a text in quotes"),
        ("cores = 0", "pool.gpu.cores = 0: allowed: a number of at least 1"),
        ('cores = "2"', "pool.gpu.cores = '2': allowed: a whole number"),
        ("count = 10001", "pool.gpu.count = 10001: allowed: a number of at most 10000"),
        ("runs_per_gpu = 0", "pool.gpu.runs_per_gpu = 0: allowed: a number of at least 1"),
        ('check_gpu = "no"', "pool.gpu.check_gpu = 'no': allowed: true or false"),
        ('stages = ["simulate"]', "no pool runs the stage 'reduce'; allowed: each stage in the stages of a pool, such as stages = [\"reduce\"]"),
        ('stages = ["reduce"]', "no pool runs the stage 'simulate'"),
        ('stages = ["simulation"]', "pool.gpu.stages[0] = 'simulation': allowed: 'simulate', 'reduce', 'solve_mct', 'fit_memory', 'correlate', 'train'"),
        ("stages = []", "pool.gpu.stages = []: allowed: at least one value"),
    ],
)  # fmt: skip
def test_a_bad_pool_is_named(line: str, words: str, tmp_path: Path) -> None:
    assert words in message(tmp_path, with_pool_line(line))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('resources = "model"', "pool.gpu.resources = 'model': allowed: name=value, several with : between them"),
        ('resources = "model=a b"', "pool.gpu.resources = 'model=a b': allowed: name=value"),
        ('resources = "model=a+2:ncpus=1"', "pool.gpu.resources = 'model=a+2:ncpus=1' sets ncpus again; allowed: any other resource, and cores for this one"),
        ('resources = "ngpus=2"', "allowed: any other resource, and gpus for this one"),
        ('resources = "mem=2gb"', "allowed: any other resource, and memory for this one"),
        ('directives = ["-l select=1:ncpus=4:model=x"]', "holds '-l select=1:ncpus=4:model=x', which PBS drops or refuses beside the chunk that is made of the pool's keys; allowed: resources for it"),
        ('directives = ["-lplace=pack,walltime=1:00:00"]', "allowed: walltime for it"),
        ('directives = ["-l ncpus=4"]', "allowed: cores for it"),
        ('directives = ["-l nodes=1:ppn=4"]', "Torque is not supported"),
    ],
)  # fmt: skip
def test_what_pbs_would_drop_without_a_word_is_refused(line: str, words: str, tmp_path: Path) -> None:
    """Of two chunks it keeps the first."""
    assert words in message(tmp_path, with_pool_line(line).replace('"slurm"', '"pbs"'))


@pytest.mark.parametrize(
    "line",
    [
        'resources = "model=bro_ele:mpiprocs=4"',
        'directives = ["-l place=pack", "-W group_list=glass", "-l software=x"]',
        'directives = ["-v SELECT=1"]',
    ],
)
def test_what_pbs_takes_besides_is_left_alone(line: str, tmp_path: Path) -> None:
    assert load_site(site_file(tmp_path, with_pool_line(line).replace('"slurm"', '"pbs"'))).scheduler == "pbs"


def test_chunks_are_those_of_pbs(tmp_path: Path) -> None:
    found = message(tmp_path, with_pool_line('resources = "model=a100"'))
    assert "pool.gpu.resources = 'model=a100' has no meaning with scheduler = 'slurm'; allowed: no such key" in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (changed('queue = "gpu"', 'queue = "gpu\\nrm -rf x"'), f"pool.gpu.queue = 'gpu\\nrm -rf x': allowed: {WORD}"),
        (changed("gpus = 1", "gpus = -1"), "pool.gpu.gpus = -1: allowed: a number of at least 0"),
        (changed("[pool.gpu]", '[pool."gpu; id"]'), "'gpu; id': allowed: up to 16 small letters, digits and _"),
        (changed("[pool.gpu]", "[pools.gpu]"), "pools is not a known key: did you mean 'pool'?"),
        (changed('interface = "lo"\n', ""), "interface is missing; with scheduler = 'slurm' it must be given"),
        (changed('"lo"', '"lo lo"'), f"interface = 'lo lo': allowed: {WORD}"),
        ('scheduler = "mpi"\n', "interface is missing; with scheduler = 'mpi' it must be given"),
        ('interface = "lo"\n', "scheduler is missing; it must be given"),
        ('scheduler = "pbs"\ninterface = "lo"\n', "no pool is given; allowed: one or more tables such as [pool.gpu]"),
        (changed('"slurm"', '"slrum"'), "scheduler = 'slrum': allowed: 'local', 'slurm', 'pbs', 'lsf', 'mpi', or the address"),
        (changed('"slurm"', '"tls://head"'), "scheduler = 'tls://head': allowed: 'local', 'slurm', 'pbs', 'lsf', 'mpi', or"),
        (changed('"slurm"', '"tcp://$(id):1"'), "scheduler = 'tcp://$(id):1': allowed: 'local',"),
        (changed('"slurm"', '"local"'), "pool tables have no meaning with scheduler = 'local'"),
        (with_top_line('jobname = "x"'), "jobname is not a known key: did you mean 'job_name'?"),
        (with_top_line('job_name = "a b"'), "job_name = 'a b': allowed: up to 15 letters"),
        (with_top_line('local_directory = "/scratch/my data"'), "local_directory = '/scratch/my data': allowed: an"),
        (with_top_line('local_directory = "/$(id)"'), "local_directory = '/$(id)': allowed: an absolute path"),
        (with_top_line('local_directory = "/tmp/${X}"'), "local_directory = '/tmp/${X}': allowed: an absolute path"),
        (with_top_line('local_directory = "scratch"'), "local_directory = 'scratch': allowed: an absolute path"),
        (with_top_line("worker_timeout = nan"), "worker_timeout = nan: allowed: a finite number"),
        (with_top_line("worker_timeout = 1"), "worker_timeout = 1: allowed: a number of at least 5"),
        (with_top_line("deadline_margin = 0"), "deadline_margin = 0: allowed: a number of at least 1"),
        (with_top_line('tls_cert = "x.pem"'), TLS),
        ('scheduler = "tls://head:8786"\n', TLS),
        (RUNNING.replace('tls_key = "k.pem"\n', ""), TLS),
        (RUNNING.replace("tls://", "tcp://"), TLS),
        (RUNNING + 'array = "cupy"\n', "array = 'cupy' has no effect on the workers of a running scheduler; allowed: no such key, and export GLASSDASK_ARRAY=cupy"),
        (RUNNING + "deadline_margin = 60\n", "export GLASSDASK_DEADLINE_MARGIN=60"),
        (RUNNING.replace("k.pem", "k\\npem"), "tls_key = 'k\\npem': allowed: one line of printable text"),
    ],
)  # fmt: skip
def test_a_bad_site_is_named(text: str, words: str, tmp_path: Path) -> None:
    assert words in message(tmp_path, text)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = message(tmp_path, with_top_line("deadline_margin = 0") + "cores = 0\nwalltime = '1h'\n")
    assert "(3 errors)" in text
    assert [line.split(" = ")[0].strip() for line in text.splitlines()[1:]] == [
        "deadline_margin",
        "pool.gpu.cores",
        "pool.gpu.walltime",
    ]


def test_what_is_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"site\.toml is not TOML"):
        load_site(site_file(tmp_path, "queue: gpu"))


@pytest.mark.parametrize(
    ("walltime", "seconds", "text"),
    [
        ("08:00:00", 28800, "08:00:00"),
        ("0:01:30", 90, "00:01:30"),
        ("2-12:00:00", 216000, "60:00:00"),
        ("120:00:00", 432000, "120:00:00"),
    ],
)
def test_walltimes_mean_the_same_to_every_batch_system(walltime: str, seconds: int, text: str) -> None:
    """PBS knows no days, so jobs are asked for hours."""
    pool = Pool(walltime=walltime)
    assert (pool.walltime_seconds, clock(pool.walltime_seconds)) == (seconds, text)


def test_a_pool_with_gpus_takes_every_stage_and_one_without_only_where_there_is_none() -> None:
    both = Site(scheduler="slurm", interface="lo", pool={"gpu": Pool(gpus=1), "cpu": Pool()})
    assert both.stages_of("gpu") == ["simulate", "reduce", "solve_mct", "fit_memory", "correlate", "train"]
    assert both.stages_of("cpu") == []
    alone = Site(scheduler="slurm", interface="lo", pool={"cpu": Pool()})
    assert alone.stages_of("cpu") == ["simulate", "reduce", "solve_mct", "fit_memory", "correlate", "train"]


@pytest.mark.parametrize(
    ("gpu", "cpu", "expected"),
    [
        ("simulate", "reduce", "simulate train | reduce solve_mct fit_memory correlate"),
        (
            "simulate reduce",
            "reduce",
            "simulate reduce solve_mct fit_memory correlate train | reduce solve_mct fit_memory correlate",
        ),
        ("simulate solve_mct", "reduce", "simulate solve_mct train | reduce fit_memory correlate"),
        (None, "reduce", "simulate reduce solve_mct fit_memory correlate train | reduce"),
        ("simulate", "reduce train", "simulate | reduce train solve_mct fit_memory correlate"),
    ],
)
def test_what_no_pool_names_runs_where_it_belongs(gpu: str | None, cpu: str, expected: str) -> None:
    """Site files from before a stage keep their meaning: theory runs where reductions do, training with simulations."""
    pools = {"gpu": Pool(gpus=1, stages=gpu.split() if gpu else None), "cpu": Pool(stages=cpu.split())}
    site = Site(scheduler="slurm", interface="lo", pool=pools)
    assert " | ".join(" ".join(site.stages_of(name)) for name in site.pool) == expected


def test_every_stage_can_be_named() -> None:
    """The training of networks is none of a state's stages, and a pool may do nothing else."""
    pools = {"learn": Pool(gpus=1, stages=["train"]), "all": Pool(stages=["simulate", "reduce"])}
    site = Site(scheduler="slurm", interface="lo", pool=pools)
    assert site.stages_of("learn") == ["train"]
    assert "train" not in site.stages_of("all")


def test_workers_of_a_job() -> None:
    """One a core, or several a GPU."""
    assert Pool(cores=8).workers_per_job == 8
    assert Pool(cores=8, gpus=2, runs_per_gpu=3).workers_per_job == 6


def test_a_running_scheduler_has_its_own_keys(tmp_path: Path) -> None:
    assert load_site(site_file(tmp_path, RUNNING)).tls_cert == "b c.pem"


@pytest.mark.parametrize("path", sorted((REPOSITORY / "deploy").glob("*.toml")), ids=lambda path: path.name)
def test_every_example_is_a_valid_site(path: Path) -> None:
    site = load_site(path)
    if site.is_batch:
        assert {name: site.stages_of(name) for name in site.pool} == {
            "gpu": ["simulate", "train"],
            "cpu": ["reduce", "solve_mct", "fit_memory", "correlate"],
        }


def test_there_are_examples_for_all_batch_systems() -> None:
    assert {f"{name}.toml" for name in schedulers()} <= {path.name for path in (REPOSITORY / "deploy").glob("*.toml")}
