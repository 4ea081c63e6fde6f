"""Where an extra is not installed, what needs it says in one line what to install; the rest works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.campaign.campaign_files import changed
from tests.command_line import REPOSITORY, glassdask
from tests.without_modules import glassdask_without

ML, MD, CLUSTER, MPI, EXPORT = (
    f"pip install 'glassdask[{extra}]'" for extra in ("ml", "md", "cluster", "mpi", "export")
)
ENGINES = "lammps,hoomd"
#: A liquid that the package's own engine does not have.
SOFT = changed(('"lj"', '"soft-spheres"'))
#: Everything that pyproject.toml has in an extra.
OPTIONAL = "torch,sklearn,lammps,hoomd,gamdpy,mpi4py,dask_mpi,dask_jobqueue,cupy,pyarrow,zarr"


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    """A campaign that has not begun, with site files beside it."""
    (tmp_path / "campaign.toml").write_text(glassdask("init").stdout, encoding="utf-8")
    site = (REPOSITORY / "deploy" / "slurm.toml").read_text(encoding="utf-8")
    (tmp_path / "soft.toml").write_text(SOFT, encoding="utf-8")
    (tmp_path / "slurm.toml").write_text(site.replace('interface = "ib0"', 'interface = "lo"'), encoding="utf-8")
    (tmp_path / "pbs.toml").write_text((REPOSITORY / "deploy" / "pbs.toml").read_text(encoding="utf-8"))
    (tmp_path / "mpi.toml").write_text((REPOSITORY / "deploy" / "mpi.toml").read_text(encoding="utf-8"))
    (tmp_path / "S.csv").write_text("k,AA,AB,BB\n")
    (tmp_path / "model").mkdir()
    (tmp_path / "cube.nc").symlink_to(REPOSITORY / "benchmarks" / "results" / "workstation-observables.nc")
    return tmp_path / "campaign.toml"


@pytest.mark.parametrize(
    ("modules", "arguments", "remedy"),
    [
        ("torch", "train campaign.toml", ML),
        ("sklearn", "train campaign.toml", ML),
        (
            "torch",
            "predict --model model --structure-factor S.csv --temperature 1 --density 1.2 --potential lj",
            ML,
        ),
        (ENGINES, "plan soft.toml", MD),
        (ENGINES, "run soft.toml --no-dashboard --quiet", MD),
        ("dask_jobqueue", "script campaign.toml --on slurm.toml", CLUSTER),
        ("dask_jobqueue", "script campaign.toml --on pbs.toml", CLUSTER),
        ("dask_jobqueue", "run campaign.toml --on slurm.toml --quiet", CLUSTER),
        ("dask_jobqueue", "doctor campaign.toml --on slurm.toml", CLUSTER),
        ("mpi4py", "run campaign.toml --on mpi.toml --quiet", MPI),
        ("pyarrow", "export cube.nc --format parquet --output out", EXPORT),
        ("zarr", "export cube.nc --format zarr --output out", EXPORT),
        ("dask_mpi", "run campaign.toml --on mpi.toml --quiet", MPI),
    ],
    ids=lambda value: value.split(" --")[0],
)
def test_the_remedy_is_one_line(modules: str, arguments: str, remedy: str, campaign: Path) -> None:
    done = glassdask_without(modules, *arguments.split(), cwd=campaign.parent)
    assert done.returncode != 0
    *before, said = done.stderr.strip().splitlines()
    assert said.startswith("glassdask: ")
    assert remedy in said
    assert [line for line in before if not line.startswith("pilot: ")] == []  # what a plan has begun to measure


def test_without_any_extra_the_rest_works(campaign: Path) -> None:
    for arguments in (
        "--version",
        "init paper",
        "plan campaign.toml --no-pilot",
        "mct --packing-fraction 0.5",
        "train --help",
    ):
        done = glassdask_without(OPTIONAL, *arguments.split(), cwd=campaign.parent)
        assert done.returncode == 0, f"glassdask {arguments}: {done.stderr}"
        assert done.stdout
