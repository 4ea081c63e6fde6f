"""Status of more states than anybody reads line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import remove_product
from glassdask.cli.states import status


def test_each_liquid_and_density_has_a_line(call, tiny_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts are those of the long table, and stand last; who has failed is named."""
    campaign = load_campaign(tiny_copy)
    home = state_folder(campaign.folder, campaign.states[1].identifier)
    remove_product(home, "simulate")
    write_failure(home, "simulate", "diverged", "the energy has left its range", 2)
    long = call("status", tiny_copy).out.splitlines()
    monkeypatch.setattr(status, "MOST_LINES", 2)
    short = call("status", tiny_copy).out.splitlines()
    counts = next(line for line in long if line.startswith("3 states:"))
    assert short[-1] == counts
    cells = {(state.potential, state.density) for state in campaign.states}
    assert short[0].split()[:4] == ["potential", "rho", "T", "from"]
    assert len(short[1 : short.index("")]) == len(cells)
    assert any(line.startswith(f"{campaign.states[1].identifier}: diverged") for line in short)
    assert "'glassdask ls' lists states one by one" in short
