"""Schemas from classes and type hints."""

import dataclasses
import types
import typing
from contextlib import suppress
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


def type_of_hint(hint: Any, unclear: list[Any] | None = None) -> AnyDataType:
    """The type that a hint stands for: scalars, ``list[…]``, ``dict[str, …]``, dataclasses, Pydantic's models, ``Any``.

    Parameters
    ----------
    unclear: Takes the hints that no schema can name, which are of any type then; without it they are refused.

    Raises
    ------
    InvalidParameter: No schema can name it.
    """
    if hint is Any or hint is object:
        return AnyType()
    with suppress(TypeError):  # some hints have no hash
        if hint in _PYTHON:
            return _PYTHON[hint]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list and len(arguments) == 1:
        return Array(optional_type(arguments[0], unclear)[0])
    if origin is dict and len(arguments) == 2 and arguments[0] is str:
        return Map(optional_type(arguments[1], unclear)[0])
    if isinstance(hint, type) and (fields := _fields(hint, unclear)):
        return Object(fields)
    if unclear is None:
        raise InvalidParameter(
            f"The type hint {hint!r} cannot be part of a signature. Use scalars, list[…], dict[str, …] or Any."
        )
    unclear.append(hint)
    return AnyType()


def optional_type(hint: Any, unclear: list[Any] | None = None) -> tuple[AnyDataType, bool]:
    """The type a hint stands for, and whether it may also be None."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [one for one in typing.get_args(hint) if one is not type(None)]
        may_be_none = len(rest) < len(typing.get_args(hint))
        return (type_of_hint(rest[0], unclear) if len(rest) == 1 else AnyType()), may_be_none
    return type_of_hint(hint, unclear), False


def _fields(kind: type, unclear: list[Any] | None) -> list[Property]:
    """The fields of a dataclass or of a model of Pydantic's; none for other classes."""
    if dataclasses.is_dataclass(kind):
        return _fields_of_dataclass(kind, unclear)
    found = []
    hints = typing.get_type_hints(kind) if hasattr(kind, "model_fields") else {}
    for name, field in getattr(kind, "model_fields", {}).items():
        dtype, may_be_none = optional_type(hints[name], unclear)
        found.append(Property(name, dtype, field.is_required() and not may_be_none))
    return found


def _fields_of_dataclass(kind: type, unclear: list[Any] | None = None) -> list[Property]:
    hints = typing.get_type_hints(kind)
    found = []
    for one in dataclasses.fields(kind):
        dtype, may_be_none = optional_type(hints[one.name], unclear)
        found.append(Property(one.name, dtype, not may_be_none))
    return found
