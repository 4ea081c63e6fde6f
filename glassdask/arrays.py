"""The array namespace, NumPy or CuPy: of the arrays given, or chosen by name.

Estimators are written once: they ask for the namespace ``xp`` of their arrays and call ``xp.sin`` and the like. CuPy is
imported only by `array_module` and `cupy_trouble`: without it, an array of CuPy can only exist where the caller has imported
it.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import re
import sys
from contextlib import suppress
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput, MissingComponent

logger = logging.getLogger(__name__)
#: Names of array modules; "auto" is CuPy where it is installed and works on a device, else NumPy.
ARRAYS = ("auto", "numpy", "cupy")
_NO_DEVICE = "CuPy sees no GPU here"
_REMEDY = "allowed without one: array = 'numpy' or 'auto'"
#: What the runtime, the driver and libraries of CUDA say where memory is full; their errors are no MemoryError. cuBLAS, made
#: when it is first needed, says that it is not initialised: that it can be at all, `cupy_trouble` has seen.
_FULL = re.compile(
    r"cudaErrorMemoryAllocation|CUDA_ERROR_OUT_OF_MEMORY|out of memory|CU[A-Z]+_STATUS_ALLOC_FAILED"
    r"|CUBLAS_STATUS_NOT_INITIALIZED",
    re.IGNORECASE,
)


def namespace(*arrays: Any) -> ModuleType:
    """The module that the arrays belong to: ``cupy`` if they live on a device, else ``numpy``.

    Lists and numbers count as NumPy and may be mixed with anything.

    Raises
    ------
    InvalidInput
        If arrays of the host and of a device are mixed: copying behind the caller's back would hide the cost.

    Examples
    --------
    >>> namespace([1.0], np.zeros(3)).__name__
    'numpy'
    """
    cupy = sys.modules.get("cupy")
    on_device = [array for array in arrays if cupy is not None and isinstance(array, cupy.ndarray)]
    if not on_device or cupy is None:
        return np
    if any(isinstance(array, np.ndarray) and array.ndim for array in arrays):
        raise InvalidInput(
            "arrays of NumPy and CuPy are mixed; move them to one side with cupy.asarray or cupy.asnumpy"
        )
    return cupy


def to_host(array: Any) -> NDArray[Any]:
    """The array as a NumPy array; copied only if it lives on a device."""
    return array.get() if namespace(array) is not np else np.asarray(array)


def array_module(name: str) -> ModuleType:
    """The module for new arrays.

    Parameters
    ----------
    name
        ``auto``, ``numpy`` or ``cupy``.

    Raises
    ------
    InvalidInput
        If there is no such name.
    MissingComponent
        If CuPy is asked for and is not installed, sees no device, or cannot work on it (`cupy_trouble`).

    Examples
    --------
    >>> array_module("numpy").__name__
    'numpy'
    """
    if name not in ARRAYS:
        raise InvalidInput(f"array is {name!r}; allowed: {', '.join(map(repr, ARRAYS))}")
    if name == "numpy" or (name == "auto" and importlib.util.find_spec("cupy") is None):
        return np
    trouble = cupy_trouble()
    if not trouble:
        import cupy

        return cupy
    if name == "cupy":
        raise MissingComponent(f"array is 'cupy', and {trouble}; {_REMEDY}")
    is_news = not trouble.startswith(_NO_DEVICE)
    logger.log(logging.WARNING if is_news else logging.INFO, "array = 'auto' is NumPy here: %s", trouble)
    return np


def array_provenance(name: str, xp: ModuleType) -> dict[str, str]:
    """Where the work was done, for the record of a product; with the reason where "auto" fell back from CuPy."""
    if name != "auto" or xp is not np or importlib.util.find_spec("cupy") is None:
        return {"array": xp.__name__}
    return {"array": xp.__name__, "array_reason": cupy_trouble()}


def cupy_trouble() -> str:
    """Why CuPy cannot be used here, in one sentence; "" where it can.

    That it counts a device says little: its wheels bring neither NVRTC, which compiles every kernel, nor cuBLAS. A small
    kernel and a product are tried, and not again once they have worked.
    """
    try:
        import cupy
    except Exception as error:  # noqa: BLE001 (the loader of its libraries raises errors of its own)
        return f"CuPy is not installed ({_first_line(error)}): pip install 'glassdask[gpu]'"
    try:
        if not cupy.cuda.runtime.getDeviceCount():
            return _NO_DEVICE
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return f"{_NO_DEVICE} ({error})"
    try:
        _try_out(cupy)
    except Exception as error:  # noqa: BLE001 (of the compiler, of libraries that are missing, of the driver)
        return (
            f"CuPy {cupy.__version__} sees a GPU but cannot work on it ({type(error).__name__}: {_first_line(error)}): "
            "pip install 'glassdask[gpu]' brings the libraries of CUDA 12 that it needs"
        )
    return ""


@functools.lru_cache(maxsize=1)
def _try_out(cupy: ModuleType) -> None:
    """A kernel, a product, and the way back; raises whatever does not work, and is then tried again when next asked."""
    halves = cupy.exp2(-cupy.arange(6.0)).reshape(2, 3)
    found = to_host(cupy.matmul(halves, halves.T))
    if abs(float(found[0, 0]) - 1.3125) > 1e-12:
        raise ArithmeticError(f"1 + 1/4 + 1/16 is {found[0, 0]}")


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory was full, of the host or of a device, in the words of Python, CuPy, CUDA or one of its libraries.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"))
    (True, True)
    >>> is_out_of_memory(RuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered"))
    False
    """
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and bool(_FULL.search(str(error))))


def give_back_memory() -> None:
    """Empties CuPy's pools, so that other processes can have what no array of this one holds any more."""
    cupy = sys.modules.get("cupy")
    if cupy is None:
        return
    with suppress(cupy.cuda.runtime.CUDARuntimeError):  # where there is no device, its pool cannot even be asked
        cupy.get_default_memory_pool().free_all_blocks()
    cupy.get_default_pinned_memory_pool().free_all_blocks()
