"""Draws the grammar of filters as railroads, in web/docs/guides/search.md.

`python tests/docs/railroad.py` (or `make docs`) draws them; a test compares them with what it would draw.
"""

from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "web" / "docs" / "guides" / "search.md"
BEGIN, END = "```text\nfilter", "```"


@dataclass(frozen=True)
class Rail:
    """A drawn piece of the way.

    Attributes
    ----------
    lines: Its lines, all of one width; the way passes through the first.
    """

    lines: tuple[str, ...]

    @property
    def width(self) -> int:
        """Its number of columns."""
        return len(self.lines[0])


def word(text: str) -> Rail:
    """A stop: words of the language in capitals or quotes, other railroads in small letters."""
    return Rail((f" {text} ",))


def row(*parts: "Rail | str") -> Rail:
    """Pieces that follow each other."""
    rails = [part if isinstance(part, Rail) else word(part) for part in parts]
    height = max(len(rail.lines) for rail in rails)
    lines = []
    for line in range(height):
        pieces = [rail.lines[line] if line < len(rail.lines) else " " * rail.width for rail in rails]
        lines.append(("─" if line == 0 else " ").join(pieces))
    return Rail(tuple(lines))


def choice(*parts: "Rail | str") -> Rail:
    """One of several ways."""
    rails = [row(part) for part in parts]
    width = max(rail.width for rail in rails)
    lines = []
    for place, rail in enumerate(rails):
        last = place == len(rails) - 1
        left, right = ("┬", "┬") if place == 0 else ("└", "┘") if last else ("├", "┤")
        for number, line in enumerate(rail.lines):
            if number == 0:
                lines.append(f"{left}─{line}{'─' * (width - rail.width)}─{right}")
            else:
                side = " " if last else "│"
                lines.append(f"{side} {line}{' ' * (width - rail.width)} {side}")
    return Rail(tuple(lines))


def maybe(part: "Rail | str") -> Rail:
    """A way that may be left out."""
    return choice(Rail(("─",)), part)


def again(part: "Rail | str", between: "Rail | str" = Rail(("─",))) -> Rail:
    """A way that may be gone again and again, with something in between."""
    rail, back = row(part), row(between)
    width = max(rail.width, back.width)
    lines = [f"┬─{rail.lines[0]}{'─' * (width - rail.width)}─┬"]
    lines += [f"│ {line}{' ' * (width - rail.width)} │" for line in rail.lines[1:]]
    lines.append(f"└─{back.lines[0]}{'─' * (width - back.width)}─┘")
    return Rail(tuple(lines))


RAILROADS = {
    "filter": again(again("single", "AND"), "OR"),
    "single": choice(row("NOT", "single"), row("(", "filter", ")"), "condition", again(choice("word", "'text'"))),
    "condition": choice(
        row("key", choice("=", "!=", "<", "<=", ">", ">="), "value"),
        row("key", choice("LIKE", "ILIKE", "NOT LIKE", "NOT ILIKE", "~", "!~"), "'text'"),
        row("key", maybe("NOT"), "IN", "(", again("value", ","), ")"),
        row("key", maybe("NOT"), "BETWEEN", "value", "AND", "value"),
        row("key", "IS", maybe("NOT"), "NULL"),
        row("children of", "run id"),
        row(choice("starred", "lost"), choice("=", "!="), choice("true", "false")),
    ),
    "order": row(choice("key", row("number", "(", "key", ")")), choice(Rail(("─",)), "ASC", "DESC")),
    "key": choice(
        "attribute",
        row(choice("metrics", "params", "tags", "dataset", "experiment"), ".", choice("name", "`name`", '"name"')),
    ),
    "value": choice(
        "'text'",
        '"text"',
        row("E'text'"),
        "number",
        "'2026-11-01 14:30'",
        row("now()", maybe(row(choice("-", "+"), "duration"))),
        row("duration"),
    ),
    "duration": again(row("number", choice("ms", "s", "m", "h", "d", "w"))),
}


def drawn() -> str:
    """All railroads."""
    found = []
    for name, rail in RAILROADS.items():
        lines = [f"├─{rail.lines[0]}─┤", *(f"  {line}" for line in rail.lines[1:])]
        found.append("\n".join([name, *(line.rstrip() for line in lines)]))
    return "\n\n".join(found)


def with_railroads(text: str) -> str:
    """A page with its railroads drawn anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}```text\n{drawn()}\n```{after}"


if __name__ == "__main__":
    PAGE.write_text(with_railroads(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
