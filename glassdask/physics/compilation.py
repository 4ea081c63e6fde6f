"""Numba's compiler as the loops of this package use it: compiled once a machine, not once a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

#: Sums may be reordered, for the processor's vector units; NaN and infinity keep their meaning.
REORDERED = frozenset({"reassoc", "contract", "nsz", "arcp"})


def compiled(**flags: Any) -> Callable[[Callable[..., Any]], Any]:
    """Numba's compiler with its cache on disk, or without where neither the package nor the home can be written."""

    def compile_function(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(cache=True, nogil=True, **flags)(function)
        except RuntimeError:
            return numba.njit(nogil=True, **flags)(function)

    return compile_function
