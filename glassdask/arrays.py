"""The array namespace, NumPy or CuPy, of the arrays given.

Estimators are written once: they ask for the namespace ``xp`` of their arrays and call ``xp.sin`` and the like. CuPy is
never imported here: an array of CuPy can only exist where the caller has imported it.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glassdask.errors import InvalidInput


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
