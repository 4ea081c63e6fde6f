"""The page that shows a campaign while it runs: states, stages, curves and logs of a state, trends; one HTML file.

Its parts lie in ``live/``. They draw with the browser alone, on the live page from what the scheduler answers and in a file
from what the file itself holds; nothing is loaded from anywhere else.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jinja2

_PARTS = Path(__file__).with_name("live")
#: In the order in which one builds on the other; all share one scope.
_SCRIPTS = ("ground", "charts", "filters", "states", "detail", "steering", "trends", "begin")
_STYLES = ("page", "states", "detail")


def campaign_page(
    data: dict[str, Any], details: dict[str, Any] | None, refresh: float | None, can_steer: bool = False
) -> str:
    """The page as HTML, self-contained: scripts, styles and data are in it.

    Parameters
    ----------
    data
        As of :meth:`glassdask.campaign.observe.campaign_view.CampaignView.full`.
    details
        What a click opens, by state; None where the page asks the scheduler for it.
    refresh
        After so long the page looks for news, a live page by asking the scheduler, a file by being loaded again; None:
        never. [s]
    can_steer
        Whether its server takes requests to retry and cancel, of those who have the run's token.
    """
    held = {
        "data": {**data, "can_steer": can_steer},
        "details": details,
        "refresh": refresh,
        "is_live": details is None,
    }
    return _template().render(
        name=data["campaign"],
        held=compact_json(held).replace("</", "<\\/"),  # it cannot end the script element that it stands in
        program=_program(),
        style="".join(_text(f"{name}.css") for name in _STYLES),
    )


def compact_json(found: Any) -> str:
    """JSON, made dict by dict: in one call, that of thousands of states would keep every other thread waiting."""
    if not isinstance(found, dict):
        return json.dumps(found, separators=(",", ":"))
    return "{" + ",".join(f"{json.dumps(key)}:{compact_json(value)}" for key, value in found.items()) + "}"


@functools.cache
def _program() -> str:
    return '"use strict";\n(() => {\n' + "".join(_text(f"{name}.js") for name in _SCRIPTS) + "})();\n"


def _text(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(_text("page.html"))
