"""The process of one simulation: ``python -m glassdask.simulation.run.child REQUEST.json``.

It writes only inside the request's work folder and always ends with an outcome, in ``outcome.json`` and, should the
disk be full, as the last line of its standard output:
``{"outcome": "done" | "partial" | "failed", "reason": ..., "message": ..., "results": {...}}``.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassdask.simulation.records.request import SimulationRequest
    from glassdask.simulation.run.run_control import RunControl

OUTCOME = "outcome.json"
LOG = "log.txt"

logger = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Run one request; the exit status is 0 whenever an outcome was given."""
    was_terminated: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: was_terminated.append(number))  # numpy and engines take a while
    # what the system sends to a process that stands still when its parent goes; it then looks for its parent by itself
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from glassdask.simulation.records.request import SimulationRequest
    from glassdask.simulation.run.run_control import RunControl

    request = SimulationRequest.read(arguments[0])
    folder = Path(request.work_folder)
    logging.basicConfig(
        filename=folder / LOG, level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(message)s"
    )
    logging.getLogger("gsd").setLevel(logging.WARNING)
    stop_at = None if request.deadline is None else request.deadline - request.deadline_margin_seconds
    control = RunControl(folder, request.checkpoint_seconds, stop_at, request.parent_pid)
    signal.signal(signal.SIGTERM, control.terminate)
    if was_terminated:
        control.terminate()
    deliver(folder, simulate(request, control))
    return 0


def simulate(request: SimulationRequest, control: RunControl) -> dict:
    """Run to the end, to a stop or to a failure; returns the outcome and raises nothing that a run can cause."""
    from glassdask.simulation.run.failure import failure
    from glassdask.simulation.run.molecular_dynamics import MolecularDynamics
    from glassdask.simulation.run.run_control import Stopped

    run = None
    try:
        run = MolecularDynamics(request, control)
        signal.signal(signal.SIGTERM, control.terminate)  # importing HOOMD-blue puts its own handler there
        try:
            results = run.run()
        except (Stopped, SystemExit) as stop:
            run.checkpoint()
            reason = stop.reason if isinstance(stop, Stopped) else "terminated"
            return outcome("partial", reason, f"stopped ({reason}) in {run.phase} at step {run.engine.step}", {})
    except Exception as error:
        logger.exception("the simulation failed")
        failed = failure(error)
        last = {"seed": request.seed} | ({} if run is None else {"phase": run.phase, "step": run.engine.step})
        return outcome("failed", failed.reason, str(failed), last)
    control.report()
    return outcome("done", "", "", results)


def outcome(kind: str, reason: str, message: str, results: dict) -> dict:
    """An outcome as it is stored."""
    return {"outcome": kind, "reason": reason, "message": message, "results": results}


def deliver(folder: Path, result: dict) -> None:
    """Write the outcome where the parent looks: the file and, without fail, standard output."""
    from glassdask.files.atomic_write import write_text

    text = json.dumps(result)
    print(text, flush=True)
    try:
        write_text(folder / OUTCOME, text)
    except OSError:
        logger.exception("%s could not be written", OUTCOME)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    logging.shutdown()
    os._exit(status)  # engines' own clean-up at exit (MPI, CUDA) has nothing to add and sometimes crashes
