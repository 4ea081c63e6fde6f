"""Leases: one holder, takeover from the dead and the silent, and no commit after a takeover."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from glassdask.campaign.files.driver_lock import driver_lock
from glassdask.campaign.files.lease import Lease, LeaseHeld, heartbeat, is_alive, read_lease, seconds_since_heartbeat
from glassdask.errors import CampaignLocked, LeaseLost
from tests.command_line import environment
from tests.waiting import wait_until

_HOLD = """
import sys, time
from pathlib import Path
from glassdask.campaign.files.lease import Lease
lease = Lease.acquire(Path(sys.argv[1]), "simulate", 60)
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def held_by_another_process(path: Path) -> Iterator[subprocess.Popen]:
    """A process that holds the lease and sleeps."""
    command = [sys.executable, "-c", _HOLD, str(path)]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lease.json"


def silence(path: Path, seconds: float) -> None:
    """Sets the last heartbeat back in time."""
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_a_living_holder_keeps_others_out_and_is_named(path: Path) -> None:
    with held_by_another_process(path) as holder:
        with pytest.raises(LeaseHeld) as caught:
            Lease.acquire(path, "simulate", 60)
        assert f"process {holder.pid}" in str(caught.value)
        assert "since 20" in str(caught.value)


def test_a_killed_holder_is_replaced_at_once(path: Path) -> None:
    """SIGKILL leaves the file; the holder's process number and start time tell that it is dead."""
    with held_by_another_process(path) as holder:
        holder.kill()
        holder.wait()
        assert Lease.acquire(path, "simulate", 60, attempt=2).record.attempt == 2


def test_a_zombie_holds_nothing(path: Path) -> None:
    """A killed process that nobody has waited for still has its number."""
    with held_by_another_process(path) as holder:
        holder.kill()
        stat = Path(f"/proc/{holder.pid}/stat")
        while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z":
            time.sleep(0.01)
        assert Lease.acquire(path, "simulate", 60).record.pid == os.getpid()


def test_a_silent_holder_is_replaced_and_cannot_commit(path: Path) -> None:
    """Fencing: the first owner was paused past its term; when it wakes up it is told so before it can do harm."""
    first = Lease.acquire(path, "simulate", 2.0)
    silence(path, 3.0)
    second = Lease.acquire(path, "simulate", 2.0)
    for action in (first.renew, lambda: first.fence().__enter__()):
        with pytest.raises(LeaseLost, match="taken over"):
            action()
    first.release()
    assert read_lease(path) == second.record, "the loser's release leaves the winner's lease alone"
    with second.fence():
        pass


def test_renewing_keeps_a_lease(path: Path) -> None:
    lease = Lease.acquire(path, "simulate", 2.0)
    silence(path, 1.5)
    lease.renew()
    assert seconds_since_heartbeat(path) < 1.0
    with pytest.raises(LeaseHeld):
        Lease.acquire(path, "simulate", 2.0)


def test_a_heartbeat_renews_by_itself_and_tells_of_a_loss(path: Path) -> None:
    lease = Lease.acquire(path, "simulate", 1.5)
    end = time.time() + 1.5
    with heartbeat(lease) as check:
        wait_until(lambda: path.stat().st_mtime > end)  # beyond the term of one that is not renewed
        wait_until(lambda: is_alive(path, lease.record))
        check()
        path.unlink()
        with pytest.raises(LeaseLost):
            wait_until(check)


def test_a_released_lease_is_free(path: Path) -> None:
    Lease.acquire(path, "simulate", 60).release()
    assert read_lease(path) is None
    assert seconds_since_heartbeat(path) == float("inf")
    Lease.acquire(path, "reduce", 60)


@pytest.mark.parametrize("content", ["", "{", "{}", "[1]"])
def test_a_damaged_lease_holds_nothing(content: str, path: Path) -> None:
    path.write_text(content)
    assert read_lease(path) is None
    Lease.acquire(path, "simulate", 60)


def process_with_pipes(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    print(word, file=process.stdin, flush=True)


def test_of_many_that_start_at_once_one_gets_it(path: Path) -> None:
    code = """
import sys
from pathlib import Path
from glassdask.campaign.files.lease import Lease, LeaseHeld
print("ready", flush=True)
sys.stdin.readline()
try:
    Lease.acquire(Path(sys.argv[1]), "simulate", 60)
    print("got it", flush=True)
except LeaseHeld:
    print("held", flush=True)
sys.stdin.readline()
"""
    command = [sys.executable, "-c", code, str(path)]
    with ExitStack() as stack:
        racers = [stack.enter_context(process_with_pipes(command)) for _ in range(6)]
        assert [said(racer) for racer in racers] == 6 * ["ready"]
        for racer in racers:
            tell(racer, "go")
        answers = [said(racer) for racer in racers]
        for racer in racers:  # the winner has held on until all have answered
            tell(racer, "end")
    assert sorted(answers) == ["got it", *["held"] * 5]


def test_one_driver_a_campaign(tmp_path: Path) -> None:
    with driver_lock(tmp_path, 60):
        with pytest.raises(CampaignLocked) as caught, driver_lock(tmp_path, 60):
            pass
        assert f"process {os.getpid()}" in str(caught.value)
        assert "one campaign has one driver" in str(caught.value)
    with driver_lock(tmp_path, 60):
        pass
