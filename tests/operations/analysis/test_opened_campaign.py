"""A campaign in a notebook: its phase diagrams, its states as a table, its data."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import glassdask
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.outcome import FailureReason
from tests.command_line import python
from tests.conftest import TINY
from tests.operations.test_notebook import _RUN

_CELLS = (
    "import glassdask\ncampaign = glassdask.load_campaign('tiny.toml')\ncampaign",
    "campaign.table[['status', 'relaxation_time_A']]",
    "print(campaign.states[0].identifier, campaign.cube().sizes['T'])",
)


def test_a_campaign_that_was_not_started_is_all_waiting(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    campaign = glassdask.load_campaign(tmp_path / "tiny.toml")
    assert set(campaign.table["status"]) == {"waiting"}
    assert list(campaign.table.index) == [state.identifier for state in campaign.states]
    shown = campaign._repr_html_()
    assert "3 waiting" in shown
    assert shown.count("role=") == 2, "a diagram a liquid"
    assert not (tmp_path / "tiny").exists(), "looking makes nothing"


def test_it_shows_what_is_there_now(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    campaign = glassdask.load_campaign(tmp_path / "tiny.toml")
    home = state_folder(campaign.folder, campaign.states[1].identifier)
    home.mkdir(parents=True)
    write_failure(home, "simulate", FailureReason.DIVERGED, "particles have flown apart", 1)
    assert campaign.table["status"].tolist() == ["waiting", "failed", "waiting"]
    shown = ET.fromstring(campaign._repr_html_().replace("<br>", "<br/>"))
    diagrams = [item for item in shown.iter("svg") if item.get("role") == "img"]
    assert [item.get("aria-label") for item in diagrams] == ["Lennard-Jones: 1 failed, 1 waiting", "WCA: 1 waiting"]


def test_a_notebook_shows_it(tiny_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a real kernel: diagrams and the table as HTML."""
    for name in ("ipykernel", "nbclient"):
        pytest.importorskip(name, reason=f"{name} is not installed (pip install --group docs)")
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "jupyter"))
    first, second, third = json.loads(python(_RUN, json.dumps(_CELLS), cwd=tiny_file.parent, timeout=300))
    assert "<svg" in first[0]["data"]["text/html"]
    assert "Lennard-Jones" in first[0]["data"]["text/html"]
    assert "<table" in second[0]["data"]["text/html"]
    assert third[0]["text"] == "lj_rho1.2_T1.0_r0 2\n"
