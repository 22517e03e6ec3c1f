"""The documentation as the server shows it."""

from runyard.gate.gate import Gate
from runyard.ui.parts.markdown import anchor, document
from tests.ui.asking import Reader
from tests.ui.conftest import reader_of


def test_every_page_is_reached_and_every_link_inside_leads_somewhere(reader: Reader) -> None:
    """A link that worked in the repository must work in the browser."""
    waiting, seen = ["/docs"], set()
    while waiting:
        address = waiting.pop()
        page = reader.get(address)
        assert page.status == 200, address
        seen.add(address)
        links = {href.partition("#")[0] for href in page.attributes("a", "href")}
        waiting += [href for href in links - seen - set(waiting) if href.startswith("/docs")]

    assert "/docs/guides/quickstart" in seen


def test_links_between_files_become_links_between_pages(gate: Gate) -> None:
    """Writers link files as they lie in the repository."""
    page = reader_of(gate, prefix="/base").get("/docs/guides/quickstart")

    assert not [href for href in page.attributes("a", "href") if href.endswith(".md")]


def test_headings_can_be_linked_to() -> None:
    """Other pages point at a section."""
    assert "where-runs-go" == anchor("Where `runs` go?")
    assert '<h2 id="where-runs-go">' in document("## Where runs go")
