"""The extension module: what it refuses, where it runs, and what is said where it is not."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import glassdask
from glassdask.physics import compiled

PACKAGE = Path(glassdask.__file__).parent


def test_arrays_of_another_kind_are_refused_and_never_copied() -> None:
    """Loops write into their arguments: a converted copy would be written to, and lost."""
    F = np.ones((1, 1, 8))
    wrong: Any
    for wrong in (F.astype(np.float32), F[..., ::2], np.asfortranarray(np.ones((2, 2, 8))), F[0], F.tolist()):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            compiled.collective_sums(F, F, wrong)
    with pytest.raises(ValueError, match="same shape"):
        compiled.collective_sums(F, F, np.ones((1, 1, 7)))
    with pytest.raises(ValueError, match=r"moments must be \(n_rows, 3, N_k, N_k\)"):
        compiled.window_moments(F[0], np.ones((1, 3, 8, 7)))
    read_only = np.ones((1, 1, 8))
    read_only.flags.writeable = False
    with pytest.raises(TypeError):
        compiled.collective_sums(F, F, read_only)
    compiled.collective_sums(read_only, read_only, F)


def mct(package: Path, prepare: Callable[[], None] = lambda: None) -> subprocess.CompletedProcess:
    """Mode-coupling theory by the package in this folder, found by a Python that knows no other installation of it."""
    code = (
        "import sys; sys.meta_path[:] = [one for one in sys.meta_path if 'ScikitBuild' not in type(one).__name__]\n"
        f"sys.path.insert(0, {str(package.parent)!r})\n"
        "from glassdask.__main__ import main; main()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, "mct", "--packing-fraction", "0.4"],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=prepare,
        env={"HOME": "/nonexistent", "PATH": os.environ["PATH"]},
    )


def copied(tmp_path: Path) -> Path:
    """The package as the tree holds it, without what was built."""
    ignored = shutil.ignore_patterns("*.so", "__pycache__")
    return Path(shutil.copytree(PACKAGE, tmp_path / "glassdask", ignore=ignored))


def test_source_without_its_build_says_what_to_do(tmp_path: Path) -> None:
    done = mct(copied(tmp_path))
    assert done.returncode == 1
    assert done.stderr.startswith("glassdask: glassdask's compiled loops cannot be loaded")
    assert "pip install -e ." in done.stderr
    assert "Traceback" not in done.stderr


def test_it_works_where_no_file_can_be_written(tmp_path: Path) -> None:
    """No home, no cache, a full disk: nothing is compiled when it is used, so nothing need be kept."""
    package = copied(tmp_path)
    shutil.copy(compiled._loops.__file__, package / "physics" / "compiled")
    done = mct(package, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "liquid" in done.stdout
    assert not [*package.rglob("*.pyc")]
