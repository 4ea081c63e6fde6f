"""The version is one: in the package, its metadata, the citation and the changelog."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import glassdask

ROOT = Path(__file__).parent.parent


def of_the_citation(key: str) -> str:
    """The value of a key of CITATION.cff at the top."""
    (value,) = re.findall(rf"^{key}: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    return value


def newest_release() -> tuple[str, str]:
    """Version and date of the first release that the changelog has."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    return re.findall(r"^## \[(\d[\w.]*)\] - (\d{4}-\d\d-\d\d)$", text, re.MULTILINE)[0]


def test_every_file_has_the_same_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = [project["version"], of_the_citation("version"), newest_release()[0]]
    assert versions == [glassdask.__version__] * 3


def test_changelog_and_citation_have_the_same_date() -> None:
    assert newest_release()[1] == of_the_citation("date-released")
