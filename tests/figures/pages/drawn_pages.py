"""Pages for looking at: what a view of a campaign would say, without a campaign, and contrast as a browser computes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glassdask.campaign.files.status import STATUSES
from glassdask.figures.pages.campaign_page import campaign_page
from glassdask.stages.contract.registry import STATE_STAGES, scalars
from glassdask.stages.contract.stage import Shown
from glassdask.state_point import StatePoint

STAGES = [stage.name for stage in STATE_STAGES]
#: The least contrast of a text with what lies under it, and where it is: every element with a text of its own that is seen.
CONTRAST = """
const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const under = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = numbers(getComputedStyle(at).backgroundColor);
    if (colour.length < 4 || colour[3] > 0.99) return colour;
  }
  return [255, 255, 255];
};
let least = [99, ""];
for (const element of document.querySelectorAll("body *")) {
  const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  if (!hasText || !element.getClientRects().length || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
  const style = getComputedStyle(element), ink = element instanceof SVGElement ? style.fill : style.color;
  const [a, b] = [luminance(numbers(ink)), luminance(under(element))].sort((x, y) => y - x);
  const contrast = (a + 0.05) / (b + 0.05);
  if (contrast < least[0]) least = [contrast, `${element.tagName} ${element.className} ${element.textContent.slice(0, 40)}`];
}
return least;
"""


def page_data(states: Sequence[StatePoint], status_of: Callable[[int], str]) -> dict[str, Any]:
    """What a view says of states of these statuses; those that have not finished are two stages far."""
    statuses = [status_of(i) for i in range(len(states))]
    is_finished = [status in ("done", "not_equilibrated", "crystallised") for status in statuses]
    n = len(states)
    time = [1.7e9 + 60 * i for i in range(20)]
    names = [state.identifier for state in states]
    failed = [name for name, status in zip(names, statuses, strict=True) if status == "failed"]
    failure = {
        "reason": "diverged",
        "stage": STAGES[2],
        "message": "diverged: it broke; mend it",
        "states": failed[:20],
    }
    return {
        "campaign": "drawn",
        "titles": {name: name.upper() for name in sorted({state.potential for state in states})},
        "species": ["A", "B"],
        "pairs": ["AA", "AB", "BB"],
        "folder": "/campaigns/drawn",
        "statuses": list(STATUSES),
        "stages": STAGES,
        "numbers": [[scalar.name, *scalar.heading(), scalar.spec] for scalar in scalars(Shown.PAGE)],
        "limits": {"temperature_error": 0.005, "energy_drift": 1e-3},
        "states": {
            "identifier": names,
            "potential": [state.potential for state in states],
            "T": [state.temperature for state in states],
            "rho": [state.density for state in states],
            "replica": [state.replica for state in states],
            "code": [STATUSES.index(status) for status in statuses],  # type: ignore[arg-type]
            "share": [1.0 if finished else 0.4 for finished in is_finished],
            "drift": [1e-5 * (1 + i % 7) for i in range(n)],
            "temperature_error": [1e-3 * (i % 5 - 2) for i in range(n)],
        },
        "version": 1,
        "time": time[-1],
        "counts": {status: statuses.count(status) for status in STATUSES},
        "notes": [],
        "work": 0.5,
        "running": [{"state": names[0], "stage": STAGES[0], "phase": "production", "fraction": 0.5, "rate": 100.0}],
        "failures": [{**failure, "count": len(failed)}] if failed else [],
        "hours": {"used": 3.0, "on_gpus": 0, "jobs_on_gpus": 0, "left": None, "left_on_gpus": None, "finish": None},
        "clock": None,
        "stage_rows": [
            {"stage": name, "done": 3, "running": 1, "failed": 1, "total": n, "share": 0.4} for name in STAGES
        ],
        "pace": {"time": time, **{name: [float(i % 4) for i in range(20)] for name in STAGES}},
        "queue": {"time": time, **{name: [float(i) for i in range(20)] for name in ("waiting", "running", "finished")}},
        "jobs": {"time": [], "pending": [], "running": [], "ended": []},
        "job_list": [],
        "driver": {"is_alive": False},
    }


def write_page(path: Path, data: dict[str, Any], details: dict[str, Any]) -> str:
    """Writes the page as a file; returns its address."""
    path.write_text(campaign_page(data, details, None), encoding="utf-8")
    return path.as_uri()
