"""The campaign's page in a real browser: live on the dashboard of a real run, and as a file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from glassdask.campaign.files.folder import state_folder
from tests.chromium import Browser
from tests.command_line import REPOSITORY, environment
from tests.faults.campaigns import checkpointed_step, simulations, step_of
from tests.waiting import HANGS, wait_until

pytestmark = pytest.mark.browser
_STATE = "lj_rho1.2_T3.0_r0"
#: Both potentials; production of the LJ state takes seconds, and those of WCA a fifth of that.
_CAMPAIGN = """\
[campaign]
name = "watched"
seed = 7
[[grid]]
potential = "wca"
density = 1.2
temperature = [2.0, 3.0]
[[grid]]
potential = "lj"
density = 1.2
temperature = 3.0
[system]
box_length = 6.5
[time_step]
base_step = 0.008
drift_tolerance = 1.0e-2
[equilibration]
length = 8.0
[production]
length = 120.0
[frames]
block_length = 512
[wavenumbers]
structure_frames = 10
[mode_coupling]
end_time = 100.0
n_half = 8
[memory]
n_exp = [1]
generations = 5
bootstrap = 0
[execution]
checkpoint_seconds = 0.2
"""


@dataclass
class Running:
    """A driver at work, its folder and the address of its page."""

    process: subprocess.Popen
    folder: Path
    address: str


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A real campaign with many checkpoints, so that there are curves of what still runs."""
    home = tmp_path_factory.mktemp("watched")
    file = home / "watched.toml"
    file.write_text(_CAMPAIGN)
    command = [sys.executable, "-c", "from glassdask.__main__ import main; main()", "run", str(file)]
    errors = home / "stderr.txt"
    with errors.open("w") as stream:
        process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=stream)
    try:
        yield Running(process, home / "watched", _address(process, errors))
    finally:
        process.kill()
        process.wait()
        for left in simulations(file):  # stopped ones would stay
            left.kill()


def _address(process: subprocess.Popen, errors: Path) -> str:
    def found() -> re.Match[str] | None:
        assert process.poll() is None, errors.read_text()
        return re.search(r"http://\S+/glassdask", errors.read_text())

    return wait_until(found, pause=0.1)[0]


def _status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=HANGS) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_the_live_page(running: Running, browser: Browser) -> None:
    """One run from its start to after its end, as somebody would watch it; simulations stand still while one looks."""
    file = running.folder.with_suffix(".toml")
    home = state_folder(running.folder, _STATE)
    wait_until(lambda: step_of(home) > 0 and checkpointed_step(home) > 2_000)
    standing = simulations(file)
    for process in standing:
        process.suspend()
    _is_refused_without_token(running)
    browser.resize(1280, 1400)
    browser.open(running.address)
    assert browser.text("h1") == "watched"
    assert "3 states" in browser.text("#heard")

    first = browser.wait(lambda: _share(browser), "work to be done")
    browser.wait(lambda: "production" in browser.text("#running"), "a state in production")
    _shows_a_state_so_far(running, browser)
    for process in standing:
        process.resume()
    browser.wait(lambda: _share(browser) > first, "numbers that move")
    browser.wait(lambda: _count(browser, "done") >= 1, "a state that is done")
    for width, is_dark in ((400, True), (400, False), (1280, True)):
        browser.resize(width, 1400, is_dark)
        browser.wait(lambda: browser.overflow() <= 0, f"the page to fit into {width} px")
    shown = _share(browser)  # in whole percent
    metrics = _metrics(running)
    assert metrics['glassdask_states{status="done"}'] >= 1
    assert metrics["glassdask_work_done"] >= shown / 100 - 0.005 > 0.1, "as much as the page had shown, or more by now"
    assert metrics['glassdask_stages_ended_total{outcome="done",stage="simulate"}'] >= 1
    assert any('task_prefix_name="simulate"' in name for name in metrics), "names on Dask's own pages"
    wanted = set(re.findall(r"(?:glass)?dask_\w+", (REPOSITORY / "deploy/grafana.json").read_text()))
    assert len(wanted) > 8
    assert wanted - {name.partition("{")[0] for name in metrics} == set()
    assert all(address.startswith((running.address, "data:", "about:")) for address in browser.requests())

    assert running.process.wait(HANGS) == 0
    browser.wait(lambda: "driver has ended" in browser.text("#heard"), "word of the driver's end")
    assert [said for said in browser.complaints() if "ERR_CONNECTION_REFUSED" not in said] == []
    _the_file_holds_the_same(running, browser)


def _is_refused_without_token(running: Running) -> None:
    host, token = re.match(r"(http://[^/]+)/([^/]+)/", running.address).groups()  # type: ignore[union-attr]
    for page in ("glassdask", "glassdask/campaign.json", f"glassdask/state.json?state={_STATE}", "metrics", "status"):
        assert _status(f"{host}/{page}") == 404
        assert _status(f"{host}/{token[:-1]}x{token[-1]}/{page}") == 404
    assert _status(running.address) == 200
    assert _status(f"{running.address}/state.json?state=../../etc/passwd") == 404


def _shows_a_state_so_far(running: Running, browser: Browser) -> None:
    browser.click_cell(_STATE)
    browser.wait(lambda: browser.text("#chosen") == _STATE, "the state to open")
    browser.wait(lambda: browser.is_visible("#curves"), "curves so far")
    for chart, line in (("#scattering", "A"), ("#structure", "AA")):
        path = browser.run(f"return document.querySelector('{chart} .line[data-series={line}]').getAttribute('d')")
        assert path.count("L") > 10, "a curve of many points"
    assert browser.is_visible("#so-far")
    browser.click('[data-stage="simulate"]')
    assert "checkpoint at step" in browser.text("#log-simulate pre")
    answer = json.loads(urllib.request.urlopen(f"{running.address}/state.json?state={_STATE}", timeout=HANGS).read())
    assert answer["status"] in ("running", "waiting", "done")


def _the_file_holds_the_same(running: Running, browser: Browser) -> None:
    """The page that the driver has left needs neither it nor any other server."""
    file = running.folder / "campaign.html"
    browser.open(f"{file.as_uri()}#state={_STATE}")
    assert _count(browser, "done") + _count(browser, "not_equilibrated") == 3
    assert "no driver is running" in browser.text("#heard")
    assert browser.text("#chosen") == _STATE
    assert browser.is_visible("#curves")
    assert all(address.startswith((file.as_uri(), "data:", "about:")) for address in browser.requests())
    assert browser.complaints() == []


def _share(browser: Browser) -> int:
    return int(browser.run("return document.querySelector('#whole').getAttribute('aria-valuenow')") or 0)


def _count(browser: Browser, status: str) -> int:
    return int(browser.text(f"#legend [data-status={status}] b"))


def _metrics(running: Running) -> dict[str, float]:
    with urllib.request.urlopen(running.address.replace("/glassdask", "/metrics"), timeout=HANGS) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, value in (x.rsplit(" ", 1) for x in lines if "dask_" in x and x[0] != "#")}
