"""Type hints of ``predict``: the signature they stand for, and inputs made into what they say."""

import dataclasses
import inspect
import typing
from collections.abc import Callable
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.models.signature import ModelSignature
from runyard.types.datatypes import AnyDataType, Object
from runyard.types.schema import ColSpec, Schema
from runyard.types.type_hints import type_of_hint

_SKIPPED = ("self", "context", "params")


def hint_of(function: Callable[..., Any]) -> Any:
    """The hint of the parameter for the input; None when it has none."""
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError):  # hints that name what is not there
        return None
    name = next((name for name in inspect.signature(function).parameters if name not in _SKIPPED), None)
    return hints.get(name) if name else None


def is_list_hint(hint: Any) -> bool:
    """Does it say ``list[…]``? Those describe the rows of an input; others are not looked into."""
    return typing.get_origin(hint) is list and len(typing.get_args(hint)) == 1


def signature_from_hints(function: Callable[..., Any]) -> ModelSignature | None:
    """The signature that the hints of ``predict`` stand for; None when they say nothing of the input.

    Raises
    ------
    InvalidParameter: They say what no signature can.
    """
    hint = hint_of(function)
    if not is_list_hint(hint):
        return None
    returned = typing.get_type_hints(function).get("return")
    outputs = _schema(returned) if is_list_hint(returned) else None
    made = ModelSignature(_schema(hint), outputs)
    made._is_signature_from_type_hint = True
    return made


def _schema(hint: Any) -> Schema:
    kind: AnyDataType = type_of_hint(typing.get_args(hint)[0])
    if isinstance(kind, Object):
        return Schema([ColSpec(field.dtype, field.name, field.required) for field in kind.properties])
    return Schema([ColSpec(kind)])


def as_hinted(data: Any, hint: Any) -> Any:
    """An input as the hint of ``predict`` says it: rows as a list, objects as those of its class.

    Raises
    ------
    InvalidParameter: It cannot be that.
    """
    if not is_list_hint(hint):
        return data
    rows = _rows(data)
    element = typing.get_args(hint)[0]
    if not isinstance(element, type) or isinstance(element, typing._GenericAlias):  # type: ignore[attr-defined]
        return rows
    try:
        if hasattr(element, "model_validate"):
            return [row if isinstance(row, element) else element.model_validate(row) for row in rows]
        if dataclasses.is_dataclass(element):
            return [row if isinstance(row, element) else element(**row) for row in rows]
    except (TypeError, ValueError) as problem:
        raise InvalidParameter(f"The input does not fit the type hint {hint!r} of predict: {problem}") from None
    for row in rows:
        if element in (str, int, float, bool, bytes) and not _fits(row, element):
            raise InvalidParameter(f"The input does not fit the type hint {hint!r} of predict: {row!r} is in it.")
    return rows


def _fits(value: Any, wanted: type) -> bool:
    plain = value.item() if hasattr(value, "item") else value
    if wanted is float:
        return isinstance(plain, int | float) and not isinstance(plain, bool)
    return isinstance(plain, wanted) and (wanted is bool or not isinstance(plain, bool))


def _rows(data: Any) -> list[Any]:
    """The rows of a table, an array or a list; those of a table with one column are its values."""
    if hasattr(data, "columns") and hasattr(data, "to_dict"):
        if len(data.columns) == 1:
            return list(data.iloc[:, 0])
        return list(data.to_dict(orient="records"))
    if hasattr(data, "tolist"):
        return list(data.tolist())
    if isinstance(data, list):
        return data
    raise InvalidParameter(f"The input is a list, as predict's type hint says; not {type(data).__name__}.")
