"""Text by pages: any part of a file of any size."""

from typing import Any

import pytest

from runyard.exceptions import InvalidParameter
from runyard.ui.parts.previews import texts
from runyard.ui.parts.previews.texts import PAGE_BYTES, PAGE_LINES, is_text, text_page
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
    assert file.taken <= PAGE_BYTES


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
    assert expected == is_text(a_look("a", content))
