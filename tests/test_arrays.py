"""The array namespace follows the arrays, and CuPy is never loaded for arrays of NumPy."""

from __future__ import annotations

import logging
import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from glassdask.arrays import array_module, cupy_trouble, give_back_memory, namespace, to_host
from glassdask.errors import InvalidInput, MissingComponent
from tests.strict_cupy.device import Device


def test_numbers_lists_and_numpy_arrays_belong_to_numpy():
    assert namespace() is np
    assert namespace(1.0, [2.0], np.zeros(3)) is np


def test_host_array_is_not_copied():
    array = np.arange(3.0)
    assert to_host(array) is array


def test_estimators_do_not_load_cupy():
    code = """
import sys, numpy, glassdask.physics.structure.structure_factor as s
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


# --- a GPU that is there and cannot be used ---------------------------------------------------------------------------

NO_COMPILER = ImportError('Failure finding "libnvrtc.so.12": No such file: libnvrtc.so.12\nand more')


@pytest.mark.parametrize(
    ("place", "error"),
    [("exp2", NO_COMPILER), ("matmul", RuntimeError("CUBLAS_STATUS_NOT_SUPPORTED")), ("matmul", OSError("libcublas"))],
    ids=["no compiler", "a library that fails", "no library"],
)
def test_auto_tries_a_kernel_and_a_product_and_says_why_it_is_numpy(
    place: str, error: Exception, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    device.broken[place] = error
    with caplog.at_level(logging.WARNING):
        assert array_module("auto") is np
    said = caplog.messages[0]
    assert said.startswith("array = 'auto' is NumPy here: CuPy 14.2.0 sees a GPU but cannot work on it (")
    assert str(error).splitlines()[0] in said
    assert "pip install 'glassdask[gpu]'" in said
    assert "\n" not in said
    with pytest.raises(
        MissingComponent, match=r"array is 'cupy', and CuPy 14.* cannot work on it .*allowed without one"
    ):
        array_module("cupy")
    device.broken.clear()
    assert array_module("auto").__name__ == "cupy", "a trouble that has passed is no trouble"


def test_what_has_worked_is_not_tried_again(device: Device) -> None:
    assert array_module("auto").__name__ == "cupy"
    device.forget()
    assert array_module("auto").__name__ == array_module("cupy").__name__ == "cupy"
    assert device.launches.total() == device.uploads == 0


def test_without_a_device_nothing_is_tried(device: Device, caplog: pytest.LogCaptureFixture) -> None:
    device.n_devices = 0
    assert array_module("auto") is np
    assert "sees no GPU here (cudaErrorNoDevice" in caplog.text
    assert cupy_trouble().startswith("CuPy sees no GPU here")
    give_back_memory()  # CuPy itself raises where it has no device to ask
    assert device.launches.total() == 0
