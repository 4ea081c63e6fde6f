"""Tensors that live elsewhere, as on a GPU: a stand-in for CUDA's with the arithmetic of the processor.

Each holds a tensor of the processor that nobody else sees. Its device is one that every build of torch knows ("meta", here with values); it cannot become an array of NumPy,
and meets tensors of the processor only where CUDA's do (a copy, an index, a number). What is wrong on a device fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")
#: Where CUDA takes tensors of the processor, too: copies, and integers that pick elements.
_MAY_MIX = {
    torch.ops.aten.copy_.default,
    torch.ops.aten._to_copy.default,
    torch.ops.aten.index.Tensor,
    torch.ops.aten.index_put_.default,
}
#: Ways from one element to a number of Python, which bring it here.
_NUMBERS = {Tensor.__float__, Tensor.__int__, Tensor.__bool__, Tensor.__index__, Tensor.item, Tensor.tolist}


class Elsewhere(Tensor):
    """A tensor of the device."""

    there: Tensor
    is_meta = False  # it has values; torch warns of parameters without

    @staticmethod
    def __new__(cls, there: Tensor) -> Self:
        made = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            there.size(),
            strides=there.stride(),
            storage_offset=there.storage_offset(),
            dtype=there.dtype,
            device=DEVICE,
            requires_grad=there.requires_grad,
        )
        made.there = there.detach()
        return made

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        return _computed(func, args, dict(kwargs or {}))

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Kept in a file with its device, which `torch.load` then brings it back to."""
        return self.there.__reduce_ex__(protocol)


def _computed(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """One operation: by the tensors of the processor behind those of the device, the result on the device."""
    tensors = [value for value in tree_flatten((args, kwargs))[0] if isinstance(value, Tensor)]
    inner = {id(value.there): value for value in tensors if isinstance(value, Elsewhere)}
    target = kwargs.get("device") or (DEVICE if inner else None)
    if inner and func not in _MAY_MIX and any(not isinstance(value, Elsewhere) and value.dim() for value in tensors):
        raise RuntimeError(f"{func}: expected all tensors to be on the same device, {DEVICE} and cpu were found")
    if _is_device(kwargs.get("device")):
        kwargs["device"] = torch.device("cpu")
    found = func(*tree_map(_there, args), **tree_map(_there, kwargs))
    if func is torch.ops.aten.copy_.default and not isinstance(args[0], Elsewhere):
        return args[0]
    if not _is_device(target):
        return found

    def wrapped(value: Any) -> Any:
        return (inner[id(value)] if id(value) in inner else Elsewhere(value)) if isinstance(value, Tensor) else value

    return tree_map(wrapped, found)


def _there(value: Any) -> Any:
    return value.there if isinstance(value, Elsewhere) else value


def _is_device(value: Any) -> bool:
    return isinstance(value, torch.device) and value.type == DEVICE.type


class _Operations(TorchDispatchMode):
    """Those that have no tensor yet, as what makes one on the device."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _computed(func, args, dict(kwargs or {}))


class _Numbers(TorchFunctionMode):
    """Numbers of Python, which are brought here."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in _NUMBERS and isinstance(args[0], Elsewhere):
            return func(args[0].there)
        return func(*args, **(kwargs or {}))


@contextmanager
def tensors_live_elsewhere() -> Iterator[None]:
    """A block in which `glassdask.learning.training.process_group.device` is the device, and files are loaded as CUDA's torch loads them."""
    load = torch.load

    def loaded(file: Any, map_location: Any = None, **kwargs: Any) -> Any:
        found = load(file, map_location="cpu", **kwargs)
        if not _is_device(map_location):
            return found
        return tree_map(lambda value: Elsewhere(value) if isinstance(value, Tensor) else value, found)

    with pytest.MonkeyPatch.context() as patch, _Numbers(), _Operations():
        patch.setattr(torch, "load", loaded)
        for module in ("process_group", "training"):
            patch.setattr(f"glassdask.learning.training.{module}.device", lambda: DEVICE)
        yield
