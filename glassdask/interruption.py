"""Ctrl-C and SIGTERM: the first is answered at once and ends the work in good order, a second one ends it now.

The answer is written by the signal's handler itself; KeyboardInterrupt then unwinds the main thread, which closes files,
workers and children. It is not raised in the middle of an import, whose machinery would print it or turn it into an
error of another kind: where nothing is to be put in order a command just ends there, else the import ends first. What a
library's callback has swallowed is raised again.

A command's process is its own, and a second signal ends it. A Python session or notebook is the user's: there a second
signal is another KeyboardInterrupt, and nothing here ends the process.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn

from glassdask.errors import GlassdaskError
from glassdask.files.atomic_write import drop_partial_files

#: Ctrl-C, the batch system's warning, the end of the terminal's connection.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: What a driver does before it ends.
CHECKPOINTS = "checkpoints are written"
#: A batch system may send its warning twice, as by a job's manager and by ``timeout``: that is no impatience. [s]
_ECHO_SECONDS = 1.0
#: Between two tries to raise what could not be raised at once. [s]
_AGAIN_SECONDS = 0.01


class Interrupted(KeyboardInterrupt):
    """The user or the batch system has stopped the work, which has ended in good order; the message says how to go on.

    No `GlassdaskError`: who goes on after an error does not want to go on after Ctrl-C. The exit code is the shell's for
    SIGINT.
    """

    exit_code = 130


class _Stop:
    """What signals have asked of this process, and what became of it."""

    def __init__(self) -> None:
        self.doing: list[str | None] = []
        self.name = ""
        self._is_command = False
        self._number = int(signal.SIGINT)
        self._since = 0.0
        self._is_pending = False
        self._is_again = False

    def heed(self, number: int, frame: FrameType | None) -> None:
        """The handler of signals inside of `interruptible`."""
        is_importing = _is_importing(frame)
        if is_importing and self._is_command and not any(self.doing):
            _end(f"stopped by {signal.Signals(number).name}.")
        if not self.hear(number):
            return
        if is_importing:
            self.raise_later()
            return
        self._is_pending = False
        raise KeyboardInterrupt

    def hear(self, number: int) -> bool:
        """Answers a first signal, ends a command's process at a second; False for an echo of the first."""
        if self._is_again:
            self._is_again = False
            return True
        if self.name:
            if number != signal.SIGINT and time.monotonic() - self._since < _ECHO_SECONDS:
                return False
            if not self._is_command:
                return True
            _end("ended at once; what is finished is kept")
        self.name, self._number, self._since = signal.Signals(number).name, number, time.monotonic()
        doing = self.doing[-1] if self.doing else None
        if doing is not None:
            _say(f"stopping{': ' * bool(doing)}{doing}; once more to end now")
        return True

    def is_unheard(self) -> bool:
        """Whether a signal that is known to have come was not answered yet, or is one that was to be raised again."""
        return not self.name or self._is_again

    def raise_later(self) -> None:
        """Has the main thread heed the signal again in a moment."""
        self._is_pending = True
        threading.Thread(target=self._repeat, name="glassdask-interrupt", daemon=True).start()

    def _repeat(self) -> None:
        time.sleep(_AGAIN_SECONDS)
        if self._is_pending and self.doing:
            self.raise_again()

    def raise_again(self) -> None:
        """Has the main thread heed the signal that was noted before."""
        self._is_again = True
        signal.pthread_kill(threading.main_thread().ident or 0, self._number)

    def enter(self, doing: str | None, is_command: bool) -> None:
        """A block begins; the outermost says whether the process is a command's."""
        if not self.doing:
            self.name, self._is_pending, self._is_again, self._is_command = "", False, False, is_command
        self.doing.append(doing)

    def leave(self, is_whole: bool) -> None:
        """It ends; what is still to be raised is raised in the block around, unless an error has ended this one."""
        self.doing.pop()
        self._is_pending = self._is_pending and is_whole and bool(self.doing)


#: Of this process; for `glassdask.postponement`, too.
stop = _Stop()


@contextmanager
def interruptible(
    advice: str = "",
    doing: str | None = "",
    signals: Sequence[signal.Signals] = SIGNALS,
    is_command: bool = False,
) -> Iterator[None]:
    """Ends the block on the first signal by KeyboardInterrupt; a second one ends the process of a command at once.

    A signal that was ignored before (``nohup``) stays ignored. Outside of the main thread Python handles no signals, and
    only a KeyboardInterrupt from within is dealt with. Blocks may lie in one another: the innermost says what is being done.

    Parameters
    ----------
    advice
        How to go on; becomes part of the message.
    doing
        What is put in order before the end, told at once: "checkpoints are written"; empty where there is nothing but
        open files, None to say nothing at all.
    signals
        Which; by default SIGINT, SIGTERM and SIGHUP.
    is_command
        Whether the process is there for this block only.

    Raises
    ------
    Interrupted
        In place of KeyboardInterrupt, and of any error that comes out of the block after a signal.
    """
    if threading.current_thread() is not threading.main_thread():
        try:
            yield
        except Interrupted:
            raise
        except KeyboardInterrupt:
            raise Interrupted(_message("the user", advice)) from None
        return
    before = {number: signal.getsignal(number) for number in signals}
    heeded = [number for number, handler in before.items() if handler != signal.SIG_IGN]
    stop.enter(doing, is_command)
    for number in heeded:
        signal.signal(number, stop.heed)
    is_whole = False
    try:
        with _none_swallowed():
            yield
        is_whole = True
    except BaseException as error:
        found = _interrupted(error, advice)
        if found is error:
            raise
        raise found from None
    finally:
        for number in heeded:
            signal.signal(number, before[number])
        stop.leave(is_whole)


def _interrupted(error: BaseException, advice: str) -> BaseException:
    """What leaves the block for an error inside: itself where no signal has come."""
    is_ours = isinstance(error, Interrupted | SystemExit)
    if is_ours or not (stop.name or isinstance(error, KeyboardInterrupt)):
        return error
    message = _message(stop.name or "the user", advice)
    if not isinstance(error, KeyboardInterrupt):
        kind = "" if isinstance(error, GlassdaskError) else f"{type(error).__name__}: "
        message += f" While stopping: {kind}{error}"
    return Interrupted(message)


def _message(by: str, advice: str) -> str:
    return " ".join(filter(None, [f"stopped by {by}.", advice]))


@contextmanager
def _none_swallowed() -> Iterator[None]:
    """Python prints what a destructor or callback raises and goes on: KeyboardInterrupt is raised again instead."""
    before = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if stop.name and isinstance(unraisable.exc_value, KeyboardInterrupt):
            stop.raise_later()
        else:
            before(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _end(text: str) -> NoReturn:
    """Without the clean-up of libraries, which would be interrupted, too, and complain."""
    _say(text)
    drop_partial_files()
    os._exit(Interrupted.exit_code)


def _say(text: str) -> None:
    """Past Python's own streams, which may be in the middle of a line."""
    with suppress(OSError):
        os.write(2, f"{chr(10) * os.isatty(2)}glassdask: {text}\n".encode())
