"""The same campaign on a real PBS server, where one is at hand."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from glassdask.campaign.campaign import load_campaign
from glassdask.campaign.verify import verify_campaign
from tests.faults.campaigns import LONG, RunningDriver, checkpointed_step, events, home, write_campaign

SITE = """\
scheduler = "pbs"
interface = "{interface}"
deadline_margin = 12
[pool.cpu]
memory = "1GB"
walltime = "00:05:00"
"""


def network_interface() -> str:
    """The interface of the default route, or loopback."""
    fields = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    return next((row[0] for row in fields if row[1] == "00000000"), "lo")


@pytest.mark.pbs
def test_a_campaign_whose_job_is_deleted_in_mid_run_goes_on(tmp_path: Path) -> None:
    """As on SLURM: no retry is consumed, and all products are whole."""
    if shutil.which("qsub") is None:
        pytest.skip("there is no PBS here (qsub)")
    file = write_campaign(tmp_path, **LONG, execution={"checkpoint_seconds": 0.3, "retries": 0})
    (tmp_path / "site.toml").write_text(SITE.format(interface=network_interface()))
    with RunningDriver(file, "--on", str(tmp_path / "site.toml")) as driver:
        driver.wait_until(lambda: checkpointed_step(home(file)) > 10_000, 300)
        rows = subprocess.run(["qstat"], capture_output=True, text=True, check=True).stdout.splitlines()
        subprocess.run(["qdel", *(row.split()[0] for row in rows if "glassdask-cpu" in row)], check=True)
        assert driver.wait(600) == 0, driver.output()
    found = events(file, "simulate")
    assert found.count("started") == 2
    assert "failed" not in found
    assert {check.verdict for check in verify_campaign(load_campaign(file))} == {"whole"}
