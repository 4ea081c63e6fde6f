"""What the README and the pages of docs/ say is there, is there; every line to type is in tests/test_command_lines.py."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from glassdask.cli import VERBS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "deploy" / "monitoring.md"]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(block: str, page: Path) -> dict[str, Any]:
    """The names that a block leaves; each block must run on its own."""
    names: dict[str, Any] = {}
    exec(compile(block, f"{page.name}, its Python", "exec"), names)  # noqa: S102  as the reader will
    return names


@pytest.fixture
def beside_a_campaign(tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The current folder holds a real campaign called demo-campaign with LJ at T = 1, as the demo's has."""
    shutil.copytree(tiny_file.with_suffix(""), tmp_path / "demo-campaign")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("beside_a_campaign")
def test_every_line_of_the_readme_runs_and_gives_what_it_says() -> None:
    (block,) = blocks(PAGES[0], "python")
    names = run(block, PAGES[0])
    assert names["theory"].outcome == "converged"
    assert names["state"].structure_factor.k.values[[0, 1, -1]] == pytest.approx([0.2, 0.6, 39.8])
    assert [fit.n_exp for fit in names["fits"]] == [1, 2]
    assert len(block.splitlines()) <= 16


def test_the_hard_spheres_of_the_page_are_those_of_the_code() -> None:
    page = ROOT / "docs" / "mode-coupling.md"
    (block,) = blocks(page, "python")
    (told,) = re.findall(r"critical\.b  # ([\d., ]+)$", block, re.MULTILINE)
    critical = run(block, page)["critical"]
    found = (critical.control, critical.exponent_parameter, critical.a, critical.b)
    assert tuple(f"{value:.{4 if i == 0 else 3}f}" for i, value in enumerate(found)) == tuple(told.split(", "))


def test_every_verb_is_shown_or_named_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [verb for verb in VERBS if f"glassdask {verb}" not in text and f"`{verb}`" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_file_that_is_linked_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_readme_names_every_folder_of_the_package() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    folders = {path.parent.name for path in (ROOT / "glassdask").glob("*/__init__.py")}
    assert [folder for folder in sorted(folders) if f"`glassdask/{folder}`" not in text] == []
