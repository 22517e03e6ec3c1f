"""The registry in a browser: found, read, changed; with scripts and without."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import MAX_WAIT, Tab
from tests.support.server import RunningServer
from tests.ui.stories import Story

pytestmark = pytest.mark.browser


def test_from_the_list_to_a_version_and_its_run_and_back(tab: Tab, story: Story) -> None:
    """Every step is a link."""
    page = tab.open("/")
    page.get_by_role("link", name="Models", exact=True).click()
    page.get_by_role("link", name=story.model, exact=True).click()
    expect(page.get_by_role("heading", name=story.model, level=1)).to_be_visible()
    page.get_by_role("link", name="Version 1", exact=True).first.click()
    expect(page.get_by_text(f'load_model("models:/{story.model}/1")')).to_be_visible()
    page.get_by_role("link", name="run 0").first.click()
    expect(page).to_have_url(f"{tab.address}/runs/{story.run_ids[0]}")
    page.get_by_role("link", name=story.model).first.click()
    expect(page).to_have_url(tab.address + story.model_path)


def test_code_is_copied(tab: Tab, story: Story) -> None:
    """Whole, as it must be pasted."""
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = tab.open(f"{story.model_path}/versions/2")

    page.locator("#use").get_by_role("button", name="Copy").first.click()

    copied = page.evaluate("navigator.clipboard.readText()")
    assert f'mlflow.set_tracking_uri("{tab.address}")' in copied
    assert copied.endswith(f'load_model("models:/{story.model}/2")')


def move_alias_there_and_back(page: Page, address: str, story: Story) -> None:
    """Set the alias at version 2, as a person would, then at version 1 again."""
    for version in ("2", "1"):
        page.goto(f"{address}{story.model_path}/versions/{version}/move")
        page.get_by_label("Set alias").fill("champion")
        page.get_by_role("button", name="Set alias…").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"Set @champion at version {version}")
        page.get_by_label("Why?").fill(f"because of {version}")
        page.get_by_role("button", name="Set alias", exact=True).click()
        expect(page.locator(".head")).to_contain_text("@champion")
        expect(page.locator("#activity")).to_contain_text(f"because of {version}")


def test_an_alias_is_moved_after_a_question(tab: Tab, story: Story) -> None:
    """The reason stands in the activity."""
    move_alias_there_and_back(tab.page, tab.address, story)


def test_an_alias_is_moved_without_scripts(browser: Browser, server: RunningServer, story: Story) -> None:
    """Forms are all it takes."""
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(MAX_WAIT)
    move_alias_there_and_back(context.new_page(), server.url, story)
    context.close()


def test_a_stage_is_chosen_from_the_menu(tab: Tab, story: Story) -> None:
    """The version there is archived, unless that is unticked."""
    page = tab.open(f"{story.model_path}/versions/2")
    page.get_by_text("Change stage or alias").click()
    page.get_by_role("link", name="Staging").click()
    page.get_by_role("button", name="Move to Staging").click()

    expect(page.locator(".head")).to_contain_text("Staging")
    page.goto(tab.address + story.model_path)
    expect(page.locator(".activity")).to_contain_text("None → Staging")


def test_the_description_is_edited(tab: Tab, story: Story) -> None:
    """In place, as Markdown."""
    page = tab.open(story.model_path)
    card = page.locator("section", has=page.get_by_role("heading", name="Description"))
    card.get_by_text("Edit").click()
    card.get_by_role("textbox").fill("It is **bold**.")
    card.get_by_role("button", name="Save").click()

    expect(page.locator("strong", has_text="bold")).to_be_visible()
