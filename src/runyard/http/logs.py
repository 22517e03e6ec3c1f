"""How a server logs: to stderr, a line for each event, as text or as JSON."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from runyard.http.request_ids import request_id

LEVELS = ("error", "warning", "info", "debug")
"""With ``info`` and below, every request has a line."""
FORMATS = ("text", "json")
FIELDS = "runyard_fields"
"""Attribute of a record: what its message says, by name, for logs in JSON."""

_REQUEST_ID = "request_id"


class _Noting(logging.Filter):
    """Notes in every record the request that it tells of."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, _REQUEST_ID):
            setattr(record, _REQUEST_ID, request_id())
        return True


class _OneLine(logging.Formatter):
    """Escapes control characters of messages, so that no request can forge a line of the log."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the standard library's name)
        """The line without its traceback."""
        request = getattr(record, _REQUEST_ID, "")
        text = super().formatMessage(record) + (f" [{request}]" if request else "")
        return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class _Json(logging.Formatter):
    """A JSON object a line: ``time`` (RFC 3339), ``level``, ``logger``, ``message``, and what else is known."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request := getattr(record, _REQUEST_ID, ""):
            entry["request_id"] = request
        entry.update(getattr(record, FIELDS, {}))
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str)


def log_to_stderr(level: str = "warning", style: str = "text") -> None:
    """Write what happens to stderr.

    Parameters
    ----------
    level: The least that is written of what Runyard says, one of `LEVELS`. Of other libraries, warnings are.
    style: One of `FORMATS`.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Noting())
    text = _OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_Json() if style == "json" else text)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    logging.getLogger("runyard").setLevel(level.upper())
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
