"""Reads what a condition compares: metrics, and params and tags with what the search language asks of them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from runyard.core.limits import shown
from runyard.registry.names import LATEST
from runyard.registry.promotion.expressions import (
    CANDIDATE,
    CURRENT,
    KINDS,
    Metric,
    Presence,
    Requirement,
    TextComparison,
)
from runyard.search.errors import InvalidSearch
from runyard.search.fields import EQUAL, RUN_FIELDS
from runyard.search.lexer import TEXT, Token, check_characters
from runyard.search.nodes import And, Comparison, Condition, Or
from runyard.search.values import ValueReader

MAX_LENGTH = 2_000
KEYWORDS = ("AND", "OR", "NOT", "BETWEEN", "IN", "IS", "LIKE", "ILIKE")
ALIKE = {"==": "="}
_NAMES = ("word", "quoted", "text")
_OPPOSITE: Mapping[str, str] = {
    ">": "<=",
    ">=": "<",
    "<": ">=",
    "<=": ">",
    "=": "!=",
    "!=": "=",
    "~": "!~",
    "!~": "~",
    **{word: f"NOT {word}" for word in ("LIKE", "ILIKE", "IN")},
    **{f"NOT {word}": word for word in ("LIKE", "ILIKE", "IN")},
}

# Unlike in filters, - is an operator here: champion.f1-0.005
# After a dot that touches what is before it, a word may begin with a digit: metrics.5fold, metrics.layer.3
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<text>{TEXT})
    | (?P<quoted>`[^`]*`)
    | (?P<word>[^\W\d]\w*|(?<=[\w`"']\.)\w+)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|(?<![\w`"'])\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    | (?P<operator>!=|!~|>=|<=|==|=|>|<|~)
    | (?P<mark>[-+*/().,])
    | (?P<unknown>.)
    """,
    re.VERBOSE | re.DOTALL,
)


def condition_tokens(text: str) -> list[Token]:
    """The tokens of a condition, with one of kind ``end`` last.

    Raises
    ------
    InvalidSearch: Too long, or a character that begins no token.
    """
    if len(text) > MAX_LENGTH:
        problem = f"The condition has {len(text)} characters; at most {MAX_LENGTH} are taken."
        raise InvalidSearch(problem, text, MAX_LENGTH)
    check_characters(text, "used")
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind == "unknown":
            raise InvalidSearch(_problem(match.group()), text, match.start())
        if kind != "space":
            found.append(Token(kind, match.group(), match.start()))
    return [*found, Token("end", "", len(text))]


def _problem(character: str) -> str:
    if character in "'\"`":
        return f"The quote {character} is not closed."
    if character.isdigit() or character == ".":
        return "This is not a number."
    return f"Unexpected {shown(character)}. Put keys with unusual characters in backticks."


def opposite(operator: str) -> str:
    """The comparator that holds where this one does not."""
    return _OPPOSITE[operator]


class OperandReader(ValueReader):
    """Reads metrics, params and tags, and comparisons of the latter two."""

    def take_mark(self, *marks: str) -> Token | None:
        """Take the next token if it is one of these marks."""
        return self.take() if self.here.kind == "mark" and self.here.text in marks else None

    def written(self, start: Token) -> str:
        """What was read since a token."""
        return self.text[start.position : self.before.end]

    def text_here(self) -> Metric | None:
        """The param or tag that is named here; nothing is taken of anything else."""
        place = self.place
        if self.here.kind not in _NAMES or (self.here.is_word(*KEYWORDS) and self.tokens[place + 1].text != "."):
            return None
        found = self.named()
        if found.kind == "metric":
            self.place = place
            return None
        return found

    def text_comparison(self, start: Token, subject: Metric, *, negated: bool) -> Requirement:
        """The comparison of a param or tag that was just read."""
        what = f"{subject.kind} {shown(subject.key)}"
        if self.here.kind == "mark" and self.here.text in "+-*/":
            raise self.error(f"{what.capitalize()} is a text: there is no arithmetic with it.")
        operator = self.operator()
        operator = ALIKE.get(operator, operator)
        if operator in ("IS NULL", "IS NOT NULL"):
            return self.presence(start, subject, operator, negated=negated)
        other = self.other_text() if operator in EQUAL else None
        asked: Condition
        if other is not None:
            asked = Comparison(subject.kind, subject.key, operator, "")
        else:
            self.join_signs()
            asked = self.compared(subject.kind, subject.key, operator, RUN_FIELDS.free[subject.kind], what)
        written = self.written(start)
        if negated:
            return TextComparison(f"NOT {written}", subject, _turned(asked), other)
        return TextComparison(written, subject, asked, other)

    def presence(self, start: Token, subject: Metric, operator: str, *, negated: bool) -> Requirement:
        """That something is there, or is not."""
        text = f"NOT {self.written(start)}" if negated else self.written(start)
        return Presence(text, subject, (operator == "IS NOT NULL") != negated)

    def other_text(self) -> Metric | None:
        """The param or tag that another is compared with, if one is named here."""
        if self.here.kind not in ("word", "quoted"):
            return None
        start = self.here
        found = self.text_here()
        if found is None:
            raise self.error(
                "A text in quotes, a number, or a param or tag such as champion.params.data is needed here.", start
            )
        return found

    def join_signs(self) -> None:
        """Let numbers of a value or a list have their sign, which is an operator elsewhere."""
        tokens, place = list(self.tokens), self.place
        while place + 1 < len(tokens) and (tokens[place].kind in ("number", "text") or tokens[place].text in "(,-"):
            sign, digits = tokens[place : place + 2]
            if sign.text == "-" and digits.kind == "number" and digits.position == sign.end:
                tokens[place : place + 2] = [Token("number", f"-{digits.text}", sign.position)]
            place += 1
        self.tokens = tokens

    def metric(self) -> Metric:
        """A metric."""
        start = self.here
        found = self.named()
        if found.kind != "metric":
            raise self.error(
                f"{found.label} is a text: compare it by itself, such as {found.label} = '5' or {found.label} > 5.",
                start,
            )
        return found

    def named(self) -> Metric:
        """A metric, param or tag."""
        start = self.here
        if (start.is_word(*KEYWORDS) and self.tokens[self.place + 1].text != ".") or start.kind not in _NAMES:
            raise self.error("A number or a metric such as metrics.f1 is needed here.")
        names = [self.name("An alias")]
        while self.here.text == "." and self.touches():
            self.take()
            if self.here.kind not in _NAMES or not self.touches():
                raise self.error("The key of a metric is needed directly after the dot.")
            names.append(self.name("The key of a metric"))
        if len(names) == 1:
            raise self.error(
                f"{shown(start.text)} is not a metric. Write metrics.<key>, current.<key> or <alias>.<key>, unusual "
                "keys in backticks.",
                start,
            )
        return self.owned(start, names)

    def name(self, what: str) -> str:
        """The name that stands here, without its quotes."""
        if not self.here.value:
            raise self.error(f"{what} cannot be empty.")
        return self.take().value

    def owned(self, start: Token, names: list[str]) -> Metric:
        """What some names stand for, the first of which may be that of a holder."""
        first, names = names[0], names[1:]
        if start.kind == "word" and first in KINDS:
            return Metric("candidate", "", ".".join(names), KINDS[first])
        if first.lower() == LATEST:
            raise self.error(
                "The latest version may be the one to be promoted. Compare with an alias, or with current.", start
            )
        kind: Literal["metric", "param", "tag"] = KINDS[CANDIDATE]
        if len(names) > 1 and names[0] in KINDS:
            kind, names = KINDS[names[0]], names[1:]
        whose: Literal["current", "alias"] = "current" if start.kind == "word" and first == CURRENT else "alias"
        return Metric(whose, first if whose == "alias" else "", ".".join(names), kind)


def _turned(condition: Condition) -> Condition:
    """The opposite of a comparison, or of a range."""
    if isinstance(condition, Comparison):
        return replace(condition, operator=opposite(condition.operator))
    assert isinstance(condition, And | Or)  # what values are read as, besides
    parts = tuple(map(_turned, condition.parts))
    return Or(parts) if isinstance(condition, And) else And(parts)
