"""Text by pages: any part of a file of any size."""

from typing import Any

import pytest

from runyard.exceptions import InvalidParameter
from runyard.ui.parts.previews import found_text, texts
from runyard.ui.parts.previews import look as looks
from runyard.ui.parts.previews.found_text import MAX_MARKS
from runyard.ui.parts.previews.texts import PAGE_BYTES, PAGE_LINES, text_page
from tests.ui.parts.looks import Counted, a_look, followed

LONG = "".join(f"line {number} {'é' * (number % 50)}\n" for number in range(1, 9001)).encode()


@pytest.mark.parametrize(
    "content",
    [LONG, LONG.removesuffix(b"\n"), "é".encode() * 150_000, b"", b"\n\n\n", b"\n" * 5000, b"short\n" + b"x" * 300_000],
    ids=["lines", "no last line end", "one line", "empty", "empty lines", "many empty lines", "a long line"],
)
def test_pages_give_all_of_a_text_forwards_and_backwards(content: bytes) -> None:
    """No byte is left out or shown twice, however long the lines are; no character is cut in two."""
    look = a_look("a.txt", content)
    page, forwards = text_page(look), list[tuple[int, int]]()
    while True:
        forwards.append((page.first, page.last))
        assert page.last - page.first <= PAGE_BYTES
        assert len(page.lines) <= PAGE_LINES
        assert not any("\ufffd" in line for line in page.lines)
        if not page.next:
            break
        page = text_page(followed(look, page.next, content))
    assert [0, *(last for _, last in forwards)] == [*(first for first, _ in forwards), len(content)]

    page, place = text_page(a_look("a.txt", content, at="end")), len(content)
    while True:
        assert place == page.last
        assert page.numbers[:1] == (1 + content[: page.first].count(b"\n"),)
        place = page.first
        if not page.previous:
            break
        page = text_page(followed(look, page.previous, content))
    assert 0 == place


def test_the_end_of_a_large_file_costs_its_end() -> None:
    """What comes before is not read where it would cost much; the lines then have no numbers."""
    file = Counted(LONG * 40)

    page = text_page(a_look("a.log", file.getvalue(), file, near=False, at="end"))

    assert ("line 9000 ", ()) == (page.lines[-1].rstrip("é"), page.numbers)
    assert file.taken <= PAGE_BYTES + 4096  # and the beginning, which tells that it is text


@pytest.mark.parametrize("wanted", [1, 2, 900, 2500, 9000])
def test_a_line_is_found_by_its_number(wanted: int) -> None:
    """Colleagues send each other numbers of lines."""
    page = text_page(a_look("a.txt", LONG, line=wanted))

    assert f"line {wanted} " == page.lines[page.numbers.index(wanted)].rstrip("é")
    assert (wanted, "") == (page.here, page.note)


def test_a_line_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With how many there are, or how far they were counted."""
    assert "has 9,001" in text_page(a_look("a.txt", LONG, line=10_000)).note
    monkeypatch.setattr(texts, "COUNTED_AFAR", 2_000_000)
    assert "first 2 MB" in text_page(a_look("a.txt", LONG * 10, near=False, line=80_000)).note


@pytest.mark.parametrize("state", [{"at": "x"}, {"line": "1e3"}, {"before": "9" * 30}, {"line": "--1"}])
def test_a_place_that_is_no_number_is_refused(state: dict[str, Any]) -> None:
    """A changed address is answered with what is wrong with it."""
    with pytest.raises(InvalidParameter, match="integer"):
        text_page(a_look("a.txt", LONG, **state))


@pytest.mark.parametrize("at", [-5, 10**9])
def test_a_place_outside_of_the_file_is_its_nearest(at: int) -> None:
    """Files shrink, and links to their places stay."""
    assert text_page(a_look("a.txt", b"a\nb\n", at=at)).size == 4


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"text", True),
        (b"", True),
        ("é".encode() * 5000, True),
        (b"a" + "é".encode() * 5000, True),
        (b"\0", False),
        (b"\xff\xfe", False),
    ],
)
def test_text_is_told_from_other_bytes(content: bytes, expected: bool) -> None:
    """By what is in the file: names promise much."""
    assert expected == (a_look("a", content).encoding is not None)


LOG = "".join(f"{number} {'Needle é' if number % 3000 == 1500 else 'hay'}\n" for number in range(30_000)).encode()
PLACES = [LOG.index(f"{number} Needle".encode()) + len(f"{number} ") for number in range(1500, 30_000, 3000)]


def hits(name: str, content: bytes, start: dict[str, Any], way: str, find: str = "needle") -> list[int]:
    """The lines of all hits, by the links of one page after the other."""
    look, found = a_look(name, content, **start, find=find), list[int]()
    for _ in range(20):
        page = text_page(look)
        if page.search is None or page.search.note:
            break
        found.append(page.here)
        assert (
            '<mark id="hit" tabindex="-1">Needle</mark>' in page.search.marked.split("\n")[page.here - page.numbers[0]]
        )
        look = followed(look, getattr(page.search, way).removesuffix("#hit"), content)
    return found


@pytest.mark.parametrize("piece", [256 * 1024, 1000, 7])
def test_a_text_is_found_forwards_and_backwards(monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    """However the pieces that are read cut it; each hit is in sight with its line's number."""
    for module in (found_text, looks):
        monkeypatch.setattr(module, "PIECE", piece)
    content, lines = (
        (LOG, [number + 1 for number in range(1500, 30_000, 3000)]) if piece > 7 else (LOG[:60_000], [1501, 4501])
    )

    assert lines == hits("a.txt", content, {"from": 0}, "next")
    assert lines[::-1] == hits("a.txt", content, {"until": len(content)}, "previous")
    assert [] == hits("a.txt", content, {"from": 0}, "next", "nEEdle")


def test_a_search_is_bounded_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terabyte is not read for one press of a button; the page says how far it looked, and leads further."""
    monkeypatch.setattr(found_text, "SEARCHED_AFAR", 5_000)
    file = Counted(LOG)
    asked: dict[str, Any] = {"find": "Needle", "from": PLACES[0] + 1}
    look = a_look("a.txt", LOG, file, near=False, **asked)

    page = text_page(look)

    assert page.search is not None
    assert "is not in the 4,995 bytes behind this place" in page.search.note
    assert file.taken <= 4096 + 5_000 + PAGE_BYTES + PLACES[0] + 5_000
    page = text_page(followed(look, page.search.onwards[1].removesuffix("#hit"), LOG))
    assert 4501 == page.here


def test_what_is_not_there_is_said_and_nothing_of_it_acts() -> None:
    """From the middle the search leads back to the beginning; marked texts are texts."""
    content = b"<b>x</b> y\n" * 20_000
    asked: list[dict[str, Any]] = [{"find": "<i>", "from": 100}, {"find": "<b>", "from": 100_000}]
    missing, there = (text_page(a_look("a.txt", content, **state)).search for state in asked)
    found = text_page(a_look("a.txt", content, find="<b>X", at=0)).search

    assert missing is not None
    assert found is not None
    assert there is not None
    assert ("“<i>” is not behind this place.", "Look from the beginning") == (missing.note, missing.onwards[0])
    assert "<mark>" not in found.marked
    assert MAX_MARKS == there.marked.count("<mark>&lt;b&gt;</mark>") + 1
    assert 1 == there.marked.count('<mark id="hit" tabindex="-1">&lt;b&gt;</mark>')
