"""A real browser without a screen: Debian's Chromium, driven over its own protocol (Selenium)."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

from tests.waiting import HANGS

_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--hide-scrollbars",
)


def missing_browser() -> list[str]:
    """The programs that are not installed."""
    return [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]


class Browser:
    """A window of Chromium."""

    def __init__(self) -> None:
        options = Options()
        for argument in _ARGUMENTS:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(HANGS)

    def close(self) -> None:
        """Ends the browser and its processes."""
        self.driver.quit()

    def resize(self, width: int, height: int, is_dark: bool = False) -> None:
        """Gives the page a window of so many CSS pixels, and the user's taste for light or dark."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        taste = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [taste]})

    def open(self, address: str) -> None:
        """Loads a page of ours and waits until it is filled."""
        self.requests()  # forgets those of the page before
        self.driver.get("about:blank")
        self.driver.get(address)
        self.wait(lambda: self.run("return document.documentElement.dataset.ready === 'yes'"), "the page to be ready")

    def run(self, script: str, *arguments: Any) -> Any:
        """What JavaScript returns."""
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        """The text of an element, hidden or not."""
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def is_visible(self, selector: str) -> bool:
        """Whether an element takes room on the page."""
        return self.run("return document.querySelector(arguments[0]).getClientRects().length > 0", selector)

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = HANGS) -> Any:
        """Waits for a condition and returns what it gives."""
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
            time.sleep(0.1)
        return found

    def click(self, selector: str) -> None:
        """A real click of the mouse in the middle of an element, which is scrolled to if it has to be."""
        self.run(
            "document.querySelector(arguments[0]).scrollIntoView({block: 'center', behavior: 'instant'})", selector
        )
        box = self.run(
            "const b = document.querySelector(arguments[0]).getBoundingClientRect(); return [b.left, b.top, b.width, b.height]",
            selector,
        )
        self.click_at(box[0] + box[2] / 2, box[1] + box[3] / 2)

    def click_cell(self, state: str) -> None:
        """A real click of the mouse on a state that has a cell with its T."""
        self.click(f'button.cell[data-state="{state}"]')

    def click_at(self, x: float, y: float) -> None:
        """A real click of the mouse at a place of the window."""
        right, down = round(x), round(y)
        ActionChains(self.driver).move_by_offset(right, down).click().perform()
        ActionChains(self.driver).move_by_offset(-right, -down).perform()

    def press(self, *keys: str) -> None:
        """Keys, one after the other, to what has the focus (`selenium.webdriver.Keys`)."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def requests(self) -> list[str]:
        """Addresses that were asked for since the last call."""
        entries = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [
            entry["params"]["request"]["url"] for entry in entries if entry["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Errors and warnings on the browser's console since the last call."""
        return [e["message"] for e in self.driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        return self.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def photograph(self, path: Path) -> None:
        """A picture of the window."""
        self.driver.save_screenshot(str(path))
