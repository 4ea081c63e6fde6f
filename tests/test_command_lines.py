"""Every line that the documentation gives to type is typed: the console blocks of the pages, the examples of every verb's help,
and the Python of the pages, each in a folder of its own in which the files are that it names."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from glassdask.cli import VERBS, verb_command
from tests.command_line import python
from tests.documentation import PAGES, ROOT, blocks, lines_of, type_line, typed_in_tutorials, without_comment

#: Lines that are not run here, and why; what can be known of them without that is checked (`check_unrun`).
NOT_RUN = {
    r"git clone |pip install ": "needs the network; tests/test_wheel.py builds and installs",
    r"(export |)CONDA_OVERRIDE_CUDA|conda ": "needs conda and the network",
    r"apptainer ": "needs Apptainer; tests/test_containers.py reads the definition",
    r"make ": "builds environments, or runs this suite",
    r"\. \.venv/bin/activate": "the environment is entered already",
    r"(torchrun|mpirun) .*\btrain |glassdask train ": "networks take minutes; tests/cli/analysis/test_train_verb.py trains",
    r"mpirun .*\brun ": "tests/cluster runs MPI worlds, and may skip them where there is no MPI",
    r"glassdask run mine\.toml": "tests/operations/trajectories runs campaigns of files",
    r".*table1\.json": "the small campaign has no critical temperature; tests/operations/comparison compares with that table",
    r".*--runs-per-gpu": "needs a GPU",
}
#: Lines that need the batch system of a site file.
_ON_SLURM = r"glassdask (run|doctor|cancel) .*--on|.*sbatch"


def lines_to_type() -> list[str]:
    """Each once: those of pages, and the examples of every verb's help."""
    found = [
        line for page in PAGES for block in blocks(page) if block.language == "console" for line in lines_of(block)
    ]
    for verb in VERBS:
        text = verb_command(verb).help or ""
        example = text.partition("Example:\n")[2].partition("\n\n")[0].replace("\\\n", " ")
        assert example, f"glassdask {verb} --help has no example"
        found += [without_comment(line) for line in example.splitlines()]
    return list(dict.fromkeys(found))


def reason_not_to_run(line: str) -> str:
    """Empty where the line is run."""
    return next((reason for pattern, reason in NOT_RUN.items() if re.match(pattern, line)), "")


def python_of(page: Path) -> list[str]:
    return [block.text for block in blocks(page) if block.language == "python"]


#: Those that tutorials give as well are typed there, in their place (tests/test_tutorials.py).
LINES = [line for line in lines_to_type() if line not in typed_in_tutorials()]
RUN = [line for line in LINES if not reason_not_to_run(line)]
SITE_LINES = [line for line in RUN if re.match(_ON_SLURM, line)]


@pytest.fixture
def folder(workplace: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy that a line may change."""
    copy = tmp_path / "workplace"
    shutil.copytree(workplace, copy, symlinks=True)
    yield copy
    shutil.rmtree(copy)


@pytest.mark.slow
@pytest.mark.parametrize("line", [line for line in RUN if line not in SITE_LINES])
def test_the_line_does_what_it_is_to_do(line: str, folder: Path) -> None:
    type_line(line, folder)


@pytest.mark.slow
@pytest.mark.slurm
@pytest.mark.usefixtures("slurm")
@pytest.mark.parametrize("line", SITE_LINES)
def test_the_line_of_a_site_does_on_slurm(line: str, folder: Path) -> None:
    type_line(line, folder)


def check_unrun(line: str) -> None:
    """Verbs and options exist, and so do files of the repository, targets of make and extras of pip."""
    words = shlex.split(line)
    for name in re.findall(r"(?:deploy/|\./)?[\w./-]+\.(?:yml|def)\b|deploy/[\w./-]+", line):
        assert (ROOT / name).exists(), f"{line}: there is no {name}"
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), line
    for names in re.findall(r"\[([a-z,]+)\]", line):
        extras = (ROOT / "pyproject.toml").read_text()
        assert all(re.search(rf"^{name} = \[", extras, re.MULTILINE) for name in names.split(",")), line
    if "glassdask" in words and words[0] in ("glassdask", "mpirun", "torchrun"):
        verb, *arguments = words[words.index("glassdask") + 1 :]
        command = verb_command(verb)
        stop = next((i for i, word in enumerate(arguments) if word in ("|", ">", "&&")), len(arguments))
        command.make_parser(click.Context(command, info_name=verb)).parse_args(arguments[:stop])


@pytest.mark.parametrize("line", [line for line in LINES if reason_not_to_run(line)])
def test_what_can_be_known_of_a_line_that_is_not_run(line: str) -> None:
    check_unrun(line)


def test_every_exception_is_needed_and_most_lines_are_run() -> None:
    assert [pattern for pattern in NOT_RUN if not any(re.match(pattern, line) for line in LINES)] == []
    glassdask_lines = [line for line in LINES if line.startswith("glassdask ")]
    assert sum(line in RUN for line in glassdask_lines) > 0.85 * len(glassdask_lines)


def test_the_names_of_options_in_unrun_lines_are_looked_at() -> None:
    """The check itself can fail."""
    for wrong in ("make dmeo", "glassdask train campaign.toml --member 5x --nonsense", "pip install '.[none]'"):
        with pytest.raises((AssertionError, click.ClickException)):
            check_unrun(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if python_of(page)], ids=lambda page: page.stem)
def test_every_block_of_python_runs_on_its_own(page: Path, folder: Path) -> None:
    for text in python_of(page):
        python(text, cwd=folder)
