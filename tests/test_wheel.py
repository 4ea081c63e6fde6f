"""The wheel holds all that the package reads and works where nothing but it is installed."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import glassdask

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "glassdask"
#: Quick tests that ask for no file of the repository: equations, the campaign file, the command line.
SUITE = (
    "tests/physics/motion/test_lag_times.py",
    "tests/physics/structure/test_wavevectors.py",
    "tests/physics/structure/test_static_structure.py",
    "tests/physics/numerics/test_error_bars.py",
    "tests/campaign/definition/test_templates.py",
    "tests/campaign/definition/test_ranges.py",
    "tests/cli/test_verbs.py",
    "tests/cli/campaign/test_init_verb.py",
    "tests/test_state_point.py",
    "tests/test_errors.py",
)
pytestmark = pytest.mark.timeout(1200)


@dataclass(frozen=True)
class Installed:
    """A fresh environment in which the wheel was installed, and a folder outside of the tree."""

    wheel: Path
    sdist: Path
    bin: Path
    outside: Path

    def run(self, *command: str | Path) -> subprocess.CompletedProcess:
        """Runs a program of the environment outside of the tree."""
        program, *arguments = map(str, command)
        clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        clean = {name: value for name, value in clean.items() if not name.startswith(("PYTEST_", "COV_"))}
        return subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=self.outside,
            env=clean,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Source archive, the wheel from it, and an environment with that wheel; the libraries are those of this one."""
    for name in ("build", "scikit_build_core", "nanobind"):
        pytest.importorskip(name, reason=f"{name} is not installed (pip install --group test)")
    if shutil.which("cmake") is None:
        pytest.skip("there is no cmake, which an installation without isolation does not bring (apt-get install cmake)")
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", ROOT)
    (wheel,), (sdist,) = (folder / "dist").glob("*.whl"), (folder / "dist").glob("*.tar.gz")
    _run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    _run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    here = sysconfig.get_path("purelib")
    site = Path(_run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "libraries.pth").write_text(f"{here}\n")  # not its own .pth files, so not the editable install
    (folder / "outside").mkdir()
    return Installed(wheel, sdist, python.parent, folder / "outside")


def _run(*command: str | Path) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files_of_the_package() -> set[str]:
    """All that lies in glassdask/, less the source of what is compiled and what Python leaves there; and what is compiled."""
    found = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    source = {".cpp", ".h"}
    files = {
        str(path.relative_to(ROOT)) for path in found if path.suffix not in source and path.name != "CMakeLists.txt"
    }
    compiled = {"physics/compiled/_loops"}
    if platform.machine() == "x86_64":  # whose vectors the engine is written for
        compiled |= {"simulation/engines/native/_dynamics"}
    return files | {f"glassdask/{name}{sysconfig.get_config_var('EXT_SUFFIX')}" for name in compiled}


@pytest.mark.slow
def test_every_file_is_in_the_wheel_and_nothing_else(installed: Installed) -> None:
    wanted = files_of_the_package()
    suffixes = {Path(name).suffix for name in wanted}
    assert {".py", ".pyi", ".so", ".toml", ".cu", ".html", ".css", ".js", ".j2", ".typed"} <= suffixes
    with zipfile.ZipFile(installed.wheel) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
        notes = {name.partition(".dist-info/")[2] for name in wheel.namelist() if ".dist-info/" in name}
        empty = [name for name in held if not wheel.getinfo(name).file_size and not name.endswith("py.typed")]
    assert held == wanted
    assert {"METADATA", "entry_points.txt", "licenses/LICENSE"} <= notes
    assert empty == [name for name in empty if not (ROOT / name).stat().st_size]


@pytest.mark.slow
def test_it_is_the_wheel_that_is_imported(installed: Installed) -> None:
    done = installed.run("python", "-W", "error", "-c", "import glassdask; print(glassdask.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(installed.bin.parent)
    assert done.stderr == ""


@pytest.mark.slow
def test_the_command_is_there(installed: Installed) -> None:
    assert installed.run("glassdask", "--version").stdout.split()[-1] == glassdask.__version__
    template = (PACKAGE / "campaign" / "definition" / "templates" / "quickstart.toml").read_text(encoding="utf-8")
    assert installed.run("glassdask", "init", "quickstart").stdout == template
    assert installed.run("python", "-m", "glassdask", "status", "nowhere").returncode == 2


@pytest.mark.slow
def test_the_metadata_name_version_and_extras(installed: Installed) -> None:
    code = "from importlib.metadata import metadata; m = metadata('glassdask'); print(m['Version'], *m.get_all('Provides-Extra'))"
    version, *extras = installed.run("python", "-c", code).stdout.split()
    assert version == glassdask.__version__
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(extras) == project["optional-dependencies"].keys()


@pytest.mark.slow
def test_a_part_of_the_suite_passes_on_it(installed: Installed) -> None:
    shutil.copytree(ROOT / "tests", installed.outside / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", installed.outside)  # markers, and warnings as errors
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = installed.run("python", "-m", "pytest", *options, *SUITE)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert not (installed.outside / "glassdask").exists()
