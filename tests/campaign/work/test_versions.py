"""Fault 29: another version of the package or the engine in mid-campaign is recorded, and the user is warned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import glassdask
from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record, write_record
from glassdask.campaign.work.changes import describe_versions, versions_used
from glassdask.simulation.engines.engine_choice import ENGINES
from tests.command_line import glassdask as glassdask_command


def test_one_version_is_nothing_to_speak_of(tiny_copy: Path) -> None:
    campaign = load_campaign(tiny_copy)
    ((version, engine), n) = next(iter(versions_used(campaign).items()))
    assert version == glassdask.__version__
    assert engine.split()[0] in ENGINES
    assert n == len(campaign.states)
    assert describe_versions(versions_used(campaign)) == ""


@pytest.mark.parametrize("key", ["glassdask", "engine_version"])
def test_a_state_of_another_version_is_told_of(tiny_copy: Path, key: str) -> None:
    campaign = load_campaign(tiny_copy)
    folder = state_folder(campaign.folder, campaign.states[0].identifier)
    record = read_record(folder, "simulate")
    assert record is not None
    write_record(folder, replace(record, provenance=record.provenance | {key: "0.0.7"}))
    said = describe_versions(versions_used(campaign))
    assert "0.0.7" in said
    assert ": 1\n" in said
    assert ": 2\n" in said
    done = glassdask_command("run", tiny_copy, "--quiet", "--no-dashboard")
    assert done.returncode == 0
    assert done.stderr.count(said) == 1
