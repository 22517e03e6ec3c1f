"""An entry in a listing of artifacts."""

from collections.abc import Mapping
from typing import Any, Self

from runyard.core import wire
from runyard.core.entity import ValueEntity, entity


@entity
class FileInfo(ValueEntity):
    """A file or folder among artifacts.

    Attributes
    ----------
    path: Relative to the root that was listed.
    is_dir: Whether it is a folder.
    file_size: Size in bytes; None for folders.
    """

    path: str
    is_dir: bool
    file_size: int | None

    @classmethod
    def from_wire(cls, fields: Mapping[str, Any]) -> Self:
        """From the protocol's object, which leaves out the size of folders and of empty files."""
        found = wire.from_wire(cls, fields)
        found.file_size = None if found.is_dir else found.file_size or 0
        return found

    def to_wire(self) -> dict[str, Any]:
        """The protocol's object."""
        sized = {"file_size": self.file_size} if self.file_size else {}
        return {"path": self.path, "is_dir": self.is_dir, **sized}

    def to_dictionary(self) -> dict[str, Any]:
        """Path, is_dir and file_size as a dict."""
        return dict(self)

    def __hash__(self) -> int:
        return hash(self._values())
