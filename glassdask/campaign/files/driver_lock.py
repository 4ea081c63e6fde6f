"""One driver a campaign: a lease on its folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glassdask.campaign.files.lease import Lease, LeaseHeld, LeaseRecord, heartbeat, is_alive, read_lease
from glassdask.errors import CampaignLocked

DRIVER = "driver.json"


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
