"""The JSON and YAML that `log_dict` writes for the dictionaries of training scripts."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from runyard.core.libraries import yaml
from runyard.exceptions import InvalidParameter


def as_json(value: Any) -> str:
    """The value as JSON. NaN and infinities are written as Python's ``json`` and `load_dict` read them.

    Raises
    ------
    InvalidParameter: It contains itself.
    """
    return json.dumps(_plain(value, ()), indent=2)


def as_yaml(value: Any) -> str:
    """The value as YAML that every reader can read.

    Raises
    ------
    InvalidParameter: It contains itself.
    """
    plain = _plain(value, (dt.date, dt.datetime))
    text: str = yaml.safe_dump(plain, default_flow_style=False, allow_unicode=True, indent=2)
    return text


def _plain(value: Any, kept: tuple[type, ...]) -> Any:
    try:
        return _converted(value, kept)
    except RecursionError:
        raise InvalidParameter("The dictionary contains itself, or is nested too deeply.") from None


def _converted(value: Any, kept: tuple[type, ...]) -> Any:
    """numpy numbers, arrays and tensors as plain numbers and lists; other types as their text."""
    if value is None or isinstance(value, bool) or type(value) in kept:  # YAML knows dates, not pandas' kind of them
        return value
    for kind in (str, int, float):  # numpy's own are kinds of these that YAML does not know
        if isinstance(value, kind):
            return kind.__str__(value) if kind is str else kind(value)
    if isinstance(value, Mapping):
        return {_key(key): _converted(each, kept) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_converted(each, kept) for each in value]
    if callable(getattr(value, "tolist", None)) and getattr(getattr(value, "dtype", ""), "kind", "") not in ("m", "M"):
        plain = (value.detach() if hasattr(value, "detach") else value).tolist()
        if type(plain) is not type(value):
            return _converted(plain, kept)
    return str(value)


def _key(key: Any) -> Any:
    if key is None or isinstance(key, bool | int | float | str):
        return _converted(key, ())
    plain = key.item() if getattr(key, "shape", None) == () else None
    return plain if isinstance(plain, bool | int | float | str) else str(key)
