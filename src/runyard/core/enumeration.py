"""Enumerations that MLflow's functions take as numbers and its wire spells as names."""

from typing import Any, ClassVar

from runyard.exceptions import InvalidParameter


class Enumeration:
    """Numbers with names. A subclass gives its numbers as class attributes too.

    Attributes
    ----------
    _what: What messages call a value.
    _names: The name of every number; those of the class attributes unless a subclass gives others.
    """

    _what: ClassVar[str]
    _names: ClassVar[dict[int, str]]

    def __init_subclass__(cls) -> None:
        if "_names" not in vars(cls):
            cls._names = {number: name for name, number in vars(cls).items() if type(number) is int}

    @classmethod
    def from_string(cls, name: str) -> int:
        """The number of a name.

        Raises
        ------
        InvalidParameter: There is no such name.
        """
        for number, known in cls._names.items():
            if known == name:
                return number
        raise cls._refused(name, list(cls._names.values()))

    @classmethod
    def to_string(cls, number: int) -> str:
        """The name of a number.

        Raises
        ------
        InvalidParameter: There is no such number.
        """
        if number not in cls._names:
            raise cls._refused(number, list(cls._names))
        return cls._names[number]

    @classmethod
    def _refused(cls, value: object, allowed: list[Any]) -> InvalidParameter:
        return InvalidParameter(f"Invalid {cls._what} {value!r}: use one of {allowed}.")


def numbers_of(kind: type[Enumeration]) -> tuple[tuple[str, int], ...]:
    """Each name of an enumeration with its number."""
    return tuple((name, number) for number, name in kind._names.items())


class Status(Enumeration):
    """An enumeration that lists its numbers."""

    @classmethod
    def all_status(cls) -> list[int]:
        """Every number."""
        return list(cls._names)
