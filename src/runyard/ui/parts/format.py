"""How values read on a page: numbers, times, sizes, states."""

import json
import math
import re
from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup, escape

from runyard.core.amounts import plural

MISSING = "\N{EN DASH}"
_NEVER = Markup('<span class="none">–</span>')
_PIECE = 12
"""Characters of a name up to which it is not broken."""
_PART_ENDS = re.compile(r"(?<=[_=/|:;…])(?=[^_=/|:;…])|(?<=,)(?=\D)|(?<=\D,)")
"""Where parts of a name end; a comma between digits may be in a number."""
_POWER = re.compile(r"(\d[eE]-\d+)")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STATUS_LOOKS = {
    "FINISHED": ("ok", "circle-check", "Finished"),
    "RUNNING": ("live", "circle-play", "Running"),
    "SCHEDULED": ("idle", "circle-dashed", "Scheduled"),
    "FAILED": ("bad", "circle-x", "Failed"),
    "KILLED": ("warn", "circle-stop", "Killed"),
}


def number(value: float | None, digits: int = 4) -> str:
    """A metric's value with some significant digits; whole numbers in full, very large and small ones as powers."""
    if value is None:
        return MISSING
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == int(value) and abs(value) < 1e12:
        return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
    if abs(value) >= 1e6 or abs(value) < 1e-4:
        return f"{value:.{digits - 1}e}"
    return f"{value:.{max(digits, len(str(int(abs(value)))))}g}"


def exact(value: float | None) -> str:
    """A metric's value with every digit it has."""
    if value is None:
        return MISSING
    return number(value) if math.isnan(value) or math.isinf(value) else repr(value)


def count(value: int) -> str:
    """A number of things: ``1,234``."""
    return f"{value:,}"


def instant(milliseconds: int | None) -> str:
    """A time in UTC: ``2026-03-01 14:05:09``."""
    moment = _moment(milliseconds)
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment else MISSING


def _moment(milliseconds: int | None) -> datetime | None:
    if not milliseconds:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):  # a client may log any 64-bit integer as a time
        return None


def age(milliseconds: int | None, now_ms: int) -> str:
    """How long ago: ``just now``, ``5 min ago``, ``3 h ago``, ``12 d ago``, or the date when over a month."""
    moment = _moment(milliseconds)
    if moment is None or milliseconds is None:
        return MISSING
    seconds = (now_ms - milliseconds) // 1000
    if seconds < _MINUTE:
        return "just now" if seconds > -_MINUTE else instant(milliseconds)
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h ago"
    if seconds < 31 * _DAY:
        return f"{seconds // _DAY} d ago"
    return moment.strftime("%Y-%m-%d")


def when(milliseconds: int | None, now_ms: int) -> Markup:
    """A time as its age, the exact time in its title: a ``time`` element."""
    if not milliseconds:
        return _NEVER
    moment = _moment(milliseconds)
    exact = moment.isoformat(" ", "seconds")[:19] if moment else MISSING
    machine = f"{exact[:10]}T{exact[11:]}Z" if moment else ""
    # all of it is made of digits and words of ours
    return Markup(f'<time datetime="{machine}" title="{exact} UTC">{age(milliseconds, now_ms)}</time>')  # noqa: S704


def duration(milliseconds: int | None) -> str:
    """A length of time: ``85 ms``, ``4.2 s``, ``3 min 20 s``, ``5 h 10 min``, ``2 d 4 h``."""
    if milliseconds is None or milliseconds < 0:
        return MISSING
    if milliseconds < 1000:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    for unit, name, smaller, small_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit} {name} {rest} {small_name}" if rest else f"{whole // unit} {name}"
    return f"{whole} s"


def size(octets: int | None) -> str:
    """A file's size: ``512 B``, ``3.4 KB``, ``1.2 GB``."""
    if octets is None:
        return MISSING
    value = float(octets)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{int(value)} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def exact_size(octets: int) -> str:
    """A file's size with its number of bytes, so that different sizes look different."""
    return size(octets) if octets < 1000 else f"{size(octets)} ({octets:,} B)"


def shortened(text: str, most: int = 60) -> str:
    """Text on one line, cut to fit a cell."""
    line = text if text.isprintable() else re.sub(r"\s+", " ", text)
    return line if len(line) <= most else line[: most - 1] + "…"


def cut_middle(text: str, most: int = 60) -> str:
    """Text on one line, cut where names tell least apart: behind the middle, so that both ends stay."""
    line = text if text.isprintable() else re.sub(r"\s+", " ", text)
    end = (most - 1) // 2
    return line if len(line) <= most else f"{line[: most - 1 - end]}…{line[-end:]}"


def breakable(text: str) -> Markup:
    """A name that a narrow column breaks between its parts: behind ``_``, ``=``, ``,`` or ``/``, not inside a number.

    Spaces and hyphens break by themselves. Short words get no place to break: pages of many names stay light.
    """
    return Markup(" ".join(map(_broken, text.split(" "))))  # noqa: S704  (escaped piece by piece, and tags of ours)


def _broken(word: str) -> str:
    """A word with places to break, between pieces of a length that a narrow column has room for."""
    if len(word) <= _PIECE:
        return _whole_powers(word)
    pieces = [""]
    for part in _PART_ENDS.split(word):
        if pieces[-1] and len(pieces[-1]) + len(part) > _PIECE:
            pieces.append("")
        pieces[-1] += part
    return "<wbr>".join(map(_whole_powers, pieces))


def _whole_powers(piece: str) -> str:
    """A piece of a name whose numbers are not broken behind the hyphen of an exponent, as browsers do."""
    safe = str(escape(piece))
    return _POWER.sub(r"<span>\1</span>", safe) if "-" in safe else safe


def status_class(status: str) -> str:
    """The style class of a run status."""
    return _status(status)[0]


def status_icon(status: str) -> str:
    """The icon of a run status: colour is never the only sign."""
    return _status(status)[1]


def status_label(status: str) -> str:
    """A run status in words."""
    return _status(status)[2]


def _status(status: str) -> tuple[str, str, str]:
    return _STATUS_LOOKS.get(status, ("idle", "circle-dashed", status.capitalize() or "Unknown"))


def literal(text: str) -> str:
    """The text as Python code."""
    return json.dumps(text, ensure_ascii=False)


FILTERS: dict[str, Any] = {
    "number": number,
    "exact": exact,
    "count": count,
    "instant": instant,
    "age": age,
    "when": when,
    "duration": duration,
    "size": size,
    "shortened": shortened,
    "cut_middle": cut_middle,
    "breakable": breakable,
    "status_class": status_class,
    "status_icon": status_icon,
    "status_label": status_label,
    "plural": plural,
    "literal": literal,
}
"""What templates may apply to a value."""
