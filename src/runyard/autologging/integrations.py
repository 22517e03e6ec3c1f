"""Which libraries are watched, and with which options."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from runyard.exceptions import InvalidParameter

EVERYWHERE = "mlflow"
"""The name that ``runyard.autolog()`` goes by among the libraries, for programs that look its options up there."""

AUTOLOGGING_INTEGRATIONS: dict[str, dict[str, Any]] = {EVERYWHERE: {}}
"""Each library that was asked for, with its options, under the names that `autolog` of the library gives them."""

GLOBALLY_CONFIGURED = "globally_configured"
"""The option that marks libraries configured by `runyard.autolog`, not by their own `autolog`."""


class _Suspended(threading.local):
    """Libraries that this thread does not watch for now; None is all of them."""

    def __init__(self) -> None:
        self.names: list[str | None] = []


_suspended = _Suspended()


def configure(name: str, options: Mapping[str, Any]) -> None:
    """Set a library's options.

    Raises
    ------
    InvalidParameter: `extra_tags` is not a dictionary.
    """
    extra_tags = options.get("extra_tags")
    if extra_tags is not None and not isinstance(extra_tags, dict):
        raise InvalidParameter(
            f"Invalid value {extra_tags!r} for 'extra_tags' of {name}.autolog: give a dictionary of tags."
        )
    AUTOLOGGING_INTEGRATIONS[name] = {GLOBALLY_CONFIGURED: False, **options}


def get_autologging_config(flavor_name: str, config_key: str, default_value: Any = None) -> Any:
    """An option of a library, as it was set last; the default when the library or the option is unknown."""
    return AUTOLOGGING_INTEGRATIONS.get(flavor_name, {}).get(config_key, default_value)


def autologging_is_disabled(integration_name: str) -> bool:
    """Whether nothing is logged for calls that this thread makes into a library now."""
    if None in _suspended.names or integration_name in _suspended.names:
        return True
    return bool(get_autologging_config(integration_name, "disable", default_value=True))


def is_tested(version: str, oldest: tuple[int, int], newest: tuple[int, int]) -> bool:
    """Whether a library's version is one that its part was tested with.

    Parameters
    ----------
    oldest, newest: The first two numbers of the versions that were tested.
    """
    return oldest <= tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) <= newest


@contextmanager
def disable_autologging() -> Iterator[None]:
    """Inside of the block nothing is logged automatically for what this thread calls."""
    with _not_watching([None]):
        yield


@contextmanager
def disable_discrete_autologging(flavors_to_disable: list[str]) -> Iterator[None]:
    """Inside of the block nothing is logged automatically for what this thread calls in these libraries."""
    with _not_watching(list(flavors_to_disable)):
        yield


@contextmanager
def _not_watching(names: list[str | None]) -> Iterator[None]:
    before = _suspended.names
    _suspended.names = [*before, *names]
    try:
        yield
    finally:
        _suspended.names = before
