"""Where runs are logged and models registered: what was set, the environment, or the default. Standard library only."""

import os
from collections.abc import Callable
from pathlib import Path

from runyard import settings
from runyard.core.store_address import spelled
from runyard.exceptions import InvalidParameter

DEFAULT_DATABASE = "runyard.db"


class _Chosen:
    """What this process chose; kept in one place so that forgetting it is one assignment."""

    tracking: str | None = None
    registry: str | None = None


after_set_tracking_uri: list[Callable[[], None]] = []
"""What is done when another place for runs was chosen."""


def default_uri() -> str:
    """The database file in the working directory, which the server started there uses too."""
    return f"sqlite:///{Path.cwd() / DEFAULT_DATABASE}"


def get_tracking_uri() -> str:
    """Where runs are logged now."""
    return _Chosen.tracking or _of_environment(settings.TRACKING_URI) or default_uri()


def is_tracking_uri_set() -> bool:
    """Was an address chosen, by a call or in the environment?"""
    return bool(_Chosen.tracking or _of_environment(settings.TRACKING_URI))


def set_tracking_uri(uri: str | os.PathLike[str] | None) -> None:
    """Choose where runs are logged, for this process and its children. Empty text goes back to the default.

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
    """Where models are registered now: the tracking URI unless another was chosen."""
    return registry_uri_for(get_tracking_uri())


def registry_uri_for(tracking_uri: str) -> str:
    """Where models are registered when runs are logged there: the same place unless another was chosen."""
    return _Chosen.registry or _of_environment(settings.REGISTRY_URI) or tracking_uri


def set_registry_uri(uri: str | os.PathLike[str] | None) -> None:
    """Choose where models are registered, for this process and its children. Empty text undoes it.

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
    """What a variable says, checked when it is used: who only asks for it is not refused."""
    return str(setting.get() or "").strip()


def checked_uri(uri: str) -> str:
    """An address of a store as it is kept; when it is refused, the message names the variable that it came from.

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
