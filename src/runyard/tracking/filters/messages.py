"""Messages about filters of runs."""

from dataclasses import field
from typing import Annotated

from runyard.core.limits import check_storable
from runyard.exceptions import InvalidParameter
from runyard.protocol.answer import Answer
from runyard.protocol.message import Message
from runyard.protocol.types import Choice
from runyard.search.regex import Expression, InvalidPattern, compiled

ENTITIES = ("runs", "experiments", "logged-models", "registered-models", "model-versions")
Filtered = Annotated[str, Choice(tuple((name, number) for number, name in enumerate(ENTITIES, 1)))]
"""Of which entities a filter is."""


class FilterExplained(Answer):
    """What is odd about a filter: keys that are nowhere, with the nearest there are. Nothing when all are known."""

    notes: list[str] = field(default_factory=list)


class ExplainFilter(
    Message[FilterExplained], post="runs/explain-filter", kind="read", family="runyard", needs="run.read"
):
    """Why a filter may find nothing: keys that no run of the store has, or none of the other entities that it is of.

    A value that a field never has, such as the status 'failed', is an error that names the values there are.
    """

    filter: str
    of: Filtered = "runs"


class Completion(Answer):
    """A way to go on with a filter: the text to write, and what it is."""

    text: str
    what: str


class FilterCompletions(Answer):
    """Ways to go on; each takes the place of the characters from `start` to the position that was asked about."""

    start: int
    completions: list[Completion] = field(default_factory=list)


class CompleteFilter(
    Message[FilterCompletions], post="runs/complete-filter", kind="read", family="runyard", needs="run.read"
):
    """Ways to go on with a filter at a position: keys, comparators, and values that there are, at most 20."""

    filter: str = ""
    position: int
    of: Filtered = "runs"

    def check(self) -> None:
        if not 0 <= self.position <= len(self.filter):
            raise InvalidParameter(f"'position' is {self.position}; the filter has {len(self.filter)} characters.")


class KeysFound(Answer):
    """Keys that runs of the store have, as columns are named: ``metrics.loss``.

    Attributes
    ----------
    more: There are more than are answered.
    """

    keys: list[str] = field(default_factory=list)
    more: bool = False


KINDS = ("all", "metrics", "params", "tags")
KeyKind = Annotated[str, Choice(tuple((name, number) for number, name in enumerate(KINDS, 1)))]
"""Of which kind keys are."""


class FindKeys(Message[KeysFound], get="runs/find-keys", family="runyard", needs="run.read", dear=True):
    """Keys of metrics, params and tags that hold a text, in any case of letters; at most 60.

    With `pattern`, the text is a regular expression of the search language that matches a part of the name of the
    column, such as `^metrics.val`; case counts. With `of`, only keys of that kind are looked for, the expression
    matches a part of the key itself, such as `^val`, and there are at most 1,000.
    """

    text: str
    pattern: bool = False
    of: KeyKind = "all"

    def check(self) -> None:
        check_storable("text", self.text)
        if self.pattern:
            checked_pattern(self.text)


def checked_pattern(text: str) -> Expression:
    """A regular expression of the search language.

    Raises
    ------
    InvalidParameter: It is not valid; the error says at which character.
    """
    try:
        return compiled(text)
    except InvalidPattern as problem:
        raise InvalidParameter(
            f"{problem.problem} in the regular expression {text[:80]!r}, at character {problem.position + 1}."
        ) from None
