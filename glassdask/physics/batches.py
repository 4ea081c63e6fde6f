"""Work in batches, of a size that is halved once where memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

Result = TypeVar("Result")


class Batches:
    """Hands out items in batches.

    A GPU that several processes share may have less memory left than its size promises: a batch that does not fit is
    tried again at half its size, and so are all later ones. A second failure is the caller's.

    Parameters
    ----------
    size
        Most items of a batch.
    xp
        Where the work is done: CuPy's error is a `MemoryError`, too, and its pool is emptied before the second try.
    """

    def __init__(self, size: int, xp: ModuleType = np):
        self.size = max(1, size)
        self._xp = xp
        self._is_halved = False

    def over(self, items: Sequence[Any] | np.ndarray, work: Callable[[Any], Result]) -> list[Result]:
        """What `work` makes of each batch of the items, in order.

        Parameters
        ----------
        items
            What can be sliced.
        work
            Called with a slice of the items; called again with half of it where it raised MemoryError.

        Raises
        ------
        MemoryError
            If half of a batch does not fit either, or a batch was one item.
        """
        found = []
        start = 0
        while start < len(items):
            part = items[start : start + self.size]
            try:
                found.append(work(part))
            except MemoryError as error:
                self._halve(len(part), error)
            else:
                start += len(part)
        return found

    def _halve(self, n: int, error: MemoryError) -> None:
        if self._is_halved or n == 1:
            place = "memory" if self._xp is np else "memory of the GPU"
            raise MemoryError(
                f"{n} at a time do not fit in the {place} that is left ({error}); let fewer processes share it "
                "(runs_per_gpu, cores of the pool), or set array = 'numpy' for the pool"
            ) from error
        self._is_halved, self.size = True, n // 2
        if self._xp is not np:
            self._xp.get_default_memory_pool().free_all_blocks()
