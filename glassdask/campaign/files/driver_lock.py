"""One driver a campaign, and one process that collects: leases on its folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from glassdask.campaign.files.lease import Lease, LeaseHeld, LeaseRecord, heartbeat, is_alive, read_lease
from glassdask.errors import CampaignLocked

DRIVER, COLLECTING = "driver.json", "collecting.json"
#: Between two looks whether the other has done collecting. [s]
_PAUSE = 0.2


def live_driver(folder: Path) -> LeaseRecord | None:
    """Who holds the campaign now, or None."""
    lease = read_lease(folder / DRIVER)
    return lease if lease is not None and is_alive(folder / DRIVER, lease) else None


@contextmanager
def driver_lock(folder: Path, term_seconds: float) -> Iterator[Lease]:
    """Holds the campaign for this process, with a heartbeat whatever it does; a lock left by a dead or silent driver is
    taken over. CampaignLocked, with host, process and since when, if another driver is at work."""
    try:
        lease = Lease.acquire(folder / DRIVER, "driver", term_seconds)
    except LeaseHeld as held:
        raise CampaignLocked(
            f"{held}: one campaign has one driver. Wait for it, or stop it and run again; "
            f"a driver that died elsewhere is replaced after {term_seconds:g} s"
        ) from None
    try:
        with heartbeat(lease):
            yield lease
    finally:
        lease.release()


def is_collecting(folder: Path) -> bool:
    """Whether a process collects the campaign's data now."""
    lease = read_lease(folder / COLLECTING)
    return lease is not None and is_alive(folder / COLLECTING, lease)


@contextmanager
def collecting_lock(folder: Path, term_seconds: float) -> Iterator[None]:
    """Only this process collects the campaign's data, whether a driver is at work or not; waits for another that does."""
    while True:
        try:
            lease = Lease.acquire(folder / COLLECTING, "collecting", term_seconds)
            break
        except LeaseHeld:
            sleep(_PAUSE)
    try:
        with heartbeat(lease):
            yield
    finally:
        lease.release()
