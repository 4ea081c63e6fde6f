"""A real run whose file has ``[notify]``: the command is called at its end; one that hangs changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from glassdask.campaign.files.journal import events
from tests.operations.test_run import run


def test_a_run_tells_of_its_end_and_makes_nothing_again(
    unfinished: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    record = (unfinished.with_suffix("") / "states" / "lj_rho1.2_T1.0_r0" / "simulate.json").read_bytes()
    text = unfinished.read_text()
    unfinished.write_text(f'{text}[notify]\ncommand = "cat > {tmp_path}/told.json; echo no >&2; exit 4"\n')
    done = run(unfinished)
    assert done.failed == {}
    facts = json.loads((tmp_path / "told.json").read_text())
    assert (facts["event"], facts["outcome"]) == ("end", "finished")
    assert facts["counts"]["waiting"] == 0
    assert "notify.command: it ended with the code 4: no" in capfd.readouterr().err
    assert [event["event"] for event in events(done.folder, "notify")] == ["failed"]
    assert (done.folder / "states" / "lj_rho1.2_T1.0_r0" / "simulate.json").read_bytes() == record
    (tmp_path / "told.json").unlink()
    run(unfinished)
    assert not (tmp_path / "told.json").exists(), "nothing was to be done"
