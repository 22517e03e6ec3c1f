"""Types of columns and tensors, inferred from data and written the way MLmodel files write them."""

import datetime
import json
from typing import TYPE_CHECKING, Any, Self

from runyard.exceptions import InvalidParameter
from runyard.types.schema import Schema

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_KINDS = {"b": "boolean", "f": "double", "M": "datetime"}
_SMALL = {"f": ("float", 4), "i": ("integer", 4), "u": ("integer", 2)}


class UnclearTypeError(ValueError):
    """Data whose types have no name in a schema."""


class TensorDatasetSchema:
    """Shapes and element types of features and targets.

    Parameters
    ----------
    features: The tensors a model sees.
    targets: What it is to answer, or None.
    """

    def __init__(self, features: Schema, targets: Schema | None = None) -> None:
        self.features = features
        self.targets = targets

    def to_dict(self) -> dict[str, Any]:
        """The two as JSON texts, under the name that MLflow gives them."""
        targets = None if self.targets is None else self.targets.to_json()
        return {"mlflow_tensorspec": {"features": self.features.to_json(), "targets": targets}}

    @classmethod
    def from_dict(cls, schema_dict: dict[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises
        ------
        InvalidParameter: It describes no tensors.
        """
        described = schema_dict.get("mlflow_tensorspec")
        if not isinstance(described, dict) or "features" not in described:
            raise InvalidParameter(f"{schema_dict!r} describes no tensors: 'mlflow_tensorspec' is missing.")
        targets = described.get("targets")
        return cls(Schema.from_json(described["features"]), None if targets is None else Schema.from_json(targets))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorDatasetSchema) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"features:\n  {self.features!r}\ntargets:\n  {self.targets!r}\n"


def schema_of_frame(frame: "pd.DataFrame") -> Schema | None:
    """The types of a table's columns; None when one has none that a schema can name."""
    if frame.columns.empty or not frame.columns.is_unique:
        return None
    try:
        columns = [_column(frame[name], name) for name in frame.columns]
    except UnclearTypeError:
        return None
    return Schema.from_json(json.dumps(columns))


def _column(values: "pd.Series[Any]", name: Any) -> dict[str, Any]:
    return {**_type_of_column(values), "name": name, "required": not bool(values.isna().any())}


def _type_of_column(values: "pd.Series[Any]") -> dict[str, Any]:
    kind = values.dtype.kind
    named = _number_type(kind, values.dtype.itemsize) if hasattr(values.dtype, "itemsize") else _KINDS.get(kind)
    if named:
        return {"type": named}
    if kind not in "OSUT" and str(values.dtype) not in ("string", "str"):
        raise UnclearTypeError(str(values.dtype))
    present = values.dropna()
    if present.empty:
        return {"type": "any"}
    return _common([_type_of_value(value) for value in present])


def _number_type(kind: str, size: int) -> str | None:
    """The name of a numpy type; None for types without one, such as 64-bit unsigned integers."""
    if kind in _SMALL and size <= _SMALL[kind][1]:
        return _SMALL[kind][0]
    if kind == "i" or (kind == "u" and size == 4):
        return "long"
    return _KINDS.get(kind)


def _type_of_value(value: Any) -> dict[str, Any]:
    for kinds, name in (
        (bool, "boolean"),
        (str, "string"),
        (bytes | bytearray, "binary"),
        (int, "long"),
        (float, "double"),
        (datetime.date, "datetime"),
    ):
        if isinstance(value, kinds):
            return {"type": name}
    if isinstance(value, dict):
        return {"type": "object", "properties": {key: _property(value[key]) for key in sorted(value)}}
    if hasattr(value, "tolist"):  # of numpy
        named = _number_type(value.dtype.kind, value.dtype.itemsize) if not value.shape else None
        return {"type": named} if named else _type_of_value(value.tolist())
    if isinstance(value, list | tuple):
        items = [_type_of_value(item) for item in value if item is not None]
        return {"type": "array", "items": _common(items) if items else {"type": "any"}}
    raise UnclearTypeError(type(value).__name__)


def _property(value: Any) -> dict[str, Any]:
    return {**(_type_of_value(value) if value is not None else {"type": "any"}), "required": value is not None}


def _common(types: list[dict[str, Any]]) -> dict[str, Any]:
    """The one type of all values."""
    first = types[0]
    for other in types[1:]:
        first = _both(first, other)
    return first


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The type of values of which some have this and some that type.

    Raises
    ------
    UnclearTypeError: There is no such type.
    """
    if one == other or other["type"] == "any":
        return one
    if one["type"] == "any":
        return other
    if one["type"] != other["type"] or one["type"] not in ("array", "object"):
        raise UnclearTypeError(f"both {one['type']} and {other['type']}")
    if one["type"] == "array":
        return {"type": "array", "items": _both(one["items"], other["items"])}
    mine, theirs = one["properties"], other["properties"]
    merged = {name: _both_properties(mine.get(name), theirs.get(name)) for name in sorted({*mine, *theirs})}
    return {"type": "object", "properties": merged}


def _both_properties(one: dict[str, Any] | None, other: dict[str, Any] | None) -> dict[str, Any]:
    """A property that some objects may lack; a missing or empty one is not required."""
    if one is None or other is None:
        return {**(one or other or {}), "required": False}
    bare = [{key: value for key, value in side.items() if key != "required"} for side in (one, other)]
    return {**_both(*bare), "required": one["required"] and other["required"]}


def tensors_of(data: "np.ndarray[Any, Any] | dict[str, np.ndarray[Any, Any]]") -> Schema:
    """Element types and shapes of an array or of named arrays; the first dimension is open."""
    if isinstance(data, dict):
        return Schema.from_json(json.dumps([{"name": name, **_tensor(array)} for name, array in data.items()]))
    return Schema.from_json(json.dumps([_tensor(data)]))


def _tensor(array: "np.ndarray[Any, Any]") -> dict[str, Any]:
    kind = {"U": "str", "S": "bytes"}.get(array.dtype.kind, array.dtype.name)
    return {"type": "tensor", "tensor-spec": {"dtype": kind, "shape": [-1, *array.shape[1:]]}}
