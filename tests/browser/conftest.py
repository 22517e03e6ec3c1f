"""Chromium on a real server with real runs in it."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, ViewportSize, expect, sync_playwright

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

    def hear(self, error: Error) -> None:
        """Keep what a script did not catch."""
        self.problems.append(str(error))


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


VIEWPORT: ViewportSize = {"width": 1366, "height": 800}
_FORGET = "localStorage.clear(); sessionStorage.clear()"


@dataclass
class _Kept:
    """The tab that one test of a module leaves to the next: a new one loads and compiles every script again."""

    browser: Browser
    page: Page | None = None

    def taken(self) -> Page:
        """The tab, which the next test does not get unless it is given back."""
        page, self.page = self.page, None
        if page is None:
            context = self.browser.new_context(viewport=VIEWPORT, color_scheme="light")
            context.set_default_timeout(MAX_WAIT)
            page = context.new_page()
        return page

    def give_back(self, page: Page, address: str) -> None:
        """Leave the tab as a new one is, but for what it has loaded; one that stands elsewhere is closed."""
        context = page.context
        if context.pages != [page] or not page.url.startswith(address):
            context.close()
            return
        page.unroute_all(behavior="ignoreErrors")
        page.evaluate(_FORGET)
        page.goto("about:blank")
        page.set_viewport_size(VIEWPORT)
        page.emulate_media(color_scheme="light", reduced_motion="null")
        page.mouse.move(0, 0)
        context.clear_cookies()
        context.clear_permissions()
        self.page = page


@pytest.fixture(scope="module")
def kept(browser: Browser) -> _Kept:
    """What the tests of a module leave to each other."""
    return _Kept(browser)


@pytest.fixture
def tab(kept: _Kept, server: RunningServer) -> Iterator[Tab]:
    """A tab that remembers nothing; a test fails when the browser had to complain, be it about scripts or the policy.

    Scripts that a test adds to all pages stay for the tests after it in its module.
    """
    opened = Tab(kept.taken(), server.url)
    page = opened.page
    page.on("console", opened.note)
    page.on("pageerror", opened.hear)
    yield opened
    page.remove_listener("console", opened.note)
    page.remove_listener("pageerror", opened.hear)
    kept.give_back(page, server.url)
    assert opened.problems == []
