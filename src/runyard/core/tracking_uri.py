"""Tracking and registry URI: set by a call, by the environment, or the default. Standard library only."""

import os
from collections.abc import Callable
from pathlib import Path

from runyard import settings
from runyard.core.store_address import spelled
from runyard.exceptions import InvalidParameter

DEFAULT_DATABASE = "runyard.db"


class _Chosen:
    """The URIs that this process set."""

    tracking: str | None = None
    registry: str | None = None


after_set_tracking_uri: list[Callable[[], None]] = []
"""Functions called when the tracking URI changed."""


def default_uri() -> str:
    """The database file in the working directory, which the server started there uses too."""
    return f"sqlite:///{Path.cwd() / DEFAULT_DATABASE}"


def get_tracking_uri() -> str:
    """The current tracking URI."""
    return _Chosen.tracking or _of_environment(settings.TRACKING_URI) or default_uri()


def is_tracking_uri_set() -> bool:
    """Whether the tracking URI was set, by a call or in the environment."""
    return bool(_Chosen.tracking or _of_environment(settings.TRACKING_URI))


def set_tracking_uri(uri: str | os.PathLike[str] | None) -> None:
    """Set the tracking URI for this process and its children. Empty text restores the default.

    Raises
    ------
    InvalidParameter: It is not an address of a store.
    """
    _Chosen.tracking = _text(uri)
    if _Chosen.tracking:
        settings.TRACKING_URI.set(_Chosen.tracking)
    else:
        settings.TRACKING_URI.unset()
    for follow in after_set_tracking_uri:
        follow()


def get_registry_uri() -> str:
    """The current registry URI: the tracking URI unless another was set."""
    return registry_uri_for(get_tracking_uri())


def registry_uri_for(tracking_uri: str) -> str:
    """The registry URI for a tracking URI: the same unless another was set."""
    return _Chosen.registry or _of_environment(settings.REGISTRY_URI) or tracking_uri


def set_registry_uri(uri: str | os.PathLike[str] | None) -> None:
    """Set the registry URI for this process and its children. Empty text restores the default.

    Raises
    ------
    InvalidParameter: It is not an address of a store.
    """
    _Chosen.registry = _text(uri)
    if _Chosen.registry:
        settings.REGISTRY_URI.set(_Chosen.registry)
    else:
        settings.REGISTRY_URI.unset()


def _text(uri: str | os.PathLike[str] | None) -> str | None:
    if isinstance(uri, os.PathLike):
        return Path(uri).absolute().as_uri()
    if uri is not None and not isinstance(uri, str):
        raise InvalidParameter(f"An address is text such as 'http://127.0.0.1:5000'; got {uri!r}.")
    return spelled(uri) if uri and uri.strip() else None


def _of_environment(setting: settings.Setting) -> str:
    """The value of a variable. Checked when it is used, not here."""
    return str(setting.get() or "").strip()


def checked_uri(uri: str) -> str:
    """A store's address in normal form; an error names the variable that it came from.

    Raises
    ------
    InvalidParameter: It is not an address of a store.
    """
    try:
        return spelled(uri)
    except InvalidParameter as problem:
        for setting, chosen in ((settings.TRACKING_URI, _Chosen.tracking), (settings.REGISTRY_URI, _Chosen.registry)):
            for name in setting.names:
                if chosen is None and os.environ.get(name, "").strip() == uri:
                    raise InvalidParameter(f"Environment variable {name}: {problem.message}") from None
        raise
