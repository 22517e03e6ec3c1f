"""``mlflow.utils.logging_utils``: messages to people, and how loud they are."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LOGGING_LINE_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
LOGGING_DATETIME_FORMAT = "%Y/%m/%d %H:%M:%S"


def eprint(*args: Any, **kwargs: Any) -> None:
    """Print to standard error."""
    print(*args, file=sys.stderr, **kwargs)  # noqa: T201  (that is what it does)


def disable_logging() -> None:
    """Silence Runyard's messages."""
    logging.getLogger("runyard").disabled = True


def enable_logging() -> None:
    """Show Runyard's messages again."""
    logging.getLogger("runyard").disabled = False


@contextmanager
def suppress_logs(module: str, filter_regex: "re.Pattern[str]") -> Iterator[None]:
    """Leave out a logger's messages that match, in a ``with`` block."""
    logger = logging.getLogger(module)

    def keeps(record: logging.LogRecord) -> bool:
        return filter_regex.search(record.getMessage()) is None

    logger.addFilter(keeps)
    try:
        yield
    finally:
        logger.removeFilter(keeps)


def _configure_mlflow_loggers(root_module_name: str) -> None:
    """Show a logger's messages on standard error, once, in MLflow's line format."""
    logger = logging.getLogger(root_module_name)
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(LOGGING_LINE_FORMAT, LOGGING_DATETIME_FORMAT))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
