"""Phase diagrams for notebooks: well-formed, every state in its place, several replicas as one sign."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from glassdask.figures.pages.phase_diagram import LOOKS, legend, phase_diagram
from glassdask.outcome import Status


def places(svg: str, status: str) -> list[tuple[float, float]]:
    root = ET.fromstring(svg)
    (path,) = (item for item in root.iter("path") if item.findtext("title") == status)
    return [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)", path.attrib["d"])]


def test_every_status_has_its_own_sign_and_colour() -> None:
    assert set(LOOKS) == {str(status) for status in Status}
    assert len({colour for colour, _ in LOOKS.values()}) == len({sign for _, sign in LOOKS.values()}) == len(LOOKS)


def test_temperature_goes_up_and_density_to_the_right() -> None:
    svg = phase_diagram("Lennard-Jones", [(1.2, 0.5, "done"), (1.2, 1.0, "done"), (1.6, 0.5, "done")])
    (x1, y1), (_, y2), (x3, _) = places(svg, "done")
    assert y2 < y1
    assert x3 > x1


def test_replicas_are_one_sign_the_worst() -> None:
    svg = phase_diagram("<&>", [(1.2, 1.0, "done"), (1.2, 1.0, "failed"), (1.2, 1.0, "running")])
    assert len(places(svg, "failed")) == 1
    assert "done" not in svg
    assert ET.fromstring(svg).get("aria-label") == "<&>: 1 failed"


def test_a_large_campaign_is_small() -> None:
    """10,000 states in less than a megabyte, labels that do not touch."""
    svg = phase_diagram("many", [(1 + i / 100, 0.1 + j / 10, "done") for i in range(100) for j in range(100)])
    assert len(svg) < 400_000
    assert svg.count("<text") < 20


def test_the_legend_counts_what_there_is() -> None:
    text = legend({"done": 3, "failed": 1, "waiting": 0})
    assert "3 done" in text
    assert "1 failed" in text
    assert "waiting" not in text
