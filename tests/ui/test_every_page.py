"""Every page, empty and full: it has a title and one heading, and obeys the content security policy."""

import ast
from html import unescape

import pytest

from runyard.gate.gate import Gate
from tests.factories import an_experiment
from tests.ui.asking import Answer, Reader
from tests.ui.conftest import reader_of
from tests.ui.stories import Story, a_story


def check_page(page: Answer, address: str) -> None:
    """What holds for every page."""
    tags = [tag for tag, _ in page.elements]
    assert page.status == 200, address
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert tags.count("h1") == 1, address
    assert tags.count("title") == 1, address
    for tag, attributes in page.elements:
        assert tag != "style", address
        assert tag != "script" or attributes.get("src"), address
        assert not [name for name in attributes if name == "style" or name.startswith("on")], (address, tag, attributes)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids)), address


def test_pages_of_a_full_store_are_complete(gate: Gate, reader: Reader) -> None:
    """Nothing that a template names may be missing, whatever the run has."""
    for address in a_story(gate).addresses():
        check_page(reader.get(address), address)


def test_pages_of_an_empty_store_are_complete(gate: Gate, reader: Reader) -> None:
    """The first thing a newcomer sees is an empty page."""
    experiment_id = an_experiment(gate, "nothing here")

    for address in (
        "/",
        "/?view=deleted",
        f"/experiments/{experiment_id}",
        f"/experiments/{experiment_id}?view=deleted",
    ):
        check_page(reader.get(address), address)


def test_a_bare_run_has_its_pages(gate: Gate, reader: Reader) -> None:
    """A run that just started has no params, metrics, tags or artifacts."""
    story = Story(an_experiment(gate), ())
    run_id = a_story(gate, runs=1).run_ids[0]

    check_page(reader.get(f"/experiments/{story.experiment_id}"), "experiment")
    check_page(reader.get(f"/runs/{run_id}"), "run")


def test_an_empty_experiment_shows_code_with_this_servers_address(gate: Gate, reader: Reader) -> None:
    """The code must run when pasted, so the address is the one that the reader used."""
    page = reader.get(f"/experiments/{an_experiment(gate, 'fresh')}")

    assert 'set_tracking_uri("http://runyard.example:5000")' in page.words
    assert 'set_experiment("fresh")' in page.words


@pytest.mark.parametrize("name", ['it\'s "odd" \\ {x}', "</code><b>", "ends with \\", "a\u2028b \N{SNOWMAN}"])
def test_the_code_of_an_empty_experiment_names_that_one(gate: Gate, reader: Reader, name: str) -> None:
    """Whatever it is called: pasted code must not fill another experiment."""
    page = reader.get(f"/experiments/{an_experiment(gate, name)}")
    code = unescape(page.text.partition("<copy-code><pre><code>")[2].partition("</code>")[0])

    assert name == ast.literal_eval(code.partition("set_experiment(")[2].partition(")\nwith")[0])


def test_pages_below_an_experiment_call_it_by_its_name(gate: Gate, reader: Reader) -> None:
    """In the way back at the top: an id says nothing to a reader."""
    story = a_story(gate, name="Vision sweep")
    below = [f"/experiments/{story.experiment_id}/", "/runs/"]

    for address in filter(lambda address: address.startswith(tuple(below)), story.addresses()):
        crumbs = reader.get(address).text.partition('aria-label="Breadcrumb"')[2].partition("</nav>")[0]
        assert "Vision sweep" in crumbs, address


def test_every_address_carries_the_static_prefix(gate: Gate) -> None:
    """Behind a reverse proxy that serves us under a path, an address without it leads elsewhere."""
    reader = reader_of(gate, prefix="/tracking")

    for address in a_story(gate).addresses():
        page = reader.get(address)
        for tag, attributes in page.elements:
            for name in ("href", "src", "action", "formaction", "source"):
                value = attributes.get(name, "")
                if value.startswith("/"):
                    assert value.startswith("/tracking/"), (address, tag, value)


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/runs/0123456789abcdef", 404, "0123456789abcdef"),
        ("/experiments/99", 404, "99"),
        ("/experiments/abc", 400, "abc"),
        ("/compare", 400, "No run is named"),
        ("/compare?runs=nope", 404, "nope"),
        ("/metric?runs=nope", 400, "No metric is named"),
        ("/docs/nowhere", 404, "nowhere"),
        ("/docs/%2e%2e/%2e%2e/pyproject.toml", 404, "documentation"),
        ("/static/0/nothing.js", 404, "nothing.js"),
    ],
)
def test_what_is_not_there_has_a_page_that_says_so(
    shared: tuple[Reader, Story], address: str, status: int, words: str
) -> None:
    """An error page names what was asked for and offers a way on."""
    page = shared[0].get(address)

    assert status == page.status
    assert words in page.words
    assert [tag for tag, _ in page.elements].count("h1") == 1
