"""The pages for whoever adds something: each whole difference is applied to a copy of the package, and its Python run there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from glassdask.physics import compiled

ROOT = Path(__file__).parent.parent
PAGES = sorted(path for path in (ROOT / "docs" / "extending").glob("*.md") if path.stem != "index")
#: How many files of the package may be touched; a folder counts as one.
MOST_TOUCHED = {"engine": 1, "figure": 1, "liquid": 1, "observable": 1, "scalar": 2, "scheduler": 1, "stage": 2}
#: A Python that knows no other installation of the package than the copy.
_IN_COPY = "import sys; sys.meta_path[:] = [f for f in sys.meta_path if 'ScikitBuild' not in type(f).__name__]\n"


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def touched(page: Path) -> set[str]:
    """Files of the package that a page's difference touches; those of a new folder are that folder."""
    paths = {
        Path(name) for diff in blocks(page, "diff") for name in re.findall(r"^\+\+\+ b/(\S+)$", diff, re.MULTILINE)
    }
    package = {path for path in paths if path.parts[0] == "glassdask"}
    return {str(path if (ROOT / path.parent).is_dir() else path.parent) for path in package}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its tests as they are here, with the compiled loops."""
    ignored = shutil.ignore_patterns("__pycache__", "*.so")
    for folder in ("glassdask", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(compiled._loops.__file__, tmp_path / "glassdask" / "physics" / "compiled")
    return tmp_path


def test_there_is_a_page_for_each() -> None:
    assert {page.stem for page in PAGES} == set(MOST_TOUCHED)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_whole_difference_is_as_small_as_promised(page: Path) -> None:
    assert 0 < len(touched(page)) <= MOST_TOUCHED[page.stem], touched(page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_difference_applies_and_what_the_page_says_of_it_is_so(page: Path, copy: Path) -> None:
    (difference,) = blocks(page, "diff")
    subprocess.run(["git", "apply", "-"], cwd=copy, input=difference, text=True, check=True)
    for code in blocks(page, "python"):
        promised = re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE)
        done = subprocess.run(
            [sys.executable, "-c", f"{_IN_COPY}sys.path.insert(0, {str(copy)!r})\n{code}"],
            cwd=copy,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == promised
        assert promised, "the page says nothing that could be wrong"
