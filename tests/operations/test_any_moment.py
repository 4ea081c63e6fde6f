"""Before the last state is done: what there is can be collected, shown and reported, beside a driver too, and says how much
it is."""

from __future__ import annotations

import functools
import subprocess
import threading
from pathlib import Path

import pytest

import glassdask
from glassdask.campaign.files.driver_lock import collecting_lock, driver_lock, is_collecting
from glassdask.campaign.files.products import damaged_files, read_record
from glassdask.datasets.netcdf import read_netcdf
from glassdask.errors import InvalidInput
from glassdask.operations import run
from glassdask.operations.collector import Collector
from glassdask.stages.fit_memory import MEMORY
from tests.command_line import glassdask as command
from tests.waiting import wait_until

CUBE = "observables.nc"


@pytest.fixture
def folder(unfinished: Path) -> Path:
    """As a driver leaves it that was killed when one of three states was done: nothing was collected."""
    folder = unfinished.with_suffix("")
    for name in (CUBE, "critical_temperature.nc", "collect.json"):
        (folder / name).unlink()
    return folder


def test_the_data_say_how_much_they_are(folder: Path) -> None:
    with driver_lock(folder, 60), glassdask.collect(folder) as cube:
        assert cube.attrs["coverage"] == "1 of 3 states"
        assert cube.glass.states("done") + cube.glass.states("not_equilibrated") != []
    assert read_netcdf(folder / "critical_temperature.nc").attrs["coverage"] == "1 of 3 states"
    with glassdask.open_campaign(folder) as again:
        assert again.attrs["coverage"] == "1 of 3 states"


def test_figures_say_it_until_all_is_there(folder: Path, tiny_file: Path, tmp_path: Path) -> None:
    def drawn(campaign: Path) -> str:
        files = glassdask.draw_figures(campaign, tmp_path, only=["scattering"], file_format="svg").files
        return files["scattering"].read_text(encoding="utf-8")

    assert "1 of 3 states" in drawn(folder)
    assert "of 3 states" not in drawn(tiny_file)


def test_the_report_says_it_at_its_head(folder: Path) -> None:
    said: list[str] = []
    page = glassdask.report(folder, say=said.append).page.read_text(encoding="utf-8")
    assert page.index("1 of 3 states") < page.index("<h2")
    assert said[0].startswith("collecting 1 of 3 states")
    assert "collected from other states" not in page


def test_critical_temperatures_and_memories_of_what_there_is(folder: Path) -> None:
    said: list[str] = []
    assert glassdask.critical_temperatures(folder, say=said.append).sizes["potential"] == 2
    assert said == ["the campaign is unfinished: 1 of 3 states"]
    (folder / "states" / "wca_rho1.2_T2.0_r0" / MEMORY).unlink()
    assert command("fit", folder).stdout.splitlines()[-1].startswith("2 of 3 states; times in tau_MD")


def test_an_empty_campaign_has_nothing_to_show(folder: Path) -> None:
    for record in folder.glob("states/*/fit_memory.json"):
        record.unlink()
    for verb in (glassdask.collect, glassdask.report, glassdask.draw_figures):
        with pytest.raises(InvalidInput, match=r"0 of 3 states are done \(3 waiting\), so there is nothing to collect"):
            verb(folder)
    with pytest.raises(InvalidInput, match=r"'glassdask collect FILE\.toml' from the states that are done"):
        glassdask.open_campaign(folder)
    assert not (folder / CUBE).exists()


def test_two_never_collect_at_once(folder: Path) -> None:
    """The second waits, and finds that nothing is left to do."""
    other = threading.Thread(target=lambda: glassdask.collect(folder).close())
    with collecting_lock(folder, 60):
        other.start()
        other.join(1.0)
        assert other.is_alive()
        assert not (folder / CUBE).exists()
    other.join()
    assert (folder / CUBE).is_file()
    assert not is_collecting(folder)


def process_of(collector: Collector) -> subprocess.Popen[bytes] | None:
    """What is at work."""
    return collector._process


def test_the_drivers_collector_works_beside_it(folder: Path) -> None:
    """Once for each time that states have ended, one after the other; what it is stopped in is whole or absent."""
    with Collector(folder, least_seconds=0.0) as collector:
        assert collector.look(0) == []
        assert process_of(collector) is None, "nothing has ended"
        collector.look(1)
        first = process_of(collector)
        collector.look(2)
        assert process_of(collector) is first
        assert first is not None
        assert first.wait() == 0
        record = read_record(folder, "collect")
        assert record is not None
        assert damaged_files(folder, record) == []
        assert collector.look(2) == []
        assert process_of(collector) is None, "it pauses for twenty times as long as it took"
        collector._due = 0.0
        collector.look(2)
        second = process_of(collector)
        assert second is not None
    assert second.poll() is not None


def test_a_collector_that_cannot_is_told_of(tmp_path: Path) -> None:
    with Collector(tmp_path, least_seconds=0.0) as collector:
        collector.look(1)
        process = process_of(collector)
        assert process is not None
        process.wait()
        (line,) = collector.look(1)
    assert "could not be collected" in line
    assert "is not a campaign's folder" in line


def test_a_driver_collects_while_it_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[int] = []

    class Counting(Collector):
        def _begin(self) -> None:
            begun.append(self._n_seen)
            super()._begin()

    monkeypatch.setattr(run, "Collector", functools.partial(Counting, least_seconds=0.0))
    done = glassdask.run_campaign(folder, workers=1, dashboard=False, quiet=True)
    assert begun
    assert begun[0] >= 1
    with done.cube() as cube:
        assert cube.attrs["coverage"] == "3 of 3 states"
    wait_until(lambda: not is_collecting(folder))
