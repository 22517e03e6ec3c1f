"""Cuts a filter into tokens, in one pass."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from runyard.core.limits import UNSTORABLE
from runyard.search.errors import InvalidSearch

MAX_LENGTH = 4 * 2**20
"""Maximum number of characters of a filter: a list of a hundred thousand ids fits."""
MAX_UNQUOTED = 10_000
"""Maximum number of characters without quoted texts and lists, which count as one each."""

TEXT = r"""[eE](?:'[^'\\]*+(?:\\.[^'\\]*+)*+'|"[^"\\]*+(?:\\.[^"\\]*+)*+")|'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*\""""
"""A text in quotes. A doubled quote does not end it but stands for both, as in MLflow. In E'…' a backslash escapes."""

# After a dot that touches what is before it, a word may begin with a digit: metrics.5fold, tags.layer.3
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<text>{TEXT})
    | (?P<quoted>`[^`]*`)
    | (?P<word>[^\W\d]\w*|(?<=[\w`"']\.)\w+)
    | (?P<number>-?(?:[0-9]+(?:\.[0-9]*)?|(?<![\w`"'])\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w))
    | (?P<operator>!=|!~|>=|<=|=|>|<|~)
    | (?P<mark>[().,])
    | (?P<unknown>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BARE = re.compile(r"""[^\s()'"`=<>!~,;]+""")
_PLAIN = re.compile(r"[\w.]+")
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_QUOTED = r"""(?:'[^']*+(?:''[^']*+)*+'|"[^"]*+(?:""[^"]*+)*+")"""
_TEXT = re.compile(_QUOTED)
_LIST = re.compile(rf"\(\s*+{_QUOTED}(?:\s*+,\s*+{_QUOTED})*+\s*+,?\s*+\)")
"""A whole list of texts, which may be long: one token. Nothing in it reads in two ways, so nothing is tried twice."""

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t"}


class Token(NamedTuple):
    """A piece of a filter.

    Attributes
    ----------
    kind: ``text`` (in quotes), ``list`` (of texts, in brackets), ``quoted`` (in backticks), ``number``, ``word``,
        ``bare`` (without spaces and quotes, neither word nor number), ``operator``, ``mark`` or ``end``.
    text: As written, quotes included.
    position: Where it begins, from 0.
    """

    kind: str
    text: str
    position: int

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.position + len(self.text)

    @property
    def value(self) -> str:
        """Its text without quotes."""
        if self.kind == "text" and self.text[0] in "eE":
            return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), self.text[2:-1])
        return self.text[1:-1] if self.kind in ("text", "quoted") else self.text

    def texts(self) -> "Iterator[Token]":
        """The texts of a list."""
        return (Token("text", match.group(), self.position + match.start()) for match in _TEXT.finditer(self.text))

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these keywords, in any case."""
        return self.kind == "word" and self.text.upper() in words


def check_characters(text: str, purpose: str) -> None:
    """Reject a text with a character that databases cannot store; it cannot be `purpose`."""
    bad = UNSTORABLE.search(text)
    if bad:
        raise InvalidSearch(f"The character U+{ord(bad.group()):04X} cannot be {purpose}.", text, bad.start())


def tokens(text: str) -> list[Token]:
    """The tokens of a filter, with one of kind ``end`` last.

    Raises
    ------
    InvalidSearch: Too long, or a character that begins no token.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidSearch(f"The text has {len(text)} characters; at most {MAX_LENGTH} are taken.", text, MAX_LENGTH)
    check_characters(text, "searched for")
    found: list[Token] = []
    place = unquoted = plain = 0
    while place < len(text):
        match = (_LIST.match(text, place) if text[place] == "(" else None) or _TOKEN.match(text, place)
        assert match is not None  # one of the kinds is any character
        kind = match.lastgroup or "list"
        if kind in ("word", "number", "unknown") and place >= plain and (bare := _BARE.match(text, place)):
            plain = bare.end()  # what is known of these characters is not looked at again
            if kind == "unknown" or not (_PLAIN.fullmatch(bare.group()) or _NUMBER.fullmatch(bare.group())):
                kind, match = "bare", bare
        if kind == "unknown":
            raise InvalidSearch(_problem(match.group()), text, place)
        if kind != "space":
            unquoted += 1 if kind in ("text", "list") else match.end() - place
            if unquoted > MAX_UNQUOTED:
                raise InvalidSearch(f"The text has over {MAX_UNQUOTED} characters outside of quotes.", text, place)
            found.append(Token(kind, match.group(), place))
        place = match.end()
    return [*found, Token("end", "", len(text))]


def _problem(character: str) -> str:
    if character in "'\"`":
        return f"The quote {character} is not closed. A text that holds both kinds of quotes is written E'it\\'s 12\"'."
    if character == ";":
        return "One filter at a time: join conditions with AND."
    return f"Unexpected {character!r}. Put keys with unusual characters in backticks and values in quotes."


def bare_at(text: str, place: int) -> str:
    """The letters from here to the next space, quote, bracket, comma or operator."""
    match = _BARE.match(text, place)
    return match.group() if match else ""
