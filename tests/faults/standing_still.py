"""Simulations that stand still where a test wants to look at them, so that no kill has to fall into a window of time.

A run of a few thousand steps is over in a moment on one machine and takes seconds on another. Here it waits between two
chunks of its steps, where it also looks for signals: it heeds SIGTERM, writes its checkpoints and can be killed, as any other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

#: Python imports a module of this name at its start. The simulation's process then waits at each look of its production run
#: for PAUSE seconds: while the file HOLD is there, and names a part of its path. It first waits for one checkpoint to be due.
_SITE = """
import sys

if "glassdask.simulation.run.child" in sys.orig_argv:
    import time
    from pathlib import Path
    from glassdask.simulation.run.run_control import RunControl

    hold, request, look, written = Path({hold!r}), sys.orig_argv[-1], RunControl.look, []

    def is_held(control):
        try:
            found = control.describe()
            return hold.read_text() in request and found["phase"] == "production" and found["step"] > 0
        except FileNotFoundError:
            return False

    def look_and_wait(control, n_steps, n_buffered):
        is_due = look(control, n_steps, n_buffered)
        end = time.monotonic() + {pause}
        while is_held(control) and time.monotonic() < end and not (is_due and not written):
            time.sleep(0.01)
            is_due = look(control, 0, n_buffered)
        written.extend([1] * (is_due and is_held(control)))
        return is_due

    RunControl.look = look_and_wait
"""


class Hold:
    """What lets simulations stand still; a file.

    Parameters
    ----------
    path
        Of the file; its content is a part of the paths of those that stand still, all of them if empty.
    """

    def __init__(self, path: Path):
        self._path = path
        self.only("")

    def only(self, part: str) -> None:
        """Lets all others go on."""
        beside = self._path.with_suffix(".new")
        beside.write_text(part)
        beside.replace(self._path)  # whole at any moment: an empty file is another thing

    def end(self) -> None:
        """Lets all go on."""
        self._path.unlink(missing_ok=True)


@contextmanager
def standing_still(folder: Path, pause: float | None = None) -> Iterator[Hold]:
    """Simulations that are started inside stand still in production, each after one checkpoint if one is due in its time.

    Parameters
    ----------
    folder
        Where the files of this go; outside of the campaign's folder.
    pause
        They only wait so long between two chunks of steps, and go on; by default for ever. [s]
    """
    hold = Hold(folder / "stand-still")
    (folder / "python").mkdir(exist_ok=True)
    text = _SITE.format(hold=str(folder / "stand-still"), pause="float('inf')" if pause is None else pause)
    (folder / "python" / "sitecustomize.py").write_text(text)
    path = os.pathsep.join([str(folder / "python"), *filter(None, [os.environ.get("PYTHONPATH")])])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path)
        try:
            yield hold
        finally:
            hold.end()
