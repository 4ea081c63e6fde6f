"""The stand-in for CuPy itself: it refuses what CuPy or a GPU refuses, computes what NumPy computes, and counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from glassdask.arrays import array_module, namespace, to_host
from tests.strict_cupy.array import StrictArray
from tests.strict_cupy.device import Device
from tests.strict_cupy.module import StrictModule, installed

HOST = np.arange(3.0)
#: Ways to mix the two sides, of an array a of the device.
MIXED: dict[str, Callable[[Any, Any], object]] = {
    "sum": lambda _, a: a + HOST,
    "sum from the left": lambda _, a: HOST + a,
    "in place": lambda _, a: a.__iadd__(HOST),
    "in place on the host": lambda _, a: HOST.copy().__iadd__(a),
    "comparison": lambda _, a: a == HOST,
    "function": lambda xp, a: xp.maximum(a, HOST),
    "function of NumPy": lambda _, a: np.sin(a),
    "list": lambda xp, a: xp.stack([a, HOST]),
    "concatenation by NumPy": lambda _, a: np.concatenate([a, a]),
    "matrix product": lambda xp, a: xp.matmul(a, HOST),
    "assignment": lambda _, a: a.__setitem__(slice(None), HOST),
    "assignment on the host": lambda _, a: HOST.copy().__setitem__(slice(None), a),
    "index": lambda _, a: a[np.array([0, 1])],
    "index on the host": lambda _, a: HOST[a.astype(int)],
    "mask": lambda _, a: a[HOST > 1],
    "method": lambda _, a: a.take(np.array([0])),
    "conversion": lambda _, a: np.asarray(a),
    "set": lambda _, a: a.set(a),
}


@pytest.fixture
def cupy(device: Device) -> StrictModule:  # noqa: ARG001 (it is installed)
    return array_module("cupy")  # type: ignore[return-value]


@pytest.mark.parametrize("way", MIXED)
def test_the_two_sides_do_not_mix(way: str, cupy: StrictModule) -> None:
    with pytest.raises(TypeError):
        MIXED[way](cupy, cupy.asarray(HOST))


def test_names_and_parameters_are_cupys(cupy: StrictModule) -> None:
    a = cupy.asarray(HOST)
    for absent in ("nditer", "ndenumerate", "busday_count", "longdouble", "float128"):
        with pytest.raises(AttributeError, match=r"CuPy 14\.2 has no"):
            getattr(cupy, absent)
    with pytest.raises(AttributeError, match="has no 'resize'"):
        a.resize(4)
    for wrong in (lambda: cupy.take(a, cupy.asarray([0]), mode="clip"), lambda: cupy.sin(a, where=True)):
        with pytest.raises(TypeError, match="takes"):
            wrong()
    with pytest.raises(TypeError, match="no lists"):
        cupy.sin([1.0, 2.0])


def test_the_numbers_are_numpys(cupy: StrictModule) -> None:
    rng = np.random.default_rng(1)
    host = rng.random((4, 3))
    a = cupy.asarray(host)
    found = cupy.where(cupy.sin(a).sum(axis=1, keepdims=True) > 1, a @ a.T @ a, 2 - a) % 0.7
    expected = np.where(np.sin(host).sum(axis=1, keepdims=True) > 1, host @ host.T @ host, 2 - host) % 0.7
    np.testing.assert_array_equal(to_host(found), expected)
    view = a[1:, ::2]
    view[0] = 7.0
    a += 1
    assert to_host(a)[1].tolist() == [8.0, host[1, 1] + 1, 8.0]
    assert isinstance(a.sum(), StrictArray), "a reduction stays there"
    assert isinstance(a[0, 0], StrictArray)
    assert namespace(a) is cupy


def test_ways_between_the_sides_and_waits_are_counted(cupy: StrictModule, device: Device) -> None:
    device.forget()
    a = cupy.asarray(HOST)
    assert (device.uploads, device.downloads, device.synchronisations) == (1, 0, 0)
    b = cupy.sqrt(a * 2)
    assert cupy.asarray(b) is b
    assert device.launches == {"mul": 1, "sqrt": 1}
    assert (device.uploads, device.downloads, device.synchronisations) == (1, 0, 0)
    to_host(b)
    bool((b > 0).all())
    assert (device.downloads, device.synchronisations) == (2, 2)
    cupy.bincount(cupy.asarray(np.array([0, 1])))
    b[b > 0]
    assert device.synchronisations == 5


def test_memory_is_what_arrays_hold(device: Device, cupy: StrictModule) -> None:
    begun = device.used
    a = cupy.zeros(100)
    view = a[10:]
    assert device.used == begun + 800
    del a
    assert device.used == begun + 800, "a view holds it"
    del view
    assert device.used == begun
    device.memory = begun + 1000
    with pytest.raises(MemoryError, match=re.escape("Out of memory allocating 1,600 bytes")):
        cupy.zeros(200)
    assert device.used == begun


def test_it_is_there_in_its_block_only() -> None:
    with installed(Device()) as strict:
        import cupy

        assert cupy is strict
    assert namespace(HOST) is np
