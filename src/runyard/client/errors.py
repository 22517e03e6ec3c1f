"""How sending can fail."""

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


class Unreachable(Unavailable):
    """The store did not answer, or answered that it cannot serve now. The same message may work later."""


def refused_for_good(error: RunyardException) -> bool:
    """Did the store look at the message and refuse it?

    Credentials that expired, a proxy in the way or a fault of the server say nothing about the message.
    """
    return error.error_code in REFUSED
