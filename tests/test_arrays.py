"""The array namespace follows the arrays, and CuPy is never loaded for arrays of NumPy."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from glassdask.arrays import array_module, namespace, to_host
from glassdask.errors import InvalidInput, MissingComponent


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


def test_arrays_of_a_device_belong_to_it_and_are_not_mixed_silently(xp: ModuleType):
    array = xp.arange(3.0)
    assert namespace(array, 1.0) is xp
    assert isinstance(to_host(array), np.ndarray)
    if xp is not np:
        with pytest.raises(InvalidInput, match="mixed"):
            namespace(array, np.zeros(3))


def test_a_module_is_chosen_by_name(xp: ModuleType):
    assert array_module(xp.__name__) is xp
    if xp is not np:
        assert array_module("auto") is xp
    with pytest.raises(InvalidInput, match="array is 'jax'; allowed: 'auto', 'numpy', 'cupy'"):
        array_module("jax")


def _has_device() -> bool:
    try:
        import cupy

        return bool(cupy.cuda.is_available())
    except ImportError:
        return False


@pytest.mark.skipif("_has_device()", reason="what is said without a device")
def test_cupy_asked_for_in_vain_is_an_error_with_the_remedy_and_auto_is_numpy():
    with pytest.raises(MissingComponent, match=r"array is 'cupy', and CuPy .*allowed without one: array = 'numpy'"):
        array_module("cupy")
    assert array_module("auto") is np
