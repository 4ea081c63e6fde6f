"""GPUs that CUDA shows to this process, counted by its driver alone: no library of CUDA, no engine and no CuPy is needed."""

from __future__ import annotations

import ctypes
import os

#: The driver's library is all that can be counted on; CUDA's other libraries come with CuPy or HOOMD-blue.
_DRIVER = "libcuda.so.1"


def has_driver() -> bool:
    """Whether there is a driver at all; it is loaded, and asked nothing."""
    try:
        ctypes.CDLL(_DRIVER)
    except OSError:
        return False
    return True


def visible_gpus() -> int:
    """Number of GPUs that CUDA shows to this process; 0 where there is no driver. It stays in the process once asked."""
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def gpu_name() -> str:
    """What the first GPU that CUDA shows to this process is called by its driver, such as "NVIDIA H200"; "" without one."""
    if not visible_gpus():
        return ""
    driver, device = ctypes.CDLL(_DRIVER), ctypes.c_int(0)
    name = ctypes.create_string_buffer(256)
    if driver.cuDeviceGet(ctypes.byref(device), 0) != 0 or driver.cuDeviceGetName(name, len(name), device) != 0:
        return ""
    return name.value.decode(errors="replace")


def visible_names() -> list[str]:
    """What CUDA_VISIBLE_DEVICES calls the GPUs that this process sees: its own names where it is set, else their numbers."""
    count = visible_gpus()
    named = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return named[:count] if len(named) >= count else [str(number) for number in range(count)]
