"""Titles and headings of the documentation, to look for a text in them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from runyard.ui.parts.markdown import anchor


@dataclass(frozen=True)
class Heading:
    """A heading of a page.

    Attributes
    ----------
    path: The page's address below the documentation, with the heading's anchor unless it is the title.
    page: The page's title.
    """

    text: str
    path: str
    page: str

    @property
    def is_title(self) -> bool:
        """Whether it is the page's title."""
        return "#" not in self.path


def find_headings(folder: Path, text: str, most: int) -> list[Heading]:
    """Headings that hold all words of a text, or whose page's title has those that they lack; titles first."""
    words = text.lower().split()
    found = [
        heading
        for heading in _headings(folder)
        if any(word in heading.text.lower() for word in words)
        and all(word in f"{heading.text} {heading.page}".lower() for word in words)
    ]
    return sorted(found, key=lambda heading: (not heading.is_title, not heading.text.lower().startswith(words[0])))[
        :most
    ]


@cache
def _headings(folder: Path) -> tuple[Heading, ...]:
    """All of them, read once: they change with the installed version only."""
    return tuple(heading for path in sorted(folder.rglob("*.md")) for heading in _headings_of(folder, path))


def _headings_of(folder: Path, path: Path) -> list[Heading]:
    name = path.relative_to(folder).with_suffix("").as_posix()
    headings, in_code, title = list[Heading](), False, path.stem
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("```"):
            in_code = not in_code
        level = len(line) - len(line.lstrip("#"))
        if in_code or not 1 <= level <= 3 or not line[level:].startswith(" "):
            continue
        text = line[level:].strip()
        if not headings:
            title = text.replace("`", "")
        end = f"#{anchor(text)}" if headings else ""
        headings.append(Heading(text.replace("`", ""), f"{name}{end}", title))
    return headings
