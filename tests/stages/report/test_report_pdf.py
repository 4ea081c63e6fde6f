"""The report as PDF: what a reader of one needs, page by page."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import glassdask
from glassdask.campaign.files.products import read_record
from glassdask.figures.catalogue import FIGURES
from glassdask.figures.pages.page_pdf import write_pdf
from glassdask.figures.pages.report_page import render_page
from glassdask.operations.products import verify

pypdf = pytest.importorskip("pypdf", reason="pypdf reads PDFs: pip install --group test")
pytestmark = pytest.mark.usefixtures("a_pdf_writer")
#: Points. [1/72 inch]
A4 = (595.3, 841.9)


@pytest.fixture(scope="module")
def reported(a_pdf_writer: None, tiny_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """A folder with a report and its PDF."""
    copy = tmp_path_factory.mktemp("reported") / "copy"
    shutil.copytree(tiny_file.with_suffix(""), copy)
    done = glassdask.report(copy, pdf=True)
    assert done.pdf == copy / "report" / "report.pdf"
    assert done.pdf not in done.data
    return copy


@pytest.fixture(scope="module")
def pdf(reported: Path):
    return pypdf.PdfReader(reported / "report" / "report.pdf")


def fonts(page) -> dict:
    found = page["/Resources"].get("/Font", {})
    return {name: font.get_object() for name, font in found.items()}


def test_pages_are_numbered_and_of_one_size(pdf) -> None:
    assert len(pdf.pages) > 6
    for number, page in enumerate(pdf.pages, start=1):
        assert np.allclose([float(page.mediabox.width), float(page.mediabox.height)], A4, atol=0.5)
        assert f"page {number} of {len(pdf.pages)}" in page.extract_text()
        assert page.extract_text().count("tiny") >= 1, "each says whose it is"


def test_sections_and_figures_have_bookmarks_and_lines_of_the_contents(pdf) -> None:
    def titles(entries) -> list[str]:
        return [name for one in entries for name in (titles(one) if isinstance(one, list) else [one.title])]

    found = titles(pdf.outline)
    for section in ("States", "Figures", "Excluded and flagged", "Methods", "Versions", "Costs", "Citation"):
        assert section in found
    for figure in FIGURES.values():
        assert figure.caption.title in found, "without what the paper says of it"
    contents = pdf.pages[0].extract_text()
    assert re.search(r"Methods[ .]+\d+", contents), "with the number of its page"


def test_it_says_what_it_is(pdf) -> None:
    about = pdf.metadata
    assert about.title == "tiny – glassdask report"
    assert about.subject == "Report of the campaign tiny: 3 of 3 states"
    assert about.author == f"glassdask {glassdask.__version__}"
    assert about.creation_date is not None
    assert pdf.trailer["/Root"]["/Lang"] == "en"


def test_letters_are_inside_and_no_path_of_this_machine_is_a_link(pdf) -> None:
    for page in pdf.pages:
        for font in fonts(page).values():
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            assert (
                "/FontFile2" in inner["/FontDescriptor"].get_object()
                or "/FontFile3" in inner["/FontDescriptor"].get_object()
            )
        for annotation in page.get("/Annots", []):
            action = annotation.get_object().get("/A", {})
            assert "/URI" not in action, "names of files are text: a PDF is moved"


def test_tables_and_figures_lie_on_the_page(pdf) -> None:
    """Nothing is drawn right of the margin, and each figure stands once, whole."""
    pictures = 0
    for page in pdf.pages:
        margin = float(page.mediabox.width) - 45
        places: list[tuple[float, str]] = []

        def see(text: str, matrix, text_matrix, _font, _size, places=places) -> None:
            if text.strip():
                places.append((matrix[4] + matrix[0] * text_matrix[4], text))

        page.extract_text(visitor_text=see)
        assert all(x < margin for x, _ in places), max(places)
        pictures += len(re.findall(rb"/\S+ Do\b", page.get_contents().get_data()))
    assert pictures == sum(line.startswith("Data: ") for page in pdf.pages for line in page.extract_text().splitlines())


def test_many_columns_lie_across(tmp_path: Path) -> None:
    """A table of more columns than a page is wide gets one that is wider, with the head again on each."""
    head = [f"quantity {i}" for i in range(18)]
    rows = [["state", *(f"{i * j / 7:.4f}" for j in range(17))] for i in range(60)]
    nothing = {"header": ["a"], "rows": []}
    content = {
        "title": "wide", "coverage": "1 of 1 states", "about": "", "written": "2026-01-01T00:00:00+00:00", "version": "1",
        "notices": [], "counts": nothing, "states": {"n": 60, "header": ["status", *head], "rows": [["done", *row] for row in rows],
        "file": {"name": "states.csv", "href": "", "size": ""}}, "figures": [], "excluded": [], "methods": [],
        "versions": {**nothing, "here": ""}, "costs": {**nothing, "sentences": []}, "citations": [], "references": [], "methods_files": [],
        "is_pdf": True,
    }  # fmt: skip
    found = pypdf.PdfReader(write_pdf(render_page(content), tmp_path / "wide.pdf"))
    across = [page for page in found.pages if float(page.mediabox.width) > float(page.mediabox.height)]
    assert len(across) > 1
    assert all("quantity 17" in page.extract_text().replace("\n", " ") for page in across)
    assert sum(page.extract_text().count("done") for page in across) == 60


def test_equal_pages_give_equal_files(reported: Path, tmp_path: Path) -> None:
    text = (reported / "report" / "report.html").read_text(encoding="utf-8")
    first, second = (write_pdf(text, tmp_path / f"{name}.pdf") for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_it_is_a_product_and_goes_with_its_page(reported: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(reported, tmp_path / "copy"))
    pdf = folder / "report" / "report.pdf"
    record = read_record(folder, "report")
    assert record is not None
    assert "report/report.pdf" in record.files
    before = pdf.stat().st_mtime_ns
    assert glassdask.report(folder, pdf=True).pdf == pdf
    assert pdf.stat().st_mtime_ns == before, "it is there: nothing is made again"
    glassdask.report(folder, force=True)
    assert not pdf.exists(), "none of an earlier page is left"
    glassdask.report(folder, pdf=True)
    assert pdf.exists(), "also where the page itself is up to date"
    assert {check.verdict for check in verify(folder) if check.stage == "report"} == {"whole"}
