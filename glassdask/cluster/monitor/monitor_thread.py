"""Watches a campaign beside its driver: for the dashboard's page, for Prometheus, and for a page written every minute.

A thread looks once a second; what it has found is handed out as finished bytes, so that the scheduler's event loop never
waits for it.
"""

from __future__ import annotations

import gc
import json
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.observe.campaign_view import CampaignView, Numbers
from glassdask.campaign.observe.clock import RENEWED_SECONDS, ClockReading, write_clock
from glassdask.campaign.observe.ledger import DriverFacts
from glassdask.campaign.observe.state_detail import state_detail
from glassdask.cluster.monitor.worker_reports import WorkerReports
from glassdask.errors import GlassdaskError
from glassdask.state_point import StatePoint

if TYPE_CHECKING:
    from glassdask.campaign.observe.page import StaticPage

log = logging.getLogger(__name__)
#: Time between two looks, and between two writings of the page. [s]
LOOK_SECONDS, PAGE_SECONDS = 1.0, 60.0
#: From one look to the next pass at least so many times its processor time: it leaves the driver its core.
_PATIENCE = 20.0


class MonitorThread:
    """What the pages and the metrics show of a campaign.

    `live` is the scheduler's table of what workers say; None where the scheduler is another process. `token` is what a
    request must bring; None where none is taken. `asked` are the states of the run; all by default.
    """

    def __init__(
        self,
        campaign: Campaign,
        live: WorkerReports | None = None,
        token: str | None = None,
        asked: Sequence[StatePoint] | None = None,
    ):
        self.campaign = campaign
        self.live = live
        self.token = token
        self._asked, self._driver = asked, DriverFacts()
        self._hearing = threading.Lock()
        self._lock = threading.Lock()
        self._view: CampaignView | None = None
        self._static: StaticPage | None = None
        self._clock_written: ClockReading | None = None
        self._ended, self._looked = threading.Event(), threading.Event()
        self._written = float("-inf")
        self._states = {state.identifier: state for state in campaign.states}
        self._thread = threading.Thread(target=self._work, name="glassdask-monitor", daemon=True)

    def hear(self, facts: DriverFacts) -> None:
        """What the driver says of itself; states that it has touched are kept until they were looked at."""
        with self._hearing:
            unseen = self._driver.touched
            if unseen is not None and facts.touched is not None:
                facts = replace(facts, touched=unseen | facts.touched)
            self._driver = facts

    def _heard(self) -> DriverFacts:
        """What the driver has said last."""
        with self._hearing:
            facts = self._driver
            if facts.touched is not None:
                self._driver = replace(facts, touched=frozenset())
            return facts

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, with a last page."""
        self._ended.set()
        self._thread.join()
        self.hear(replace(self._driver, touched=None))  # nothing is known of what the driver did last
        self._look()
        self._looked.set()  # nobody waits for a look that never was
        self._write(None)
        gc.unfreeze()  # the process may be a notebook's, which goes on

    def _work(self) -> None:
        self._look()
        # The modules and states of a driver stay to its end. To search them for garbage again and again would hold every
        # thread, the scheduler's event loop among them, for a quarter of a second each time.
        gc.freeze()
        while True:
            began, worked = time.monotonic(), time.thread_time()
            self._look()
            pause = max(LOOK_SECONDS, _PATIENCE * (time.thread_time() - worked))
            if time.monotonic() - self._written > PAGE_SECONDS:
                is_first = self._static is None
                self._write(PAGE_SECONDS)
                if is_first:
                    gc.freeze()  # what drawing and reading needs has been loaded
            if self._ended.wait(max(0.1, pause - (time.monotonic() - began))):
                return

    def _look(self) -> None:
        """One look; a folder that cannot be read at the moment must not end the watching."""
        try:
            with self._lock:
                if self._view is None:
                    self._view = CampaignView(self.campaign, self._asked)
                self._view.look(dict(self.live.states) if self.live else None, self._heard())
            self._looked.set()
            self._write_clock(self._ended.is_set())
            self._view.note_finished()  # only this thread changes it
        except (OSError, GlassdaskError) as error:
            log.warning("%s could not be looked at: %s", self.campaign.folder, error)

    def _write_clock(self, is_last: bool) -> None:
        """For `glassdask status`: as soon as it says something else, or the old one might be taken for one that nobody
        renews."""
        reading, last = self.clock(), self._clock_written
        if reading is None:
            return
        is_fresh = last is not None and reading.words == last.words and reading.time < last.time + RENEWED_SECONDS
        if is_fresh and not is_last:
            return
        write_clock(self.campaign.folder, reading)
        self._clock_written = reading

    def _write(self, refresh: float | None) -> None:
        """Writes the page that needs no server; a full disk is the driver's to speak of."""
        from glassdask.campaign.observe.page import StaticPage

        self._written = time.monotonic()
        try:
            if self._view is not None:  # only this thread changes it
                self._static = self._static or StaticPage(self._view)
                self._static.write(refresh)
        except (OSError, GlassdaskError) as error:
            log.warning("the page of %s could not be written: %s", self.campaign.folder, error)

    # --- what is asked from other threads -----------------------------------------------------------------------------

    def page(self) -> bytes | None:
        """The live page; None where nothing could be looked at."""
        from glassdask.figures.pages.campaign_page import campaign_page

        view = self._seen()
        if view is None:
            return None
        with self._lock:
            data = view.full()
        return campaign_page(data, None, LOOK_SECONDS, can_steer=self.token is not None).encode()

    def news(self, since: int) -> bytes | None:
        """JSON: what has changed after a version; everything where the version is none of this monitor's."""
        from glassdask.figures.pages.campaign_page import compact_json

        view = self._seen()
        if view is None:
            return None
        with self._lock:
            known = 0 < since <= view.version
            found = view.since(since) if known else view.full()
        return compact_json(found).encode()

    def state(self, identifier: str) -> bytes | None:
        """JSON: everything about a state; None for one that the campaign has not."""
        state = self._states.get(identifier)
        return None if state is None else json.dumps(state_detail(self.campaign.folder, state).as_dict()).encode()

    def numbers(self) -> Numbers | None:
        """Those of the latest look, which nobody changes any more; None before the first."""
        return None if self._view is None else self._view.numbers

    def clock(self) -> ClockReading | None:
        """The campaign's clock at the latest look; None before the first."""
        return None if self._view is None else self._view.clock

    def _seen(self) -> CampaignView | None:
        """The view after its first look; None if the monitor ends before."""
        self._looked.wait()
        return self._view
