"""The conda environment holds what the package needs: a library forgotten there fails on the user's machine alone."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: What conda-forge calls otherwise, in lower case.
CONDA_NAMES = {
    "freud-analysis": "freud",
    "matplotlib": "matplotlib-base",
    "prometheus-client": "prometheus_client",
}


def test_the_conda_environment_has_every_dependency_with_its_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = set(
        re.findall(r"^  - ([\w.-]+>=[\w.,<]+)", (ROOT / "environment.yml").read_text(encoding="utf-8"), re.MULTILINE)
    )
    for requirement in project["dependencies"]:
        name, bound = requirement.lower().split(">=")
        assert f"{CONDA_NAMES.get(name, name)}>={bound}" in listed
