"""Backoff: how long to wait before an HTTP request is retried."""

import random

from runyard import settings

MAX_BACKOFF = 30.0
"""Maximum number of seconds before a retry."""


def longest_backoff(retry: int) -> float:
    """Maximum number of seconds before a retry, the first being 1. It doubles each time."""
    return float(min(MAX_BACKOFF, settings.HTTP_REQUEST_BACKOFF_FACTOR.get() * 2.0 ** min(retry - 2, 20)))


def backoff(retry: int) -> float:
    """Seconds to wait before a retry: anything up to the maximum, so that many clients do not come back together."""
    return longest_backoff(retry) * (1 - float(settings.HTTP_REQUEST_BACKOFF_JITTER.get()) * random.random())


def retry_after(header: str, limit: float) -> float:
    """Seconds that a ``Retry-After`` header asks for, up to a limit; 0 when it gives none."""
    return min(float(header), limit) if header.isascii() and header.isdigit() else 0.0
