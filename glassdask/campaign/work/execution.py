"""One stage of one state: is the product there? lease the state, run the task, commit under the lease.

Any process may be killed at any moment: a product is whole or absent, a run goes on from its last checkpoint, and two
copies of a stage cannot both commit.
"""

from __future__ import annotations

import logging
import os
import platform
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import glassdask
from glassdask.arrays import give_back_memory, is_out_of_memory
from glassdask.campaign.files import journal
from glassdask.campaign.files.attempt_progress import AttemptReport
from glassdask.campaign.files.failure import clear_failure, write_failure
from glassdask.campaign.files.lease import Lease, LeaseHeld, heartbeat
from glassdask.campaign.files.products import (
    ProductRecord,
    damaged_files,
    describe_files,
    read_record,
    record_path,
    remove_product,
    whole_record,
    write_record,
)
from glassdask.campaign.work.state_stages import StageJob
from glassdask.errors import GlassdaskError, LeaseLost, SimulationFailed
from glassdask.files.atomic_write import DISK_ERRORS, no_room, remove_partial_files
from glassdask.outcome import FailureReason, Outcome, Status, StopReason
from glassdask.stages.contract.context import StageContext, StageResult
from glassdask.stages.contract.registry import STAGES, STATE_STAGES
from glassdask.stages.simulate import KEPT_FOLDER

log = logging.getLogger(__name__)
LEASE = "lease.json"
#: Another try cannot mend what the user has asked for, nor a full disk.
_FINAL_REASONS = {FailureReason.DISK, FailureReason.INPUT}
#: Runs of drivers that have told this process to stop.
_stopped_runs: set[str] = set()


class StageStopped(BaseException):
    """The driver leaves: a simulation checkpoints (as on Ctrl-C), any other stage just ends."""


def stop_stages(run: str) -> None:
    """Makes the stages that a driver has sent to this process hand back "partial" within seconds."""
    _stopped_runs.add(run)


def is_stopped(run: str) -> bool:
    """Whether a driver has stopped its run of this name in this process."""
    return run in _stopped_runs


def keep_lease(folder: Path) -> None:
    """Renews the lease of a state's folder for its owner, of whom it is known that it stands still and will go on."""
    with suppress(OSError):
        os.utime(folder / LEASE)


@dataclass(frozen=True)
class StageAnswer:
    """What became of a job: small, so that it can travel through Dask.

    ``status`` and ``summary`` are of the state, where it is done; ``reason`` (one word) and ``message`` (what happened
    and what to do) where it is not. ``is_new``: the product was made now. The Dask worker at the address ``worker`` is
    to be retired where it ``is_out_of_time``: its batch job ends soon.
    """

    state: str
    stage: str
    outcome: Outcome
    status: Status | None = None
    summary: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    message: str = ""
    is_new: bool = False
    worker: str = ""
    is_out_of_time: bool = False


def execute(job: StageJob) -> StageAnswer:
    """Runs a stage unless its product is there; safe to call twice, at once, and after any crash."""
    try:
        return _execute(job)
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        message = no_room(error)
        with suppress(OSError):
            write_failure(job.folder, job.stage, FailureReason.DISK, message, journal.failures(job.folder, job.stage))
        return _answer(job, Outcome.FAILED, reason=FailureReason.DISK, message=message)


def _execute(job: StageJob) -> StageAnswer:
    folder = job.folder
    folder.mkdir(parents=True, exist_ok=True)
    try:
        lease = Lease.acquire(
            folder / LEASE, job.stage, job.execution.settings.lease_seconds, journal.attempts(folder, job.stage) + 1
        )
    except LeaseHeld as held:
        return _answer(job, Outcome.BUSY, message=str(held))
    try:
        with heartbeat(lease) as check_lease:
            return _run_leased(job, lease, check_lease)
    except LeaseLost as lost:
        log.warning("%s", lost)
        return _answer(job, Outcome.FENCED, message=str(lost))
    finally:
        lease.release()


def _run_leased(job: StageJob, lease: Lease, check_lease: Callable[[], None]) -> StageAnswer:
    record = whole_record(job.folder, job.stage)
    is_to_grow = record is not None and bool(job.grows) and record.inputs != job.inputs
    if record is not None and not is_to_grow:
        return _answer(job, Outcome.DONE, status=record.status, summary=record.summary, is_new=False)
    with lease.fence():
        remove_partial_files(job.folder)
        if record is None:
            remove_product(job.folder, job.stage)  # one that is not whole
    damage = _damaged_inputs(job)
    if damage:
        return _answer(job, Outcome.RETRY, reason=FailureReason.CORRUPT, message=damage)
    attempt = lease.record.attempt
    journal.record_event(job.folder, job.stage, "started", attempt=attempt)
    started = time.time()
    work = _work_folder(job, lease)
    grows = job.grows if is_to_grow else ""
    result = _run_task(job, work, lambda: _keep_alive(job, check_lease), grows)
    if result.outcome is Outcome.DONE:
        return _commit(job, lease, work, result, time.time() - started)
    where = {**result.provenance, "attempt": attempt, "work": str(work.relative_to(job.folder))}
    with lease.fence():
        details = {"reason": result.reason, "message": result.message, **where}
        journal.record_event(job.folder, job.stage, result.outcome, **details)
        return _after_trouble(job, result, where)


def _damaged_inputs(job: StageJob) -> str:
    """Compares the checksums of the products that the stage reads; a damaged one is taken back, to be made again."""
    for name in STAGES[job.stage].needs:
        record = read_record(job.folder, name)
        damaged = damaged_files(job.folder, record) if record else [f"{name}.json"]
        if damaged:
            message = f"{', '.join(damaged)} of {job.state.identifier} is damaged: {name} is run again"
            log.warning(message)
            remove_product(job.folder, name)
            journal.record_event(job.folder, name, "sent_back", message=message)
            return message
    return ""


def _run_task(job: StageJob, work: Path, keep_alive: Callable[[], None], grows: str = "") -> StageResult:
    """Calls the stage's function; what it raises becomes a result, so that a worker survives every state."""
    about = (job.state, job.sections, job.folder, work, job.seed, job.execution)
    context = StageContext(*about, keep_alive, AttemptReport(work), grows)
    try:
        result: StageResult = STAGES[job.stage].function(context)
        return result
    except LeaseLost:
        raise
    except StageStopped:
        return StageResult(Outcome.PARTIAL, reason=StopReason.STOPPED, message="the driver was stopped")
    except SimulationFailed as error:
        return StageResult(Outcome.FAILED, reason=error.reason, message=str(error))
    except GlassdaskError as error:
        return StageResult(Outcome.FAILED, reason=FailureReason.INPUT, message=str(error))
    except OSError as error:
        if error.errno in DISK_ERRORS:
            return StageResult(Outcome.FAILED, reason=FailureReason.DISK, message=no_room(error))
        return StageResult(Outcome.FAILED, reason=FailureReason.FILES, message=f"{error}; mend the file or folder")
    except Exception as error:
        if is_out_of_memory(error):
            return StageResult(Outcome.FAILED, reason=FailureReason.MEMORY, message=f"not enough memory: {error}")
        log.exception("%s of %s failed", job.stage, job.state.identifier)
        return StageResult(Outcome.FAILED, reason=FailureReason.CODE, message=f"{type(error).__name__}: {error}")
    finally:
        give_back_memory()  # a pool that is kept is memory of the GPU that other processes lack


def _commit(job: StageJob, lease: Lease, work: Path, result: StageResult, seconds: float) -> StageAnswer:
    """Moves the product into the state's folder and writes its record, unless somebody else has taken over.

    A record holds what the stages before have found, too: who shows a state reads the last one alone.
    """
    files = describe_files(work, list(result.files))
    provenance = {
        **result.provenance,
        "glassdask": glassdask.__version__,
        "python": platform.python_version(),
        "campaign": job.execution.campaign,
        "host": platform.node(),
        "attempt": lease.record.attempt,
        "seconds": round(seconds, 3),
        "completed": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if result.kept:
        provenance[KEPT_FOLDER] = describe_files(work, list(result.kept))
    earlier = STATE_STAGES[: STATE_STAGES.index(STAGES[job.stage])]
    before = [record for stage in earlier if (record := read_record(job.folder, stage.name))]
    status = result.status or (before[-1].status if before else Status.DONE)
    found = [*(record.summary for record in before), result.summary]
    summary = {name: value for scalars in found for name, value in scalars.items()}
    with lease.fence():
        _take_back_older(job)
        for name in files:
            (work / name).replace(job.folder / name)
        for name in result.kept:
            (job.folder / KEPT_FOLDER).mkdir(exist_ok=True)
            (work / name).replace(job.folder / KEPT_FOLDER / name)
        write_record(job.folder, ProductRecord(job.stage, job.inputs, files, status, summary, provenance))
        clear_failure(job.folder, job.stage)
        journal.record_event(job.folder, job.stage, Outcome.DONE, attempt=lease.record.attempt)
        _remove_work(job, work)
    return _answer(job, Outcome.DONE, status=status, summary=summary, is_new=True)


def _take_back_older(job: StageJob) -> None:
    """Of a product that has grown: the shorter one, its record first, and what was made from it. Killed here, the stage finds
    no record, and goes on from its attempt, which has all of both."""
    record = read_record(job.folder, job.stage)
    if record is None:
        return
    for stage in reversed(STATE_STAGES[STATE_STAGES.index(STAGES[job.stage]) + 1 :]):
        if record_path(job.folder, stage.name).exists():
            remove_product(job.folder, stage.name)
            journal.record_event(job.folder, stage.name, "sent_back", message=f"made from a shorter {job.stage}")
    record_path(job.folder, job.stage).unlink()
    for name in set(record.files) - set(STAGES[job.stage].products):  # that the longer run may lack
        (job.folder / name).unlink(missing_ok=True)


def _after_trouble(job: StageJob, result: StageResult, where: dict[str, Any]) -> StageAnswer:
    """A lost or interrupted run goes on later; a failed one is tried again until its tries are spent."""
    if result.outcome is not Outcome.FAILED:
        return _answer(job, result.outcome, reason=result.reason, message=result.message)
    n_failures = journal.failures(job.folder, job.stage)
    if n_failures <= job.execution.settings.retries and result.reason not in _FINAL_REASONS:
        return _answer(job, Outcome.RETRY, reason=result.reason, message=result.message)
    write_failure(job.folder, job.stage, result.reason, result.message, n_failures, where)
    return _answer(job, Outcome.FAILED, reason=result.reason, message=result.message)


def _answer(job: StageJob, outcome: Outcome, **details: Any) -> StageAnswer:
    return StageAnswer(job.state.identifier, job.stage, outcome, **details)


def _work_root(folder: Path, stage: str) -> Path:
    return folder / "work" / stage


def _work_folder(job: StageJob, lease: Lease) -> Path:
    """A folder of this attempt alone: an earlier copy that still runs somewhere cannot touch what is in it.

    Attempts at the same inputs lie side by side: the task, which knows what checkpoints are, may adopt theirs.
    """
    name = f"attempt-{lease.record.attempt}-{lease.record.token[:8]}"
    root = _work_root(job.folder, job.stage)
    work = root / job.inputs[:12] / name
    for above in (root.parent, root, work.parent):  # from above: `parents` would try each from below first, in vain
        above.mkdir(exist_ok=True)
    work.mkdir()
    return work


def _remove_work(job: StageJob, work: Path) -> None:
    """What attempts have left. Most have moved all that they made into the state's folder: empty folders go unread, which is three
    calls of a slow file system in place of some fifteen."""
    root = _work_root(job.folder, job.stage)
    try:
        for empty in (work, work.parent, root):
            empty.rmdir()
    except OSError:
        shutil.rmtree(root, ignore_errors=True)
    with suppress(OSError):
        root.parent.rmdir()  # unless another stage works in it


def _keep_alive(job: StageJob, check_lease: Callable[[], None]) -> None:
    """What a stage calls now and then: raises if it has to end."""
    check_lease()
    if is_stopped(job.run):
        raise StageStopped
