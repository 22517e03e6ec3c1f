"""Reads tokens one by one: what the parsers of the filter and of conditions share."""

from collections.abc import Sequence

from runyard.search.errors import InvalidSearch
from runyard.search.lexer import Token


class TokenReader:
    """A position in a text's tokens, the last of which is of kind ``end``.

    Parameters
    ----------
    text: The source of the tokens.
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
        """Whether the next token directly follows the one before."""
        return self.here.position == self.before.end

    def take(self) -> Token:
        """Take the next token; the end token is never passed."""
        token = self.here
        self.place += token.kind != "end"
        return token

    def error(self, problem: str, at: Token | None = None) -> InvalidSearch:
        """The error that points at a token, by default the next one."""
        return InvalidSearch(problem, self.text, (at or self.here).position)
