"""Type hints of ``predict``: the signature they stand for, and inputs made into what they say."""

import dataclasses
import datetime
import inspect
import logging
import types
import typing
from collections import abc
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.models.signature import ModelSignature
from runyard.types.datatypes import AnyDataType, AnyType, Object
from runyard.types.infer import infer_param_schema
from runyard.types.moments import moment_of, shown
from runyard.types.params import ParamSchema
from runyard.types.schema import ColSpec, Schema
from runyard.types.type_hints import type_of_hint

log = logging.getLogger(__name__)

_SKIPPED = ("self", "context", "params")
_LISTS = (list, typing.List, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable)  # noqa: UP006  (older programs write it so)


def hint_of(function: Callable[..., Any]) -> Any:
    """The hint of the parameter for the input; None when it has none."""
    try:
        name = next((name for name in inspect.signature(function).parameters if name not in _SKIPPED), "")
    except (TypeError, ValueError):  # written in C
        return None
    return _hint(function, name)


def _hint(function: Callable[..., Any], name: str) -> Any:
    """The hint of a parameter, or of what is returned; None for one that names what is not there."""
    given = getattr(function, "__annotations__", {}).get(name)
    with suppress(NameError, TypeError, AttributeError, SyntaxError):
        return typing.get_type_hints(function).get(name)
    if isinstance(given, str):  # maybe another hint of the function is what cannot be read
        with suppress(Exception):  # third-party code, not needed
            return eval(given, getattr(function, "__globals__", {}))  # noqa: S307  (as Python's own reader of hints)
        return None
    return given


def is_list_hint(hint: Any) -> bool:
    """Whether it is a kind of list, such as ``list[…]``. Those describe the rows of an input; others are not
    looked into.
    """
    return hint in _LISTS or (typing.get_origin(hint) in _LISTS and len(typing.get_args(hint)) == 1)


def signature_from_hints(
    function: Callable[..., Any], params: Mapping[str, Any] | None = None
) -> ModelSignature | None:
    """The signature that the hints of ``predict`` stand for; None when they say nothing of the input.

    What no signature can name is of any type, with a warning where it is the input's.

    Parameters
    ----------
    params: The parameters that come with an example of the input.
    """
    hint = hint_of(function)
    if not is_list_hint(hint):
        return None
    unclear: list[Any] = [] if typing.get_args(hint) else [hint]
    inputs = _schema(_element(hint), unclear)
    if unclear:
        shown_hints = ", ".join(
            getattr(one, "__name__", str(one)) if isinstance(one, type) else str(one) for one in unclear
        )
        log.warning("No signature has a type for %s in the hint of predict: such values are not checked.", shown_hints)
    returned = _hint(function, "return")
    outputs = _schema(_element(returned) if is_list_hint(returned) else returned, [])
    made = ModelSignature(inputs, outputs, _params(params))
    made._is_signature_from_type_hint = True
    return made


def _params(given: Mapping[str, Any] | None) -> ParamSchema | None:
    try:
        return infer_param_schema(given) if given else None
    except InvalidParameter as problem:
        log.warning("The signature does not have the parameters of the example: %s", problem)
        return None


def _element(hint: Any) -> Any:
    return next(iter(typing.get_args(hint)), Any)


def _schema(element: Any, unclear: list[Any]) -> Schema:
    if typing.get_origin(element) in (typing.Union, types.UnionType):
        unclear.append(element)
        return Schema([ColSpec(AnyType())])
    try:
        kind: AnyDataType = type_of_hint(element, unclear)
    except (NameError, TypeError, AttributeError, RecursionError):  # classes whose fields name themselves, or nothing
        unclear.append(element)
        kind = AnyType()
    if isinstance(kind, Object):
        return Schema([ColSpec(field.dtype, field.name, field.required) for field in kind.properties])
    return Schema([ColSpec(kind)])


def as_hinted(data: Any, hint: Any) -> Any:
    """An input as the hint of ``predict`` says it: rows as a list, objects as those of its class, dates as such.

    Raises
    ------
    InvalidParameter: It cannot be that.
    """
    if not is_list_hint(hint):
        return data
    element = _element(hint)
    try:
        return [_converted(row, element) for row in _rows(data, element)]
    except (TypeError, ValueError) as problem:
        raise InvalidParameter(
            f"The input does not fit the type hint {hint!r} of predict: {_reason(problem)}."
        ) from None


def _converted(value: Any, hint: Any) -> Any:
    """A value as a hint says it; what no signature can name is taken as it is.

    Raises
    ------
    ValueError, TypeError: It is not that.
    """
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        rest = [one for one in arguments if one is not type(None)]
        return value if value is None or len(rest) > 1 else _converted(value, rest[0])
    if origin is list and arguments:
        if not isinstance(value, list):
            raise ValueError(f"{shown(value)} is not a list")
        return [_converted(one, arguments[0]) for one in value]
    if origin is dict and len(arguments) == 2:
        if not isinstance(value, dict):
            raise ValueError(f"{shown(value)} is not a dictionary")
        return {name: _converted(one, arguments[1]) for name, one in value.items()}
    if not isinstance(hint, type):
        return value
    if hasattr(hint, "model_validate"):
        return value if isinstance(value, hint) else hint.model_validate(value)
    if dataclasses.is_dataclass(hint):
        return value if isinstance(value, hint) else hint(**value)
    if hint in (datetime.datetime, datetime.date):
        moment = value if isinstance(value, datetime.datetime) else moment_of(value)
        return moment if hint is datetime.datetime else moment.date()
    if hint in _SCALARS and not _fits(value, hint):
        raise ValueError(f"{shown(value)} is not {_SCALARS[hint]}")
    return value


_SCALARS = {str: "text", int: "a whole number", float: "a number", bool: "a boolean", bytes: "bytes"}


def _reason(problem: Exception) -> str:
    """The error of Pydantic or a dataclass about a value, in one line."""
    errors = getattr(problem, "errors", None)
    if errors is None:
        return str(problem).rstrip(".").rpartition("__init__() ")[2]
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in errors())


def _fits(value: Any, wanted: type) -> bool:
    plain = value.item() if hasattr(value, "item") else value
    if wanted is float:
        return isinstance(plain, int | float) and not isinstance(plain, bool)
    return isinstance(plain, wanted) and (wanted is bool or not isinstance(plain, bool))


def _rows(data: Any, element: Any) -> list[Any]:
    """The rows of a table, an array or a list; those of a table with one column are its values, unless the hint asks
    for objects with fields."""
    if hasattr(data, "columns") and hasattr(data, "to_dict"):
        if len(data.columns) > 1 or _has_fields(element):
            return [{name: _or_none(one) for name, one in row.items()} for row in data.to_dict(orient="records")]
        return list(data.iloc[:, 0])
    if hasattr(data, "tolist"):
        return list(data.tolist())
    if isinstance(data, list):
        return data
    raise InvalidParameter(f"The input is a list, as predict's type hint says; not {type(data).__name__}.")


def _has_fields(element: Any) -> bool:
    return isinstance(element, type) and (hasattr(element, "model_fields") or dataclasses.is_dataclass(element))


def _or_none(value: Any) -> Any:
    """A value of a table; None for pandas' values that say one is missing. NaN may be a number of its own."""
    return None if type(value).__name__ in ("NAType", "NaTType") else value
