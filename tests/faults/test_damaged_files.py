"""Faults 9 to 12: files of a finished campaign that are empty, cut short, changed in one bit, or gone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.work.verify import check_product
from tests.faults.campaigns import assert_whole, events, home, run, times_of_change
from tests.same_process import glassdask_here

STATES = ("wca_rho1.2_T2.0_r0", "wca_rho1.2_T2.5_r0", "wca_rho1.2_T3.0_r0")
PRODUCTS = {
    "simulate": ("trajectory.gsd", "simulation.nc", "simulate.json"),
    "reduce": ("observables.nc", "reduce.json"),
    "solve_mct": ("mode_coupling.nc", "solve_mct.json"),
    "fit_memory": ("memory.nc", "fit_memory.json"),
    "correlate": ("correlations.nc", "correlate.json"),
}


def flip_a_bit(path: Path, position: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def test_what_is_empty_cut_or_gone_is_made_again_and_nothing_else(finished_copy):
    folders = [home(finished_copy, state) for state in STATES]
    before = [times_of_change(folder) for folder in folders]
    os.truncate(folders[0] / "trajectory.gsd", 0)
    size = (folders[1] / "observables.nc").stat().st_size
    os.truncate(folders[1] / "observables.nc", size // 2)
    for name in ("observables.nc", "mode_coupling.nc", "memory.nc", "correlations.nc"):
        (folders[2] / name).unlink()
    verdict = glassdask_here("verify", finished_copy)
    assert verdict.returncode == 1
    assert all(
        words in verdict.stdout
        for words in (
            "trajectory.gsd differs",
            "observables.nc is missing",
            "mode_coupling.nc is missing",
            "memory.nc is missing",
            "correlations.nc is missing",
            "6 damaged",
        )
    )
    assert "1 waiting" in glassdask_here("status", finished_copy).stdout
    again = run(finished_copy)
    assert again.returncode == 0, again.stderr
    assert f"{folders[0] / 'trajectory.gsd'} is 0 bytes long" in again.stderr
    assert f"{folders[1] / 'observables.nc'} is {size // 2} bytes long instead of {size}" in again.stderr
    made_again = (["simulate"], ["reduce"], ["reduce", "solve_mct", "fit_memory", "correlate"])
    for folder, times, stages in zip(folders, before, made_again, strict=True):
        changed = {name for name, time in times_of_change(folder).items() if time != times.get(name)}
        # of a simulation's product, what a longer one would go on from
        assert changed - {"checkpoints"} == {name for stage in stages for name in PRODUCTS[stage]}
        assert ("checkpoints" in changed) == ("simulate" in stages)
        for stage in PRODUCTS:
            assert events(finished_copy, stage, folder.name) == (1 + (stage in stages)) * ["started", "done"]
    assert_whole(finished_copy)


def test_one_flipped_bit_is_found_and_repaired_by_another_run(finished_copy):
    """In a trajectory, the state is done anew; in its observables, they, theory and memories made from them are."""
    in_trajectory, in_observables = home(finished_copy, STATES[0]), home(finished_copy, STATES[1])
    untouched = times_of_change(home(finished_copy, STATES[2]))
    kept = times_of_change(in_observables)
    flip_a_bit(in_trajectory / "trajectory.gsd", 100_000)
    flip_a_bit(in_observables / "observables.nc", 10_000)
    found = glassdask_here("verify", finished_copy)
    assert found.returncode == 1
    assert "2 damaged" in found.stdout
    assert "trajectory.gsd differs" in found.stdout
    assert "observables.nc differs" in found.stdout
    assert glassdask_here("verify", finished_copy, "--repair").returncode == 0
    again = run(finished_copy)
    assert again.returncode == 0, again.stderr
    for stage in PRODUCTS:
        assert events(finished_copy, stage, STATES[0]) == ["started", "done", "sent_back", "started", "done"]
    assert events(finished_copy, "simulate", STATES[1]) == ["started", "done"]
    for stage in ("reduce", "solve_mct", "fit_memory", "correlate"):
        assert events(finished_copy, stage, STATES[1]) == ["started", "done", "sent_back", "started", "done"]
    now = times_of_change(in_observables)
    assert {name for name in kept if kept[name] == now[name]} >= set(PRODUCTS["simulate"])
    assert times_of_change(home(finished_copy, STATES[2])) == untouched
    assert_whole(finished_copy)


@pytest.mark.parametrize("stage", PRODUCTS)
def test_a_flipped_bit_is_found_wherever_it_is(finished_copy, stage):
    """In every file of a product, its record included: 24 places each, drawn once."""
    campaign = load_campaign(finished_copy)
    state, folder = campaign.states[0], home(finished_copy)
    random = np.random.default_rng(11)
    for name in PRODUCTS[stage]:
        path = folder / name
        intact = path.read_bytes()
        for position, bit in zip(random.integers(len(intact), size=24), random.integers(8, size=24), strict=True):
            flip_a_bit(path, position, bit)
            assert check_product(campaign, state, stage).verdict == "damaged", (name, position, bit)
            path.write_bytes(intact)
    assert check_product(campaign, state, stage).verdict == "whole"


def test_empty_records_of_every_kind_are_taken_as_absent(finished_copy):
    """What a power cut leaves on a file system that flushes late."""
    folder = home(finished_copy)
    shutil.copy(folder / "simulate.json", folder / "copy.json")
    for name in ("lease.json", "reduce.failed.json", "reduce.json", "journal.jsonl"):
        (folder / name).write_bytes(b"")
    for name in ("driver.json", "campaign.json", "observables.nc"):
        (finished_copy.with_suffix("") / name).write_bytes(b"")
    again = run(finished_copy)
    assert again.returncode == 0, again.stderr
    assert "reduce.json is damaged" in again.stderr
    assert events(finished_copy, "simulate") == []
    assert events(finished_copy, "reduce") == ["started", "done"]
    assert events(finished_copy, "solve_mct") == []
    assert events(finished_copy, "fit_memory") == []
    assert events(finished_copy, "correlate") == []
    assert "3 done" in again.stdout
    assert_whole(finished_copy)
