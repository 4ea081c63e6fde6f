"""Whether this machine has the network interface of a site file: asked before anything is started that listens on it."""

from __future__ import annotations

import socket

from glassdask.cluster.site.site import Site
from glassdask.counted import did_you_mean
from glassdask.errors import InvalidInput


def refuse_missing_interface(site: Site, path: str) -> None:
    """Does nothing where the driver can listen as the site file says; the message names the interfaces that have an
    address.

    For a batch system, whose scheduler lives in this process; the ranks of an MPI world each look for themselves, and
    workers on this machine listen on loopback.
    """
    problem = interface_problem(site.interface) if site.is_batch else None
    if problem:
        raise InvalidInput(f"{path}: interface = {site.interface!r}: {problem}")


def interface_problem(name: str | None) -> str | None:
    """What keeps a process on this machine from listening on an interface; None if nothing does."""
    import psutil  # Dask's way to find them

    usable = [other for other, found in psutil.net_if_addrs().items() if any(a.family == socket.AF_INET for a in found)]
    if name in usable:
        return None
    what = "has no IPv4 address on" if name in psutil.net_if_addrs() else "is no network interface of"
    hint = did_you_mean(str(name), usable, 0.5)
    return f"it {what} {socket.gethostname()}; {hint}allowed: one that all nodes share, here {', '.join(usable)}"
