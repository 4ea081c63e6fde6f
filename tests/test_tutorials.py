"""Each tutorial is followed to the letter, from its first line to its last, in one folder: files are written and changed as the
page says, lines are typed, Python is run; and what the page shows of the screen is there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.command_line import python
from tests.documentation import ROOT, TUTORIALS, blocks, lines_of, type_line

#: What the tests' SLURM has not got.
_ELSEWHERE = {'interface = "ib0"': 'interface = "lo"'}
#: Of a screen, what is the same each time: no numbers, no addresses with their tokens.
_WORD = re.compile(r"[A-Za-z_]{4,}")
_ADDRESS = re.compile(r"\w+://\S+")


def changed(text: str, difference: str) -> str:
    """A file after the lines of a difference, each run of ``-`` in the place of which the run of ``+`` after it stands.

    >>> changed("a = 1\\nb = 2\\n", "-b = 2\\n+b = 3\\n+c = 4\\n")
    'a = 1\\nb = 3\\nc = 4\\n'
    """
    for old, new in re.findall(r"((?:^-.*\n)+)((?:^\+.*\n)*)", difference, re.MULTILINE):
        before, after = (re.sub(r"^.", "", lines, flags=re.MULTILINE) for lines in (old, new))
        assert text.count(before) == 1, f"stands {text.count(before)} times in the file:\n{before}"
        text = text.replace(before, after)
    return text


def follow(page: Path, folder: Path) -> None:
    screen = ""
    for block in blocks(page):
        if block.language == "console":
            screen = "".join(type_line(line, folder) for line in lines_of(block))
        elif block.language == "python":
            screen = python(block.text, cwd=folder)
        elif block.language == "text":
            missing = sorted(words_of(block.text) - words_of(screen))
            assert missing == [], f"{page.name} shows {missing}, which is not on the screen:\n{screen[-3000:]}"
        elif block.language == "diff":
            path = folder / block.file
            path.write_text(changed(path.read_text(encoding="utf-8"), block.text), encoding="utf-8")
        elif block.file:
            text = block.text
            for theirs, ours in _ELSEWHERE.items():
                text = text.replace(theirs, ours)
            (folder / block.file).write_text(text, encoding="utf-8")


def words_of(screen: str) -> set[str]:
    """Without those that curves are drawn with."""
    return {word for word in _WORD.findall(_ADDRESS.sub("", screen)) if not set(word) <= set("ABabx")}


def tutorial(name: str) -> Path:
    return ROOT / "docs" / "tutorials" / f"{name}.md"


def test_every_tutorial_is_followed() -> None:
    assert {page.stem for page in TUTORIALS} == {"laptop", "slurm", "own-data"}
    for page in TUTORIALS:
        languages = [block.language for block in blocks(page)]
        assert languages.count("console") > 5
        assert languages.count("text") > 3
        assert set(languages) <= {"console", "text", "python", "diff", "toml"}


def test_a_difference_that_does_not_fit_is_refused() -> None:
    with pytest.raises(AssertionError, match="stands 0 times"):
        changed("a = 1\n", "-a = 2\n+a = 3\n")
    assert changed("a = 1\n# b\n", "-a = 1\n-# b\n") == ""


@pytest.mark.slow
@pytest.mark.usefixtures("an_engine")
def test_a_grid_of_ones_own_on_a_laptop(tmp_path: Path) -> None:
    follow(tutorial("laptop"), tmp_path)


@pytest.mark.slow
@pytest.mark.slurm
@pytest.mark.usefixtures("an_engine", "slurm")
def test_an_account_on_a_cluster(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    follow(tutorial("slurm"), tmp_path)


@pytest.mark.slow
def test_data_of_ones_own(workplace: Path, tmp_path: Path) -> None:
    folder = tmp_path / "workplace"
    shutil.copytree(workplace, folder, symlinks=True)
    follow(tutorial("own-data"), folder)
