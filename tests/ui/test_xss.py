"""Whatever people write into names, tags, params and notes is text on every page."""

import pytest

from runyard.core.tags import NOTE_TAG
from runyard.gate.gate import Gate
from runyard.tracking.runs.messages import SetTag
from runyard.ui.parts.markdown import note, web_link
from tests.factories import a_run
from tests.ui.asking import Reader
from tests.ui.stories import a_story

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</textarea></title><svg onload=alert(1)>",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_every_page_with_hostile_data(gate: Gate, reader: Reader, text: str) -> None:
    """A colleague's run name must not act in my browser."""
    for address in a_story(gate, text).addresses():
        page = reader.get(address)

        assert page.status == 200
        for tag, attributes in page.elements:
            assert tag not in ("svg", "img") or "onload" not in attributes, address
            assert not [name for name in attributes if name.startswith("on")], (address, tag, attributes)
            assert tag != "script" or "/static/" in attributes.get("src", ""), address
            assert tag != "img" or "/static/" in attributes.get("src", ""), address


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "vbscript:x", "JaVaScRiPt:1"]
)
def test_links(gate: Gate, reader: Reader, link: str) -> None:
    """Only web and mail addresses become links, in notes and in the repository's tag."""
    run_id = a_run(gate, tags={NOTE_TAG: f"[click]({link}) <{link}>", "mlflow.source.git.repoURL": link})

    page = reader.get(f"/runs/{run_id}")

    assert not [href for href in page.attributes("a", "href") if not href.startswith(("/", "#"))]


def test_templates(gate: Gate, reader: Reader) -> None:
    """Text that looks like a template is shown as it was written."""
    for address in a_story(gate, "{{7777*7777}} {% raw %}").addresses()[:7]:
        page = reader.get(address)

        assert "60481729" not in page.words, address
    assert "{{7777*7777}}" in reader.get("/").words


def test_error_messages_are_text(reader: Reader) -> None:
    """What was wrong is often quoted from the address."""
    page = reader.get("/runs/%3Cscript%3Ealert(1)%3C%2Fscript%3E")

    assert page.status == 404
    assert "<script>alert" not in page.text


def test_html_in_a_note_is_shown_as_text() -> None:
    """Notes are Markdown; HTML in them is what the writer typed."""
    assert "&lt;b&gt;" in note("<b>bold</b>")


def test_headings_of_a_note_stay_below_those_of_the_page() -> None:
    """A page has one first-level heading, its own."""
    assert note("# Loud") == "<h3>Loud</h3>\n"


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b.git"),
        ("https://user:token@github.com/a/b.git", "https://github.com/a/b.git"),
        ("git@github.com:a/b.git", None),
        ("javascript://example.org/%0aalert(1)", None),
        ("https://[bad", None),
        ("", None),
    ],
)
def test_repositories_become_links_only_when_safe_and_without_credentials(text: str, link: str | None) -> None:
    """Tokens in a repository's address would otherwise be on everyone's screen."""
    assert link == web_link(text)


def test_a_note_with_a_table_keeps_it(gate: Gate, reader: Reader) -> None:
    """Results are often noted as tables."""
    run_id = a_run(gate)
    gate.perform(SetTag(run_id=run_id, key=NOTE_TAG, value="| a | b |\n|---|---|\n| 1 | 2 |"))

    assert "<td>2</td>" in reader.get(f"/runs/{run_id}").text
