"""The array namespace follows the arrays, and CuPy is never loaded for arrays of NumPy."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from glassdask.arrays import namespace, to_host
from glassdask.errors import InvalidInput


def test_numbers_lists_and_numpy_arrays_belong_to_numpy():
    assert namespace() is np
    assert namespace(1.0, [2.0], np.zeros(3)) is np


def test_host_array_is_not_copied():
    array = np.arange(3.0)
    assert to_host(array) is array


def test_estimators_do_not_load_cupy():
    code = """
import sys, numpy, glassdask.physics.structure_factor as s
s.structure_factor(numpy.zeros((4, 3)), 1.0, [0, 0, 0, 1], [0, 7])
assert "cupy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.gpu
def test_device_arrays_belong_to_cupy_and_are_not_mixed_silently():
    cupy = _cupy_with_device()
    array = cupy.arange(3.0)
    assert namespace(array, 1.0) is cupy
    assert isinstance(to_host(array), np.ndarray)
    with pytest.raises(InvalidInput, match="mixed"):
        namespace(array, np.zeros(3))


def _cupy_with_device() -> ModuleType:
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed (pip install glassdask[gpu])")
    if not cupy.cuda.is_available():
        pytest.skip("no CUDA device")
    return cupy
