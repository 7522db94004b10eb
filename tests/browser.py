"""A page of a real browser, without a window; what it complains of is kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from playwright.sync_api import ConsoleMessage, Page, sync_playwright

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
OPTIONS = ("--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update")


class Browser:
    """One page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.complaints: list[str] = []
        """Errors of scripts, what was refused and what could not be loaded, since the page was opened."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, address: str) -> None:
        """Go there, and forget what was complained of elsewhere."""
        self.complaints.clear()
        self._page.goto(address)

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - whatever JSON the script gives
        """What a script of the page gives, awaited."""
        return self._page.evaluate(expression)

    def prefer(self, scheme: Literal["light", "dark"]) -> None:
        """Ask pages to be light or dark."""
        self._page.emulate_media(color_scheme=scheme)

    def block(self, *patterns: str) -> None:
        """Let requests to these addresses fail, and none other."""
        self._page.unroute_all()
        for pattern in patterns:
            self._page.route(pattern, lambda route: route.abort())

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


@contextmanager
def opened() -> Iterator[Browser]:
    """A browser that this machine has."""
    # The sandbox needs user namespaces, which root in a container often may not make; only pages of ours are opened.
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=PROGRAM, args=OPTIONS, chromium_sandbox=False) as browser,
    ):
        yield Browser(browser.new_page())
