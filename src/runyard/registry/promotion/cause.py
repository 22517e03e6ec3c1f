"""What may be said about who moves something, and why. Apart from `moves.py`, so that clients load no database."""

from runyard.core.limits import check_text

MAX_REASON = 5_000


def check_cause(user_id: str, reason: str) -> None:
    """Refuse who and why when they are too long."""
    check_text("user_id", user_id, 256)
    check_text("reason", reason, MAX_REASON)
