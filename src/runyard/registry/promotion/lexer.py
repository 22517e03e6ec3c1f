"""Cuts a condition into tokens, in one pass. Unlike in filters, ``-`` is an operator here: ``champion.f1-0.005``."""

import re

from runyard.core.limits import shown
from runyard.registry.promotion.errors import InvalidCondition
from runyard.search.lexer import Token

MAX_LENGTH = 2_000

# Behind a dot that touches what is before it, a word may begin with a digit: metrics.5fold, metrics.layer.3
_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<quoted>`[^`]*`|"[^"]*"|'[^']*')
    | (?P<word>[^\W\d]\w*|(?<=[\w`"']\.)\w+)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|(?<![\w`"'])\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
    | (?P<operator>!=|>=|<=|==|=|>|<)
    | (?P<mark>[-+*/().])
    | (?P<unknown>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def tokens(text: str) -> list[Token]:
    """The tokens of a condition, with one of kind ``end`` last.

    Raises
    ------
    InvalidCondition: Too long, or a character that begins no token.
    """
    if len(text) > MAX_LENGTH:
        problem = f"The condition has {len(text)} characters; at most {MAX_LENGTH} are taken."
        raise InvalidCondition(problem, text, MAX_LENGTH)
    bad = _UNSTORABLE.search(text)
    if bad:
        raise InvalidCondition(f"The character U+{ord(bad.group()):04X} cannot be used.", text, bad.start())
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind == "unknown":
            raise InvalidCondition(_problem(match.group()), text, match.start())
        if kind != "space":
            found.append(Token(kind, match.group(), match.start()))
    return [*found, Token("end", "", len(text))]


def key_of(token: Token) -> str:
    """What a token says that stands for an alias or (part of) a key: without its quotes."""
    return token.text[1:-1] if token.kind == "quoted" else token.text


def _problem(character: str) -> str:
    if character in "'\"`":
        return f"The quote {character} is not closed."
    if character.isdigit() or character == ".":
        return "This is no number."
    return f"Unexpected {shown(character)}. Put keys with unusual characters in backticks."
