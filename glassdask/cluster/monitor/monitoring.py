"""Puts a campaign on show while it runs: the monitor, the scheduler's table, the page and the metrics."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from glassdask.campaign.definition.campaign import Campaign
from glassdask.cluster.monitor.metrics import exported
from glassdask.cluster.monitor.monitor_thread import MonitorThread
from glassdask.cluster.monitor.worker_reports import WorkerReports


@contextmanager
def start_monitoring(campaign: Campaign, scheduler: Any | None) -> Iterator[MonitorThread]:
    """Watches the campaign inside the block; at its end the page is written once more.

    A Dask scheduler that lives in this process shows the campaign on its dashboard and in its metrics. Without, only
    the page in the campaign's folder does.
    """
    with ExitStack() as stack:
        live = None
        if scheduler is not None:
            live = WorkerReports()
            scheduler.add_plugin(live, name=WorkerReports.name)
        monitor = MonitorThread(campaign, live)
        if scheduler is not None:
            scheduler.glassdask_monitor = monitor
            stack.enter_context(exported(monitor))
        monitor.start()
        stack.callback(monitor.stop)
        yield monitor
