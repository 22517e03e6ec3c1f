"""Switches of this process."""

from runyard import settings
from runyard.client.connection import flush_all


def enable_async_logging(enable: bool = True) -> None:
    """Make calls return before what they log is stored, params and tags too (metrics always do)."""
    settings.ENABLE_ASYNC_LOGGING.set(enable)


def flush_async_logging() -> None:
    """Wait until everything logged so far is stored."""
    flush_all()


def flush_artifact_async_logging() -> None:
    """Wait until everything logged so far is stored, artifacts included."""
    flush_all()
