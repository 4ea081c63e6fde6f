"""Tables that NumPy saved: one array of rows, or named arrays."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from glassdask.errors import InvalidInput


def table_of_arrays(
    data: bytes, path: Path, is_known: Callable[[str], bool]
) -> tuple[list[str] | None, list[list[str]], tuple[str, ...]]:
    """Names (None for an array without), rows of cells, and what was left out, of a ``.npy`` or ``.npz`` file.

    Numbers become cells by `repr`, which float() reads back to the last bit, so that all else holds for arrays, too.

    Parameters
    ----------
    data
        The file's bytes.
    path
        The file, for messages.
    is_known
        Whether a name is one of the columns; arrays of other names are left out.

    Raises
    ------
    InvalidInput
        If it cannot be read without executing code, or holds no columns of numbers of one length.
    """
    try:
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return (*_of_array(loaded, path), ())
        arrays = {name: np.asarray(loaded[name]) for name in loaded.files}
    except Exception as error:  # the zip, the header or the numbers may be damaged in any way
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(
            f"{path} cannot be read as .npy or .npz ({error}); allowed: arrays of numbers, saved whole"
        ) from None
    if len(arrays) == 1:
        (array,) = arrays.values()
        return (*_of_array(array, path), ())
    known = {name: array.ravel() for name, array in arrays.items() if is_known(name) and array.dtype.kind in "fiu"}
    sizes = {array.size for array in known.values()}
    if len(sizes) != 1:
        found = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise InvalidInput(
            f"{path} holds the arrays {found}; allowed: numbers of one length, named as the columns are; save them again with "
            "numpy.savez(file, k=k, AA=S_AA, AB=S_AB, BB=S_BB), or t=t, F=F"
        )
    others = [name for name in arrays if name not in known]
    notes = (f"the arrays {', '.join(others)} were left out",) if others else ()
    return list(known), _cells(np.column_stack(list(known.values()))), notes


def _of_array(array: np.ndarray, path: Path) -> tuple[list[str] | None, list[list[str]]]:
    if array.dtype.names and array.ndim == 1:
        return list(array.dtype.names), _cells(np.column_stack([array[name] for name in array.dtype.names]))
    if array.ndim != 2 or array.dtype.kind not in "fiu" or min(array.shape) < 2:
        raise InvalidInput(
            f"{path} holds an array of shape {array.shape} and type {array.dtype}; allowed: rows of two or more numbers, "
            "shape (n, columns) or (columns, n)"
        )
    return None, _cells(array if array.shape[0] >= array.shape[1] else array.T)


def _cells(table: Any) -> list[list[str]]:
    return [list(map(repr, row)) for row in np.asarray(table, dtype=float).tolist()]
