"""The device of the stand-in: what its memory holds, and what has been asked of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


class OutOfMemoryError(MemoryError):
    """As ``cupy.cuda.memory.OutOfMemoryError``, CuPy's own."""


class CUDARuntimeError(RuntimeError):
    """As ``cupy.cuda.runtime.CUDARuntimeError``: of any call of CUDA, no MemoryError even where memory is the trouble."""

    def __init__(self, status: int):
        self.status = status
        texts = {
            2: "cudaErrorMemoryAllocation: out of memory",
            35: "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version",
            100: "cudaErrorNoDevice: no CUDA-capable device is detected",
        }
        super().__init__(texts[status])


class CUBLASError(RuntimeError):
    """As ``cupy_backends.cuda.libs.cublas.CUBLASError``."""

    def __init__(self, status: int):
        self.status = status
        super().__init__({1: "CUBLAS_STATUS_NOT_INITIALIZED", 3: "CUBLAS_STATUS_ALLOC_FAILED"}[status])


def _full(size: int) -> Exception:
    return OutOfMemoryError(f"Out of memory allocating {size:,} bytes")


@dataclass(eq=False)
class Device:
    """Counters of one device.

    Parameters
    ----------
    memory
        What fits into it. [bytes]
    when_full
        The error of an allocation of so many bytes that does not fit.
    n_devices
        As the runtime counts them.
    """

    memory: float = math.inf
    when_full: Callable[[int], Exception] = _full
    n_devices: int = 1
    used: int = field(default=0, init=False)
    most_used: int = field(default=0, init=False)
    uploads: int = field(default=0, init=False)
    downloads: int = field(default=0, init=False)
    synchronisations: int = field(default=0, init=False)
    launches: Counter[str] = field(default_factory=Counter, init=False)
    pools_freed: int = field(default=0, init=False)
    #: Errors that a function of this name ends in.
    broken: dict[str, Exception] = field(default_factory=dict, init=False)

    def forget(self) -> None:
        """Begins to count anew; what memory holds stays."""
        self.uploads = self.downloads = self.synchronisations = self.pools_freed = 0
        self.launches.clear()
        self.most_used = self.used

    def launch(self, name: str) -> None:
        """A kernel, or several: each operation on whole arrays counts as one."""
        self.launches[name] += 1
        if name in self.broken:
            raise self.broken[name]


class Block:
    """Memory that an array and its views share; given back with the last of them."""

    def __init__(self, device: Device, size: int):
        self._device, self._size = device, 0
        if device.used + size > device.memory:
            raise device.when_full(size)
        self._size = size
        device.used += size
        device.most_used = max(device.most_used, device.used)

    def __del__(self) -> None:
        self._device.used -= self._size
