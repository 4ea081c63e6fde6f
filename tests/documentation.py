"""What the documentation gives to type: the lines of its pages, and tutorials as sessions, block after block."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "deploy/monitoring.md")]
PAGES += sorted((ROOT / "docs").glob("*.md")) + sorted((ROOT / "docs" / "how-to").glob("*.md"))
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
_BIN = Path(sys.executable).parent
_FENCE = re.compile(r"^```([^\n`]*)\n(?::caption: (\S+)\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)
#: Libraries of the extra 'export'.
_LIBRARIES = {"--format parquet": "pyarrow", "--format zarr": "zarr"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, the file that it is about where it has a caption, and its text."""

    language: str
    file: str
    text: str


def blocks(page: Path) -> list[Block]:
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [Block(said.removeprefix("{code-block}").strip(), file, text) for said, file, text in found]


def lines_of(block: Block) -> Iterator[str]:
    """The lines to type, without their comments; one that goes on is one."""
    for line in block.text.replace("\\\n", " ").splitlines():
        assert line.startswith("$ "), f"{line!r} is no line to type"
        yield without_comment(line.removeprefix("$ "))


def without_comment(line: str) -> str:
    return " ".join(re.sub(r"\s# .*", "", line).split())


def typed_in_tutorials() -> set[str]:
    """Every line of every tutorial."""
    consoles = [block for page in TUTORIALS for block in blocks(page) if block.language == "console"]
    return {line for block in consoles for line in lines_of(block)}


def type_line(line: str, folder: Path) -> str:
    """In bash, with the command of this environment, as a user whose home this folder is; returns what is then on the screen."""
    for words, library in _LIBRARIES.items():
        if words in line:
            pytest.importorskip(library, reason=f"{library} is not installed (pip install 'glassdask[export]')")
    missing = [name for name in re.findall(r"\| (jq|xargs)\b", line) if shutil.which(name) is None]
    if missing or not (_BIN / "glassdask").is_file():
        pytest.skip(f"{', '.join(missing) or 'the command glassdask'} is not installed")
    env = os.environ | {"PATH": os.pathsep.join([str(_BIN), os.environ["PATH"]]), "HOME": str(folder)}
    env["SCRATCH"] = str(folder)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", line],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=550,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr
