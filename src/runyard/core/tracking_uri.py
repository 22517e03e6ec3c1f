"""Where runs are logged and models registered: what was set, the environment, or the default. Standard library only."""

import os
from pathlib import Path

from runyard import settings
from runyard.exceptions import InvalidParameter

DEFAULT_DATABASE = "runyard.db"


class _Chosen:
    """What this process chose; kept in one place so that forgetting it is one assignment."""

    tracking: str | None = None
    registry: str | None = None


def default_uri() -> str:
    """The database file in the working directory, which the server started there uses too."""
    return f"sqlite:///{Path.cwd() / DEFAULT_DATABASE}"


def get_tracking_uri() -> str:
    """Where runs are logged now."""
    return _Chosen.tracking or settings.TRACKING_URI.get() or default_uri()


def is_tracking_uri_set() -> bool:
    """Was an address chosen, by a call or in the environment?"""
    return bool(_Chosen.tracking or settings.TRACKING_URI.get())


def set_tracking_uri(uri: str | os.PathLike[str] | None) -> None:
    """Choose where runs are logged, for this process and its children. Empty text goes back to the default."""
    _Chosen.tracking = _text(uri)
    if _Chosen.tracking:
        settings.TRACKING_URI.set(_Chosen.tracking)
    else:
        settings.TRACKING_URI.unset()


def get_registry_uri() -> str:
    """Where models are registered now: the tracking URI unless another was chosen."""
    return registry_uri_for(get_tracking_uri())


def registry_uri_for(tracking_uri: str) -> str:
    """Where models are registered when runs are logged there: the same place unless another was chosen."""
    return _Chosen.registry or settings.REGISTRY_URI.get() or tracking_uri


def set_registry_uri(uri: str | os.PathLike[str] | None) -> None:
    """Choose where models are registered, for this process and its children. Empty text undoes it."""
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
    return uri or None
