"""Messages of autologging: each failure once, none when silent."""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from runyard.autologging.integrations import get_autologging_config

log = logging.getLogger(__name__)

_told: set[tuple[str, str, str]] = set()


def report_failure(integration: str, doing: str, error: Exception) -> None:
    """Show a failure of ours. The same one is shown once; later ones can be seen at the level of debugging.

    Parameters
    ----------
    integration: The library that was watched.
    doing: What failed, such as ``"the metric training_roc_auc"``.
    error: What was raised.
    """
    key = (integration, doing, f"{type(error).__name__} {getattr(error, 'error_code', '')}")
    known = key in _told
    _told.add(key)
    level = logging.DEBUG if known or is_silent(integration) else logging.WARNING
    log.log(
        level,
        "Automatic logging for %s failed at %s: %s: %s. The call itself was not affected.",
        integration,
        doing,
        type(error).__name__,
        str(error).rstrip(". \n"),
        exc_info=error if log.isEnabledFor(logging.DEBUG) else None,
    )


@contextmanager
def attempt(integration: str, doing: str) -> Iterator[None]:
    """One step of logging. If it fails that is reported, and the steps after it are done all the same."""
    try:
        yield
    except Exception as problem:  # noqa: BLE001  (an edge: our failure must not become the training's)
        report_failure(integration, doing, problem)


def inform(integration: str, text: str, *values: object) -> None:
    """Log a message that is not a failure."""
    if not is_silent(integration):
        log.info(text, *values)


def warn(integration: str, text: str, *values: object) -> None:
    """Log a warning for the program's author, though nothing failed."""
    if not is_silent(integration):
        log.warning(text, *values)


def warn_once(integration: str, text: str) -> None:
    """Log it once in this process."""
    if (integration, text, "") not in _told:
        _told.add((integration, text, ""))
        warn(integration, text)


def is_silent(integration: str) -> bool:
    """Whether the library's autologging is silent."""
    return bool(get_autologging_config(integration, "silent", default_value=False))


@contextmanager
def own_warnings_hidden() -> Iterator[None]:
    """Hide the warnings of what we call ourselves: they would look like the training's.

    Python keeps warning filters for all threads in one place, so only the main thread may change them.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
