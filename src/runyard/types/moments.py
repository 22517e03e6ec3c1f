"""Dates and times as requests and parameters write them."""

import datetime
import re
from typing import Any

SEND_ISO = "send ISO 8601 text such as 2026-01-31T12:00:00 (from pandas: to_json(date_format='iso'))"
_ISO = re.compile(r"\d{4}-\d\d|\d{8}(?:[T ]|$)")


def checked(value: Any) -> Any:
    """The text or time itself, if it may be a date.

    Whole numbers may count seconds, milliseconds, or nanoseconds, and nothing says which: a guess would be another
    date, without a word.

    Raises
    ------
    ValueError: It is a number, in whatever spelling, or something else that is not a date.
    """
    if isinstance(value, datetime.date) or (isinstance(value, str) and _ISO.match(value)):
        return value
    raise ValueError(f"{shown(value)} is not a date: {SEND_ISO}")


def moment_of(value: Any) -> datetime.datetime:
    """A time without a zone; one with a zone is moved to UTC.

    Raises
    ------
    ValueError: It is not a date.
    """
    found = checked(value.astype("datetime64[us]").item() if type(value).__name__ == "datetime64" else value)
    if isinstance(found, str):
        try:
            found = datetime.datetime.fromisoformat(found)
        except ValueError:
            raise ValueError(f"{shown(value)} is not a date: {SEND_ISO}") from None
    if not isinstance(found, datetime.datetime):
        return datetime.datetime.combine(found, datetime.time())
    plain = found.to_pydatetime() if hasattr(found, "to_pydatetime") else found
    return plain if plain.tzinfo is None else plain.astimezone(datetime.UTC).replace(tzinfo=None)


def shown(value: Any) -> str:
    """A value in a message: as Python writes it, cut where it is long."""
    plain = value.item() if hasattr(value, "item") and getattr(value, "shape", ()) == () else value
    text = repr(plain)
    return text if len(text) <= 80 else f"{text[:80]}…"
