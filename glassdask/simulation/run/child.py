"""The process of one simulation: ``python -m glassdask.simulation.run.child REQUEST.json``.

It writes only inside the request's work folder and always ends with an answer (:mod:`glassdask.processes.child`).
"""

from __future__ import annotations

import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from glassdask.outcome import Outcome, StopReason
from glassdask.processes.answer import Answer
from glassdask.processes.child import StopSignals, deliver, leave

if TYPE_CHECKING:
    from glassdask.simulation.records.request import SimulationRequest
    from glassdask.simulation.run.run_control import RunControl

LOG = "log.txt"

logger = logging.getLogger(__name__)


def main(path: str) -> None:
    """Run one request."""
    stop = StopSignals()
    stop.listen()
    from glassdask.simulation.records.request import SimulationRequest
    from glassdask.simulation.run.run_control import RunControl

    request = SimulationRequest.read(path)
    folder = Path(request.work_folder)
    logging.basicConfig(
        filename=folder / LOG, level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(message)s"
    )
    logging.getLogger("gsd").setLevel(logging.WARNING)
    stop.stop_at = None if request.deadline is None else request.deadline - request.deadline_margin_seconds
    stop.parent_pid = request.parent_pid
    deliver(simulate(request, RunControl(folder, request.checkpoint_seconds, stop)), folder)


def simulate(request: SimulationRequest, control: RunControl) -> Answer:
    """Run to the end, to a stop or to a failure; raises nothing that a run can cause."""
    from glassdask.simulation.run.failure import failure
    from glassdask.simulation.run.molecular_dynamics import MolecularDynamics
    from glassdask.simulation.run.run_control import Stopped

    run = None
    try:
        run = MolecularDynamics(request, control)
        control.stop.listen()  # importing HOOMD-blue puts its own handler there
        try:
            results = run.run()
        except (Stopped, SystemExit) as stop:
            run.checkpoint()
            reason = stop.reason if isinstance(stop, Stopped) else StopReason.TERMINATED
            return Answer(Outcome.PARTIAL, reason, f"stopped ({reason}) in {run.phase} at step {run.engine.step}")
    except Exception as error:
        logger.exception("the simulation failed")
        failed = failure(error)
        last = {"seed": request.seed} | ({} if run is None else {"phase": run.phase, "step": run.engine.step})
        return Answer(Outcome.FAILED, failed.reason, str(failed), last)
    control.report()
    return Answer(Outcome.DONE, results=asdict(results))


if __name__ == "__main__":
    main(sys.argv[1])
    leave()
