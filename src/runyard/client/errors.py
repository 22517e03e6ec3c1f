"""How sending can fail."""

from typing import Any

from runyard.exceptions import RestException, RunyardException, Unavailable


class Unreachable(Unavailable):
    """The store did not answer, or answered that it cannot serve now. The same message may work later."""


def answered_error(body: Any, status: int, server: str) -> RunyardException:
    """The error a server answered with.

    Parameters
    ----------
    body: The decoded JSON of the answer, or its text.
    """
    if isinstance(body, dict) and "error_code" in body:
        error = RestException(body)
    else:
        error = RestException({"error_code": _code(status), "message": f"{server} answered {status}: {str(body)[:300]}"})
    error.http_status = status
    return error


def _code(status: int) -> str:
    codes = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "ENDPOINT_NOT_FOUND", 405: "ENDPOINT_NOT_FOUND"}
    return codes.get(status, "INTERNAL_ERROR" if status >= 500 else "BAD_REQUEST")
