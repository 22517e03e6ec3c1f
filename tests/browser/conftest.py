"""Chromium on a real server with real runs in it."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from runyard.gate.gate import Gate
from tests.support.server import RunningServer
from tests.ui.stories import Story, a_story

CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""Programs that drive the pages, best first: without what only a window needs, Chromium takes half the time."""


FLAGS = ("--no-sandbox", "--js-flags=--no-maglev --no-turbofan")
"""No page lives long enough for its scripts to win back what it takes to optimise them."""


@dataclass
class Tab:
    """A browser's tab on a server, and what went wrong in it."""

    page: Page
    address: str
    problems: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of the server."""
        self.page.goto(self.address + path)
        return self.page

    def note(self, message: ConsoleMessage) -> None:
        """Keep what the browser complains about; a refused filter is answered with 400 on purpose."""
        if message.type in ("error", "warning") and "status of 400" not in message.text:
            self.problems.append(message.text)


MAX_WAIT = 20_000
"""Milliseconds that a page may take for what is waited for: the machine may be busy."""

expect.set_options(timeout=MAX_WAIT)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium of this test process; to start it takes as much as several pages."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.fail("needs Chromium; make test installs it where it may")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
        loop = asyncio.get_running_loop()
        asyncio._set_running_loop(None)
        yield started
        asyncio._set_running_loop(loop)
        started.close()


@pytest.fixture(scope="module")
def browser(chromium: Browser) -> Iterator[Browser]:
    """Chromium, for the tests of a module.

    Between two calls Playwright lets its loop count as running. In other modules, tests begin loops of their own.
    """
    asyncio._set_running_loop(chromium._loop)
    yield chromium
    for context in chromium.contexts:
        context.close()
    asyncio._set_running_loop(None)


@pytest.fixture(scope="module")
def story(server: RunningServer) -> Story:
    """Runs on the server, written beside it into the same database."""
    gate = Gate.open(server.database_uri, artifact_root=str(server.folder / "runyard-artifacts"))
    try:
        return a_story(gate, runs=5, name="sweep")
    finally:
        gate.close()


@pytest.fixture
def tab(browser: Browser, server: RunningServer) -> Iterator[Tab]:
    """A fresh tab; a test fails when the browser had to complain, be it about scripts or the content policy."""
    context = browser.new_context(viewport={"width": 1366, "height": 800}, color_scheme="light")
    context.set_default_timeout(MAX_WAIT)
    opened = Tab(context.new_page(), server.url)
    opened.page.on("console", opened.note)
    opened.page.on("pageerror", lambda error: opened.problems.append(str(error)))
    yield opened
    context.close()
    assert opened.problems == []
