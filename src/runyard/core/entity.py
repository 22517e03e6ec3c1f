"""The base of all entities: objects that the SDK returns and pages show."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform

from runyard.core import wire
from runyard.core.fields import Fields, fields_of

E = TypeVar("E", bound="Entity")


@dataclass_transform(eq_default=False)
def entity(cls: type[E]) -> type[E]:
    """Make a class an entity of the fields it declares: its constructor, its slots, its form on the wire."""
    made: Any = dataclasses.dataclass(eq=False, repr=False, slots=True)(cls)
    made._fields = tuple(field.name for field in dataclasses.fields(made) if field.init)
    return made  # type: ignore[no-any-return]


class Entity:
    """An object with read-only-by-convention attributes; a subclass declares them under `entity`.

    ``dict(entity)`` gives its attributes, sorted by name.
    """

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def from_wire(cls, fields: Mapping[str, Any]) -> Self:
        """Build it from a JSON object of the protocol."""
        return wire.from_wire(cls, fields)

    def to_wire(self) -> dict[str, Any]:
        """The JSON object of the protocol; attributes that are None, and empty lists, are left out."""
        return wire.answer_of(self)

    @classmethod
    def from_dictionary(cls, the_dict: dict[str, Any]) -> Self:
        """Build it from its attributes; other keys are ignored."""
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


@entity
class KeyValue(ValueEntity):
    """A key with its text: a param or a tag."""

    is_pair: ClassVar[bool] = True

    key: str
    value: str = ""


@entity
class Tag(KeyValue):
    """A key with its text, as messages set it on whatever has tags."""


def listed_tags(tags: Mapping[str, Any] | None) -> list[Tag]:
    """Tags as messages carry them."""
    return [Tag(key=str(key), value=str(value)) for key, value in (tags or {}).items()]


def by_key(entries: Iterable[KeyValue] | Mapping[str, str] | None) -> dict[str, str]:
    """Texts by key, of params or tags."""
    if type(entries) is dict:  # as the wire's have become
        return entries
    if isinstance(entries, Mapping):
        return dict(entries)
    return {entry.key: entry.value for entry in entries or ()}
