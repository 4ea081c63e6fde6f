"""Arrays of the stand-in: NumPy's behind a wall."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np

from tests.strict_cupy.device import Block, Device
from tests.strict_cupy.names import ARRAY_NAMES

#: Methods that give a view where NumPy's do, and attributes that do.
_WHOLE = {"T", "real", "imag", "flat"}
#: Attributes that are facts.
_FACTS = {"dtype", "shape", "ndim", "size", "nbytes", "itemsize", "strides", "flags"}
#: Methods that bring values to the host.
_TO_HOST = {"item", "tolist", "tobytes"}


class StrictArray:
    """An array of the device; all that Python or NumPy would do behind the caller's back is refused."""

    __array_ufunc__ = None  # so that NumPy leaves operators to this class
    __slots__ = ("__weakref__", "_block", "_data", "_device")

    def __init__(self, device: Device, data: np.ndarray, block: Block | None = None):
        self._device, self._data = device, data
        self._block = block or Block(device, data.nbytes)

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("implicit conversion to a NumPy array is not allowed; use .get()")

    def __array_function__(self, func: Any, *_: Any) -> NoReturn:
        raise TypeError(f"numpy.{func.__name__} was given an array of the device")

    # --- the way back -------------------------------------------------------------------------------------------------

    def get(self) -> np.ndarray:
        """A copy on the host, once all work is over."""
        self._device.downloads += 1
        self._device.synchronisations += 1
        return self._data.copy()

    def set(self, arr: Any, stream: Any = None) -> None:  # noqa: ARG002
        """Filled from the host."""
        if not isinstance(arr, np.ndarray) or arr.shape != self.shape or arr.dtype != self.dtype:
            raise TypeError(f"set wants a NumPy array {self.shape} {self.dtype}, not {arr!r}")
        self._device.uploads += 1
        self._data[...] = arr

    def __bool__(self) -> bool:
        return bool(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __complex__(self) -> complex:
        return complex(self.get())

    def __index__(self) -> int:
        return operator.index(self.get()[()])

    # --- elements -----------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key: Any) -> Any:
        return wrapped(self._device, self._data[self._index(key)], "getitem", [self])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._device.launch("setitem")
        self._data[self._index(key)] = unwrapped(value, "an assignment")

    def _index(self, key: Any) -> tuple:
        """What NumPy is asked for: always arrays, not numbers."""
        keys = key if isinstance(key, tuple) else (key,)
        for part in keys:
            if isinstance(part, StrictArray) and part.dtype == bool:
                self._device.synchronisations += 1  # to know how many are chosen
        found = tuple(unwrapped(part, "an index") for part in keys)
        return found if any(part is Ellipsis for part in found) else (*found, Ellipsis)

    # --- all else that NumPy's arrays can -----------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        if name not in ARRAY_NAMES:
            raise AttributeError(f"cupy.ndarray has no {name!r}")
        if name in _FACTS:
            return getattr(self._data, name)
        if name in _WHOLE:
            return wrapped(self._device, getattr(self._data, name), name, [self])
        method = getattr(self._data, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if name in _TO_HOST:
                self._device.synchronisations += 1
                return method(*args, **kwargs)
            given = {key: unwrapped(value, name) for key, value in kwargs.items()}
            return wrapped(self._device, method(*(unwrapped(value, name) for value in args), **given), name, [self])

        return call

    def __repr__(self) -> str:
        return f"StrictArray({self._data!r})"


def unwrapped(value: Any, what: str) -> Any:
    """What of the device belongs to NumPy's function; arrays of the host are refused.

    Raises
    ------
    TypeError
        If one is found, in a list or elsewhere.
    """
    if isinstance(value, StrictArray):
        return value._data
    if isinstance(value, np.ndarray):
        raise TypeError(f"a NumPy array in {what}, where an array of the device is wanted")
    if isinstance(value, list | tuple):
        return type(value)(unwrapped(part, what) for part in value)
    return value


def wrapped(device: Device, found: Any, name: str, parents: Sequence[StrictArray]) -> Any:
    """What NumPy has found, as arrays of the device; views hold no memory of their own and take no kernel."""
    if isinstance(found, tuple | list):
        return type(found)(wrapped(device, part, name, parents) for part in found)
    if not isinstance(found, np.ndarray | np.generic):
        return found
    data = np.asarray(found)
    for parent in parents:
        if data is parent._data:
            return parent
        if isinstance(found, np.ndarray) and np.may_share_memory(data, parent._data):
            return StrictArray(device, data, parent._block)
    device.launch(name)
    return StrictArray(device, data)


def _forward(name: str, function: Callable[[Any, Any], Any]) -> Callable[[StrictArray, Any], Any]:
    def operate(self: StrictArray, other: Any) -> Any:
        return wrapped(self._device, function(self._data, unwrapped(other, f"an operator ({name})")), name, [])

    return operate


def _reflected(name: str, function: Callable[[Any, Any], Any]) -> Callable[[StrictArray, Any], Any]:
    def operate(self: StrictArray, other: Any) -> Any:
        return wrapped(self._device, function(unwrapped(other, f"an operator ({name})"), self._data), name, [])

    return operate


def _in_place(name: str, function: Callable[[Any, Any], Any]) -> Callable[[StrictArray, Any], StrictArray]:
    def operate(self: StrictArray, other: Any) -> StrictArray:
        self._device.launch(name)
        function(self._data, unwrapped(other, f"an operator ({name})"))
        return self

    return operate


def _unary(name: str) -> Callable[[StrictArray], Any]:
    function = getattr(operator, name)
    return lambda self: wrapped(self._device, function(self._data), name, [])


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    _function = getattr(operator, f"{_name}_" if _name in ("and", "or") else _name)
    setattr(StrictArray, f"__{_name}__", _forward(_name, _function))
    setattr(StrictArray, f"__r{_name}__", _reflected(_name, _function))
    setattr(StrictArray, f"__i{_name}__", _in_place(_name, getattr(operator, f"i{_name}")))
for _name in ("lt", "le", "eq", "ne", "gt", "ge"):
    setattr(StrictArray, f"__{_name}__", _forward(_name, getattr(operator, _name)))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(StrictArray, f"__{_name}__", _unary(_name))
StrictArray.__hash__ = None  # type: ignore[assignment]
