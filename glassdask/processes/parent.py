"""The parent's side: start a Python process, watch it, and come back with an answer whatever happens to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import glassdask
from glassdask.errors import GlassdaskError
from glassdask.files.atomic_write import write_text
from glassdask.files.reading import tail
from glassdask.outcome import Outcome
from glassdask.processes.answer import ANSWER, REQUEST, Answer

#: How long a child may take to checkpoint after SIGTERM when the parent itself is being stopped. [s]
GRACE_SECONDS = 30.0
#: What is read of a child's output, and what of its complaints is told.
_TAIL_BYTES, _COMPLAINT_CHARACTERS, _LINE_CHARACTERS = 1 << 16, 2000, 300
#: Variables of an MPI launcher or batch step; with them a library in the child would look for ranks that are not there.
_LAUNCHER_PREFIXES = ("PMI", "MPI", "HYDI", "OMPI")


class ChildFailed(GlassdaskError):
    """A child process gave no answer; the message is its last line, or what became of it."""


def child_environment(**variables: str) -> dict[str, str]:
    """The parent's environment, with one thread, this package importable, and without an MPI launcher's variables; and
    these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_LAUNCHER_PREFIXES)}
    package_root = str(Path(glassdask.__path__[0]).parent)
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return kept | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths), **variables}


class Child:
    """A module of the package at work on a request, in a process of its own. A context manager: it ends with the block.

    The module is run with the path of the request, JSON in `folder`, as its only argument; it answers as
    :mod:`glassdask.processes.child` says. `environment` adds to `child_environment`.
    """

    def __init__(self, module: str, folder: Path, request: str, environment: Mapping[str, str] | None = None):
        self._folder = folder
        (folder / ANSWER).unlink(missing_ok=True)
        write_text(folder / REQUEST, request)
        self._output, self._errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder / REQUEST)],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._errors,
            env=child_environment(**(environment or {})),
            # out of reach of Ctrl-C, but in the session of its batch job, which is suspended and ended as a whole
            process_group=0,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill()
        self._output.close()
        self._errors.close()

    def send_signal(self, number: int) -> None:
        """To the process, if it still runs."""
        self._process.send_signal(number)

    def wait(self, on_poll: Callable[[], object] = lambda: None, poll_seconds: float | None = None) -> None:
        """Waits for the end; whatever ends the waiting early ends the child too.

        `on_poll` is called every `poll_seconds`, as for a lease's heartbeat; if it raises, the child is killed and the
        exception goes on. In the main thread, SIGTERM is passed on to the child, which checkpoints and answers
        "partial", and then to the handler that was there before. On KeyboardInterrupt or SystemExit the child is asked
        to checkpoint before the exception goes on.
        """
        try:
            with self._passing_on_sigterm():
                while not self._has_ended(poll_seconds):
                    on_poll()
        except Exception:
            self._kill()
            raise
        except BaseException:
            self._process.terminate()
            if not self._has_ended(GRACE_SECONDS):
                self._kill()
            raise

    def answer(self, name: str, crash: str) -> Answer:
        """What the child has delivered, or what its end says. Messages call it `name`; `crash` is the reason that is
        given where it left with an error instead of an answer."""
        delivered = tail(self._folder / ANSWER, _TAIL_BYTES)
        for text in (delivered, *tail(self._output, _TAIL_BYTES).splitlines()[-1:]):
            if (found := Answer.from_json(text)) is not None:
                return found
        status = self._process.returncode
        if status < 0:
            return Answer(Outcome.LOST, f"signal {-status}", f"{name} was ended by {signal.Signals(-status).name}")
        complaint = tail(self._errors, _TAIL_BYTES).strip()[-_COMPLAINT_CHARACTERS:]
        return Answer(Outcome.FAILED, crash, f"{name} left with status {status}: {complaint}")

    def _has_ended(self, seconds: float | None) -> bool:
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()

    @contextmanager
    def _passing_on_sigterm(self) -> Iterator[None]:
        """Only the main thread may install handlers."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGTERM)

        def pass_on(number: int, frame: Any) -> None:
            self._process.terminate()
            if callable(before):
                before(number, frame)

        signal.signal(signal.SIGTERM, pass_on)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)


def ask_child(arguments: Sequence[str], seconds: float, text: str = "") -> Any:
    """What a Python process (``["-m", MODULE, …]`` or ``["-c", CODE]``, with `text` on its standard input) prints as
    JSON in its last line: for questions whose libraries must not stay in the asker.

    ChildFailed if it can't be started, takes longer than so many seconds, leaves with an error, or says nothing that is
    JSON.
    """
    command = [sys.executable, *arguments]
    try:
        done = subprocess.run(
            command, input=text, env=child_environment(), capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise ChildFailed(f"no answer within {seconds:g} s") from None
    except OSError as error:
        raise ChildFailed(str(error)) from None
    if done.returncode:
        raise ChildFailed(last_words(done.stderr, done.returncode))
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        raise ChildFailed(f"it gave no answer, but {done.stdout[-_LINE_CHARACTERS:]!r}") from None


def last_words(errors: str, status: int) -> str:
    """The last line of what a process complained of, or its exit status."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    return lines[-1][-_LINE_CHARACTERS:] if lines else f"ended with code {status}"
