"""The modules ``cupy`` and ``cupyx`` of the stand-in."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.special

from tests.strict_cupy.array import StrictArray, unwrapped, wrapped
from tests.strict_cupy.device import CUDARuntimeError, Device, OutOfMemoryError
from tests.strict_cupy.kernel import raw_kernel
from tests.strict_cupy.names import CUDA_NAMES, MODULE_NAMES, UFUNC_NAMES, check_arguments

#: Functions that take arrays of the host, and bring them over.
_UPLOADS = {"array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray"}
#: How often others wait for the device (CuPy 14.2's own source says "synchronize!" in these places).
_SYNCHRONISATIONS = {"bincount": 2, "nonzero": 1, "flatnonzero": 1, "argwhere": 1, "unique": 1}


class StrictModule(ModuleType):
    """``cupy``: functions are made of NumPy's when they are first asked for."""

    def __init__(self, device: Device):
        super().__init__("cupy")
        self.__spec__ = ModuleSpec("cupy", None)
        self.__version__ = "14.2.0"
        self.strict_device = device
        self.ndarray = StrictArray
        self.RawKernel = raw_kernel(device)
        self.cuda = _cuda(device)
        self.testing = _testing()
        pool = SimpleNamespace(free_all_blocks=lambda: _free(device), used_bytes=lambda: device.used)
        self.get_default_memory_pool = lambda: pool
        self.get_default_pinned_memory_pool = lambda: SimpleNamespace(free_all_blocks=lambda: None)
        self.asnumpy = lambda a: a.get() if isinstance(a, StrictArray) else np.asarray(a)

    def __getattr__(self, name: str) -> Any:
        if name not in MODULE_NAMES["cupy"]:
            raise AttributeError(f"CuPy 14.2 has no {name!r}")
        found = getattr(np, name)
        if isinstance(found, np.ufunc):
            made: Any = _Ufunc(self.strict_device, name, found)
        elif isinstance(found, type) or not callable(found):
            made = found
        else:
            made = _function(self.strict_device, name, found)
        setattr(self, name, made)
        return made


def _free(device: Device) -> None:
    if not device.n_devices:
        raise CUDARuntimeError(100)
    device.pools_freed += 1


def _function(device: Device, name: str, of_numpy: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        check_arguments("cupy", name, len(args), frozenset(kwargs))
        kwargs.pop("blocking", None)
        device.synchronisations += _SYNCHRONISATIONS.get(name, 0)
        if name in _UPLOADS and not isinstance(args[0], StrictArray):
            device.uploads += 1
            return StrictArray(device, np.array(args[0], *args[1:], **kwargs))
        given = [unwrapped(value, f"cupy.{name}") for value in args]
        named = {key: unwrapped(value, f"cupy.{name}") for key, value in kwargs.items()}
        parents = [value for value in (*args, *kwargs.values()) if isinstance(value, StrictArray)]
        return wrapped(device, of_numpy(*given, **named), name, parents)

    return call


class _Ufunc:
    """One of CuPy's: it takes arrays of the device and numbers, no lists."""

    def __init__(self, device: Device, name: str, of_numpy: np.ufunc, module: str = "cupy"):
        self._device, self._name, self._of_numpy, self._module = device, name, of_numpy, module

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        check_arguments(self._module, self._name, len(args), frozenset(kwargs))
        return self._called(self._of_numpy, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name not in UFUNC_NAMES:
            raise AttributeError(f"cupy.ufunc has no {name!r}")
        return lambda *args, **kwargs: self._called(getattr(self._of_numpy, name), *args, **kwargs)

    def _called(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        if any(isinstance(value, list) for value in args):
            raise TypeError(f"cupy.{self._name} takes no lists")
        given = [unwrapped(value, f"cupy.{self._name}") for value in args]
        named = {key: unwrapped(value, f"cupy.{self._name}") for key, value in kwargs.items()}
        found = function(*given, **named)
        if found is None:  # in place
            self._device.launch(self._name)
        return wrapped(self._device, found, self._name, [v for v in kwargs.values() if isinstance(v, StrictArray)])


def _testing() -> SimpleNamespace:
    def compared(name: str) -> Any:
        function = getattr(np.testing, name)
        return lambda a, b, *args, **kwargs: function(*(_on_host(value) for value in (a, b)), *args, **kwargs)

    names = [name for name in MODULE_NAMES["cupy.testing"] if hasattr(np.testing, name) and name.startswith("assert")]
    return SimpleNamespace(**{name: compared(name) for name in names})


def _on_host(value: Any) -> Any:
    return value.get() if isinstance(value, StrictArray) else value


def _cuda(device: Device) -> SimpleNamespace:
    """Streams are all one, whose work is over as soon as it is asked for: waiting is counted."""

    def wait(*_: Any) -> None:
        device.synchronisations += 1

    class Event:
        def record(self, stream: Any = None) -> None: ...

        def synchronize(self) -> None: ...  # of a copy that was queued before the last batch

    class Stream:
        null: Any

        def __init__(self, null: bool = False, non_blocking: bool = False): ...

        def wait_event(self, event: Event) -> None: ...

        synchronize = wait

    Stream.null = Stream(null=True)

    def count() -> int:
        if not device.n_devices:
            raise CUDARuntimeError(100)
        return device.n_devices

    facts = {"name": b"Strict", "major": 8, "minor": 0, "multiProcessorCount": 108, "clockRate": 1_410_000}
    runtime = SimpleNamespace(
        getDeviceCount=count,
        CUDARuntimeError=CUDARuntimeError,
        getDeviceProperties=lambda _: facts,
        runtimeGetVersion=lambda: 12090,
    )
    made = SimpleNamespace(
        Event=Event,
        Stream=Stream,
        get_current_stream=lambda: Stream.null,
        is_available=lambda: device.n_devices > 0,
        memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
        runtime=runtime,
    )
    assert set(vars(made)) <= CUDA_NAMES
    return made


@contextmanager
def installed(device: Device) -> Iterator[StrictModule]:
    """A block in which ``import cupy`` gives the stand-in of a device."""
    cupy, cupyx = StrictModule(device), ModuleType("cupyx")
    special = ModuleType("cupyx.scipy.special")
    for name in MODULE_NAMES["cupyx.scipy.special"]:
        setattr(special, name, _Ufunc(device, name, getattr(scipy.special, name), "cupyx.scipy.special"))
    cupyx.empty_pinned = np.empty  # type: ignore[attr-defined]
    assert set(vars(cupyx)) - set(vars(ModuleType("cupyx"))) <= set(MODULE_NAMES["cupyx"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "cupy", cupy)
        patch.setitem(sys.modules, "cupyx", cupyx)
        patch.setitem(sys.modules, "cupyx.scipy", ModuleType("cupyx.scipy"))
        patch.setitem(sys.modules, "cupyx.scipy.special", special)
        yield cupy
