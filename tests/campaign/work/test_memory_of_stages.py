"""A stage that finds the memory of its GPU full says so, and gives what it held back to the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.arrays import array_module
from glassdask.campaign.work import execution
from glassdask.campaign.work.state_stages import stage_job
from glassdask.outcome import Outcome
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.reduce import STAGE as REDUCE
from tests.campaign.campaign_files import campaign_from
from tests.strict_cupy.device import CUBLASError, CUDARuntimeError, Device


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CUDARuntimeError(2), "memory"),
        (CUBLASError(3), "memory"),
        (MemoryError("no room"), "memory"),
        (RuntimeError("cudaErrorIllegalAddress"), "code"),
        (None, ""),
    ],
    ids=["runtime", "cublas", "pool", "another", "none"],
)
def test_it_fails_for_memory_and_the_pool_is_given_back(
    error: Exception | None, reason: str, device: Device, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stage(_: StageContext) -> StageResult:
        array_module("cupy")
        if error is not None:
            raise error
        return StageResult(Outcome.DONE)

    monkeypatch.setattr("glassdask.stages.reduce.run.reduce", stage)
    campaign = campaign_from(tmp_path)
    job = stage_job(campaign, campaign.states[0], REDUCE)
    device.forget()
    assert execution._run_task(job, tmp_path, lambda: None).reason == reason
    assert device.pools_freed == 1
