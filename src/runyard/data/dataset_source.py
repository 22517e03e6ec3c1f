"""What every source of data is."""

import json
from typing import Any, ClassVar, Self

from runyard.exceptions import InvalidParameter


class DatasetSource:
    """Base of every source: its type's name and a JSON object that describes it."""

    source_type: ClassVar[str] = ""

    @classmethod
    def _get_source_type(cls) -> str:
        return cls.source_type

    @classmethod
    def _can_resolve(cls, raw_source: Any) -> bool:
        """Whether `_resolve` can make a source of a path, an address or another object."""
        return False

    @classmethod
    def _resolve(cls, raw_source: Any) -> "DatasetSource":
        raise InvalidParameter(f"{cls.__name__} makes no source of {raw_source!r}.")

    def load(self, dst_path: str | None = None) -> Any:
        """Fetch the data; what comes back depends on the source."""
        raise InvalidParameter(f"A source of type {self._get_source_type()!r} cannot be loaded.")

    def to_dict(self) -> dict[str, Any]:
        """What describes the source."""
        raise NotImplementedError(f"{type(self).__name__} does not describe itself.")

    def to_json(self) -> str:
        """What describes the source, as JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, source_dict: dict[str, Any]) -> Self:
        """Build it from its description."""
        return cls(**source_dict)

    @classmethod
    def from_json(cls, source_json: str) -> Self:
        """Build it from its description as JSON text."""
        return cls.from_dict(json.loads(source_json))
