"""Phase diagrams of a campaign as small SVG: T against ρ, a sign a state, by its status; for notebooks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape

#: Of each status: colour of Okabe and Ito, and a sign besides: nothing is told by colour alone. The first that any replica
#: of a state has is shown.
LOOKS = {
    "failed": ("#c84e00", "cross"),
    "running": ("#56b4e9", "triangle"),
    "waiting": ("#8c959f", "ring"),
    "crystallised": ("#7b3294", "diamond"),
    "not_equilibrated": ("#b8860b", "bar"),
    "done": ("#0072b2", "square"),
}
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _EDGE = 260, 200, 46, 34, 14
_SIGNS = {
    "square": "m-4 -4h8v8h-8z",
    "cross": "m-4 -3l1 -1l3 3l3 -3l1 1l-3 3l3 3l-1 1l-3 -3l-3 3l-1 -1l3 -3z",
    "triangle": "m-4 4l4 -8l4 8z",
    "diamond": "m0 -5l5 5l-5 5l-5 -5z",
    "bar": "m-5 -2h10v4h-10z",
    "ring": "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0m2 0a2 2 0 1 1 4 0a2 2 0 1 1 -4 0",
}
#: Labels of an axis.
_MOST_LABELS = 5


def phase_diagram(title: str, states: Iterable[tuple[float, float, str]]) -> str:
    """The states of one liquid.

    Parameters
    ----------
    title
        Of the liquid.
    states
        Density [1/sigma_AA^3], temperature [epsilon_AA/k_B] and status of each, replicas included; at least one.

    Returns
    -------
    str
        An ``<svg>`` element that loads nothing; ink is that of the text around it.
    """
    shown = _one_a_place(states)
    densities, temperatures = (sorted({place[i] for place in shown}) for i in (0, 1))
    is_log = temperatures[-1] > 5 * temperatures[0]
    x = _scale(densities, _LEFT + _EDGE, _WIDTH - _EDGE, False)
    y = _scale(temperatures, _HEIGHT - _BOTTOM - _EDGE, 24 + _EDGE, is_log)
    paths = []
    for status, (colour, sign) in LOOKS.items():
        places = [place for place, found in shown.items() if found == status]
        if places:
            line = "".join(f"M{x[rho]:.1f} {y[T]:.1f}{_SIGNS[sign]}" for rho, T in places)
            paths.append(f'<path d="{line}" fill="{colour}"><title>{status.replace("_", " ")}</title></path>')
    counts = Counter(shown.values())
    said = escape(
        f"{title}: " + ", ".join(f"{counts[status]} {status}" for status in LOOKS if counts[status]), quote=True
    )
    ink = 'fill="currentColor" font-size="10" font-family="sans-serif"'
    low = _HEIGHT - _BOTTOM
    labels = [
        f'<text x="{x[v]:.1f}" y="{low + 13}" text-anchor="middle" {ink}>{v:.3g}</text>' for v in _labels(densities, x)
    ]
    labels += [
        f'<text x="{_LEFT - 4}" y="{y[v] + 3:.1f}" text-anchor="end" {ink}>{v:.3g}</text>'
        for v in _labels(temperatures, y)
    ]
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{said}">'
        f'<text x="{_LEFT}" y="14" font-weight="bold" {ink}>{escape(title)}</text>'
        f'<path d="M{_LEFT} 24V{low}H{_WIDTH}" fill="none" stroke="currentColor" stroke-opacity="0.5"/>'
        f'<text x="{(_LEFT + _WIDTH) / 2}" y="{_HEIGHT - 4}" text-anchor="middle" {ink}>ρ [1/σ_AA³]</text>'
        f'<text transform="translate(10 {(low + 24) / 2}) rotate(-90)" text-anchor="middle" {ink}>T [ε_AA/k_B]</text>'
        f"{''.join(labels)}{''.join(paths)}</svg>"
    )


def legend(counts: Mapping[str, int]) -> str:
    """Signs, words and counts of the statuses that there are.

    Parameters
    ----------
    counts
        States by status.

    Returns
    -------
    str
        A line of HTML.
    """
    items = []
    for status in reversed(LOOKS):
        if counts.get(status):
            colour, sign = LOOKS[status]
            drawn = f'<svg width="12" height="12"><path d="M6 6{_SIGNS[sign]}" fill="{colour}"/></svg>'
            items.append(
                f'<span style="margin-right:1.2em;white-space:nowrap">{drawn} {counts[status]} {status.replace("_", " ")}</span>'
            )
    return "".join(items)


def _one_a_place(states: Iterable[tuple[float, float, str]]) -> dict[tuple[float, float], str]:
    order = list(LOOKS)
    shown: dict[tuple[float, float], str] = {}
    for rho, T, status in states:
        shown[rho, T] = min(status, shown.get((rho, T), order[-1]), key=order.index)
    return shown


def _scale(values: Sequence[float], start: float, end: float, is_log: bool) -> dict[float, float]:
    """Where each value stands, in pixels; one alone in the middle."""
    placed = [math.log(value) for value in values] if is_log else list(values)
    span = placed[-1] - placed[0]
    if span == 0:
        return dict.fromkeys(values, (start + end) / 2)
    return {value: start + (end - start) * (at - placed[0]) / span for value, at in zip(values, placed, strict=True)}


def _labels(values: Sequence[float], places: Mapping[float, float]) -> list[float]:
    """Some of the values, so far apart that their labels do not touch: the first, the last, and evenly between."""
    if len(values) < 2:
        return list(values)
    gap = abs(places[values[-1]] - places[values[0]]) / (_MOST_LABELS - 1)
    found = [values[0]]
    for value in values[1:-1]:
        if all(abs(places[value] - places[other]) >= 0.9 * gap for other in (found[-1], values[-1])):
            found.append(value)
    return [*found, values[-1]]
