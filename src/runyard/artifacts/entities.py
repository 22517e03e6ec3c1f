"""What a listing of artifacts shows."""

from typing import Any

from runyard.core.entity import ValueEntity


class FileInfo(ValueEntity):
    """A file or folder among artifacts.

    Attributes
    ----------
    path: Relative to the root that was listed.
    is_dir: Is it a folder?
    file_size: Bytes; None for folders.
    """

    __slots__ = ("file_size", "is_dir", "path")
    _fields = ("path", "is_dir", "file_size")

    def __init__(self, path: str, is_dir: bool, file_size: int | None) -> None:
        self.path, self.is_dir, self.file_size = path, is_dir, file_size

    @classmethod
    def from_wire(cls, fields: dict[str, Any]) -> "FileInfo":
        """From the protocol's object, which leaves out the size of folders and of empty files."""
        is_dir = bool(fields.get("is_dir"))
        size = fields.get("file_size")
        return cls(str(fields["path"]), is_dir, None if is_dir else int(size or 0))

    def to_wire(self) -> dict[str, Any]:
        """The protocol's object."""
        sized = {"file_size": self.file_size} if self.file_size else {}
        return {"path": self.path, "is_dir": self.is_dir, **sized}

    def to_dictionary(self) -> dict[str, Any]:
        """Path, is_dir and file_size as a dict."""
        return dict(self)

    def __hash__(self) -> int:
        return hash(self._values())
