"""A simulation in a process of its own, from the side of whoever wants it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from glassdask.outcome import FailureReason
from glassdask.processes.answer import Answer
from glassdask.processes.parent import Child
from glassdask.simulation.records.request import SimulationRequest


def run_in_child(
    request: SimulationRequest, on_poll: Callable[[], object] = lambda: None, poll_seconds: float = 1.0
) -> Answer:
    """Run a simulation in a process of its own and wait for it (`glassdask.processes.parent.Child.wait`).

    Parameters
    ----------
    request
        Its work folder is made if needed; `parent_pid` is filled in.
    on_poll, poll_seconds
        What to do while the child runs, as a lease's heartbeat, and how often.

    Returns
    -------
    Answer
        ``done`` with the results, ``partial``, ``failed``, or ``lost`` when the child died without a word.
    """
    folder = Path(request.work_folder)
    folder.mkdir(parents=True, exist_ok=True)
    content = replace(request, parent_pid=os.getpid()).to_json()
    with Child("glassdask.simulation.run.child", folder, content) as child:
        child.wait(on_poll, poll_seconds)
        return child.answer("the simulation's process", crash=FailureReason.ENGINE)
