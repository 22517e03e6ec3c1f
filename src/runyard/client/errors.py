"""How sending can fail."""

from runyard.core.http import ForeignAnswer
from runyard.exceptions import RunyardException, Unavailable

REFUSED = frozenset(
    (
        "INVALID_PARAMETER_VALUE",
        "BAD_REQUEST",
        "RESOURCE_ALREADY_EXISTS",
        "RESOURCE_DOES_NOT_EXIST",
        "RESOURCE_CONFLICT",
    )
)


REFUSING = frozenset((400, 404, 409, 413))
"""Statuses of refusals that are about what was sent; 405 and 415, say, come of what a proxy made of the request."""


class Unreachable(Unavailable):
    """The store did not answer, or answered that it cannot serve now. The same message may work later.

    Attributes
    ----------
    away: No server was there to look at the message: no connection, or an answer of what stands before it.
    """

    def __init__(self, message: object, retry_after: int = 1, away: bool = False) -> None:
        super().__init__(message, retry_after)
        self.away = away


def refused_for_good(error: RunyardException) -> bool:
    """Did the store look at the message and refuse it?

    Credentials that expired, a proxy in the way or a fault of the server say nothing about the message.
    """
    ours = not isinstance(error, ForeignAnswer)
    return ours and error.error_code in REFUSED and error.http_status in REFUSING


def says_nothing(error: RunyardException) -> bool:
    """Did no store answer, so that the same message may be taken later? Wrong credentials do not mend themselves."""
    foreign = isinstance(error, ForeignAnswer) and error.http_status not in (401, 403)
    return foreign or isinstance(error, Unavailable)
