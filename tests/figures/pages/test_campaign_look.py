"""The campaign's page in a real browser as people use it: few states and many, narrow and wide, light and dark, by mouse and
by keys."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from selenium.webdriver import Keys

from glassdask.counted import duration
from glassdask.state_point import StatePoint
from tests.chromium import Browser
from tests.command_line import REPOSITORY
from tests.figures.pages.drawn_pages import CONTRAST, STAGES, page_data, write_page

pytestmark = pytest.mark.browser
_ALL = ("done", "not_equilibrated", "crystallised", "failed", "running", "waiting")
_FAILED = "lj_rho1.2_T0.4_r0"
#: Seconds that stages took.
_SECONDS = dict(zip(STAGES, (0.42, 40.0, 720.0, 12_240.0, 181_440.0), strict=True))
_FOCUSED = "return document.activeElement.dataset.state || document.activeElement.id"


def one_density() -> list[StatePoint]:
    return [StatePoint("lj", T, 1.2) for T in (0.35, 0.375, 0.38, 0.4, 0.5, 0.8)]


def of_the_paper() -> list[StatePoint]:
    with (REPOSITORY / "deploy/campaigns/paper-states.csv").open() as stream:
        return [StatePoint(row["potential"], float(row["T"]), float(row["rho"])) for row in csv.DictReader(stream)]


def details(states: list[StatePoint]) -> dict:
    event = {"time": "2026-11-30T15:00:00+00:00", "stage": STAGES[2], "event": "failed", "attempt": 3, "host": "n1"}
    failed = {
        "state": _FAILED,
        "status": "failed",
        "stage": STAGES[2],
        "message": "diverged: it broke; mend it",
        "failure": {"stage": STAGES[2], "reason": "diverged", "message": "it broke; mend it", "attempts": 3},
        "log": "the last line",
        "events": [event],
        "seconds": dict(list(_SECONDS.items())[:2]),
        "attempts": {STAGES[2]: 3},
    }
    done = {"status": "done", "stage": "", "message": "", "seconds": _SECONDS}
    return {state.identifier: {**done, "state": state.identifier} for state in states} | {_FAILED: failed}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page of one density, a state of each status."""
    states = one_density()
    path = tmp_path_factory.mktemp("small") / "page.html"
    return write_page(path, page_data(states, lambda i: _ALL[i]), details(states))


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> str:
    """That of the paper's 355 states."""
    path = tmp_path_factory.mktemp("paper") / "page.html"
    return write_page(path, page_data(of_the_paper(), lambda i: _ALL[i % 6]), {})


def cells(browser: Browser) -> list[str]:
    return browser.run("return [...document.querySelectorAll('button.cell')].map((cell) => cell.dataset.state)")


@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("is_dark", [False, True])
def test_every_text_can_be_read_and_nothing_is_wider_than_the_window(
    small: str, paper: str, browser: Browser, width: int, is_dark: bool
) -> None:
    """Contrast of 4.5, as WCAG asks for; a state is open, a stage's log, too."""
    browser.resize(width, 900, is_dark)
    for address, n_states in ((f"{small}#state={_FAILED}", 6), (paper, 355)):
        browser.open(address)
        contrast, where = browser.run(CONTRAST)
        assert contrast >= 4.5, where
        assert browser.overflow() <= 0
        shown = browser.run("return [...document.querySelectorAll('button.cell')].map((cell) => cell.innerText)")
        assert len(shown) == n_states
        assert all(any(character.isdigit() for character in text) for text in shown), "each with its T"
        clipped = "return [...document.querySelectorAll('button.cell')].filter((cell) => cell.scrollWidth > cell.clientWidth + 1).length"
        assert browser.run(clipped) == 0
        assert (
            browser.run(
                "const t = document.querySelector('#stage-rows'); return t.scrollWidth - t.parentNode.clientWidth"
            )
            <= 0
        )
    assert browser.complaints() == []


def test_signs_tell_what_colours_tell(small: str, browser: Browser) -> None:
    browser.open(small)
    signs = browser.run("return [...document.querySelectorAll('button.cell i')].map((sign) => sign.textContent)")
    assert len(set(signs)) == 6
    label = browser.run("return document.querySelector('button.cell.failed').getAttribute('aria-label')")
    assert label == "LJ, ρ 1.2, T 0.4: failed"


def test_a_filtered_view_is_shared_by_its_address(paper: str, browser: Browser) -> None:
    browser.resize(1280, 900)
    browser.open(f"{paper}#status=failed,running&liquid=wca")
    every = [state.identifier for state in of_the_paper()]
    wanted = [name for i, name in enumerate(every) if _ALL[i % 6] in ("failed", "running") and name.startswith("wca")]
    assert sorted(cells(browser)) == sorted(wanted)
    browser.click("#words")
    browser.press(*"rho1.4 T0.9")
    assert all("rho1.4_T0.9_" in name for name in cells(browser)), "T0.9 is no T0.925"
    address = browser.run("return location.href")
    assert address.endswith("#status=failed,running&liquid=wca&text=rho1.4+T0.9")
    found = cells(browser)
    browser.open(address)
    assert cells(browser) == found
    browser.click("#all")
    assert len(cells(browser)) == 355
    browser.click('#legend [data-name="crystallised"]')
    assert len(cells(browser)) == sum(i % 6 == 2 for i in range(355))
    browser.press(Keys.TAB)
    browser.click("#words")
    browser.press(*"nothing")
    assert "No state is like this" in browser.text("#grid")


def test_from_a_state_to_its_stages_to_the_log(small: str, browser: Browser) -> None:
    browser.resize(1280, 900)
    browser.open(small)
    browser.click_cell(_FAILED)
    assert browser.text("#chosen") == _FAILED
    assert browser.text(f"#log-{STAGES[2]} pre") == "the last line", "a failed stage is open from the start"
    text = browser.text(f"#log-{STAGES[2]}")
    assert "diverged: it broke; mend it" in text
    assert f"glassdask retry /campaigns/drawn {_FAILED}" in text
    assert "3 attempts" in browser.text(f'[data-stage="{STAGES[2]}"]')
    assert browser.text("#steer code") == f"glassdask retry /campaigns/drawn {_FAILED}"
    browser.click(f'[data-stage="{STAGES[2]}"]')
    assert browser.run("return document.querySelector('.log')") is None
    browser.click_cell("lj_rho1.2_T0.35_r0")
    for stage, seconds in _SECONDS.items():
        assert duration(seconds) in browser.text(f'[data-stage="{stage}"]')


def test_by_keys_alone(small: str, browser: Browser) -> None:
    browser.resize(400, 900)
    browser.open(small)
    browser.run("document.querySelector('#words').focus()")
    browser.press(Keys.TAB)
    assert browser.run(_FOCUSED) == "lj_rho1.2_T0.35_r0", "one stop for all cells"
    browser.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.END, Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ENTER)
    assert browser.text("#chosen") == _FAILED
    assert browser.run(_FOCUSED) == "chosen"
    browser.press(Keys.ESCAPE)
    assert browser.text("#chosen") == "No state chosen"
    assert browser.run(_FOCUSED) == _FAILED, "back where it was"
    assert "#" not in browser.run("return location.href")


def test_who_wants_no_motion_sees_none(small: str, browser: Browser) -> None:
    moving = "return [...document.querySelectorAll('*')].filter((each) => parseFloat(getComputedStyle(each).transitionDuration) > 0).length"
    browser.open(small)
    assert browser.run(moving) > 0
    taste = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", taste)
    assert browser.run(moving) == 0


def test_ten_thousand_states_can_still_be_chosen(tmp_path: Path, browser: Browser) -> None:
    """By mouse, by keys, and with their T where a filter leaves few."""
    grid = (
        (potential, 0.5 + 0.01 * i, 1 + 0.01 * j) for potential in ("lj", "wca") for i in range(50) for j in range(100)
    )
    states = [StatePoint(potential, round(T, 3), round(rho, 3)) for potential, T, rho in grid]
    data = page_data(states, lambda i: _ALL[i % 6])
    address = write_page(tmp_path / "page.html", data, {})
    for width in (400, 1280):
        browser.resize(width, 900)
        browser.open(address)
        assert browser.overflow() <= 0
        browser.click("canvas")
        chosen = browser.text("#chosen")
        assert chosen.startswith("lj_rho1.")
        rho, T = (part.strip("rhoT") for part in chosen.split("_")[1:3])
        browser.press(Keys.ESCAPE)
        assert f"ρ {float(rho):g}, T {float(T):g}" in browser.text(".said"), "the keys go on from there"
        browser.press(Keys.ARROW_DOWN, Keys.ENTER)
        assert f"rho{float(rho) + 0.01:g}_" in browser.text("#chosen"), "the row below"
        browser.press(Keys.ESCAPE)
    browser.click('#legend [data-name="failed"]')
    browser.click('#liquids [data-name="lj"]')
    assert len(cells(browser)) == len([i for i in range(5000) if i % 6 == 3])
    assert browser.complaints() == []
