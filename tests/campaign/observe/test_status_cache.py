"""Looking again costs little, and misses nothing."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files import status
from glassdask.campaign.files.failure import clear_failure, write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.lease import Lease
from glassdask.campaign.files.status import STAGE_FILES, campaign_status
from glassdask.campaign.observe import status_cache
from glassdask.campaign.observe.status_cache import StatusCache
from glassdask.state_point import StatePoint
from tests.command_line import python

LONG_AGO = 1_600_000_000


@pytest.fixture
def folder(tiny_copy: Path) -> Path:
    """A finished campaign whose folders were last changed years ago."""
    for home in (tiny_copy.with_suffix("") / "states").iterdir():
        os.utime(home, (LONG_AGO, LONG_AGO))
    return tiny_copy.with_suffix("")


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Identifiers of the states whose files were read, in order."""
    states: list[str] = []

    def noted(folder: Path, state: StatePoint) -> status.StateStatus:
        states.append(state.identifier)
        return status.state_status(folder, state)

    monkeypatch.setattr(status_cache, "state_status", noted)
    return states


def test_what_is_old_is_read_once(folder: Path, read: list[str]) -> None:
    looking = StatusCache(folder)
    first = looking.look()
    assert first == list(campaign_status(folder))
    assert len(read) == 3
    assert looking.look() == first
    assert len(read) == 3


def test_what_has_just_changed_is_read_until_it_has_stood_still(
    folder: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second change may leave the same time where the file system's clock is coarse."""
    monkeypatch.setattr(status_cache, "_COARSE_SECONDS", 1e9)
    monkeypatch.setattr(status_cache, "_SURELY_OLD_SECONDS", 1e6)  # long after the change, long before the others'
    os.utime(state_folder(folder, "lj_rho1.2_T1.0_r0"))
    looking = StatusCache(folder)
    for expected in (3, 4, 5):
        looking.look()
        assert len(read) == expected
    monkeypatch.setattr(status_cache, "_COARSE_SECONDS", 0.0)
    looking.look()
    looking.look()
    assert read[3:] == 3 * ["lj_rho1.2_T1.0_r0"]


def test_every_change_of_a_state_is_seen(folder: Path, tiny: Campaign) -> None:
    """From done over waiting, running and failed to gone, and back: each as the campaign's status says."""
    home = state_folder(folder, tiny.states[1].identifier)
    kept = folder.parent / "kept"
    shutil.copytree(home, kept)
    looking = StatusCache(folder)
    steps = [
        ("done", lambda: None),
        ("waiting", lambda: (home / "simulate.json").unlink()),
        ("running", lambda: leases.append(Lease.acquire(home / "lease.json", "simulate", 60))),
        ("running", lambda: os.utime(home, (LONG_AGO, LONG_AGO))),
        ("waiting", lambda: leases.pop().release()),
        ("failed", lambda: write_failure(home, "simulate", "diverged", "NaN", 1)),
        ("waiting", lambda: clear_failure(home, "simulate")),
        ("waiting", lambda: shutil.rmtree(home)),
        ("waiting", lambda: None),
        ("done", lambda: shutil.copytree(kept, home)),
    ]
    leases: list[Lease] = []
    for expected, act in steps:
        act()
        found = looking.look()
        assert found == list(campaign_status(folder))
        assert found[1].status in ({expected} if expected != "done" else {"done", "not_equilibrated"})


def test_a_silent_worker_that_comes_back_is_seen(folder: Path, tiny: Campaign) -> None:
    """Its heartbeat moves the lease's time, not the folder's."""
    home = state_folder(folder, tiny.states[1].identifier)
    (home / "simulate.json").unlink()
    Lease.acquire(home / "lease.json", "simulate", 60)
    os.utime(home / "lease.json", (LONG_AGO, LONG_AGO))
    os.utime(home, (LONG_AGO, LONG_AGO))
    looking = StatusCache(folder)
    assert looking.look()[1].status == "waiting"
    os.utime(home / "lease.json")
    assert looking.look()[1].status == "running"


def test_states_that_are_added_are_seen(folder: Path, read: list[str]) -> None:
    looking = StatusCache(folder)
    assert len(looking.look()) == 3
    record = json.loads((folder / "campaign.json").read_text())
    record["states"].append(["lj", 3.0, 1.2, 0])
    (folder / "campaign.json").write_text(json.dumps(record))
    found = looking.look()
    assert [item.status for item in found][3:] == ["waiting"]
    assert len(read) == 4


def test_a_second_look_at_many_states_costs_little_more_than_asking_for_each_folders_time(
    tiny: Campaign, tmp_path: Path
) -> None:
    """In processor time, where one state that is read costs fifty such questions; half of the states have no folder yet."""
    whole = state_folder(tiny.folder, tiny.states[0].identifier)
    states = [StatePoint("lj", 0.5 + 1e-4 * i, 1.2) for i in range(2_000)]
    for state in states[::2]:
        home = state_folder(tmp_path, state.identifier)
        home.mkdir(parents=True)
        for name in (name for names in STAGE_FILES.values() for name in names):
            os.link(whole / name, home / name)
        os.utime(home, (LONG_AGO, LONG_AGO))
    rows = [[s.potential, s.temperature, s.density, s.replica] for s in states]
    (tmp_path / "campaign.json").write_text(json.dumps({"specification": {}, "states": rows}))
    looking = StatusCache(tmp_path)
    first = looking.look()
    homes = [state_folder(tmp_path, state.identifier) for state in states]
    asking, look = [], []
    for _ in range(5):
        before = time.process_time()
        there = [home.exists() for home in homes]
        between = time.process_time()
        found = looking.look()
        look.append(time.process_time() - between)
        asking.append(between - before)
        assert found == first
        assert sum(there) == len(states) / 2
    assert min(look) < 2.0 * min(asking)


def test_only_the_standard_library_is_loaded() -> None:
    code = "import glassdask.campaign.observe.status_cache, sys; print({'numpy', 'xarray', 'dask', 'pydantic'} & {*sys.modules})"
    assert python(code).strip() == "set()"
