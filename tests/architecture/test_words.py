"""Names and sentences use the field's words, in plain English."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.limits import ROOT, tracked

BANNED = {
    r"patience(?![\"=])|insists?|hopeless|shelf": "timeout, retry, permanent error, and the name of what is listed",
    r"troubles?": "error",
    r"leftovers": "orphaned journals, or what they are",
    r"so many": "what the number is: 'Maximum number of runs'",
    r"(?<!here )(?:is|was|are|were) no (?!longer|more|less|such|other|different|need|one\b)\w+": "is not a …",
    r"see that": "Check that …",
    r"whoever": "the caller, a client, everyone who …",
    r"lies": "is",
    r"what is said about": "Messages of …",
    r"what came of": "the result of",
    r"told of": "what is logged, printed or raised",
    r"nobody asked|keeps? nobody from": "what is done",
}
"""Words and phrases, in prose and as parts of names → what to write instead."""


def _found_in(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    folded = text.casefold()  # most files have none, and to search them whole, as they are, is far quicker
    banned = {pattern: better for pattern, better in BANNED.items() if re.search(pattern, folded)}
    for number, line in enumerate(text.splitlines() if banned else (), 1):
        for pattern, better in banned.items():
            for found in re.finditer(rf"(?<![a-z])(?:{pattern})(?![a-z])", line, re.IGNORECASE):
                yield f"{path.relative_to(ROOT)}:{number} {found[0]!r}: write {better}"


@pytest.mark.parametrize("pattern", ["src/*.py", "tests/*.py", "web/docs/*.md", "web/templates/*.html", "README.md"])
def test_words_are_those_of_the_field(pattern: str) -> None:
    """Who searches the code for a timeout must find it, and nobody should have to read a sentence twice."""
    assert [line for path in tracked(pattern) if path != Path(__file__) for line in _found_in(path)] == []
