"""Simulations that stand still (SIGSTOP) while a test acts: no machine is too fast for it, or too slow."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path

import psutil

from tests.faults.campaigns import STATE, checkpointed_step, home, is_running, simulations
from tests.waiting import wait_until


def stopped_at_checkpoint(file: Path, state: str = STATE) -> list[psutil.Process]:
    """Waits for a state's first checkpoint in production and stops all simulations of the campaign there."""
    wait_until(lambda: checkpointed_step(home(file, state)) > 0)
    found = simulations(file)
    for process in found:
        process.suspend()
    return found


def resume_to_end(processes: list[psutil.Process]) -> None:
    """Lets simulations go on once they have been told to end (SIGTERM), so that they do nothing else; or have ended."""
    for process in processes:
        wait_until(partial(_is_told_to_end, process))
        if is_running(process):
            process.resume()


def _is_told_to_end(process: psutil.Process) -> bool:
    """Whether SIGTERM waits for the process to go on; true of one that has gone."""
    if not is_running(process):
        return True
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return True
    pending = next(line.split()[1] for line in lines if line.startswith("ShdPnd:"))
    return bool(int(pending, 16) & 1 << (signal.SIGTERM - 1))
