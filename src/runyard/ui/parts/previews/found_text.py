"""Where a text is in a file: looked for piece by piece, up to a bound."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup, escape

from runyard.artifacts.repository import PIECE
from runyard.ui.parts.format import count, shortened
from runyard.ui.parts.previews.look import Look

SEARCHED = 64_000_000
"""Bytes that one search reads of a file on this machine; `SEARCHED_AFAR` elsewhere."""
SEARCHED_AFAR = 8_000_000
MAX_TEXT = 200
"""Characters of a text that is looked for."""
MAX_MARKS = 300
_AROUND, _LINES = 4_000, 6
"""Bytes before a place in which the lines are that are shown before it, and how many."""
_LONG_LINE = 200


@dataclass(frozen=True)
class Needle:
    """A text that is looked for. Without a capital letter in it, those of A to Z count as small ones."""

    text: str
    encoding: str = "utf-8"

    @classmethod
    def of(cls, look: Look) -> "Needle | None":
        """The text that the address names, with the blanks it begins and ends with."""
        text = next(iter(look.state.all("find")), "").split("\n")[0][:MAX_TEXT]
        return cls(text, look.encoding or "utf-8") if text else None

    @property
    def any_case(self) -> bool:
        """Whether capital letters count as small ones."""
        return not any("A" <= letter <= "Z" for letter in self.text)

    @cached_property
    def content(self) -> bytes:
        """The bytes to look for in what `folded` gives."""
        return self.text.encode(self.encoding, "replace")

    def folded(self, content: bytes) -> bytes:
        """Bytes of the same number in which it is looked for."""
        return content.lower() if self.any_case else content

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The same for texts."""
        return re.compile(re.escape(self.text), re.IGNORECASE | re.ASCII if self.any_case else 0)


@dataclass(frozen=True)
class Place:
    """What a search has found.

    Attributes
    ----------
    at: The byte at which the text begins; None where it was not found.
    stopped: The byte at which the search ended; None where it reached the end, or the beginning, of the file.
    """

    at: int | None
    stopped: int | None = None


@dataclass(frozen=True)
class TextSearch:
    """A search in a text, as a page shows it.

    Attributes
    ----------
    note: That the text was not found, and where it was looked for.
    previous, next: Addresses of the hits around the one that is shown.
    onwards: Where to look next, in words, and its address; empty for nowhere.
    marked: The lines of the page with the text marked.
    """

    text: str
    marked: Markup
    note: str = ""
    previous: str = ""
    next: str = ""
    onwards: tuple[str, str] = ("", "")


def most_searched(look: Look) -> int:
    """Bytes that one search reads."""
    return SEARCHED if look.near else SEARCHED_AFAR


def first_from(look: Look, needle: Needle, start: int) -> Place:
    """The first place of a text at or behind a byte."""
    size, end = len(needle.content), min(look.size, start + most_searched(look))
    kept, at = b"", start
    for piece in look.pieces(start, end):
        content = kept + needle.folded(piece)
        place = content.find(needle.content)
        if place >= 0:
            return Place(at - len(kept) + place)
        at += len(piece)
        kept = content[len(content) - size + 1 :] if size > 1 else b""
    return Place(None, max(start, at - len(kept)) if at < look.size else None)


def last_before(look: Look, needle: Needle, end: int) -> Place:
    """The last place of a text that ends at or before a byte."""
    size, stop = len(needle.content), max(0, end - most_searched(look))
    with look.opened() as file:
        at = end
        while at > stop:
            start = max(stop, at - PIECE)
            file.seek(start)
            content = needle.folded(file.read(min(end, at + size - 1) - start))
            place = content.rfind(needle.content)
            if place >= 0:
                return Place(start + place)
            at = start
    return Place(None, min(end, stop + size - 1) if stop else None)


def lines_before(look: Look, at: int) -> int:
    """The byte that a page begins at which shows a place with a few lines before it."""
    low = max(0, at - _AROUND)
    content = look.read(low, at - low)
    begins = ([0] if not low else []) + [found.end() for found in re.finditer(b"\n", content)]
    if begins:
        return low + begins[max(-_LINES, -len(begins))]
    near = content[-_LONG_LINE:]
    return at - len(near.lstrip(bytes(range(0x80, 0xC0))))  # a character is not cut in two


def position_in_page(look: Look, needle: Needle, first: int, at: int) -> tuple[int, int]:
    """The line of a page that a hit is in, and how many other ones are before it in that line."""
    lines = look.read(first, at - first).split(b"\n")
    return len(lines) - 1, needle.folded(lines[-1]).count(needle.content)


def marked(lines: Sequence[str], needle: Needle, now: tuple[int, int] | None) -> Markup:
    """Lines with a text marked, up to a number of times, and the place that was gone to in another way."""
    left = [MAX_MARKS]
    return Markup("\n").join(
        Markup("").join(_parts(line, needle, now[1] if now and now[0] == number else None, left))
        for number, line in enumerate(lines)
    )


def _parts(line: str, needle: Needle, now: int | None, left: list[int]) -> Iterator[Markup]:
    done = 0
    for number, found in enumerate(needle.expression.finditer(line)):
        is_now = number == now
        if not is_now and left[0] <= 0:
            continue
        left[0] -= 1
        yield escape(line[done : found.start()])
        begin = Markup('<mark id="hit" tabindex="-1">') if is_now else Markup("<mark>")
        yield begin + found[0] + Markup("</mark>")
        done = found.end()
    yield escape(line[done:])


def not_found(look: Look, needle: Needle, place: Place, *, start: int, backwards: bool) -> tuple[str, tuple[str, str]]:
    """That a text was not found, in words, and where to look next."""
    text = shortened(needle.text, 60)
    if place.stopped is not None:
        looked = abs(place.stopped - start)
        where = "before" if backwards else "behind"
        way = {"until" if backwards else "from": place.stopped}
        onwards = ("Look further", f"{look.href(find=needle.text, **way)}#hit")
        return f"“{text}” is not in the {count(looked)} bytes {where} this place.", onwards
    if backwards:
        onwards = ("Look from the end", f"{look.href(find=needle.text, until=look.size)}#hit")
        return f"“{text}” is not before this place.", onwards if start < look.size else ("", "")
    onwards = ("Look from the beginning", f"{look.href(find=needle.text, **{'from': 0})}#hit")
    return f"“{text}” is not {'behind this place' if start else 'in the file'}.", onwards if start else ("", "")
