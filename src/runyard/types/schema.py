"""Schemas of inputs and outputs: columns of a table, or tensors. The names MLflow has in this module are here too."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runyard.core.libraries import np
from runyard.exceptions import InvalidParameter
from runyard.types.datatypes import (
    AnyDataType,
    AnyType,
    Array,
    DataType,
    Map,
    Object,
    Property,
    SparkMLVector,
    data_type,
    type_from_dict,
    type_to_dict,
)
from runyard.types.params import ParamSchema, ParamSpec

__all__ = [
    "AnyType",
    "Array",
    "ColSpec",
    "DataType",
    "Map",
    "Object",
    "ParamSchema",
    "ParamSpec",
    "Property",
    "Schema",
    "SparkMLVector",
    "TensorSpec",
]


class ColSpec:
    """A column.

    Parameters
    ----------
    type: Its type, or the name of a scalar type.
    name: None for a single column without a name. Names of several levels are tuples here and lists in JSON.
    required: Whether every table must have it, without a missing value.
    """

    def __init__(self, type: AnyDataType | str, name: Any = None, required: bool = True) -> None:  # noqa: A002  (MLflow's name)
        self.type, self.required = data_type(type), bool(required)
        self.name: Any = tuple(name) if isinstance(name, list) else name

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it."""
        named = {} if self.name is None else {"name": self.name}
        return {**type_to_dict(self.type), **named, "required": self.required}

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> "ColSpec":
        """Read it from an MLmodel file; files of old versions say ``optional``."""
        if "type" not in kwargs:
            raise InvalidParameter(f"A column needs a 'type'; only {sorted(kwargs)} were given.")
        required = kwargs.get("required", not kwargs.get("optional", False))
        return cls(type_from_dict(kwargs), kwargs.get("name"), required)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ColSpec) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name!r}: "
        return f"{named}{self.type!r} ({'required' if self.required else 'optional'})"


class TensorSpec:
    """A tensor.

    Parameters
    ----------
    type: The numpy type of its elements.
    shape: The length of each dimension, -1 where any is fine.
    name: None for a single tensor without a name.
    """

    required = True

    def __init__(self, type: "np.dtype[Any]", shape: Sequence[int], name: str | None = None) -> None:  # noqa: A002  (MLflow's name)
        if not isinstance(type, np.dtype):
            raise InvalidParameter(f"The type of a tensor is a numpy.dtype, not {type!r}.")
        if not isinstance(shape, tuple | list):
            raise InvalidParameter(f"The shape of a tensor is a tuple or a list, not {shape!r}.")
        self.type, self.shape, self.name = _plain(type), tuple(int(size) for size in shape), name

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it."""
        named = {} if self.name is None else {"name": self.name}
        return {**named, "type": "tensor", "tensor-spec": {"dtype": self.type.name, "shape": list(self.shape)}}

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> "TensorSpec":
        """Read it from an MLmodel file."""
        try:
            described = kwargs["tensor-spec"]
            return cls(np.dtype(described["dtype"]), tuple(described["shape"]), kwargs.get("name"))
        except (KeyError, TypeError, ValueError) as problem:
            raise InvalidParameter(f"{kwargs!r} describes no tensor ({problem}).") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        named = "" if self.name is None else f"{self.name!r}: "
        return f"{named}Tensor({self.type.name!r}, {self.shape!r})"


def _plain(kind: "np.dtype[Any]") -> "np.dtype[Any]":
    """A type without what one array happened to have: the length of its texts, the order of its bytes."""
    return np.dtype(kind.char) if kind.char in "US" else kind.newbyteorder("=")


class Schema:
    """Columns or tensors, in order: either all are named, or there is a single one without a name.

    Raises
    ------
    InvalidParameter: They are both columns and tensors, or neither; or names are missing.
    """

    def __init__(self, inputs: Sequence[ColSpec | TensorSpec]) -> None:
        if not isinstance(inputs, list | tuple):
            raise InvalidParameter(f"The inputs of a schema are a list of ColSpec or TensorSpec, not {inputs!r}.")
        kinds = {ColSpec if isinstance(one, ColSpec) else type(one) for one in inputs}
        if len(kinds) != 1 or not kinds <= {ColSpec, TensorSpec}:
            raise InvalidParameter(
                f"A schema has either columns or tensors, at least one; {list(inputs)!r} were given."
            )
        unnamed = [one for one in inputs if one.name is None]
        if unnamed and len(inputs) > 1 and (len(unnamed) < len(inputs) or TensorSpec in kinds):
            raise InvalidParameter("Give every input of a schema a name, or a single one without.")
        self.inputs = list(inputs)

    def to_dict(self) -> list[dict[str, Any]]:
        """As MLmodel files write it."""
        return [one.to_dict() for one in self.inputs]

    def to_json(self) -> str:
        """The JSON text in MLmodel files."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, json_str: str) -> "Schema":
        """Read the JSON text of an MLmodel file.

        Raises
        ------
        InvalidParameter: It describes no schema.
        """
        return cls([_spec(described) for described in _list_in(json_str, "schema")])

    def is_tensor_spec(self) -> bool:
        """Whether these are tensors."""
        return isinstance(self.inputs[0], TensorSpec)

    def has_input_names(self) -> bool:
        """Whether they have names."""
        return self.inputs[0].name is not None

    def input_names(self) -> list[Any]:
        """Their names; their places where they have none."""
        return [place if one.name is None else one.name for place, one in enumerate(self.inputs)]

    def required_input_names(self) -> list[Any]:
        """The names of those that must be there."""
        return [name for name, one in zip(self.input_names(), self.inputs, strict=True) if one.required]

    def optional_input_names(self) -> list[Any]:
        """The names of those that may be missing."""
        return [name for name, one in zip(self.input_names(), self.inputs, strict=True) if not one.required]

    def input_types(self) -> list[Any]:
        """Their types."""
        return [one.type for one in self.inputs]

    def input_types_dict(self) -> dict[Any, Any]:
        """Their types by name."""
        return {name: one.type for name, one in self.input_dict().items()}

    def input_dict(self) -> dict[Any, ColSpec | TensorSpec]:
        """They by name.

        Raises
        ------
        InvalidParameter: They have no names.
        """
        if not self.has_input_names():
            raise InvalidParameter("The inputs of this schema have no names.")
        return {one.name: one for one in self.inputs}

    def numpy_types(self) -> list["np.dtype[Any]"]:
        """The numpy type of each.

        Raises
        ------
        InvalidParameter: One has none.
        """
        return [one.type if isinstance(one, TensorSpec) else _scalar(one).to_numpy() for one in self.inputs]

    def pandas_types(self) -> list["np.dtype[Any]"]:
        """The pandas type of each column.

        Raises
        ------
        InvalidParameter: These are tensors, or a column has none.
        """
        if self.is_tensor_spec():
            raise InvalidParameter("Tensors have no pandas types.")
        return [_scalar(one).to_pandas() for one in self.inputs]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self.inputs == other.inputs

    def __hash__(self) -> int:
        return hash(repr(self))

    def __iter__(self) -> Iterator[ColSpec | TensorSpec]:
        return iter(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)

    def __repr__(self) -> str:
        return repr(self.inputs)


def _scalar(column: ColSpec | TensorSpec) -> DataType:
    if not isinstance(column.type, DataType):
        raise InvalidParameter(f"The column {column!r} has no such type: only scalar types have.")
    return column.type


def _spec(described: Mapping[str, Any]) -> ColSpec | TensorSpec:
    kind = TensorSpec if described.get("type") == "tensor" else ColSpec
    return kind.from_json_dict(**described)


def _list_in(text: str, what: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (TypeError, ValueError) as problem:
        raise InvalidParameter(f"The {what} is not JSON: {problem}.") from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InvalidParameter(f"The {what} is not a list of objects: {text[:200]!r}.")
    return found
