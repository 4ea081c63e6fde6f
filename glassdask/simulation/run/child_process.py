"""The parent's side of a simulation: start its process, watch it, and come back with an outcome whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

import glassdask
from glassdask.files.atomic_write import write_text
from glassdask.simulation.records.request import SimulationRequest
from glassdask.simulation.run.child import OUTCOME, outcome

REQUEST = "request.json"
#: How long a child may take to checkpoint after SIGTERM when the parent itself is being stopped.
GRACE_SECONDS = 30.0
TAIL_CHARACTERS = 2000
#: Variables of an MPI launcher or batch step; with them a library in the child would look for ranks that are not there.
LAUNCHER_PREFIXES = ("PMI", "MPI", "HYDI", "OMPI")


def run_in_child(
    request: SimulationRequest, on_poll: Callable[[], object] = lambda: None, poll_seconds: float = 1.0
) -> dict:
    """Run a simulation in a process of its own and wait for it.

    Parameters
    ----------
    request
        Its work folder is made if needed; `parent_pid` is filled in.
    on_poll
        Called every `poll_seconds` while the child runs, as for a lease's heartbeat. If it raises, the child is killed
        and the exception goes on.
    poll_seconds
        Time between looks at the child.

    Returns
    -------
    dict
        ``outcome`` (done, partial, failed, or lost when the child died without a word), ``reason``, ``message`` and
        ``results``.

    Notes
    -----
    In the main thread, SIGTERM is passed on to the child, which checkpoints and hands back "partial", and then to the
    handler that was there before, if there was one. On KeyboardInterrupt or SystemExit the child is asked to checkpoint
    before the exception goes on. A child whose parent has gone stops by itself.
    """
    folder = Path(request.work_folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / OUTCOME).unlink(missing_ok=True)
    write_text(folder / REQUEST, replace(request, parent_pid=os.getpid()).to_json())
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", "glassdask.simulation.run.child", str(folder / REQUEST)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            env=child_environment(),
            # out of reach of Ctrl-C, but in the session of its batch job, which PBS suspends and ends as a whole
            process_group=0,
        )
        _wait(child, on_poll, poll_seconds)
        return _outcome_of(child.returncode, folder, _tail(output), _tail(errors))


def child_environment() -> dict[str, str]:
    """The parent's environment, with one thread, this package importable, and without an MPI launcher's variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LAUNCHER_PREFIXES)}
    package_root = str(Path(glassdask.__path__[0]).parent)
    paths = [package_root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return kept | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}


def _wait(child: subprocess.Popen, on_poll: Callable[[], object], poll_seconds: float) -> None:
    """Wait for the child; whatever ends the waiting early ends the child too."""
    try:
        with _terminating(child):
            while True:
                try:
                    child.wait(timeout=poll_seconds)
                    return
                except subprocess.TimeoutExpired:
                    on_poll()
    except Exception:
        child.kill()
        child.wait()
        raise
    except BaseException:
        child.terminate()
        try:
            child.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise


@contextmanager
def _terminating(child: subprocess.Popen) -> Iterator[None]:
    """Pass SIGTERM on to the child meanwhile; only the main thread may install handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)

    def pass_on(number, frame):
        child.terminate()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, pass_on)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)


def _outcome_of(status: int, folder: Path, output: str, errors: str) -> dict:
    """What the child has delivered, or what its exit status says."""
    candidates = [(folder / OUTCOME).read_text(encoding="utf-8")] if (folder / OUTCOME).exists() else []
    for text in [*candidates, *output.splitlines()[-1:]]:
        try:
            return json.loads(text)
        except ValueError:
            continue
    if status < 0:
        name = signal.Signals(-status).name
        return outcome("lost", f"signal {-status}", f"the simulation's process was ended by {name}", {})
    return outcome("failed", "engine", f"the simulation's process left with status {status}: {errors.strip()}", {})


def _tail(stream: IO[bytes]) -> str:
    stream.seek(0, os.SEEK_END)
    stream.seek(max(0, stream.tell() - TAIL_CHARACTERS * 4))
    return stream.read().decode("utf-8", errors="replace")[-TAIL_CHARACTERS:]
