"""Where an operation runs its work: a site file, checked before anything is begun, or this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.errors import InvalidInput

if TYPE_CHECKING:
    from glassdask.cluster.site.site import Site


@dataclass(frozen=True)
class Where:
    """The site that was asked for, None for this machine, and whether its connections are encrypted."""

    path: str | None
    site: Site | None
    is_secure: bool

    @property
    def option(self) -> str:
        """Its part of the command that goes on."""
        return "" if self.path is None else f" --on {self.path}"

    def or_this_machine(self) -> Site:
        """The site, or that of this machine."""
        from glassdask.cluster.site.site import Site

        return self.site or Site(scheduler="local")


def checked_site(path: str | Path | None, is_secure: bool = True) -> Where:
    """Reads a site file; what it asks of this machine is found now, not after hours."""
    if path is None:
        return Where(None, None, is_secure)
    from glassdask.cluster.site.network_interface import refuse_missing_interface
    from glassdask.cluster.site.site import load_site

    site = load_site(path)
    refuse_missing_interface(site, str(path))
    return Where(str(path), site, is_secure)


def enter_world(where: Where) -> None:
    """In an MPI world, only the driver comes back from here; its other ranks are workers to their end."""
    if where.site is not None and where.site.scheduler == "mpi":
        from glassdask.cluster.pools.mpi_world import enter_world as enter

        enter(where.site, where.is_secure)


def refuse_launcher(where: Where) -> None:
    """Several copies of a driver, started by an MPI launcher, would be in each other's way, unless the site says that
    they are one world."""
    from glassdask.cluster.pools.mpi_launcher import launched_as

    n_ranks = launched_as()[1]
    if n_ranks > 1 and (where.site is None or where.site.scheduler != "mpi"):
        raise InvalidInput(
            f"{n_ranks} copies of this command were started by an MPI launcher; allowed: one, or --on a site file with "
            "scheduler = 'mpi', such as deploy/mpi.toml"
        )
