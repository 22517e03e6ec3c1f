"""WCAG 2.2 AA, as far as a program can tell: axe finds nothing on any page."""

import json
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.support.server import RunningServer
from tests.ui.stories import Story

pytestmark = [pytest.mark.browser, pytest.mark.slow]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Theme = Literal["light", "dark"]


@pytest.fixture(params=[("light", 1280), ("dark", 390)], ids=["light-1280", "dark-390"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page of a wide, light and of a narrow, dark window."""
    theme, width = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def faults(page: Page) -> list[str]:
    """What axe finds, one line a rule with the first element."""
    found: Any = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response
    return [
        f"{fault['id']}: {len(fault['nodes'])} × {json.dumps(fault['nodes'][0]['html'])[:200]}"
        for fault in found["violations"]
    ]


def test_axe_finds_nothing_on_any_page(page: Page, server: RunningServer, story: Story) -> None:
    """Contrast, names, roles, order of headings, size of targets, places that scroll without a mouse."""
    experiment = f"/experiments/{story.experiment_id}"
    others = (
        f"{experiment}?filter=metrics.loss%20%3C%3E%201",
        f"{experiment}?view=deleted",
        f"{experiment}?chosen={','.join(story.run_ids)}",
        "/docs/guides/quickstart",
        "/api/docs",
        "/nowhere",
    )
    wrong = []
    for path in dict.fromkeys((*story.addresses(), *others)):
        page.goto(server.url + path)
        wrong += [f"{path}: {fault}" for fault in faults(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{path}: the page scrolls sideways")

    assert not wrong, "\n".join(wrong)
