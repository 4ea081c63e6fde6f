"""The command line called in this process: no second start of Python and of the libraries, the rest as a user has it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from glassdask.cli import main


def glassdask_here(*arguments: str | Path) -> subprocess.CompletedProcess:
    """As :func:`tests.command_line.glassdask`, with what the command's own processes write to standard error, too."""
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
        pytest.MonkeyPatch.context() as patch,
    ):
        environment = dict(os.environ)
        patch.setattr("sys.argv", ["glassdask", *map(str, arguments)])
        with _going_to(1, "stdout", out), _going_to(2, "stderr", err), _warnings_told():
            try:
                main()
                status = 0
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else int(end.code is not None)
        os.environ.clear()
        os.environ.update(environment)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read())
    return subprocess.CompletedProcess(list(arguments), status, *texts)


@contextmanager
def _going_to(descriptor: int, name: str, file: IO[str]) -> Iterator[None]:
    """What this process and those that it starts write to a standard stream goes to a file."""
    getattr(sys, name).flush()
    kept = os.dup(descriptor)
    os.dup2(file.fileno(), descriptor)
    try:
        with pytest.MonkeyPatch.context() as patch, os.fdopen(os.dup(descriptor), "w", buffering=1) as stream:
            patch.setattr(sys, name, stream)
            yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


@contextmanager
def _warnings_told() -> Iterator[None]:
    """Warnings of the package go to standard error, as Python sends them where no handler of pytest's is there."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    logging.getLogger("glassdask").addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger("glassdask").removeHandler(handler)
