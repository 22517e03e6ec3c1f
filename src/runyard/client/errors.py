"""Errors of sending: permanent ones and retryable ones."""

from runyard.core.http import ForeignAnswer
from runyard.exceptions import RunyardException, Unavailable

PERMANENT_CODES = frozenset(
    (
        "INVALID_PARAMETER_VALUE",
        "BAD_REQUEST",
        "RESOURCE_ALREADY_EXISTS",
        "RESOURCE_DOES_NOT_EXIST",
        "RESOURCE_CONFLICT",
    )
)


PERMANENT_STATUSES = frozenset((400, 404, 409, 413))
"""Statuses that reject the message itself; others, such as 405 and 415, may come from a proxy on the way."""


class Unreachable(Unavailable):
    """The store did not answer, or answered that it cannot serve now. The same message may work later.

    Attributes
    ----------
    away: No server saw the message: there was no connection, or a proxy answered.
    """

    def __init__(self, message: object, retry_after: int = 1, away: bool = False) -> None:
        super().__init__(message, retry_after)
        self.away = away


def is_permanent(error: RunyardException) -> bool:
    """Whether the store saw the message and rejected it.

    Expired credentials, a proxy on the way or a fault of the server say nothing about the message.
    """
    ours = not isinstance(error, ForeignAnswer)
    return ours and error.error_code in PERMANENT_CODES and error.http_status in PERMANENT_STATUSES


def is_retryable(error: RunyardException) -> bool:
    """Whether no store answered, so that the same message may succeed later. Wrong credentials are not retryable."""
    foreign = isinstance(error, ForeignAnswer) and error.http_status not in (401, 403)
    return foreign or isinstance(error, Unavailable)
