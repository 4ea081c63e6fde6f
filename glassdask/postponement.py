"""What cannot be left half-done: signals wait for its end, and are answered at once nevertheless."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from glassdask.interruption import SIGNALS, stop

#: How long the end of a block waits for the thread that listens, at most. [s]
_LISTEN_SECONDS = 0.05


@contextmanager
def postponed() -> Iterator[None]:
    """Signals that arrive inside take effect at the end of the block, which cannot be left half-done.

    They are answered at once nevertheless, and a second one ends the process. Threads and processes that are started
    inside never hear of Ctrl-C, which a terminal sends to every process of a command: only the driver acts on it, so
    that stages can end in good order. Outside of the main thread, where Python handles no signals, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def note(number: int) -> None:
        if not stop.doing or stop.hear(number):
            arrived.append(number)

    _start_resource_tracker()
    heeded = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    with _heard(heeded, note):
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    if arrived and stop.doing:
        stop.raise_again()
    elif arrived:
        signal.raise_signal(arrived[0])


@contextmanager
def _heard(heeded: Sequence[signal.Signals], note: Callable[[int], None]) -> Iterator[None]:
    """Tells `note` of each signal at once, from a thread: the main thread may wait for a lock meanwhile.

    There is a pipe for them before their handlers are changed and until these are back, so that none falls in between. One
    that came so late, or so early, may be in the pipe and have had its handler, too: it counts once.
    """
    reader, writer = os.pipe()
    is_over = threading.Event()

    def read(seconds: float, counts: Callable[[], bool] = lambda: True) -> None:
        if select.select([reader], [], [], seconds)[0]:
            for number in set(os.read(reader, 64)) & set(heeded):
                if counts():
                    note(number)

    def listen() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        while not is_over.is_set():
            read(_LISTEN_SECONDS)

    listener = threading.Thread(target=listen, name="glassdask-signals", daemon=True)
    with ExitStack() as stack:  # undone from its end
        for end in (reader, writer):
            stack.callback(os.close, end)
            os.set_blocking(end, False)
        stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(writer))
        stack.callback(read, 0.0, stop.is_unheard)
        for number in heeded:
            stack.callback(signal.signal, number, signal.getsignal(number))
            signal.signal(number, lambda *_: None)
        listener.start()
        stack.callback(listener.join)
        stack.callback(is_over.set)
        yield


def _start_resource_tracker() -> None:
    """Python's process that removes what killed processes leave behind: it does so without listing it on the screen.

    Its start would unblock SIGINT in the thread that starts workers, so it has to be there before.
    """
    from multiprocessing import resource_tracker

    sys.warnoptions.append("ignore:resource_tracker")
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.pop()
