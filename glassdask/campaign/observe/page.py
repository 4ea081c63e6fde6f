"""The campaign's page as a file that needs no server."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from glassdask.campaign.files.folder import STATIC_PAGE
from glassdask.campaign.files.status import StateStatus
from glassdask.campaign.observe.campaign_view import CampaignView
from glassdask.campaign.observe.ledger import n_stages_done
from glassdask.campaign.observe.state_detail import state_detail
from glassdask.figures.pages.campaign_page import campaign_page
from glassdask.files.atomic_write import write_text
from glassdask.outcome import Status

#: States whose details the file holds, and points of a curve in it: some 4 MB.
_MOST_STATES, _MOST_POINTS = 300, 60
#: Details that are gathered for one writing but the last: each takes some 20 ms.
_MOST_NEW = 60


class StaticPage:
    """Writes ``campaign.html`` again and again; details of finished states are gathered once."""

    def __init__(self, view: CampaignView):
        self._view = view
        self._details: dict[str, tuple[StateStatus, dict[str, Any]]] = {}

    def write(self, refresh: float | None) -> Path:
        """Writes the page, whole; a browser that shows it loads it again after `refresh` seconds.

        None says that this is the last time, and the driver leaves.
        """
        data = self._view.full()
        if refresh is None:
            data["driver"], data["clock"] = {"is_alive": False}, None
        chosen = self._chosen()
        self._gather(chosen, _MOST_NEW if refresh is not None else _MOST_STATES)
        names = [item.state.identifier for item in chosen]
        details = {name: self._details[name][1] for name in names if name in self._details}
        path = self._view.campaign.folder / STATIC_PAGE
        write_text(path, campaign_page(data, details, refresh), durable=False)
        return path

    def _chosen(self) -> list[StateStatus]:
        """The states whose details the file will hold: running and failed ones, then the others in the campaign's order."""
        statuses = self._view.statuses
        first = [item for item in statuses if item.status in (Status.RUNNING, Status.FAILED)]
        rest = [
            item
            for item in statuses
            if item.status not in (Status.RUNNING, Status.FAILED) and n_stages_done(item.status, item.stage)
        ]
        return [*first, *rest][:_MOST_STATES]

    def _gather(self, chosen: list[StateStatus], most: int) -> None:
        """Reads details that are new or may have changed, so many at most."""
        folder = self._view.campaign.folder
        stale = [item for item in chosen if self._is_stale(item)]
        for item in stale[:most]:
            detail = state_detail(folder, item.state).as_dict()
            self._details[item.state.identifier] = item, {**detail, "curves": _thinned(detail["curves"])}

    def _is_stale(self, item: StateStatus) -> bool:
        known = self._details.get(item.state.identifier)
        return known is None or item.status == Status.RUNNING or known[0] != item


def _thinned(curves: dict[str, Any]) -> dict[str, Any]:
    """Every n-th point of long curves, with four digits."""
    few = {name: v[:: math.ceil(len(v) / _MOST_POINTS)] for name, v in curves.items() if isinstance(v, list) and v}
    return curves | {name: [None if x is None else float(f"{x:.4g}") for x in v] for name, v in few.items()}
