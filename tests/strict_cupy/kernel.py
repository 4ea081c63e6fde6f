"""The package's CUDA kernel run on the host: its own source, lane by lane (``tests/physics/memory/warp_on_host.cpp``)."""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from glassdask.physics.memory import candidate_kernel
from glassdask.physics.memory.candidate_kernel import LANES, warp_doubles
from tests.strict_cupy.array import StrictArray
from tests.strict_cupy.device import Device

Floats = NDArray[np.float64]
_DOUBLES = ctypes.POINTER(ctypes.c_double)
_SOURCE = Path(__file__).parent.parent / "physics" / "memory" / "warp_on_host.cpp"
#: Shared memory of a block that need not be asked for. [bytes]
_GIVEN = 48 * 1024


@functools.cache
def _library() -> Any:
    """Compiled once a process; the file may go once it is loaded."""
    if shutil.which("g++") is None:
        pytest.skip("there is no C++ compiler: g++ (apt-get install g++)")
    flags = [
        "-std=c++20",
        "-O2",
        "-ffp-contract=off",
        "-shared",
        "-fPIC",
        f"-I{Path(candidate_kernel.__file__).parent}",
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "warp.so"
        subprocess.run(["g++", *flags, "-o", str(file), str(_SOURCE)], check=True)
        return ctypes.CDLL(str(file))


def solve_on_host(columns: Floats, first_step: float, n_levels: int, n_half: int, is_newtonian: bool) -> Floats:
    """The kernel's function, its 32 lanes taking turns from barrier to barrier; as `solve_pack_on_device`."""
    n_exp, n_rows = (columns.shape[0] - 2) // 3, columns.shape[1]
    given = np.ascontiguousarray(columns)
    found = np.empty((n_rows, 2 * n_half + 1 + n_levels * n_half))
    sizes = (n_levels, n_half, int(is_newtonian), warp_doubles(n_half, n_exp))
    pointers = given.ctypes.data_as(_DOUBLES), found.ctypes.data_as(_DOUBLES)
    _library().solve_on_host(pointers[0], n_rows, n_exp, ctypes.c_double(first_step), *sizes, pointers[1])
    return found


def raw_kernel(device: Device) -> Callable[..., Any]:
    """The class ``cupy.RawKernel`` of a device, which knows this one kernel."""

    class RawKernel:
        max_dynamic_shared_size_bytes = _GIVEN

        def __init__(self, code: str, name: str, options: tuple[str, ...] = ()):
            assert (code, name) == (candidate_kernel.kernel_source(), "solve_candidates")
            assert all(option.startswith("--") for option in options)

        def __call__(self, grid: tuple, block: tuple, args: tuple, shared_mem: int = 0) -> None:
            columns, n_rows, n_exp, first_step, n_levels, n_half, is_newtonian, doubles, found = args
            assert isinstance(columns, StrictArray)
            assert isinstance(found, StrictArray)
            assert isinstance(first_step, np.float64), "a number of Python is passed as it comes"
            assert all(isinstance(n, np.int32) for n in (n_rows, n_exp, n_levels, n_half, is_newtonian, doubles))
            assert block[0] == LANES
            assert grid[0] * block[1] >= n_rows > (grid[0] - 1) * block[1]
            assert block[1] * 8 * doubles <= shared_mem <= self.max_dynamic_shared_size_bytes
            device.launch("solve_candidates")
            found._data[...] = solve_on_host(
                columns._data, float(first_step), int(n_levels), int(n_half), bool(is_newtonian)
            )

    return RawKernel
