"""Every page: it opens without complaint, fits into windows of any width, and axe finds nothing."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.browser.axe import SCROLLS, bring, faults
from tests.browser.conftest import Tab
from tests.ui.stories import Story

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

HEIGHT = 900
Window = tuple[Literal["dark", "light"], int]
NARROW: Window = ("dark", 320)
"""The width of a window at 400 % zoom."""
SEEN: tuple[Window, ...] = (("dark", 390), ("light", 1280))
"""What axe looks at."""
OF_MODELS: tuple[Window, ...] = (("dark", 360), *SEEN, ("light", 1366))


def faults_of(tab: Tab, path: str, decided: set[str] | None) -> Iterator[str]:
    """Open a page once, in a narrow and dark window that becomes wider and light; what is wrong with it on the way.

    A window that becomes narrower scrolls for a moment, until charts have followed.

    Parameters
    ----------
    decided: As in `faults`; None when axe is not to look at it.
    """
    page = tab.page
    windows = OF_MODELS if "models" in path else SEEN if decided is not None else SEEN[-1:]
    for place, (theme, width) in enumerate((NARROW, *windows)):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # colours change at once
        if place == 0:
            tab.open(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if decided is not None and (theme, width) in SEEN:
            yield from (f"{path}, {theme}, {width}: {fault}" for fault in faults(page, decided))
        elif page.evaluate(SCROLLS):
            yield f"{path}, {theme}, {width}: the page scrolls sideways"
    yield from (f"{path}: {problem}" for problem in tab.problems)
    tab.problems.clear()


def test_every_page_is_without_fault_in_any_window(tab: Tab, story: Story) -> None:
    """No error of a script, no violation of the content policy, nothing that scrolls sideways, in either theme.

    And by axe: contrast, names, roles, order of headings, size of targets, places that scroll without a mouse. Of the
    runs, it looks at the project's and at the last. One is nested and has ended; the others are like these two.
    """
    experiment = f"/experiments/{story.experiment_id}"
    others = (
        f"{experiment}?filter=metrics.loss%20%3C%3E%201",
        f"{experiment}?view=deleted",
        "/experiments?view=deleted",
        f"{experiment}?chosen={','.join(story.run_ids)}",
        "/docs/guides/quickstart",
        "/api/docs",
        "/nowhere",
    )
    bring(tab.page)
    _, nested, *alike, _ = story.run_ids  # the first is the project's
    wrong, decided = list[str](), set[str]()
    for path in dict.fromkeys((*story.addresses(), *others)):
        if not path.startswith("/runs/"):
            wrong += faults_of(tab, path, decided)
        elif path.split("/")[2] not in alike:
            wrong += faults_of(tab, path, None if path.split("/")[2] == nested else decided)
    expected = "/nowhere: Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert [expected] == wrong, "\n".join(wrong)


SPOILED = """() => {
  const style = new CSSStyleSheet();
  style.replaceSync("main .soft { color: #ccc !important } h1 { min-width: 5000px }");
  document.adoptedStyleSheets = [style];
  document.querySelector("[name=star]").removeAttribute("aria-label");
}"""


def test_what_is_wrong_is_found(tab: Tab, story: Story) -> None:
    """Colours that axe was sure of are looked at again once they have changed."""
    page, decided = tab.open(f"/experiments/{story.experiment_id}"), set[str]()
    assert [] == faults(page, decided) == faults(page, decided)
    page.evaluate(SPOILED)
    found = [fault.partition(":")[0] for fault in faults(page, decided)]
    assert ["button-name", "color-contrast", "the page scrolls sideways"] == found
