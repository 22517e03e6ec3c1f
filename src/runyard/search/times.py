"""Dates and durations as filters write them, in milliseconds."""

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhdw])")
_DURATION = re.compile(rf"(?:{_PART.pattern}\s*)+", re.IGNORECASE)
_DATE = re.compile(
    r"""(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})
        (?:[T\ ](?P<minute>[0-9]{2}:[0-9]{2})(?P<second>:[0-9]{2})?(?P<fraction>\.[0-9]{1,6})?)?
        \s?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?""",
    re.VERBOSE | re.IGNORECASE,
)
MAX_TIME = 2**53


def read_duration(text: str) -> int | None:
    """Milliseconds of a duration such as ``90s``, ``1h30m`` or ``7d``; None when it is not one."""
    if len(text) > 100 or not _DURATION.fullmatch(text.strip()):
        return None
    total = sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(text.lower()))
    return round(total) if total < MAX_TIME else None


def read_date(text: str) -> tuple[int, int] | None:
    """First and last millisecond of the day, minute, second or millisecond that a date names; None when it is none.

    It is UTC unless it says otherwise: ``2026-11-01``, ``2026-11-01 14:30``, ``2026-11-01T14:30:05.250+02:00``.
    """
    match = _DATE.fullmatch(text.strip())
    if not match:
        return None
    try:
        begin = datetime.fromisoformat(text.strip().upper().replace(" Z", "Z"))
        began = begin if begin.tzinfo else begin.replace(tzinfo=UTC)
        first = round((began - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
    except (ValueError, OverflowError):
        return None
    if match["fraction"]:
        return first, first
    length = _UNITS["s"] if match["second"] else _UNITS["m"] if match["minute"] else _UNITS["d"]
    return first, first + length - 1
