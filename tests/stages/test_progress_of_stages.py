"""Every stage of a state says how far it is while it works, in shares that only grow; and says nothing where it is quick."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.attempt_progress import AttemptReport, attempt_progress
from glassdask.campaign.files.folder import state_folder
from glassdask.stages.contract.context import Execution, StageContext
from glassdask.stages.contract.registry import STAGES


@pytest.mark.parametrize("name", ["reduce", "solve_mct", "fit_memory", "correlate"])
def test_shares_grow_from_the_beginning_to_nearly_the_end(tiny: Campaign, tmp_path: Path, name: str) -> None:
    state, stage = tiny.states[0], STAGES[name]
    told: list[tuple[float, str]] = []
    work = tmp_path / "inputs" / "attempt"
    work.mkdir(parents=True)
    context = StageContext(
        state,
        tiny.specification.only(stage.sections),
        state_folder(tiny.folder, state.identifier),
        work,
        tiny.seed_of(state),
        Execution(tiny.specification.execution),
        report=lambda share, phase: told.append((share, phase)),
    )
    stage.function(context)
    shares = [share for share, _ in told]
    assert len(shares) > 5
    assert shares == sorted(shares)
    assert 0.0 <= shares[0] < 0.2
    assert 0.6 < shares[-1] <= 1.0
    assert all(phase for _, phase in told)


def test_a_report_is_written_once_a_second_at_most_and_not_in_the_first(tmp_path: Path) -> None:
    """Ten thousand states whose stages take less than a second cost no file."""
    work = tmp_path / "work" / "reduce" / "inputs" / "attempt"
    work.mkdir(parents=True)
    report = AttemptReport(work)
    for step in range(1000):
        report(step / 1000, "structure")
    assert not list(work.iterdir())
    report._begun -= 2.0
    for step in range(1000):
        report(step / 1000, "structure")
    assert json.loads((work / "progress.json").read_text())["fraction"] == 0.0, "the first of this second"
    assert attempt_progress(tmp_path, "reduce")["phase"] == "structure"
