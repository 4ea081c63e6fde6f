"""A campaign file that changed after the start (fault 28): the difference is shown, products stay until asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.work.changes import describe_changes, redo_changed
from glassdask.campaign.work.state_stages import next_stage
from glassdask.stages.reduce import STAGE as REDUCE
from glassdask.stages.solve_mct import STAGE as SOLVE_MCT


def edited(file: Path, old: str, new: str):
    """The campaign after a change of its file."""
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    return load_campaign(file)


def test_an_unchanged_file_says_nothing(tiny_copy: Path) -> None:
    campaign = load_campaign(tiny_copy)
    assert describe_changes(campaign) == ""
    assert redo_changed(campaign) == 0


def test_a_changed_value_is_shown_with_how_many_states_it_touches(tiny_copy: Path) -> None:
    campaign = edited(tiny_copy, "structure_frames = 20", "structure_frames = 10")
    text = describe_changes(campaign)
    assert "wavenumbers.structure_frames: 20 -> 10" in text
    assert "3 states hold products made from other inputs" in text
    assert "--redo-changed" in text
    campaign.write_record()
    assert describe_changes(campaign).startswith("3 states hold products made from other inputs"), "until it is mended"


def test_only_what_is_affected_is_taken_back(tiny_copy: Path) -> None:
    """Another k grid needs another reduction, not another simulation."""
    campaign = edited(tiny_copy, "structure_frames = 20", "structure_frames = 10")
    assert redo_changed(campaign) == 3
    assert {next_stage(campaign, state) for state in campaign.states} == {REDUCE}
    assert redo_changed(campaign) == 0


def test_another_theory_needs_no_other_measurement(tiny_copy: Path) -> None:
    campaign = edited(tiny_copy, "[mode_coupling]", '[mode_coupling]\ndynamics = "overdamped"')
    text = describe_changes(campaign)
    assert "mode_coupling.dynamics: 'newtonian' -> 'overdamped'" in text
    assert "3 states hold products made from other inputs" in text
    assert redo_changed(campaign) == 3
    assert {next_stage(campaign, state) for state in campaign.states} == {SOLVE_MCT}
    for state in campaign.states:
        home = campaign.folder / "states" / state.identifier
        assert (home / "observables.nc").exists()
        assert not (home / "mode_coupling.nc").exists()


def test_new_and_dropped_states_are_counted_and_kept(tiny_copy: Path) -> None:
    campaign = edited(tiny_copy, "temperature = [1.0, 2.0]", "temperature = [2.0, 3.0, 4.0]")
    text = describe_changes(campaign)
    assert "2 new, 1 no longer asked for (their files are kept)" in text
    assert "No finished product is touched." in text
    assert redo_changed(campaign) == 0
    assert (campaign.folder / "states" / "lj_rho1.2_T1.0_r0" / "observables.nc").exists()


def test_what_changes_no_number_touches_nothing(tiny_copy: Path) -> None:
    campaign = edited(tiny_copy, 'name = "tiny"', 'name = "small"')
    assert "campaign.name: 'tiny' -> 'small'" in describe_changes(campaign)
    assert "No finished product is touched." in describe_changes(campaign)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"specification": 3, "states": []}'])
def test_a_damaged_record_of_the_campaign_is_written_anew(content: bytes, tiny_copy: Path) -> None:
    """It only serves to show differences; the file is what counts."""
    campaign = load_campaign(tiny_copy)
    (campaign.folder / "campaign.json").write_bytes(content)
    assert describe_changes(campaign) == ""
