"""WCAG 2.2 AA, as far as a program can tell: axe finds nothing on any page."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.browser.conftest import MAX_WAIT
from tests.support.server import RunningServer
from tests.ui.stories import Story

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FAULTS = f"axe.run({json.dumps({'runOnly': RULES, 'resultTypes': ['violations']})}).then(found => found.violations)"
HEIGHT = 900


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page without motion: colours change at once."""
    context = browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(MAX_WAIT)
    yield context.new_page()
    context.close()


def faults(page: Page) -> list[str]:
    """What axe finds, one line a rule with the first element; and whether the page is too wide."""
    found: list[dict[str, Any]] = page.evaluate(FAULTS)
    wrong = [f"{fault['id']}: {len(fault['nodes'])} × {json.dumps(fault['nodes'][0]['html'])[:200]}" for fault in found]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("the page scrolls sideways")
    return wrong


def test_axe_finds_nothing_on_any_page(page: Page, server: RunningServer, story: Story) -> None:
    """Contrast, names, roles, order of headings, size of targets, places that scroll without a mouse.

    Each page is opened in a narrow, dark window, which then becomes a wide and light one. Of the runs, the project's
    and the last are shown alone: between them are others like the last.
    """
    experiment = f"/experiments/{story.experiment_id}"
    several = [path for path in story.addresses() if not path.startswith("/runs/")]
    alone = replace(story, run_ids=(story.run_ids[0], story.run_ids[-1])).addresses()
    others = (
        f"{experiment}?filter=metrics.loss%20%3C%3E%201",
        f"{experiment}?view=deleted",
        "/experiments?view=deleted",
        f"{experiment}?chosen={','.join(story.run_ids)}",
        "/docs/guides/quickstart",
        "/api/docs",
        "/nowhere",
    )
    wrong = []
    for path in dict.fromkeys((*several, *(path for path in alone if path.startswith("/runs/")), *others)):
        page.set_viewport_size({"width": 390, "height": HEIGHT})
        page.emulate_media(color_scheme="dark")
        page.goto(server.url + path)
        page.evaluate(AXE_SCRIPT)
        wrong += [f"{path}, narrow and dark: {fault}" for fault in faults(page)]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1280, "height": HEIGHT})
        wrong += [f"{path}, wide and light: {fault}" for fault in faults(page)]

    assert not wrong, "\n".join(wrong)
