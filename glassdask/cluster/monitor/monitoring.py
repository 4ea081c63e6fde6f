"""Puts a campaign on show while it runs: the monitor, the scheduler's table, the page, and the campaign's numbers for
Prometheus beside Dask's own on the dashboard's ``/metrics``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import prometheus_client
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from glassdask.campaign.definition.campaign import Campaign
from glassdask.cluster.monitor.monitor_thread import MonitorThread
from glassdask.cluster.monitor.page_token import page_token
from glassdask.cluster.monitor.worker_reports import WorkerReports
from glassdask.state_point import StatePoint

#: Bounds of the histogram of queue waits: from a minute to two days. [s]
_WAIT_BOUNDS = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 48 * 3600)


@contextmanager
def start_monitoring(
    campaign: Campaign, scheduler: Any | None, asked: Sequence[StatePoint] | None = None
) -> Iterator[MonitorThread]:
    """Watches the campaign inside the block; at its end the page is written once more. `asked`: the states of the run, whose
    work and time left are told.

    A Dask scheduler that lives in this process shows the campaign on its dashboard and in its metrics, and takes requests
    to retry and cancel of those who have the token. Without, only the page in the campaign's folder shows it.
    """
    with ExitStack() as stack:
        live = None
        if scheduler is not None:
            live = WorkerReports()
            scheduler.add_plugin(live, name=WorkerReports.name)
        token = stack.enter_context(page_token(campaign.folder)) if scheduler is not None else None
        monitor = MonitorThread(campaign, live, token, asked)
        if scheduler is not None:
            scheduler.glassdask_monitor = monitor
            stack.enter_context(_exported(monitor))
        monitor.start()
        stack.callback(monitor.stop)
        yield monitor


class _Collector:
    """Gives the latest look's numbers whenever Prometheus asks."""

    def __init__(self, monitor: MonitorThread):
        self._monitor = monitor

    def collect(self) -> Iterator[Any]:
        """Metrics whose names begin with ``glassdask_``."""
        found = self._monitor.numbers()
        if found is None:
            return
        yield _labelled("states", "States by status", "status", found.states)
        yield GaugeMetricFamily("glassdask_work_done", "Share of all work, 0 to 1", found.work_done)
        yield _labelled("running", "Stages at work by name", "stage", found.running)
        yield GaugeMetricFamily("glassdask_steps_per_second", "Steps of all simulations", found.steps_per_second)
        yield _labelled("stage_seconds", "Wall-clock time of finished stages", "stage", found.stage_seconds)
        yield _labelled("jobs", "Batch jobs by state", "state", found.jobs)
        yield _queue_waits(found.queue_waits)
        if self._monitor.live is not None:
            ended = CounterMetricFamily(
                "glassdask_stages_ended", "Stages that workers of this run have ended", labels=["stage", "outcome"]
            )
            for labels, count in sorted(self._monitor.live.ended.items()):
                ended.add_metric(labels, count)
            yield ended


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"glassdask_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _queue_waits(waits: Sequence[float]) -> HistogramMetricFamily:
    buckets = [(str(float(bound)), float(sum(wait <= bound for wait in waits))) for bound in _WAIT_BOUNDS]
    family = HistogramMetricFamily("glassdask_queue_wait_seconds", "From submission to the first worker")
    family.add_metric([], [*buckets, ("+Inf", float(len(waits)))], sum(waits))
    return family


@contextmanager
def _exported(monitor: MonitorThread) -> Iterator[None]:
    """Prometheus sees the monitor's numbers inside the block."""
    collector = _Collector(monitor)
    prometheus_client.REGISTRY.register(collector)
    try:
        yield
    finally:
        prometheus_client.REGISTRY.unregister(collector)
