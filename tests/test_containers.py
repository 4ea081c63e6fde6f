"""The containers of deploy/, as far as they can be known without an engine: text that a linter reads, files that are there,
versions that are those of the tests."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.command_line import python

ROOT = Path(__file__).parent.parent
DOCKERFILE, DEFINITION = ROOT / "deploy" / "Dockerfile", ROOT / "deploy" / "apptainer.def"
#: Of a definition file (https://apptainer.org/docs/user/latest/definition_files.html).
SECTIONS = {"files", "post", "environment", "runscript", "test", "labels"}


def instructions() -> list[list[str]]:
    """Of the Dockerfile, each as words; lines that go on are one."""
    lines = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    return [shlex.split(line) for line in lines.splitlines() if line.strip()]


def sections() -> dict[str, list[str]]:
    """Of the definition file: lines by section, the header's under ''."""
    found: dict[str, list[str]] = {"": []}
    name = ""
    for line in DEFINITION.read_text(encoding="utf-8").splitlines():
        if line.startswith("%"):
            name = line[1:].strip()
            assert name not in found, f"%{name} stands twice"
            found[name] = []
        elif line.strip() and not line.startswith("#"):
            found[name].append(line.strip())
    return found


def lint(path: Path) -> str:
    """What hadolint finds; it gives the shell commands to shellcheck."""
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if program is None:
        pytest.skip("hadolint is not installed (pip install --group test)")
    return subprocess.run([program, "--no-color", path], capture_output=True, text=True, check=False).stdout


def copied() -> dict[str, list[str]]:
    """What each container takes of the checkout: by the Dockerfile's stage, and by the definition."""
    found: dict[str, list[str]] = {"apptainer": [line.split()[0] for line in sections()["files"]]}
    stage = ""
    for name, *words in instructions():
        if name == "FROM":
            stage = words[-1]
        if name in ("COPY", "ADD") and not words[0].startswith("--from="):
            found.setdefault(stage, []).extend(words[:-1])
    return found


def test_the_dockerfile_is_clean() -> None:
    assert lint(DOCKERFILE) == ""


def test_the_steps_of_the_definition_are_clean_as_those_of_a_dockerfile(tmp_path: Path) -> None:
    """No linter knows definition files; their steps are a shell's."""
    parts = sections()
    header = {key: value.strip() for key, _, value in (line.partition(":") for line in parts[""])}
    assert header.keys() == {"Bootstrap", "From"}
    assert header["Bootstrap"] == "docker"
    assert parts.keys() - {""} == SECTIONS
    steps = " \\\n && ".join(parts["post"])
    (tmp_path / "Dockerfile").write_text(f"FROM {header['From']}\nRUN {steps}\n")
    found = [line for line in lint(tmp_path / "Dockerfile").splitlines() if not re.search("DL3003|DL3008", line)]
    assert found == []  # but for 'cd' in place of WORKDIR, which it lacks, and Debian's one version of a compiler
    for name in ("post", "environment", "runscript", "test"):
        subprocess.run(["sh", "-n"], input="\n".join(parts[name]), text=True, check=True)


def test_every_file_that_is_copied_is_there() -> None:
    stages = copied()
    assert stages.keys() == {"apptainer", "wheel", "cpu", "gpu"}
    assert [name for names in stages.values() for name in names if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("stage", ["apptainer", "wheel", "gpu"])
def test_what_is_copied_is_all_that_an_installation_reads(stage: str, tmp_path: Path) -> None:
    pytest.importorskip("scikit_build_core", reason="scikit_build_core is not installed (pip install --group test)")
    for name in copied()[stage]:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        else:
            shutil.copy(ROOT / name, tmp_path)
    code = "from scikit_build_core.build import prepare_metadata_for_build_wheel as prepare; print(prepare('made'))"
    made = tmp_path / "made" / python(code, cwd=tmp_path).splitlines()[-1]
    assert "\nVersion: " in (made / "METADATA").read_text(encoding="utf-8")
    assert (tmp_path / "glassdask" / "physics" / "compiled" / "CMakeLists.txt").is_file()


def test_versions_are_those_of_the_tests() -> None:
    """Of Python, which constraints.txt names, and of all that pip brings."""
    (tested,) = re.findall(r"Python (3\.\d+)\.$", (ROOT / "constraints.txt").read_text().splitlines()[0])
    images = [words[0] for name, *words in instructions() if name == "FROM"] + [sections()[""][1].split()[1]]
    assert [image for image in images if image.startswith("python:")] == [f"python:{tested}-slim-bookworm"] * 3
    steps = [line for name, *words in instructions() if name == "RUN" for line in " ".join(words).split("&&")]
    for step in [*steps, *sections()["post"]]:
        if "pip install" in step:
            assert "--constraint" in step or "--no-deps" in step, step


def test_extras_and_the_command_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"(?:\.|whl\)?)\[([a-z,]+)\]", DOCKERFILE.read_text() + DEFINITION.read_text())
    assert len(named) == 2
    assert {extra for names in named for extra in names.split(",")} <= project["optional-dependencies"].keys()
    entry = [words for name, *words in instructions() if name == "ENTRYPOINT"]
    assert entry == [["[glassdask]"]] * 2
    assert "glassdask" in project["scripts"]
    assert sections()["runscript"] == ['exec glassdask "$@"']
