"""Types of single values: scalars, and arrays, objects and maps of them."""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from runyard.core.libraries import np, pd
from runyard.exceptions import InvalidParameter


class DataType(Enum):
    """A scalar type; the names are those of MLmodel files."""

    boolean = 1
    integer = 2
    """32 bits, signed."""
    long = 3
    """64 bits, signed."""
    float = 4
    """32 bits."""
    double = 5
    """64 bits."""
    string = 6
    binary = 7
    datetime = 8

    def __repr__(self) -> str:
        return self.name

    def to_numpy(self) -> "np.dtype[Any]":
        """The numpy type of arrays of it."""
        return np.dtype(_NUMPY[self])

    def to_pandas(self) -> "np.dtype[Any]":
        """The type of pandas columns of it."""
        return np.dtype("O" if self in (DataType.string, DataType.binary) else _NUMPY[self])

    def to_python(self) -> type:
        """The Python type of a value."""
        return _PYTHON[self]

    @classmethod
    def check_type(cls, data_type: "DataType", value: Any) -> bool:
        """Whether this is a value of the type, as Python's or numpy's."""
        return type(value) in _accepted(data_type)

    @classmethod
    def from_numpy_type(cls, np_type: Any) -> "DataType | None":
        """The type whose arrays have this numpy type; None when there is none."""
        return next((one for one in cls if one.to_numpy() == np_type), None)

    @classmethod
    def all_types(cls) -> list["DataType"]:
        """Every type."""
        return list(cls)


_NUMPY = {
    DataType.boolean: "bool",
    DataType.integer: "int32",
    DataType.long: "int64",
    DataType.float: "float32",
    DataType.double: "float64",
    DataType.string: "str",
    DataType.binary: "bytes",
    DataType.datetime: "datetime64[ns]",
}
_PYTHON: dict[DataType, type] = {
    DataType.boolean: bool,
    DataType.integer: int,
    DataType.long: int,
    DataType.float: float,
    DataType.double: float,
    DataType.string: str,
    DataType.binary: bytes,
    DataType.datetime: datetime.datetime,
}


def _accepted(data_type: DataType) -> tuple[type, ...]:
    own: dict[DataType, tuple[type, ...]] = {
        DataType.boolean: (bool, np.bool_),
        DataType.integer: (int, np.int32),
        DataType.long: (int, np.int64),
        DataType.float: (float, np.float32),
        DataType.double: (float, np.float64),
        DataType.string: (str, np.str_),
        DataType.binary: (bytes, np.bytes_),
        DataType.datetime: (datetime.datetime, datetime.date, np.datetime64),
    }
    if data_type is DataType.datetime:
        return (*own[data_type], pd.Timestamp)
    return own[data_type]


class BaseType(ABC):
    """A type made of others."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))


class Array(BaseType):
    """A list of values of one type.

    Parameters
    ----------
    dtype: The type of its items.
    """

    def __init__(self, dtype: "AnyDataType | str") -> None:
        self.dtype = data_type(dtype)

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it."""
        return {"type": "array", "items": type_to_dict(self.dtype)}

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> "Array":
        """Read it from an MLmodel file."""
        return cls(type_from_dict(kwargs["items"]))

    def __repr__(self) -> str:
        return f"Array({self.dtype!r})"


class Property(BaseType):
    """A field of an object.

    Parameters
    ----------
    required: Whether every object must have it.
    """

    def __init__(self, name: str, dtype: "AnyDataType | str", required: bool = True) -> None:
        if not isinstance(name, str):
            raise InvalidParameter(f"The name of a property is a string, not {name!r}.")
        self.name, self.dtype, self.required = name, data_type(dtype), bool(required)

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it."""
        return {self.name: {**type_to_dict(self.dtype), "required": self.required}}

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> "Property":
        """Read it from an MLmodel file: the only key is its name."""
        [(name, described)] = kwargs.items()
        return cls(name, type_from_dict(described), described.get("required", True))

    def __repr__(self) -> str:
        return f"{self.name}: {self.dtype!r} ({'required' if self.required else 'optional'})"


class Object(BaseType):
    """An object with known fields.

    Parameters
    ----------
    properties: Its fields, with different names.
    """

    def __init__(self, properties: Sequence[Property]) -> None:
        if not isinstance(properties, list | tuple) or not all(isinstance(one, Property) for one in properties):
            raise InvalidParameter(f"The properties of an object are a list of Property, not {properties!r}.")
        names = [one.name for one in properties]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if not properties or doubled:
            raise InvalidParameter(f"An object needs properties with different names; {doubled or 'none'} were given.")
        self.properties = list(properties)

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it, the fields by name."""
        fields: dict[str, Any] = {}
        for one in sorted(self.properties, key=lambda field: field.name):
            fields |= one.to_dict()
        return {"type": "object", "properties": fields}

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> "Object":
        """Read it from an MLmodel file."""
        fields = kwargs["properties"]
        return cls([Property.from_json_dict(**{name: described}) for name, described in fields.items()])

    def __repr__(self) -> str:
        return "{" + ", ".join(map(repr, self.properties)) + "}"


class Map(BaseType):
    """An object with any fields, all of one type.

    Parameters
    ----------
    value_type: The type of the fields.
    """

    def __init__(self, value_type: "AnyDataType | str") -> None:
        self.value_type = data_type(value_type)

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it."""
        return {"type": "map", "values": type_to_dict(self.value_type)}

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> "Map":
        """Read it from an MLmodel file."""
        return cls(type_from_dict(kwargs["values"]))

    def __repr__(self) -> str:
        return f"Map(str -> {self.value_type!r})"


class AnyType(BaseType):
    """Whatever it is, None too."""

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it."""
        return {"type": "any"}

    def __repr__(self) -> str:
        return "Any"


class SparkMLVector(Array):
    """A vector of Spark's machine learning library."""

    def __init__(self) -> None:
        super().__init__(DataType.double)

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it."""
        return {"type": "sparkml_vector"}

    @classmethod
    def from_json_dict(cls, **_: Any) -> "SparkMLVector":
        """Read it from an MLmodel file."""
        return cls()

    def __repr__(self) -> str:
        return "SparkML vector"


AnyDataType = DataType | Array | Object | Map | AnyType

_MADE: dict[str, Any] = {
    "array": Array.from_json_dict,
    "object": Object.from_json_dict,
    "map": Map.from_json_dict,
    "any": lambda **_: AnyType(),
    "sparkml_vector": SparkMLVector.from_json_dict,
}


def data_type(given: "AnyDataType | str") -> AnyDataType:
    """The type itself, or the scalar type of this name.

    Raises
    ------
    InvalidParameter: There is no such type.
    """
    if isinstance(given, str):
        if given not in DataType.__members__:
            raise InvalidParameter(f"Unsupported type {given!r}: use one of {', '.join(DataType.__members__)}.")
        return DataType[given]
    if not isinstance(given, DataType | Array | Object | Map | AnyType):
        raise InvalidParameter(
            f"{given!r} is not a type: use DataType, Array, Object, Map, AnyType or a scalar's name."
        )
    return given


def type_to_dict(kind: AnyDataType) -> dict[str, Any]:
    """A type as MLmodel files write it."""
    return {"type": kind.name} if isinstance(kind, DataType) else kind.to_dict()


def type_from_dict(described: Mapping[str, Any]) -> AnyDataType:
    """Read a type from an MLmodel file.

    Raises
    ------
    InvalidParameter: It is not described as one.
    """
    name = described.get("type")
    try:
        return _MADE[name](**described) if name in _MADE else data_type(str(name))
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        raise InvalidParameter(f"{dict(described)!r} describes no type ({problem}).") from None
