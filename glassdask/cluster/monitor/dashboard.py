"""The campaign's own page on the Dask dashboard: ``/glassdask`` behind the run's token, with what it asks for.

Dask finds ``routes`` here by its setting ``distributed.scheduler.http.routes`` and puts the run's secret path in front.
All work is done in a thread: the scheduler's event loop only hands on finished bytes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from distributed.http.utils import RequestHandler

from glassdask.cluster.monitor.buttons import ask
from glassdask.cluster.monitor.monitor_thread import MonitorThread
from glassdask.cluster.monitor.page_token import PAGE_TOKEN, is_same_token
from glassdask.errors import GlassdaskError, InvalidInput

#: The header that brings the token. Another page's form cannot set one, nor its script, without leave.
_HEADER = "X-Glassdask-Token"
_MOST_BYTES = 100_000


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


class _Request(_Answer):
    """Retry and cancel, as the verbs ask for them, of those who bring the run's token; all others change nothing."""

    async def post(self) -> None:
        monitor: MonitorThread | None = getattr(self.server, "glassdask_monitor", None)
        if monitor is None:
            self.send_error(404)
            return
        refusal = _refusal(monitor, self.request.headers.get(_HEADER, ""))
        if refusal:
            self.say(403, refusal)
            return
        try:
            verb, states, reason = _asked(self.request.body)
            self.say(200, await asyncio.to_thread(ask, monitor.campaign.folder, verb, states, reason))
        except GlassdaskError as error:
            self.say(400, str(error))
        except OSError as error:
            self.say(500, f"nothing was asked: {error}")

    def say(self, status: int, message: str) -> None:
        """Answers in words."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.write(json.dumps({"message": message}).encode())


def _refusal(monitor: MonitorThread, given: str) -> str:
    """Why who brings this token may not ask; empty for who may."""
    place = monitor.campaign.folder.resolve() / PAGE_TOKEN
    if monitor.token is None:
        return f"Nothing was changed: this run takes no requests from its page, as {place} could not be written."
    if not given:
        return f"Nothing was changed: a request needs the token of this run, which lies in {place}."
    if not is_same_token(given, monitor.token):
        return (
            "Nothing was changed: this is not the token of this run, but perhaps that of an earlier run or of another "
            f"campaign; the one of this run lies in {place}."
        )
    return ""


def _asked(body: bytes) -> tuple[str, list[str], str | None]:
    """Verb, states and reason of a request; InvalidInput if it is none."""
    try:
        found = json.loads(body[:_MOST_BYTES])
        verb, states, reason = found["verb"], found["states"], found.get("reason")
    except (ValueError, KeyError, TypeError, AttributeError):
        verb, states, reason = None, None, None
    is_list = isinstance(states, list) and all(isinstance(name, str) for name in states)
    if not isinstance(verb, str) or not is_list or not (reason is None or isinstance(reason, str)):
        raise InvalidInput('a request is JSON with "verb" (retry or cancel), "states" (a list of names) and "reason"')
    return verb, states, reason


routes: list[tuple[str, type[RequestHandler], dict[str, Any]]] = [
    ("glassdask", _Page, {}),
    ("glassdask/campaign.json", _News, {}),
    ("glassdask/state.json", _State, {}),
    ("glassdask/request.json", _Request, {}),
]
