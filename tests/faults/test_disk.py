"""Faults 13 and 14: a full disk, a limit on file sizes, a folder that cannot be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import environment
from tests.faults.campaigns import (
    LONG,
    RunningDriver,
    assert_whole,
    checkpointed_step,
    events,
    home,
    newest_log,
    run,
    simulations,
    write_campaign,
)
from tests.faults.standing_still import standing_still
from tests.same_process import glassdask_here
from tests.waiting import HANGS

#: The command line under a limit of 70 kB on the size of every file that it or a child of it writes.
LIMITED = (
    "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (70_000, resource.RLIM_INFINITY)); "
    "from glassdask.__main__ import main; main()"
)


def assert_no_half_file(file: Path) -> None:
    """Neither a temporary file nor a product, or one that its record does not vouch for."""
    assert not list(file.with_suffix("").rglob(".*partial*"))
    verdict = glassdask_here("verify", file)
    assert verdict.returncode == 0, verdict.stdout
    for folder in file.with_suffix("").glob("states/*"):
        assert (folder / "trajectory.gsd").exists() == (folder / "simulate.json").exists()
        assert (folder / "observables.nc").exists() == (folder / "reduce.json").exists()
        assert (folder / "mode_coupling.nc").exists() == (folder / "solve_mct.json").exists()
        assert (folder / "memory.nc").exists() == (folder / "fit_memory.json").exists()
        assert (folder / "correlations.nc").exists() == (folder / "correlate.json").exists()


def test_a_full_disk_stops_the_driver_politely_and_it_goes_on_when_there_is_room(small_disk, tmp_path):
    """The frames of the run, 5 MB, have no room; its page, checkpoints and first segments have, in whatever order."""
    file = write_campaign(small_disk, **LONG, execution={"checkpoint_seconds": 0.1})
    with RunningDriver(file, "--workers", "1") as driver:
        assert driver.wait() == 1
    assert "glassdask: wca_rho1.2_T2.0_r0: no room" in driver.output()
    assert "then run again" in driver.output()
    assert "Traceback" not in driver.output()
    assert not simulations(file)
    assert_no_half_file(file)
    reached = checkpointed_step(home(file))
    assert reached > 0
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    with standing_still(tmp_path) as hold, RunningDriver(file, "--workers", "1") as driver:
        driver.wait_until(lambda: "continuing production" in newest_log(home(file)))
        hold.end()
        assert driver.wait() == 0, driver.output()
    assert events(file, "simulate") == ["started", "failed", "started", "done"]
    assert_whole(file)


def test_a_disk_that_is_full_from_the_start_is_refused(small_disk):
    file = write_campaign(small_disk)
    with (small_disk / "filler").open("wb") as stream, pytest.raises(OSError, match="No space"):
        stream.write(bytes(2**23))
    refused = run(file)
    assert refused.returncode == 2
    assert "cannot be written (No space left on device)" in refused.stderr
    assert not list(small_disk.rglob("states"))


def test_a_limit_on_file_sizes_fails_the_state_with_disk_and_leaves_no_half_file(finished_copy):
    """The observables take some 100 kB; all that the netCDF library says of a limit is "HDF error"."""
    (home(finished_copy) / "observables.nc").unlink()
    with RunningDriver(finished_copy, "--workers", "1", command=LIMITED) as driver:
        assert driver.wait() == 1
    assert "no room for files" in driver.output()
    assert "File too large" in driver.output()
    assert "then run again" in driver.output()
    assert "Traceback" not in driver.output()
    assert events(finished_copy, "reduce")[2:] == ["started", "failed"]
    assert f"{home(finished_copy).name}: disk: " in glassdask_here("status", finished_copy).stdout
    assert_no_half_file(finished_copy)
    again = run(finished_copy)
    assert again.returncode == 0, again.stderr
    assert_whole(finished_copy)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[tuple[Path, list[str]]]:
    """A campaign file, and a command that runs another one for which its folder cannot be written.

    Root heeds no permissions: for it the folder is mounted read-only, seen by that command alone.
    """
    file, command = write_campaign(tmp_path), []
    if os.geteuid() == 0:
        script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", script, str(tmp_path)]
        if (
            not shutil.which("unshare")
            or subprocess.run([*command, "true"], capture_output=True, check=False).returncode
        ):
            pytest.skip("as root, a read-only folder needs the right to mount")
    else:
        tmp_path.chmod(0o555)
    yield file, command
    tmp_path.chmod(0o755)


def test_a_read_only_folder_is_refused_at_once(read_only):
    file, command = read_only
    command = [*command, sys.executable, "-c", "from glassdask.__main__ import main; main()", "run", str(file)]
    refused = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=HANGS, check=False)
    assert refused.returncode == 2
    assert f"folder {file.with_suffix('')} cannot be written" in refused.stderr
    assert "set campaign.folder to another place" in refused.stderr
    assert not file.with_suffix("").exists()
