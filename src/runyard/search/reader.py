"""Reads tokens one by one: what the parsers of the filter and of conditions share."""

from collections.abc import Sequence

from runyard.search.errors import InvalidSearch
from runyard.search.lexer import Token


class TokenReader:
    """A place in a text's tokens, the last of which is of kind ``end``.

    Parameters
    ----------
    text: What was cut into tokens.
    tokens: Its tokens.
    """

    def __init__(self, text: str, tokens: Sequence[Token]) -> None:
        self.text, self.tokens = text, tokens
        self.place = 0

    @property
    def here(self) -> Token:
        """The next token."""
        return self.tokens[self.place]

    @property
    def before(self) -> Token:
        """The token that was taken last."""
        return self.tokens[self.place - 1]

    def touches(self) -> bool:
        """Does the next token stand directly behind the one before?"""
        return self.here.position == self.before.end

    def take(self) -> Token:
        """The next token, which is then behind us; the end stays where it is."""
        token = self.here
        self.place += token.kind != "end"
        return token

    def error(self, problem: str, at: Token | None = None) -> InvalidSearch:
        """The error that points at a token, by default the next one."""
        return InvalidSearch(problem, self.text, (at or self.here).position)
