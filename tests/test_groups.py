"""What is made once for many tests is made once: they stay in one of the parallel processes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import REPOSITORY, environment
from tests.conftest import MADE_ONCE


def test_a_group_of_tests_stays_in_one_process(tmp_path: Path) -> None:
    """A fixture that takes half a minute, or a browser, is made once; a pytest that xdist does not know splits groups."""
    marked = "import pytest\n@pytest.mark.xdist_group('one')\n@pytest.mark.parametrize('i', range(8))\n"
    (tmp_path / "test_some.py").write_text(
        marked + "def test_group(i, worker_id):\n    print(f'made by {worker_id}')\n"
    )
    clean = {name: value for name, value in environment().items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup", "-rP", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    made = re.findall(r"made by (gw\d)", done.stdout)
    assert len(made) == 8, done.stdout
    assert len(set(made)) == 1, done.stdout


@pytest.mark.parametrize("name", MADE_ONCE)
def test_every_fixture_that_makes_a_group_is_there(name: str) -> None:
    """And is made once for a file at least."""
    made = re.compile(rf'scope="(module|session)"\)\ndef {name}\(')
    assert any(made.search(path.read_text(encoding="utf-8")) for path in (REPOSITORY / "tests").rglob("*.py"))
