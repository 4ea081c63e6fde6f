"""The report of a real campaign, in which one state has crystallised, one has failed, and one drifts."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from glassdask.campaign.definition.campaign import Campaign, load_campaign
from glassdask.campaign.files.failure import write_failure
from glassdask.campaign.files.folder import state_folder
from glassdask.campaign.files.products import read_record, write_record
from glassdask.campaign.observe.state_facts import state_facts
from glassdask.campaign.report import report as report_module
from glassdask.campaign.report.report import report_content, write_report
from glassdask.campaign.report.state_table import table_rows
from glassdask.errors import InvalidInput
from glassdask.figures.catalogue import FIGURES
from glassdask.files.atomic_write import write_text

COLD, HOT, WCA = "lj_rho1.2_T1.0_r0", "lj_rho1.2_T2.0_r0", "wca_rho1.2_T2.0_r0"


class Page(HTMLParser):
    """Tags with their attributes, and the text."""

    def __init__(self, text: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attributes}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def change_record(campaign: Campaign, identifier: str, stage: str, **summary: Any) -> None:
    folder = state_folder(campaign.folder, identifier)
    record = read_record(folder, stage)
    assert record is not None
    status = summary.pop("status", record.status)
    write_record(folder, replace(record, status=status, summary={**record.summary, **summary}))


@pytest.fixture
def odd(tiny_copy: Path) -> Campaign:
    """A copy in which one state has crystallised, one has failed in its last stage, and one is off and drifts."""
    campaign = load_campaign(tiny_copy)
    change_record(campaign, COLD, "correlate", status="crystallised", reasons="solid-like particles: 9 % of A")
    folder = state_folder(campaign.folder, HOT)
    (folder / "correlate.json").unlink()
    write_failure(folder, "correlate", "code", "it <broke>", 3)
    change_record(campaign, WCA, "correlate", is_temperature_off=True, is_energy_drifting=True)
    return campaign


@pytest.fixture(scope="module")
def written(tiny: Campaign, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Page]]:
    """The report of the campaign as it is; tests leave it alone."""
    before = sorted(path for path in tiny.folder.rglob("*"))
    page = tmp_path_factory.mktemp("report") / "page.html"
    files = write_report(load_campaign(tiny.folder), page)
    assert files[0] == page
    assert sorted(page.parent.rglob("*.*")) == sorted(files), "these files and no others, none of them partial"
    yield page, Page(page.read_text(encoding="utf-8"))
    assert sorted(path for path in tiny.folder.rglob("*")) == before, "nothing is written into the campaign"


def test_nothing_is_loaded_from_elsewhere(written: tuple[Path, Page]) -> None:
    page = written[1]
    text = written[0].read_text(encoding="utf-8")
    assert not page.named("script")
    assert not page.named("link")
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.named("img"))
    assert not re.search(r"url\(|@import|src=[\"']https?:|srcset", text)
    assert all(not link["href"].startswith("http") for link in page.named("a"))


def test_every_link_leads_somewhere(written: tuple[Path, Page]) -> None:
    path, page = written
    places = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for link in page.named("a"):
        target = unquote(link["href"])
        assert target[1:] in places if target.startswith("#") else (path.parent / target).is_file()


def test_every_figure_is_there_or_its_reason(written: tuple[Path, Page]) -> None:
    path, page = written
    assert [figure["id"] for figure in page.named("figure")] == list(FIGURES)
    drawn = {"structure_factor", "scattering", "relaxation_time", "mode_coupling", "memory", "memory_modes", "second_mode",
             "quality", "non_gaussian_parameter", "four_point_susceptibility", "collective_scattering",
             "pair_distribution", "mean_squared_displacement", "van_hove"}  # fmt: skip
    assert len(page.named("img")) == len(drawn)
    assert {image["alt"] for image in page.named("img")} == {FIGURES[name].caption.alt for name in drawn}
    for name in FIGURES:
        assert (path.parent / "data" / f"{name}.nc").is_file() == (name in drawn)
    assert "Not drawn: The campaign has no trained networks. glassdask train makes it." in page.text
    assert "Not drawn: No critical temperature was found" in page.text


def test_the_page_can_be_read_by_everybody(written: tuple[Path, Page]) -> None:
    page = written[1]
    text = written[0].read_text(encoding="utf-8")
    assert page.named("html") == [{"lang": "en"}]
    assert "<title>tiny – glassdask report</title>" in text
    assert all(header.get("scope") in ("col", "row") for header in page.named("th"))
    assert len(page.named("caption")) == len(page.named("table"))
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert "width=device-width" in text


def test_methods_hold_the_numbers_of_the_campaign(written: tuple[Path, Page], tiny: Campaign) -> None:
    words = written[1].text
    for sentence in (
        "periodic cube of side 7 σAA",
        "Number of particles: N = 412 (number density ρ = 1.2/σAA³)",
        "Each was equilibrated for 90 τMD at constant temperature by stochastic velocity rescaling [",
        "production of 153.6 τMD began, at constant energy",
        "within consecutive blocks of 15.36 τMD",
        "about 20 configurations spaced evenly in time, in 100 bins of width 0.4/σAA centred at 0.2 … 39.8/σAA",
        "with 16 points in each half of a block, up to 10000 τMD",
        "Nexp = 1, 2 terms were fitted to Fs(kp,t)",
        "at most 20 generations in each search",
        "4 resampled sets of time origins",
        "derive from the number 7 and the name of each state",
        "Standard errors are those of the mean of 10 blocks of time",
    ):
        assert sentence in words
    with (written[0].parent / "data" / "states.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    assert [int(row["seed"]) for row in rows] == [tiny.seed_of(state) for state in tiny.states]
    record = read_record(state_folder(tiny.folder, COLD), "simulate")
    assert record is not None
    assert rows[0]["n_steps"] == str(record.provenance["simulation"]["n_steps"])
    assert f"{record.provenance['engine']} {record.provenance['engine_version']}" in words


def test_what_is_cited_and_spent_stands_there(written: tuple[Path, Page]) -> None:
    words = written[1].text
    assert "@article{Ciarella2023," in words
    assert "core-hours in all. From the first start (" in words
    assert "Nothing: every state is done" not in words, "the quick time step lets a temperature be off or energy drift"


def test_odd_states_are_named_with_their_reasons(odd: Campaign) -> None:
    found = {group["title"]: group for group in report_content(odd, state_facts(odd))["excluded"]}
    assert found["Crystallised"]["states"] == [(COLD, "solid-like particles: 9 % of A")]
    assert found["Failed"]["states"] == [(HOT, "correlate: code: it <broke>")]
    assert WCA in dict(found["Temperature off"]["states"])
    assert WCA in dict(found["Energy drifting"]["states"])
    rows = {tuple(row[:3]): row for row in table_rows(state_facts(odd))}
    assert rows["lj", "1.2", "1"][4] == "crystallised"
    assert rows["wca", "1.2", "2"][-1].endswith("temperature off; energy drifting")


def test_a_cube_of_other_states_is_told_of(odd: Campaign) -> None:
    notices = report_content(odd, state_facts(odd))["notices"]
    assert any("collected from other states" in notice for notice in notices)


def test_products_of_several_versions_are_told_of(odd: Campaign) -> None:
    folder = state_folder(odd.folder, COLD)
    record = read_record(folder, "reduce")
    assert record is not None
    write_record(folder, replace(record, inputs="another", provenance={**record.provenance, "glassdask": "0.0.1"}))
    content = report_content(odd, state_facts(odd))
    assert any("several versions" in notice for notice in content["notices"])
    assert any(notice.startswith("1 states hold products made from other inputs") for notice in content["notices"])
    assert any(row[:2] == ["reduce", "0.0.1"] and row[-1] == "1" for row in content["versions"]["rows"])


def test_a_large_campaign_is_counted_and_not_listed(tiny: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_module, "MOST_ROWS", 2)
    facts = state_facts(tiny)
    assert report_module._states(facts)["rows"] == []
    assert report_content(tiny, facts)["counts"]["rows"] == [["lj", "1.2", "2", "2"], ["wca", "1.2", "1", "1"]]


def test_text_is_escaped_and_an_old_page_makes_room(odd: Campaign, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    (tmp_path / "data").mkdir()
    for name in ("transfer.csv", "nonergodicity_species.csv", "notes.csv"):
        write_text(tmp_path / "data" / name, "old")
    write_text(page, "old")
    (odd.folder / "critical_temperature.nc").unlink()
    write_report(odd, page)
    text = page.read_text(encoding="utf-8")
    assert "it &lt;broke&gt;" in text
    assert "<broke>" not in text
    left = {path.name for path in (tmp_path / "data").iterdir()}
    assert "notes.csv" in left, "what is not the report's is left alone"
    assert not left & {"transfer.csv", "nonergodicity_species.csv"}


def test_a_report_that_fails_leaves_no_page(odd: Campaign, tmp_path: Path) -> None:
    (odd.folder / "observables.nc").write_bytes(b"not a cube")
    page = tmp_path / "report.html"
    with pytest.raises((OSError, ValueError)):
        write_report(odd, page)
    assert not page.exists()


def test_without_a_cube_there_is_no_report(odd: Campaign, tmp_path: Path) -> None:
    (odd.folder / "observables.nc").unlink()
    with pytest.raises(InvalidInput, match=r"holds no observables.nc: nothing has been collected; 'glassdask run "):
        write_report(odd, tmp_path / "report.html")
    assert list(tmp_path.glob("*.html")) == []


def test_the_content_is_plain_data(tiny: Campaign) -> None:
    json.dumps(report_content(tiny, state_facts(tiny)))
