"""When somebody is told: at the end of a run, and when states begin to fail; never so that the run waits or fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from glassdask.campaign.definition.notify_section import NotifySection
from glassdask.campaign.files.journal import record_event
from glassdask.operations.notification.channels import tell_by_all
from glassdask.operations.notification.notice import END, FAILURES, notice_of
from glassdask.outcome import Status

if TYPE_CHECKING:
    from glassdask.cluster.driver.progress import Progress as DriverProgress

#: After a signal, a batch system waits 10 to 30 s, of which checkpoints have taken some. [s]
_AFTER_A_SIGNAL = 5.0
#: Each way has its own time limit; a server that answers drop by drop is given up by this. [s]
_GRACE = 2.0


class Notifier:
    """Tells of a run, in a thread of its own; a context that tells of the run's end, whatever that is.

    Parameters
    ----------
    section
        Whom to tell.
    folder
        The campaign's, in whose journal it stands what was told and what went wrong.
    name
        The campaign's.
    say
        Called with a line where telling has failed.
    """

    def __init__(self, section: NotifySection, folder: Path, name: str, say: Callable[[str], None]):
        self.section, self.folder, self.name, self.say = section, folder, name, say
        self._is_begun = False
        self._n_told: int | None = None
        self._last = float("-inf")
        self._thread: threading.Thread | None = None
        self._troubles: list[str] = []

    def begin(self) -> None:
        """There is work: from here on its end is told of."""
        self._is_begun = self.section.is_on

    def watch(self, progress: DriverProgress) -> None:
        """Called about twice a second; states that failed before the run are no news."""
        if not self._is_begun:
            return
        while self._troubles:
            progress.messages.append(self._troubles.pop(0))
        n_failed = progress.counts[Status.FAILED]
        if self._n_told is None or n_failed < self._n_told:  # of those that a user makes ready again, too
            self._n_told = n_failed
        is_time = time.monotonic() - self._last >= self.section.failure_interval
        if n_failed > self._n_told and is_time and not self._is_telling():
            self._n_told, self._last = n_failed, time.monotonic()
            self._tell(FAILURES, "running", "", self.section.time_limit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_begun:
            return
        is_signal = isinstance(error, KeyboardInterrupt)
        outcome = "finished" if error is None else "interrupted" if is_signal else "stopped"
        limit = min(self.section.time_limit, _AFTER_A_SIGNAL) if is_signal else self.section.time_limit
        reason = "" if error is None or is_signal else f"{type(error).__name__}: {error}"
        self._wait(0.0 if is_signal else limit)
        self._tell(END, outcome, reason, limit)
        self._wait(limit)
        if self._is_telling():
            self._note("notify", END, f"it took longer than {limit:g} s and was given up")
        for trouble in self._troubles:
            self.say(trouble)

    def _is_telling(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _wait(self, limit: float) -> None:
        """For the ways that there are, one after the other."""
        n_ways = sum(way is not None for way in (self.section.command, self.section.mail, self.section.webhook))
        if self._thread is not None:
            self._thread.join(n_ways * limit + _GRACE)

    def _tell(self, event: str, outcome: str, reason: str, limit: float) -> None:
        """Begins to tell; what hangs ends with the process at the latest."""

        def tell() -> None:
            try:
                notice = notice_of(self.folder, self.name, event, outcome, reason)
                tell_by_all(self.section, notice, limit, lambda way, trouble: self._note(way, event, trouble))
            except Exception as error:  # noqa: BLE001  the run must not end by it
                self._note("notify", event, f"{type(error).__name__}: {error}")

        self._thread = threading.Thread(target=tell, name="notify", daemon=True)
        self._thread.start()

    def _note(self, way: str, event: str, trouble: str) -> None:
        """Into the campaign's journal, and to the user where it went wrong."""
        if trouble:
            self._troubles.append(f"notify.{way}: {trouble}; the run is not touched by it")
        try:
            record_event(self.folder, "notify", "failed" if trouble else "told", way=way, about=event, message=trouble)
        except OSError as error:
            self._troubles.append(f"notify.{way}: the journal cannot be written ({error})")
