"""One driver a campaign: a lease on its folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from glassdask.campaign.files.lease import Lease, LeaseHeld, heartbeat
from glassdask.errors import CampaignLocked

DRIVER = "driver.json"


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
