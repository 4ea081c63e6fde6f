"""Curves on the campaign's page in a real browser: of one to three species, and with the peak that is printed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.observe.campaign_view import CampaignView
from glassdask.campaign.observe.page import StaticPage
from glassdask.figures.pages.campaign_page import campaign_page
from glassdask.physics.liquids.liquid import SPECIES, pairs_of
from tests.chromium import Browser

pytestmark = pytest.mark.browser
_KEY = "return [...document.querySelectorAll(`${arguments[0]} .key li`)].map((item) => item.textContent)"
_PATH = "return document.querySelector(`${arguments[0]} path[data-series=${arguments[1]}]`).getAttribute('d')"


def curves(n_species: int) -> dict:
    t, k = np.geomspace(0.1, 100.0, 8).tolist(), np.linspace(0.2, 20.0, 9).tolist()
    found: dict = {"t": t, "t_mct": t, "k": k, "k_p": 7.0}
    for a, name in enumerate(SPECIES[:n_species]):
        found |= {f"F_{name}": np.exp(-np.array(t) / (a + 1)).tolist(), f"F_{name}_error": [0.01] * 8}
        found[f"F_mct_{name}"] = found[f"F_{name}"]
    for pair in pairs_of(n_species):
        found |= {f"S_{pair}": [1.0 if pair[0] == pair[1] else -0.5] * 9, f"S_{pair}_error": [0.01] * 9}
    return found


def test_a_state_shows_the_species_that_it_has(tiny: Campaign, browser: Browser, tmp_path: Path) -> None:
    view = CampaignView(tiny)
    view.look()
    data = {
        **view.full(),
        "species": list(SPECIES[:3]),
        "pairs": list(pairs_of(3)),
        "titles": {"lj": "A title", "wca": "WCA"},
    }
    details = {state.identifier: {"curves": curves(n)} for n, state in enumerate(tiny.states, start=1)}
    file = tmp_path / "page.html"
    file.write_text(campaign_page(data, details, None), encoding="utf-8")
    browser.resize(1280, 1400)
    for n_species, name in reversed(list(enumerate(details, start=1))):
        browser.open(f"{file.as_uri()}#state={name}")
        browser.wait(lambda: browser.is_visible("#curves"), "curves")
        labels = [label for name in SPECIES[:n_species] for label in (name, f"{name}, MCT")]
        assert browser.run(_KEY, "#scattering") == labels
        assert browser.run(_KEY, "#structure") == list(pairs_of(n_species))
        for chart, n_points, names in (("#scattering", 8, SPECIES[:n_species]), ("#structure", 9, pairs_of(n_species))):
            assert {browser.run(_PATH, chart, name).count("L") for name in names} == {n_points - 1}
        assert browser.overflow() <= 0
    assert browser.complaints() == []


def test_the_peak_that_is_drawn_is_the_number_that_is_printed(tiny_copy: Path, browser: Browser) -> None:
    """The highest point of S_AA(k) lies under its mark, to a pixel; the mark says what stands among the numbers."""
    from glassdask.campaign.definition.campaign import load_campaign

    view = CampaignView(load_campaign(tiny_copy))
    view.look()
    page = StaticPage(view).write(None)
    browser.resize(1280, 1400)
    for state in view.campaign.states:
        browser.open(f"{page.as_uri()}#state={state.identifier}")
        terms = browser.run("return [...document.querySelectorAll('#numbers div')].map((pair) => pair.innerText)")
        (printed,) = [text.split()[-1] for text in terms if text.startswith("k_p")]
        assert browser.text("#structure .marked") == f"k_p = {printed}"
        points = re.findall(r"[ML]([\d.]+) ([\d.-]+)", browser.run(_PATH, "#structure", "AA"))
        top = min(points, key=lambda point: float(point[1]))
        mark = browser.run(
            "const m = document.querySelector('#structure .mark'); return [m.getAttribute('cx'), m.getAttribute('cy')]"
        )
        assert [float(place) for place in top] == pytest.approx([float(place) for place in mark], abs=1.0)
