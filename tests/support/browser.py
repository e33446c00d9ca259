"""Pages in a real browser: Chromium, without a window."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS = (390, 800, 1440)  # a phone, a tablet, a desk: pixels
SCHEMES = ("light", "dark")
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_DRAWN = """document.querySelectorAll("figure[data-chart]").length
    === document.querySelectorAll("figure[data-chart] .chart svg").length"""
_WIDER = """[...document.querySelectorAll("main, main *")]
    .filter((each) => !each.closest("svg, details:not([open])"))
    .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .map((each) => `${each.tagName} ${each.className} ${each.textContent.trim().slice(0, 40)}`)"""


def program() -> str | None:
    """Return the browser's path; None: there is none."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser, for as long as it is needed."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(
            executable_path=program(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@dataclass
class Seen:
    """A page as a browser shows it, and everything that went wrong."""

    page: Page
    said: list[str] = field(default_factory=list)  # on the console, or as errors
    requests: list[str] = field(default_factory=list)  # besides the page itself

    @property
    def charts(self) -> int:
        """How many charts are drawn."""
        return self.page.locator("figure[data-chart] .chart svg").count()

    @property
    def wider(self) -> list[str]:
        """What is wider than the window."""
        found: list[str] = self.page.evaluate(_WIDER)
        return found

    @property
    def scrolls(self) -> bool:
        """Whether the page can be scrolled sideways."""
        width = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return bool(self.page.evaluate(width))

    def paint_ms(self) -> float | None:
        """When something was first seen, in ms since the page was asked for; None: nothing was within 5 s."""
        from playwright.sync_api import TimeoutError as NotInTime

        found = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
        try:  # Chromium notes it shortly after it painted
            self.page.wait_for_function(found, timeout=5_000)
        except NotInTime:
            return None
        return float(self.page.evaluate(found))


@contextmanager
def shown(started: Browser, file: Path, *, width: int, scheme: str = "light") -> Iterator[Seen]:
    """Open a page in a window of a width, and wait until everything is drawn."""
    context = started.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    seen, address = Seen(page), file.resolve().as_uri()
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on("request", lambda request: None if request.url == address else seen.requests.append(request.url))
    page.goto(address)
    page.wait_for_function(_DRAWN, timeout=120_000)
    yield seen
    context.close()
