"""The campaign's page in a real browser: curves of states of one to three species, and legends that name what a state has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glassdask.campaign.definition.campaign import Campaign
from glassdask.campaign.observe.campaign_view import CampaignView
from glassdask.figures.pages.campaign_page import campaign_page
from glassdask.physics.liquids.liquid import SPECIES, pairs_of
from tests.chromium import Browser

pytestmark = pytest.mark.browser
_LEGEND = """
for (const each of Bokeh.documents) {
  const plot = each.get_model_by_name(arguments[0]);
  if (plot) return plot.above.find((part) => part.type === "Legend").items.filter((item) => item.visible).map((item) => item.label.value);
}
"""
_DATA = "for (const d of Bokeh.documents) { const s = d.get_model_by_name(arguments[0]); if (s) return s.data[arguments[1]]; }"


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
        browser.open(f"{file.as_uri()}#{name}")
        browser.wait(lambda: browser.is_visible("#curves"), "curves")
        labels = [label for name in SPECIES[:n_species] for label in (name, f"{name}, MCT")]
        assert browser.run(_LEGEND, "plot-scattering") == labels
        assert browser.run(_LEGEND, "plot-structure") == list(pairs_of(n_species))
        for source, x, columns in (("curve-scattering", 8, "ABC"), ("curve-structure", 9, pairs_of(3))):
            assert {len(browser.run(_DATA, source, column)) for column in columns} == {x}, "columns of one length"
        assert browser.overflow() <= 0
    assert browser.complaints() == []
