"""The campaign's own page on the Dask dashboard: ``/glassdask`` behind the run's token, with what it asks for.

Dask finds ``routes`` here by its setting ``distributed.scheduler.http.routes`` and puts the run's secret path in front.
All work is done in a thread: the scheduler's event loop only hands on finished bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from distributed.http.utils import RequestHandler

from glassdask.cluster.monitor.monitor_thread import MonitorThread


class _Answer(RequestHandler):
    """An answer that is made in a thread."""

    def set_default_headers(self) -> None:
        """Nothing is kept by browsers or proxies, nothing is loaded from elsewhere, no other page may frame it."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("X-Frame-Options", "DENY")
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
            "img-src data: blob:; connect-src 'self'",
        )

    async def answer(self, kind: str, make: Callable[[MonitorThread], bytes | None]) -> None:
        """Writes what `make` gives; 404 where it has nothing, or where no campaign is run on this scheduler."""
        monitor: MonitorThread | None = getattr(self.server, "glassdask_monitor", None)
        content = None if monitor is None else await asyncio.to_thread(make, monitor)
        if content is None:
            self.send_error(404)
            return
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.write(content)


class _Page(_Answer):
    async def get(self) -> None:
        await self.answer("text/html", MonitorThread.page)


class _News(_Answer):
    async def get(self) -> None:
        text = self.get_query_argument("since", "0")
        since = int(text) if text.isdecimal() else 0
        await self.answer("application/json", lambda monitor: monitor.news(since))


class _State(_Answer):
    async def get(self) -> None:
        identifier = self.get_query_argument("state", "")
        await self.answer("application/json", lambda monitor: monitor.state(identifier))


routes: list[tuple[str, type[RequestHandler], dict[str, Any]]] = [
    ("glassdask", _Page, {}),
    ("glassdask/campaign.json", _News, {}),
    ("glassdask/state.json", _State, {}),
]
