"""The base of everything the SDK hands out."""

from collections.abc import Iterator
from typing import Any, Self

from runyard.core.fields import Fields, fields_of


class Entity:
    """An object with read-only-by-convention attributes, named in ``_fields`` in the order of its constructor.

    ``dict(entity)`` gives its attributes, sorted by name.
    """

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    @classmethod
    def from_dictionary(cls, the_dict: dict[str, Any]) -> Self:
        """Build it from its attributes; keys that are none of them are ignored."""
        return cls(**{key: value for key, value in the_dict.items() if key in cls._fields})

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        """The attributes under the names that MLflow's objects keep them by, for code that reads ``vars(entity)``."""
        return {f"_{name}": getattr(self, name) for name in self._fields}

    def to_proto(self) -> Fields:
        """The attributes as an object of their own, whose text is that of a protocol buffer message."""
        return Fields(**{name: fields_of(getattr(self, name)) for name in self._fields})

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self._fields)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return ((name, getattr(self, name)) for name in sorted(self._fields))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(f'{name}={value!r}' for name, value in self)}>"


class ValueEntity(Entity):
    """An entity that equals another one with the same attributes."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self._values() == other._values()


class KeyValue(ValueEntity):
    """A key with its text: a param or a tag."""

    __slots__ = ("key", "value")
    _fields = ("key", "value")

    def __init__(self, key: str, value: str) -> None:
        self.key = key
        self.value = value

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> Self:
        """Build it from a JSON object of the protocol; text that is empty may be missing."""
        return cls(fields.get("key", ""), fields.get("value", ""))
