"""From an exception in a simulation to the one word that is stored with the state."""

from __future__ import annotations

import re

from glassdask.arrays import is_out_of_memory
from glassdask.errors import MissingComponent, SimulationFailed
from glassdask.files.atomic_write import DISK_ERRORS, no_room
from glassdask.outcome import FailureReason

OUT_OF_MEMORY = re.compile(r"out of memory|failed to (re)?allocate|bad_alloc|cannot allocate memory", re.IGNORECASE)
#: How LAMMPS, HOOMD-blue and gamdpy say that particles have flown apart.
DIVERGED = re.compile(
    r"lost atoms|non-numeric|\bnan\b|no longer in the simulation box|out of (the )?box|neighbor list overflow|neighbor-list is invalid"
    r"|not in the (local|global) box|box bounds are invalid|particle .* out of range",
    re.IGNORECASE,
)


def failure(error: BaseException) -> SimulationFailed:
    """The error as a `SimulationFailed` with its reason.

    The chain of causes is searched, as libraries wrap the error of the operating system in one of their own.
    """
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        found = _classified(link)
        if found is not None:
            return found
        link = link.__cause__ or link.__context__
    return SimulationFailed(FailureReason.ENGINE, f"{type(error).__name__}: {error}; see log.txt in the work folder")


def _classified(error: BaseException) -> SimulationFailed | None:
    text = str(error).strip()
    if isinstance(error, SimulationFailed):
        return error
    if isinstance(error, MissingComponent):
        return SimulationFailed(FailureReason.ENGINE, text)
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        return SimulationFailed(FailureReason.DISK, no_room(error))
    if is_out_of_memory(error) or OUT_OF_MEMORY.search(text):
        return SimulationFailed(FailureReason.MEMORY, f"not enough memory ({text}); run fewer simulations at once")
    if DIVERGED.search(text):
        return SimulationFailed(FailureReason.DIVERGED, f"{text}; use a smaller time step (a larger divisor)")
    return None
