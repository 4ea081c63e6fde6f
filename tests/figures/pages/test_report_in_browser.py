"""The report in a real browser, on a telephone and a desk, by day and by night: nothing is cut, and text can be copied."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import glassdask
from tests.chromium import Browser

pytestmark = pytest.mark.browser
_CUT = """
return [...document.querySelectorAll("table")].map((table) => [table.getBoundingClientRect().right, table.closest(".box")])
  .filter(([right, box]) => right > box.getBoundingClientRect().right + 0.5)
  .map(([, box]) => [box.getAttribute("aria-label"), getComputedStyle(box).overflowX]);
"""
_SIDES = """
return [...document.querySelectorAll("tbody td, tbody th")].filter((cell) => /^[−]?\\d+(\\.\\d+)?( × 10.*)?$/.test(cell.textContent))
  .map((cell) => getComputedStyle(cell).textAlign);
"""
_CONTRAST = """
const light = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
  .reduce((sum, c, i) => sum + [0.2126, 0.7152, 0.0722][i] * c, 0);
const ground = (element) => { const c = getComputedStyle(element).backgroundColor; return c === "rgba(0, 0, 0, 0)" && element.parentElement ? ground(element.parentElement) : c; };
return Math.min(...[...document.querySelectorAll("p, li, a, td, th, caption, h1, h2, h3, code, pre, .badge, button")].filter((e) => e.getClientRects().length)
  .map((e) => [light(getComputedStyle(e).color), light(ground(e))]).map(([a, b]) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)));
"""


@pytest.fixture(scope="module")
def pages(tiny_file: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Addresses of a report, and of a page of two."""
    folder = tmp_path_factory.mktemp("pages")
    copy = shutil.copytree(tiny_file.with_suffix(""), folder / "copy")
    report = glassdask.report(copy).page
    from glassdask.operations.comparison.comparison import compare
    from glassdask.operations.comparison.page import write_page

    both = write_page(compare(copy, tiny_file.with_suffix("")), folder / "both.html")[0]
    return [report.as_uri(), both.as_uri()]


@pytest.fixture
def views(browser: Browser, pages: list[str]) -> Iterator[tuple[Browser, int]]:
    """Shows every page at every width in either theme, one after the other."""

    def shown() -> Iterator[tuple[Browser, int]]:
        for address, width, is_dark in itertools.product(pages, (400, 1200), (False, True)):
            browser.resize(width, 900, is_dark)
            browser.driver.get(address)
            yield browser, width

    return shown()


def test_nothing_is_wider_than_the_window_but_tables_on_a_telephone(views) -> None:
    for browser, width in views:
        assert browser.overflow() == 0
        cut = browser.run(_CUT)
        assert not cut if width == 1200 else all(overflow == "auto" for _, overflow in cut), cut


def test_numbers_stand_right_and_text_can_be_read(views) -> None:
    for browser, _ in views:
        sides = browser.run(_SIDES)
        assert len(sides) > 10
        assert set(sides) == {"right"}
        assert browser.run(_CONTRAST) > 4.5, "WCAG 2, AA"
        assert browser.complaints() == []


def test_the_methods_are_copied_with_a_button(browser: Browser, pages: list[str]) -> None:
    browser.resize(1200, 900)
    browser.driver.get(pages[0])
    browser.driver.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    browser.run("document.querySelector('button').click()")
    browser.wait(lambda: browser.text("button") != "Copy the text", "the button to answer")
    assert browser.text("button") == "Copied"
    said = browser.driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0], (e) => arguments[0](String(e)))"
    )
    assert said.startswith("System\n")
    assert "References" in said
