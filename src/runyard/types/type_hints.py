"""Schemas from the classes and hints in somebody's program."""

import dataclasses
import types
import typing
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.types.datatypes import AnyDataType, AnyType, Array, DataType, Map, Object, Property
from runyard.types.schema import ColSpec, Schema

_PYTHON = {kind.to_python(): kind for kind in (DataType.boolean, DataType.string, DataType.binary, DataType.datetime)}
_PYTHON |= {int: DataType.long, float: DataType.double}


def schema_of_dataclass(given: Any) -> Schema:
    """The fields of a dataclass, or of an object of one, as columns; those that may be None are not required.

    Raises
    ------
    InvalidParameter: A field has a type that no schema can name.
    """
    kind = given if isinstance(given, type) else type(given)
    return Schema([ColSpec(one.dtype, one.name, one.required) for one in _fields_of_dataclass(kind)])


def type_of_hint(hint: Any) -> AnyDataType:
    """The type that a hint stands for: scalars, ``list[…]``, ``dict[str, …]``, dataclasses, Pydantic's models, ``Any``.

    Raises
    ------
    InvalidParameter: No schema can name it.
    """
    if hint is Any or hint is object:
        return AnyType()
    if hint in _PYTHON:
        return _PYTHON[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (list, typing.List) and len(arguments) == 1:  # noqa: UP006  (older programs write it so)
        return Array(_required(arguments[0]))
    if origin is dict and len(arguments) == 2 and arguments[0] is str:
        return Map(_required(arguments[1]))
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return Object(_fields_of_dataclass(hint))
    if isinstance(hint, type) and hasattr(hint, "model_fields"):
        hints = typing.get_type_hints(hint)
        return Object(
            [
                Property(name, optional_type(hints[name])[0], field.is_required() and not optional_type(hints[name])[1])
                for name, field in hint.model_fields.items()
            ]
        )
    raise InvalidParameter(
        f"The type hint {hint!r} cannot be part of a signature. Use scalars, list[…], dict[str, …] or Any."
    )


def optional_type(hint: Any) -> tuple[AnyDataType, bool]:
    """The type a hint stands for, and whether it may also be None."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [one for one in typing.get_args(hint) if one is not type(None)]
        may_be_none = len(rest) < len(typing.get_args(hint))
        return (type_of_hint(rest[0]) if len(rest) == 1 else AnyType()), may_be_none
    return type_of_hint(hint), False


def _required(hint: Any) -> AnyDataType:
    return optional_type(hint)[0]


def _fields_of_dataclass(kind: type) -> list[Property]:
    hints = typing.get_type_hints(kind)
    found = []
    for one in dataclasses.fields(kind):
        dtype, may_be_none = optional_type(hints[one.name])
        found.append(Property(one.name, dtype, not may_be_none))
    return found
