"""Work in batches, of a size that is halved where memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from glassdask.arrays import give_back_memory, is_out_of_memory

Result = TypeVar("Result")


class NoRoom(MemoryError):
    """Not even the smallest batch fits into the memory that is left."""


class Batches:
    """Hands out items in batches.

    A GPU that several processes share may have less memory left than its size promises: a batch that does not fit is
    tried again at half its size until it does, and later ones are no larger. Before each try CuPy's pool is emptied, whose
    free pieces other batches have left in other sizes.

    Parameters
    ----------
    size
        Most items of a batch.
    xp
        Where the work is done.
    """

    def __init__(self, size: int, xp: ModuleType = np):
        self.size = max(1, size)
        self._xp = xp

    def over(self, items: Sequence[Any] | np.ndarray | Any, work: Callable[[Any], Result]) -> list[Result]:
        """What `work` makes of each batch of the items, in order.

        Parameters
        ----------
        items
            What can be sliced.
        work
            Called with a slice of the items; called again with half of it where memory was full, in whatever words
            (:func:`glassdask.arrays.is_out_of_memory`).

        Returns
        -------
        list
            One result a batch; how many there are depends on the memory.

        Raises
        ------
        NoRoom
            If a batch of one item does not fit, with the pool empty.
        """
        found: list[Result] = []
        start = 0
        while start < len(items):
            part = items[start : start + self.size]
            if self._fits(part, work, found):
                start += len(part)
                continue
            give_back_memory()  # after the error has gone, which holds on to the arrays of the try
            if len(part) == 1:
                found.append(self._last_try(part, work))
                start += 1
            else:
                self.size = len(part) // 2
        return found

    def _fits(self, part: Any, work: Callable[[Any], Result], found: list[Result]) -> bool:
        try:
            found.append(work(part))
        except NoRoom:
            if len(part) == 1:
                raise
            return False
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return False
        return True

    def _last_try(self, part: Any, work: Callable[[Any], Result]) -> Result:
        try:
            return work(part)
        except Exception as error:
            if isinstance(error, NoRoom) or not is_out_of_memory(error):
                raise
            place = "memory" if self._xp is np else "memory of the GPU"
            raise NoRoom(
                f"not even one at a time fits in the {place} that is left ({error}); let fewer processes share it "
                "(runs_per_gpu, cores of the pool), or set array = 'numpy' for the pool"
            ) from error
