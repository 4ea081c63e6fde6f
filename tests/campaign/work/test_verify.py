"""Verification: every product against its checksum and its inputs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files import journal
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.work.state_stages import next_stage
from glassdask.campaign.work.verify import send_back, verify_campaign
from glassdask.stages.reduce import STAGE as REDUCE
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.stages.solve_mct import STAGE as SOLVE_MCT


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def verdicts(campaign: Campaign) -> dict[tuple[str, str], str]:
    return {(check.state, check.stage): check.verdict for check in verify_campaign(campaign)}


def test_a_finished_campaign_is_whole(tiny: Campaign) -> None:
    found = verdicts(tiny)
    assert len(found) == 16, "five of each state, and the cube with its figures"
    assert set(found.values()) == {"whole"}


@pytest.mark.parametrize(
    ("name", "stage"),
    [("trajectory.gsd", "simulate"), ("simulation.nc", "simulate"), ("simulate.json", "simulate"),
     ("observables.nc", "reduce"), ("reduce.json", "reduce"),
     ("mode_coupling.nc", "solve_mct"), ("solve_mct.json", "solve_mct"),
     ("memory.nc", "fit_memory"), ("fit_memory.json", "fit_memory"),
     ("correlations.nc", "correlate"), ("correlate.json", "correlate")],
)  # fmt: skip
@pytest.mark.parametrize("damage", [flip_a_bit, lambda path: path.write_bytes(b"")], ids=["a bit", "empty"])
def test_damage_is_found_where_it_is(name: str, stage: str, damage: Callable[[Path], None], tiny_copy: Path) -> None:
    """Fault 11: of eleven files of a state, any one bit."""
    campaign = load_campaign(tiny_copy)
    state = campaign.states[1]
    damage(state_folder(campaign.folder, state.identifier) / name)
    found = verdicts(campaign)
    assert found.pop((state.identifier, stage)) == "damaged"
    assert found.pop(("all", "collect")) in ("whole", "changed")
    assert set(found.values()) == {"whole"}


def test_a_product_of_another_file_is_told_from_a_damaged_one(tiny_copy: Path) -> None:
    tiny_copy.write_text(tiny_copy.read_text() + "[quality]\nrelaxation_times = 5.0\n")
    found = verdicts(load_campaign(tiny_copy))
    assert {verdict for (_, stage), verdict in found.items() if stage != "simulate"} == {"changed"}
    assert {verdict for (_, stage), verdict in found.items() if stage == "simulate"} == {"whole"}


def test_a_campaign_that_was_not_run_has_no_products(tiny_file: Path, tmp_path: Path) -> None:
    (tmp_path / "fresh.toml").write_text(tiny_file.read_text())
    assert set(verdicts(load_campaign(tmp_path / "fresh.toml")).values()) == {"absent"}


def test_what_is_sent_back_takes_along_what_was_made_from_it(tiny_copy: Path) -> None:
    campaign = load_campaign(tiny_copy)
    first, second, third = campaign.states
    send_back(campaign, first, "simulate", "a test")
    send_back(campaign, second, "reduce", "a test")
    send_back(campaign, third, "solve_mct", "a test")
    assert [next_stage(campaign, state) for state in (first, second, third)] == [SIMULATE, REDUCE, SOLVE_MCT]
    events = journal.events(state_folder(campaign.folder, first.identifier))
    assert [(event["stage"], event["event"]) for event in events[-5:]] == [
        ("correlate", "sent_back"),
        ("fit_memory", "sent_back"),
        ("solve_mct", "sent_back"),
        ("reduce", "sent_back"),
        ("simulate", "sent_back"),
    ]
