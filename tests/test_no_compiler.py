"""Installing from source where there is no C++ compiler ends in a sentence that says what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def test_what_is_missing_is_said_with_the_remedy(tmp_path: Path) -> None:
    pytest.importorskip("scikit_build_core", reason="scikit-build-core is not installed (pip install --group test)")
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("there is no cmake to be found without its folder (apt-get install cmake)")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "cmake").symlink_to(cmake)  # and no compiler beside it
    ignored = shutil.ignore_patterns("__pycache__", "*.so")
    shutil.copytree(ROOT / "glassdask", tmp_path / "source" / "glassdask", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path / "source")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", tmp_path, "."],
        cwd=tmp_path / "source",
        env={"PATH": os.pathsep.join([str(tmp_path / "bin"), str(Path(sys.executable).parent)]), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "glassdask needs a C++17 compiler to be installed from its source: apt install g++" in said
    assert not [*tmp_path.glob("*.whl")]
