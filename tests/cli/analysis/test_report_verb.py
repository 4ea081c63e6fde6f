"""``glassdask report``: where the page goes, what is printed, every slip in a line."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

import glassdask
from glassdask.errors import MissingComponent


@pytest.fixture
def few_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two figures are enough to see where files go."""
    from glassdask.figures import catalogue
    from glassdask.stages.report import page as report_page

    few = {name: catalogue.FIGURES[name] for name in ("relaxation_time", "transfer")}
    monkeypatch.setattr(report_page, "FIGURES", few)


@pytest.mark.usefixtures("few_figures")
def test_the_page_lies_in_the_campaigns_folder(call, tiny_copy: Path) -> None:
    folder = tiny_copy.with_suffix("")
    answer = call("report", tiny_copy)
    assert answer.code == 0
    page = folder / "report" / "report.html"
    assert answer.out.splitlines() == [str(page), f"6 files of data in {folder / 'report' / 'data'}"]
    assert "drawing figures" in answer.err
    assert {path.name for path in (folder / "report" / "data").iterdir()} == {
        "states.csv",
        "methods.txt",
        "methods.md",
        "methods.bib",
        "relaxation_time.nc",
        "relaxation_time.csv",
    }
    assert call("verify", folder).code == 0, "it is a product, and whole"
    assert call("report", tiny_copy).err == "", "nothing is made again"
    assert "drawing figures" in call("report", tiny_copy, "--force").err


@pytest.mark.usefixtures("few_figures")
def test_another_place_and_plain_data(call, tiny_file: Path, tmp_path: Path) -> None:
    answer = call("report", tiny_file.with_suffix(""), "--output", tmp_path / "new" / "index.html", "--json")
    assert answer.code == 0
    files = [Path(name) for name in json.loads(answer.out)["files"]]
    assert files[0] == tmp_path / "new" / "index.html"
    assert all(path.is_file() for path in files)


def test_slips_are_told(call, tiny_file: Path, tiny_copy: Path, tmp_path: Path) -> None:
    answer = call("report", tiny_file, "--output", tmp_path / "report.pdf")
    assert answer.code == 2
    assert "allowed: a name ending in .html" in answer.err
    fresh = tmp_path / "fresh.toml"
    fresh.write_text(tiny_file.read_text())
    answer = call("report", fresh)
    assert answer.code == 2
    assert "does not exist yet; 'glassdask run FILE.toml' starts the campaign" in answer.err
    (tiny_copy.with_suffix("") / "observables.nc").unlink()
    for record in tiny_copy.with_suffix("").glob("states/*/fit_memory.json"):
        record.unlink()
    answer = call("report", tiny_copy)
    assert answer.code == 2
    assert "0 of 3 states are done (3 waiting), so there is nothing to collect or to show yet" in answer.err
    assert not (tiny_copy.with_suffix("") / "report").exists()


def test_a_pdf_without_its_component_is_not_begun(call, tiny_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    answer = call("report", tiny_copy, "--pdf")
    assert answer.code == 1
    assert "needs WeasyPrint, which is not installed; install it with: pip install 'glassdask[pdf]'" in answer.err
    assert not (tiny_copy.with_suffix("") / "report").exists()
    with pytest.raises(MissingComponent, match="WeasyPrint"):
        glassdask.report(tiny_copy, pdf=True)


@pytest.mark.usefixtures("few_figures", "a_pdf_writer")
def test_a_pdf_lies_beside_its_page(call, tiny_file: Path, tmp_path: Path) -> None:
    answer = call("report", tiny_file.with_suffix(""), "--output", tmp_path / "index.html", "--pdf")
    assert answer.out.splitlines()[:2] == [str(tmp_path / "index.html"), str(tmp_path / "index.pdf")]
    assert (tmp_path / "index.pdf").read_bytes().startswith(b"%PDF-")


def test_figures_that_collect_has_drawn_are_shown_and_not_drawn_again(
    tiny_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_copy.with_suffix("")
    monkeypatch.setattr(
        "glassdask.figures.drawing.campaign_figure.CampaignFigure.save", lambda *_: pytest.fail("drawn")
    )
    page = glassdask.report(folder).page.read_text(encoding="utf-8")
    drawn = (folder / "figures" / "relaxation_time.png").read_bytes()
    assert base64.b64encode(drawn).decode() in page


def test_a_run_ends_with_the_command_of_the_report(call, tiny_copy: Path) -> None:
    answer = call("run", tiny_copy)
    assert f"'glassdask report {tiny_copy.with_suffix('')}'" in answer.out.splitlines()[-1]
