"""Puts a campaign on show while it runs: the observer, the scheduler's table, the page and the metrics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.cluster.monitor.live_states import LiveStates
from glassdask.cluster.monitor.metrics import exported
from glassdask.cluster.monitor.observer import Observer


@contextmanager
def watching(campaign: Campaign, scheduler: Any | None) -> Iterator[Observer]:
    """Watches the campaign inside the block; at its end the page is written once more.

    Parameters
    ----------
    campaign
        That is run.
    scheduler
        Dask's, if it lives in this process: its dashboard and its metrics show the campaign then. None: only the page
        in the campaign's folder does.
    """
    with ExitStack() as stack:
        live = None
        if scheduler is not None:
            live = LiveStates()
            scheduler.add_plugin(live, name=LiveStates.name)
        observer = Observer(campaign, live)
        if scheduler is not None:
            scheduler.glassdask_observer = observer
            stack.enter_context(exported(observer))
        observer.start()
        stack.callback(observer.stop)
        yield observer
