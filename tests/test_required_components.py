"""The rule for skips in conftest.py: on CI, or where it is asked for, a missing component is a failure."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command_line import environment

_TESTS = """
import pytest

def test_plain():
    pytest.skip("no engine here")

@pytest.mark.gpu
def test_gpu():
    pytest.skip("no CUDA device")

@pytest.mark.hoomd
@pytest.mark.slow
def test_hoomd():
    pytest.importorskip("no_such_engine", reason="HOOMD-blue is not installed")

@pytest.mark.xfail(strict=True)
def test_known_bug():
    assert False

def test_fine():
    pass
"""
_WHOLE_FILE = 'import pytest\npytest.skip("not on this machine", allow_module_level=True)\n'


@pytest.mark.parametrize(
    ("variables", "failed"),
    [
        ({"CI": "false"}, set()),
        ({"CI": "true"}, {"test_plain", "test_whole_file"}),
        ({"GLASSDASK_REQUIRE": "hoomd"}, {"test_plain", "test_whole_file", "test_hoomd"}),
        ({"CI": "1", "GLASSDASK_REQUIRE": "gpu,hoomd"}, {"test_plain", "test_whole_file", "test_gpu", "test_hoomd"}),
    ],
    ids=["here", "CI", "hoomd", "CI with a GPU"],
)
def test_what_must_be_there_may_not_be_skipped(variables: dict[str, str], failed: set[str], tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(_TESTS)
    (tmp_path / "test_whole_file.py").write_text(_WHOLE_FILE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    gpu:\n    hoomd:\n    slow:\n")
    clean = {name: value for name, value in environment().items() if name not in ("CI", "GLASSDASK_REQUIRE")}
    clean = {name: value for name, value in clean.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-rfE", str(tmp_path)]
    command.append("--continue-on-collection-errors")
    done = subprocess.run(command, cwd=tmp_path, env=clean | variables, capture_output=True, text=True, check=False)
    summary = done.stdout.replace("test_some.py::", "")
    found = set(re.findall(r"^(?:FAILED|ERROR) (test_\w+)", summary, re.MULTILINE))
    assert found == failed, done.stdout
    assert done.returncode == (1 if failed else 0), done.stdout
    if failed:
        assert "was skipped where nothing may be missing" in done.stdout
