"""Collects a campaign's data every few minutes while a driver is at work, in a process of its own beside it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Self

from glassdask.processes.parent import child_environment

#: Least time between two collections; and so many times as long as the last one took, so that it is a small part of a core. [s]
LEAST_SECONDS, SHARE = 120.0, 20.0
_GRACE_SECONDS = 10.0
#: Politely: every core may be at work on states.
_COLLECT = """
import os, sys
os.nice(10)
from glassdask.campaign.definition.campaign import load_campaign
from glassdask.operations.products import collected
collected(load_campaign(sys.argv[1]))
"""


class Collector:
    """Keeps the cube, critical temperatures and figures of a campaign's folder new while states end. A context manager: what
    is at work at its end is stopped, whose files are whole or as they were.

    The driver never waits for it. A driver that is killed leaves it to its end, which nothing depends on.
    """

    def __init__(self, folder: Path, least_seconds: float = LEAST_SECONDS):
        self._folder, self._least_seconds = folder, least_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None
        self._n_seen = 0
        self._began = time.monotonic()
        self._due = self._began + least_seconds

    def look(self, n_ended: int) -> list[str]:
        """Begins a collection where states have ended since the last one, and it is time; returns what the user should
        hear.

        Parameters
        ----------
        n_ended
            States that have ended in this run.
        """
        said = self._end_of_last()
        if self._process is None and n_ended != self._n_seen and time.monotonic() >= self._due:
            self._n_seen = n_ended
            self._begin()
        return said

    def _begin(self) -> None:
        self._began = time.monotonic()
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed when the process has ended
        self._process = subprocess.Popen(
            [sys.executable, "-c", _COLLECT, str(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._complaints,
            env=child_environment(),
            process_group=0,  # Ctrl-C is the driver's
        )

    def _end_of_last(self) -> list[str]:
        if self._process is None or self._process.poll() is None:
            return []
        now = time.monotonic()
        self._due = self._began + max(self._least_seconds, SHARE * (now - self._began))
        code = self._process.returncode
        self._process = None
        complaint = self._complaint()
        return [f"what there is so far could not be collected: {complaint}"] if code else []

    def _complaint(self) -> str:
        """The last line that the process has written to standard error."""
        assert self._complaints is not None
        with self._complaints as stream:
            stream.seek(0)
            lines = stream.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it ended without a word"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._complaint()
