"""The array namespace, NumPy or CuPy: of the arrays given, or chosen by name.

Estimators are written once: they ask for the namespace ``xp`` of their arrays and call ``xp.sin`` and the like. CuPy is
imported only by `array_module`: without it, an array of CuPy can only exist where the caller has imported it.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput, MissingComponent

#: Names of array modules; "auto" is CuPy where it is installed and sees a device, else NumPy.
ARRAYS = ("auto", "numpy", "cupy")
_REMEDY = "allowed without one: array = 'numpy' or 'auto'"


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
        If CuPy is asked for and is not installed, or sees no device.

    Examples
    --------
    >>> array_module("numpy").__name__
    'numpy'
    """
    if name not in ARRAYS:
        raise InvalidInput(f"array is {name!r}; allowed: {', '.join(map(repr, ARRAYS))}")
    if name == "numpy" or (name == "auto" and importlib.util.find_spec("cupy") is None):
        return np
    try:
        import cupy

        if cupy.cuda.runtime.getDeviceCount():
            return cupy
        trouble = "CuPy sees no GPU here"
    except ImportError as error:
        trouble = f"CuPy is not installed ({error}): pip install 'glassdask[gpu]'"
    except cupy.cuda.runtime.CUDARuntimeError as error:
        trouble = f"CuPy sees no GPU here ({error})"
    if name == "auto":
        return np
    raise MissingComponent(f"array is 'cupy', and {trouble}; {_REMEDY}")
