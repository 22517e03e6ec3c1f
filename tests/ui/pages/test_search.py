"""The page that looks for a text in everything."""

from runyard.gate.gate import Gate
from tests.ui.asking import Reader
from tests.ui.stories import a_story


def test_what_is_found_says_what_it_is_and_leads_there(gate: Gate, reader: Reader) -> None:
    """In groups; a way to more where there is more, and the newest of each without a text."""
    story = a_story(gate, runs=8, name="vision/cats")

    page = reader.get("/search?q=run")
    more = reader.get("/search?q=run&kind=run")
    newest = reader.get("/search")
    tagged = reader.get("/search?q=visio")

    links = page.attributes("a", "href")
    assert [f"/runs/{run_id}" for run_id in reversed(story.run_ids)][:6] == [
        link for link in links if link.startswith("/runs/")
    ]
    assert "/search?q=run&kind=run" in links
    assert "vision/cats" in page.words
    assert 8 == len([link for link in more.attributes("a", "href") if link.startswith("/runs/")])
    assert {f"/experiments/{story.experiment_id}", story.model_path} <= set(newest.attributes("a", "href"))
    assert "Newest experiments" in newest.words
    assert "tag team: vision" in tagged.words


def test_the_documentation_is_found_by_its_titles_and_headings(reader: Reader) -> None:
    """Words may be in the title and the heading together."""
    page = reader.get("/search?q=grammar")
    links = [link for link in page.attributes("a", "href") if link.startswith("/docs/guides/search")]

    assert links
    for link in links:
        path, _, anchor = link.partition("#")
        assert not anchor or f'id="{anchor}"' in reader.get(path).text


def test_what_cannot_be_found_or_asked_is_said(reader: Reader) -> None:
    """Nothing is found, or the text is too long."""
    assert "Nothing has “zzzz” in its name" in reader.get("/search?q=zzzz").words
    assert 400 == reader.get(f"/search?q={'x' * 201}").status
