"""Ctrl-C and SIGTERM: a driver ends in good order and says how to go on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from types import FrameType

from glassdask.errors import GlassdaskError

#: Ctrl-C, the batch system's warning, the end of the terminal's connection.
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(GlassdaskError):
    """The user or the batch system has stopped the driver; the exit code is the shell's for SIGINT."""

    exit_code = 130


@contextmanager
def interruptible(advice: str) -> Iterator[None]:
    """Ends the block on the first SIGINT, SIGTERM or SIGHUP by KeyboardInterrupt; a second one ends the process.

    A signal that was ignored before (``nohup``) stays ignored. To be used in the main thread.

    Parameters
    ----------
    advice
        How to go on; becomes part of the message.

    Raises
    ------
    Interrupted
        In place of KeyboardInterrupt.
    """
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    heeded = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    caught: list[str] = []

    def end(number: int, _: FrameType | None) -> None:
        caught.append(signal.Signals(number).name)
        for each in heeded:
            signal.signal(each, signal.SIG_DFL)
        raise KeyboardInterrupt

    for number in heeded:
        signal.signal(number, end)
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(f"stopped by {caught[0] if caught else 'the user'}. {advice}") from None
    finally:
        for number in heeded:
            signal.signal(number, before[number])


@contextmanager
def postponed() -> Iterator[None]:
    """Signals that arrive inside take effect at the end of the block, which cannot be left half-done.

    Threads and processes that are started inside never hear of Ctrl-C, which a terminal sends to every process of a
    command: only the driver acts on it, so that stages can end in good order. Outside of the main thread, where Python
    handles no signals, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    heeded = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    resource_tracker.ensure_running()  # its start would unblock SIGINT in the thread that starts workers
    before = {number: signal.signal(number, lambda number, _: arrived.append(number)) for number in heeded}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
        for first in arrived[:1]:
            signal.raise_signal(first)
