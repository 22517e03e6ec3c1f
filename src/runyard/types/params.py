"""Parameters that a model takes beside its input: name, type, default."""

import datetime
import json
from collections.abc import Sequence
from typing import Any

from runyard.exceptions import InvalidParameter
from runyard.types.datatypes import DataType, Object, data_type, type_from_dict, type_to_dict
from runyard.types.moments import moment_of, shown
from runyard.types.values import fitted


class ParamSpec:
    """A parameter.

    Parameters
    ----------
    dtype: Its type, or the name of a scalar type.
    default: What it is when the caller does not say.
    shape: ``(-1,)`` for a list of any length; None for a single value.

    Raises
    ------
    InvalidParameter: The default is not of this type and shape.
    """

    def __init__(
        self, name: str, dtype: DataType | Object | str, default: Any, shape: Sequence[int] | None = None
    ) -> None:
        kind = data_type(dtype)
        if not isinstance(kind, DataType | Object) or kind is DataType.binary:
            raise InvalidParameter(
                f"A parameter cannot be of type {kind!r}: {name!r} is a scalar, a list or an object."
            )
        if shape is not None and tuple(shape) != (-1,):
            raise InvalidParameter(f"The shape of parameter {name!r} is None or (-1,), not {shape!r}.")
        self.name, self.dtype, self.shape = str(name), kind, None if shape is None else (-1,)
        self.default = self.converted(default)

    def converted(self, value: Any) -> Any:
        """A value as this parameter takes it.

        Raises
        ------
        InvalidParameter: It is not of the parameter's type and shape.
        """
        if isinstance(self.dtype, Object):
            return fitted(value, self.dtype, f"parameter {self.name!r}")
        if self.shape is None:
            return self._scalar(value)
        listed = value.tolist() if hasattr(value, "tolist") else value
        if not isinstance(listed, list):
            raise self._refused(value, "is a list")
        return [self._scalar(one) for one in listed]

    def _scalar(self, value: Any) -> Any:
        if value is None:
            return None
        if self.dtype is DataType.datetime:
            return self._moment(value)
        return fitted(value, self.dtype, f"parameter {self.name!r}")

    def _moment(self, value: Any) -> datetime.date:
        """A day, or a time in UTC that does not say so, as MLflow keeps them."""
        try:
            found = moment_of(value)
        except ValueError as problem:
            raise InvalidParameter(f"The parameter {self.name!r} is a date: {problem}.") from None
        is_day = len(value) == len("2026-01-31") if isinstance(value, str) else not hasattr(value, "hour")
        return found.date() if is_day else found

    def _refused(self, value: Any, should: str) -> InvalidParameter:
        shape = " (a list)" if self.shape else ""
        return InvalidParameter(f"The parameter {self.name!r}{shape} {should}, not {shown(value)}.")

    def to_dict(self) -> dict[str, Any]:
        """As MLmodel files write it."""
        shape = None if self.shape is None else list(self.shape)
        return {"name": self.name, "default": _plain(self.default), "shape": shape, **type_to_dict(self.dtype)}

    @classmethod
    def from_json_dict(cls, **kwargs: Any) -> "ParamSpec":
        """Read it from an MLmodel file; old files call the type ``dtype``."""
        if not {"name", "default"} <= kwargs.keys() or not {"type", "dtype"} & kwargs.keys():
            raise InvalidParameter(f"A parameter needs 'name', 'type' and 'default'; only {sorted(kwargs)} were given.")
        described = {**kwargs, "type": kwargs.get("type", kwargs.get("dtype"))}
        kind: Any = type_from_dict(described)
        return cls(kwargs["name"], kind, kwargs["default"], kwargs.get("shape"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ParamSpec) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        shape = f" (shape: {self.shape})" if self.shape else ""
        return f"{self.name!r}: {self.dtype!r} (default: {self.default}){shape}"


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, datetime.date) else value


class ParamSchema:
    """The parameters of a model, with different names.

    Raises
    ------
    InvalidParameter: Two have one name.
    """

    def __init__(self, params: Sequence[ParamSpec]) -> None:
        names = [one.name for one in params]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise InvalidParameter(f"Several parameters are called {', '.join(map(repr, doubled))}.")
        self.params = list(params)

    def to_dict(self) -> list[dict[str, Any]]:
        """As MLmodel files write it."""
        return [one.to_dict() for one in self.params]

    def to_json(self) -> str:
        """The JSON text in MLmodel files."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, json_str: str) -> "ParamSchema":
        """Read the JSON text of an MLmodel file.

        Raises
        ------
        InvalidParameter: It describes no parameters.
        """
        try:
            found = json.loads(json_str)
            return cls([ParamSpec.from_json_dict(**one) for one in found])
        except (TypeError, ValueError) as problem:
            raise InvalidParameter(f"The parameters are not a JSON list of objects: {problem}.") from None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ParamSchema) and self.params == other.params

    def __hash__(self) -> int:
        return hash(repr(self))

    def __len__(self) -> int:
        return len(self.params)

    def __repr__(self) -> str:
        return repr(self.params)
