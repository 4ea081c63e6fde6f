"""What is next for each state, and what has become of it: the driver's book, which knows nothing of Dask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.files.failed_states import forget_failures, record_cancelled
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import record_path
from glassdask.campaign.work.execution import StageAnswer
from glassdask.campaign.work.requests import CANCEL, Request, apply_to_files
from glassdask.campaign.work.state_stages import has_failed, next_stage, relative_cost
from glassdask.cluster.back_off import back_off
from glassdask.cluster.driver.progress import Progress
from glassdask.cluster.driver.stage_queue import StageQueue
from glassdask.errors import GlassdaskError
from glassdask.outcome import FailureReason, Outcome, Status
from glassdask.stages.contract.registry import STAGES, STATE_STAGES
from glassdask.stages.contract.stage import Stage
from glassdask.stages.simulate import STAGE as SIMULATE
from glassdask.state_point import StatePoint

#: A run that is lost this often in a row without an end is not bad luck.
MOST_LOSSES = 10
#: Pause after the first loss; it doubles with every further one, so that ten losses take some ten minutes.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 120.0
#: Time between two looks at a state that another worker holds: one out of reach, or dead until its lease ends.
_BUSY_PAUSE = 2.0


class DiskFull(GlassdaskError):
    """The disk or the quota is full: the driver stops instead of failing every state."""


class StateBook:
    """Stages of a run's states that are ready or wait, and what states have met: losses, cancellation, an end."""

    def __init__(self, campaign: Campaign, states: Sequence[StatePoint]):
        self.campaign, self.states = campaign, states
        self.progress = Progress()
        self.queue = StageQueue(lambda state, stage: relative_cost(campaign, state, stage))
        #: Finished states whose simulation is to be longer.
        self.longer: set[StatePoint] = set()
        #: States at work that were cancelled, and by whom.
        self.cancelled: dict[StatePoint, str] = {}
        #: States that something was done to since the watcher was told.
        self._touched: set[StatePoint] = set()
        self._busy: set[StatePoint] = set()
        self._losses: Counter[StatePoint] = Counter()

    def begin(self, is_new: Callable[[StatePoint], bool]) -> None:
        """Takes stock: which stage of each state is ready, which states have ended; what is new is not looked at."""
        for state in self.states:
            if is_new(state):
                self._make_ready(state, STATE_STAGES[0])
                continue
            stage = next_stage(self.campaign, state)
            if stage is None:
                continue
            if has_failed(self.campaign, state, stage):
                self.progress.counts[Status.FAILED] += 1
                continue
            if (
                stage is SIMULATE
                and record_path(state_folder(self.campaign.folder, state.identifier), stage.name).exists()
            ):
                self.longer.add(state)
            self._make_ready(state, stage)

    def take_touched(self) -> frozenset[StatePoint]:
        """States whose files may have changed since this was asked last."""
        found = frozenset(self._touched | self.progress.running)
        self._touched.clear()
        return found

    def _make_ready(self, state: StatePoint, stage: Stage, pause: float = 0.0) -> None:
        if pause:
            self.queue.add_later(state, stage, pause)
        else:
            self.queue.add(state, stage)

    def apply(self, request: Request) -> None:
        """Does what a user asks for; a state at work that is cancelled is noted when it has stopped."""
        named = {state for state in self.campaign.states if state.identifier in request.states}
        asked = named & set(self.states)
        apply_to_files(self.campaign.folder, request, {state.identifier: state for state in named - asked})
        self._touched |= named
        at_work = asked & self.progress.running
        waiting = self.queue.discard(asked - at_work)
        if request.verb == CANCEL:
            self.cancelled |= dict.fromkeys(at_work, request.by)  # noted when they have stopped
            for state in sorted(waiting):
                self._give_up_cancelled(state, request.by)
            return
        for state in at_work:
            self.cancelled.pop(state, None)
        for state in sorted(asked - at_work):
            self._retry(state, request.reason, state in waiting)

    def _give_up_cancelled(self, state: StatePoint, by: str) -> bool:
        """False where nothing is left to cancel."""
        stage = next_stage(self.campaign, state)
        if stage is None or not record_cancelled(self.campaign.folder, state, by):
            return False
        self._give_up(state, stage, f"cancelled by {by}")
        return True

    def _retry(self, state: StatePoint, reason: str | None, is_waiting: bool) -> None:
        is_forgotten = bool(forget_failures(self.campaign.folder, [state], reason))
        stage = next_stage(self.campaign, state)
        if is_forgotten and stage and not is_waiting:
            self._losses.pop(state, None)
            self.progress.counts["failed"] -= 1
            self.progress.messages.append(f"{stage.name} of {state.identifier}: tried again on request")
        if stage and (is_forgotten or is_waiting):
            self._make_ready(state, stage)

    # --- what became of a stage ---------------------------------------------------------------------------------------

    def note(self, state: StatePoint, begun: Stage, answer: StageAnswer) -> None:
        """What became of the last of a state's stages that a worker has begun, from `begun` on; DiskFull where it found no
        room."""
        stage = STAGES[answer.stage]
        if STATE_STAGES.index(stage) > STATE_STAGES.index(begun):
            self._got_on(state)
        self._touched.add(state)
        by = self.cancelled.pop(state, None)
        if by is not None and self._give_up_cancelled(state, by):
            return
        if answer.outcome is Outcome.DONE:
            self._advance(state, stage, answer)
        elif answer.outcome is Outcome.FAILED:
            self._give_up(state, stage, f"{answer.reason}: {answer.message}")
            if answer.reason == FailureReason.DISK:
                raise DiskFull(f"{state.identifier}: {answer.message} (what is finished is kept)")
        else:
            self._try_again(state, stage, answer)

    def _advance(self, state: StatePoint, stage: Stage, answer: StageAnswer) -> None:
        self._got_on(state)
        following = next_stage(self.campaign, state, after=stage)
        if following is None:
            self.progress.counts[answer.status or Status.DONE] += 1
        else:
            self._make_ready(state, following)

    def _got_on(self, state: StatePoint) -> None:
        """Its next losses are no row with those before."""
        self._losses.pop(state, None)
        self._busy.discard(state)

    def _try_again(self, state: StatePoint, stage: Stage, answer: StageAnswer) -> None:
        """After a loss, a time limit or a failure with tries left; the stage may be an earlier one if a product was
        damaged."""
        outcome, message = answer.outcome, answer.message
        is_lost = outcome in (Outcome.LOST, Outcome.FENCED)
        if is_lost:
            self._losses[state] += 1
        elif outcome is Outcome.PARTIAL:
            self._losses.pop(state, None)  # it got on: its next losses are no row
        if self._losses[state] > MOST_LOSSES:
            self._record_losses(state, stage, message)
            return
        if outcome is not Outcome.PARTIAL and state not in self._busy:
            self.progress.messages.append(f"{stage.name} of {state.identifier}: {outcome}, {message}")
        if outcome is Outcome.BUSY:
            self._busy.add(state)
        loss_pause = back_off(self._losses[state], _FIRST_PAUSE, _LONGEST_PAUSE)
        pause = _BUSY_PAUSE if outcome is Outcome.BUSY else loss_pause if is_lost else 0.0
        self._make_ready(state, next_stage(self.campaign, state) or stage, pause)

    def _record_losses(self, state: StatePoint, stage: Stage, message: str) -> None:
        message = f"lost {self._losses[state]} times in a row; last: {message}"
        folder = state_folder(self.campaign.folder, state.identifier)
        write_failure(folder, stage.name, FailureReason.LOST, message, self._losses[state])
        self._give_up(state, stage, message)

    def _give_up(self, state: StatePoint, stage: Stage, message: str) -> None:
        self.progress.messages.append(f"{stage.name} of {state.identifier} failed: {message}")
        self.progress.counts[Status.FAILED] += 1
