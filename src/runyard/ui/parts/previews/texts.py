"""Text by pages: any part of a file of any size, with numbers of lines where they can be known."""

from dataclasses import dataclass, replace

from runyard.ui.parts.previews.found_text import (
    Needle,
    TextSearch,
    first_from,
    last_before,
    lines_before,
    marked,
    not_found,
    position_in_page,
)
from runyard.ui.parts.previews.look import Look
from runyard.ui.parts.terminal import shown_line

PAGE_BYTES = 96_000
PAGE_LINES = 1000
COUNTED = 64_000_000
"""Bytes before a page that are read to count their lines, on this machine; `COUNTED_AFAR` elsewhere."""
COUNTED_AFAR = 8_000_000
_BEFORE = 20
"""Lines that are shown before the one that was asked for."""
_LOGS = {".log", ".out", ".err"}
_NOT_UTF8 = "The file is not UTF-8: it is read as Windows-1252."


@dataclass(frozen=True)
class TextPage:
    """A page of a text.

    Attributes
    ----------
    numbers: The number of each line; none where what comes before was not counted.
    first, last: Bytes that the page begins at and ends before.
    here: The line that was asked for; 0 for none.
    note: What else is to be said.
    search: The text that is looked for.
    """

    lines: tuple[str, ...]
    numbers: tuple[int, ...]
    first: int
    last: int
    size: int
    begin: str
    previous: str
    next: str
    end: str
    here: int = 0
    note: str = ""
    search: TextSearch | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of the file is on this page."""
        return self.first == 0 and self.last >= self.size


def text_page(look: Look) -> TextPage:
    """The page that the address asks for: from a byte (``at``), around a line (``line``), or the end (``at=end``).

    With ``find`` a text is marked on it; ``from`` and ``until`` lead to where it is behind or before a byte.
    """
    needle = Needle.of(look)
    if needle is None:
        return _page_asked_for(look)
    if look.state.text("from") or look.state.text("until"):
        return _page_of_hit(look, needle)
    page = _page_asked_for(look)
    return replace(page, search=TextSearch(needle.text, marked(page.lines, needle, None)))


def _page_of_hit(look: Look, needle: Needle) -> TextPage:
    """The page with the next place of a text, or the place that it was looked for from."""
    backwards = look.state.text("until") != ""
    start = min(max(0, look.number("until" if backwards else "from")), look.size)
    place = last_before(look, needle, start) if backwards else first_from(look, needle, start)
    begin = lines_before(look, start if place.at is None else place.at)
    page = _page_from(look, begin, _number_at(look, begin))
    if place.at is None:
        note, onwards = not_found(look, needle, place, start=start, backwards=backwards)
        return replace(page, search=TextSearch(needle.text, marked(page.lines, needle, None), note, onwards=onwards))
    now = position_in_page(look, needle, begin, place.at)
    search = TextSearch(
        needle.text,
        marked(page.lines, needle, now),
        previous=f"{look.href(find=needle.text, until=place.at)}#hit",
        next=f"{look.href(find=needle.text, **{'from': place.at + len(needle.content)})}#hit",
    )
    return replace(page, search=search, here=page.numbers[now[0]] if page.numbers else 0)


def _page_asked_for(look: Look) -> TextPage:
    wanted, note, here = look.number("line"), "", 0
    if look.state.text("at") == "end":
        return _page_before(look, look.size, 0)
    if look.state.text("before"):
        return _page_before(look, min(look.number("before"), look.size), look.number("number"))
    start, number = min(max(0, look.number("at")), look.size), look.number("number")
    if wanted > 0:
        start, number, note = _around(look, wanted)
        here = 0 if note else wanted
    return _page_from(look, start, number or _number_at(look, start), here, note)


def _page_from(look: Look, start: int, number: int, here: int = 0, note: str = "") -> TextPage:
    content = look.read(start, PAGE_BYTES)
    if start + len(content) < look.size:
        content = _until_line_end(content)
    lines = content.split(b"\n", PAGE_LINES)
    if len(lines) > PAGE_LINES:
        content = content[: len(content) - len(lines[-1])]
    return _page(look, start, content, number, here, note)


def _page_before(look: Look, end: int, number_after: int) -> TextPage:
    """The page that ends before a byte, of which the next line has a number where that is known."""
    start = max(0, end - PAGE_BYTES)
    content = look.read(start, end - start)
    if start:
        broken, newline, rest = content.partition(b"\n")
        if newline and rest:
            content, start = rest, start + len(broken) + 1
        else:
            start += _broken_character(content)
            content = content[_broken_character(content) :]
    lines = content.split(b"\n")
    extra = len(lines) - PAGE_LINES - (0 if lines[-1] else 1)
    if extra > 0:
        cut = sum(len(line) + 1 for line in lines[:extra])
        content, start = content[cut:], start + cut
    number = number_after - content.count(b"\n") if number_after else _number_at(look, start)
    return _page(look, start, content, max(0, number), 0, "")


def _page(look: Look, start: int, content: bytes, number: int, here: int, note: str) -> TextPage:
    last = start + len(content)
    texts = look.decoded(content).split("\n")
    if len(texts) > 1 and not texts[-1]:
        texts.pop()
    shown = shown_line if look.suffix in _LOGS else lambda line: line.removesuffix("\r")
    after, find = number + content.count(b"\n") if number else 0, next(iter(look.state.all("find")), None)
    return TextPage(
        lines=tuple(shown(line) for line in texts),
        numbers=tuple(range(number, number + len(texts))) if number else (),
        first=start,
        last=last,
        size=look.size,
        begin=look.href(find=find) if start else "",
        previous=look.href(before=start, number=number or None, find=find) if start else "",
        next=look.href(at=last, number=after or None, find=find) if last < look.size else "",
        end=look.href(at="end", find=find) if last < look.size else "",
        here=here,
        note=note or (_NOT_UTF8 if look.encoding == "cp1252" else ""),
    )


def _until_line_end(content: bytes) -> bytes:
    cut = content.rfind(b"\n") + 1
    if cut:
        return content[:cut]
    end = len(content)
    while end and end > len(content) - 4 and content[end - 1] & 0xC0 == 0x80:
        end -= 1
    if end and content[end - 1] >= 0xC0:  # the character that the cut went through begins here
        return content[: end - 1]
    return content


def _broken_character(content: bytes) -> int:
    """Bytes at the beginning that are the rest of a character."""
    return next((place for place, byte in enumerate(content[:4]) if byte & 0xC0 != 0x80), 0)


def _most_counted(look: Look) -> int:
    return COUNTED if look.near else COUNTED_AFAR


def _number_at(look: Look, start: int) -> int:
    """The number of the line at a byte; 0 where too much comes before to be counted."""
    if not start:
        return 1
    if start > _most_counted(look):
        return 0
    return 1 + sum(piece.count(b"\n") for piece in look.pieces(0, start))


def _around(look: Look, wanted: int) -> tuple[int, int, str]:
    """Byte and number of the line that a page with a line begins at, and what is wrong with the question."""
    first = max(1, wanted - _BEFORE)
    number, at, most = 1, 0, _most_counted(look)
    begin = (0, 1)
    for piece in look.pieces(0, most):
        inside = piece.count(b"\n")
        if number < first <= number + inside:
            place = 0
            for _ in range(first - number):
                place = piece.index(b"\n", place) + 1
            begin = (at + place, first)
        if number + inside >= wanted:
            return (*begin, "")
        number, at = number + inside, at + len(piece)
    if at < look.size:
        note = f"Line {wanted:,} comes after the first {most // 1_000_000} MB, in which lines are counted."
    else:
        note = f"There is no line {wanted:,}: the file has {number:,}."
    return 0, 1, note
