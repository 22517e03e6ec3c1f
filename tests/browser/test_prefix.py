"""The pages of a server that is reached under a path."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.server import RunningServer

pytestmark = pytest.mark.browser


class PrefixedServer(RunningServer):
    """A server that is started under a path."""

    @property
    def url(self) -> str:
        """Its address, path included."""
        return f"{super().url}/tracking"


@pytest.fixture
def prefixed(tmp_path: Path) -> Iterator[RunningServer]:
    """A server under the path /tracking."""
    options = ("--static-prefix", "/tracking")
    running = PrefixedServer(tmp_path, f"sqlite:///{tmp_path / 'runyard.db'}", options=options).start()
    yield running
    running.kill()


def test_pages_forms_and_hash_routes_work_below_a_prefix(browser: Browser, prefixed: RunningServer) -> None:
    """Behind a reverse proxy nothing may lead out of our path."""
    page = browser.new_context().new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)

    page.goto(f"{prefixed.url}/")
    page.get_by_text("New experiment").first.click()
    page.get_by_role("textbox", name="Name", exact=True).fill("prefixed")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("prefixed")
    expect(page.locator("pre")).to_contain_text(prefixed.url)
    address = page.url.partition("?")[0]
    page.goto(f"{prefixed.url}/#/experiments/{address.rpartition('/')[2]}")

    page.wait_for_url(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("prefixed")
    page.context.close()
    assert problems == []
