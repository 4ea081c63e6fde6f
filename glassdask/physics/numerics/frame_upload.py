"""Frames on their way to a device: copied from pinned memory on a stream of their own, while it works on the last ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Buffers taken in turn: one is worked on while the other is filled.
_BUFFERS = 2


class FrameUpload:
    """Puts batches of frames where they are worked on; NumPy's stay where they are.

    On a device the copy is asynchronous: the host comes back at once and reads the next frames from disk, and the device's
    own work waits for the copy and not the other way round.

    Parameters
    ----------
    xp
        ``numpy`` or ``cupy``.
    """

    def __init__(self, xp: ModuleType):
        self._xp = xp
        self._buffers: list[_Buffer] = []
        self._turn = 0

    @contextmanager
    def __call__(self, frames: NDArray[np.float64]) -> Iterator[Any]:
        """The frames, shape (n_frames, N, 3), in the namespace; to be used, not kept, inside the block."""
        if self._xp is np:
            yield frames
            return
        buffer = self._next_buffer(frames)
        yield buffer.filled(frames)
        buffer.release()

    def _next_buffer(self, frames: NDArray[np.float64]) -> _Buffer:
        """The one that has not been used for longest; made, or made larger, where needed."""
        self._turn = (self._turn + 1) % _BUFFERS
        if len(self._buffers) <= self._turn:
            self._buffers += [_Buffer(self._xp, frames.shape) for _ in range(_BUFFERS - len(self._buffers))]
        elif not self._buffers[self._turn].holds(frames):
            self._buffers[self._turn] = _Buffer(self._xp, frames.shape)
        return self._buffers[self._turn]


class _Buffer:
    """Pinned memory of the host, its copy on the device, and what has to be over before either is used again."""

    def __init__(self, cupy: ModuleType, shape: tuple[int, ...]):
        import cupyx

        self._cupy = cupy
        self._host = cupyx.empty_pinned(shape, np.float64)
        self._device = cupy.empty(shape, cupy.float64)
        self._stream = cupy.cuda.Stream(non_blocking=True)
        self._is_copied, self._is_used = cupy.cuda.Event(), cupy.cuda.Event()
        self.release()

    def holds(self, frames: NDArray[np.float64]) -> bool:
        """Whether the frames fit."""
        return self._host.shape[0] >= frames.shape[0] and self._host.shape[1:] == frames.shape[1:]

    def filled(self, frames: NDArray[np.float64]) -> Any:
        """The frames on the device, as far as work that is queued from now on can tell."""
        n = len(frames)
        self._is_copied.synchronize()  # of the last time: the host's side is free
        self._host[:n] = frames
        self._stream.wait_event(self._is_used)
        self._device[:n].set(self._host[:n], stream=self._stream)
        self._is_copied.record(self._stream)
        self._cupy.cuda.get_current_stream().wait_event(self._is_copied)
        return self._device[:n]

    def release(self) -> None:
        """The work that is queued so far is the last that needs the device's side."""
        self._is_used.record(self._cupy.cuda.get_current_stream())
