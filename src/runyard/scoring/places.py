"""Folders of files, on this machine or in a store such as S3. Files in them appear whole or not at all."""

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from runyard import settings
from runyard.core.credentials import shown_address
from runyard.core.libraries import required
from runyard.exceptions import DoesNotExist, InvalidParameter

OWN = "_runyard"
"""The folder, in one of predictions, with what says how far they are."""
_PURPOSE = "Predicting for folders of files"

_REMOVALS, _PAUSE_SECONDS = 20, 0.1
"""How often it is tried to delete a folder that changes meanwhile, and how long to wait in between."""


@dataclass(frozen=True)
class Found:
    """A file.

    Attributes
    ----------
    name: Its path in the folder.
    size: Its bytes.
    changed: When it was last written, in nanoseconds since the epoch.
    """

    name: str
    size: int
    changed: int


@dataclass(frozen=True)
class Place:
    """A folder, by its address: a path, or ``s3://…``, ``gs://…``, ``hdfs://…``. Tasks carry it to workers.

    Attributes
    ----------
    address: The address; paths are absolute.
    """

    address: str

    @classmethod
    def at(cls, address: str | os.PathLike[str]) -> "Place":
        """The folder at an address, which need not exist.

        Raises
        ------
        InvalidParameter: Nothing can read such an address.
        MissingPackage: pyarrow is not installed.
        """
        text = os.fspath(address)
        place = cls(text if "://" in text else str(Path(text).absolute()))
        _opened(place.address)
        return place

    def files(self) -> list[Found]:
        """The files in it, and in folders in it, by name; none when it does not exist."""
        store, path = _opened(self.address)
        fs = required("pyarrow.fs", _PURPOSE)
        infos = store.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
        found = [_found(one, one.path[len(path) :].strip("/")) for one in infos if one.type is fs.FileType.File]
        return sorted(found, key=lambda one: one.name)

    def open(self, name: str) -> Any:
        """A file in it, for reading at any place.

        Raises
        ------
        DoesNotExist: It is not there, seen from this machine.
        """
        store, path = _opened(self.address)
        try:
            return store.open_input_file(f"{path}/{name}")
        except FileNotFoundError:
            raise DoesNotExist(
                f"There is no {name!r} in {shown_address(self.address)!r} on {os.uname().nodename}. The workers of a "
                "cluster need folders that all of its machines share, such as s3://…"
            ) from None

    @contextmanager
    def written(self, name: str) -> Iterator[Any]:
        """A stream for a file in it. The file is there when the block ends, and not at all when it fails."""
        store, path = _opened(self.address)
        partial = f"{path}/{OWN}/parts/{uuid.uuid4().hex}"
        store.create_dir(f"{path}/{OWN}/parts")
        try:
            with store.open_output_stream(partial) as stream:
                yield stream
            if self.is_local:
                _keep(Path(partial))
            store.create_dir(f"{path}/{name}".rpartition("/")[0])
            store.move(partial, f"{path}/{name}")
        except BaseException:
            with suppress(OSError):
                store.delete_file(partial)
            raise

    def write_json(self, name: str, value: Any) -> None:
        """Write a file of JSON."""
        with self.written(name) as stream:
            stream.write(json.dumps(value, indent=1).encode())

    def read_json(self, name: str) -> Any:
        """What a file of JSON holds; None if it is not there or is damaged."""
        try:
            with self.open(name) as opened:
                return json.loads(opened.read())
        except (DoesNotExist, ValueError):
            return None

    def remove_folder(self, name: str) -> None:
        """Delete a folder in it, if it is there.

        A worker that is still busy with a job that was interrupted may add and remove files meanwhile.
        """
        store, path = _opened(self.address)
        missing = required("pyarrow.fs", _PURPOSE).FileType.NotFound
        for attempt in range(_REMOVALS):
            try:
                store.delete_dir(f"{path}/{name}")
            except OSError:
                if store.get_file_info(f"{path}/{name}").type is missing:
                    return
                if attempt + 1 == _REMOVALS:
                    raise
                time.sleep(_PAUSE_SECONDS)
            else:
                return

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return "://" not in self.address or self.address.startswith("file:")

    def holds(self, other: "Place") -> bool:
        """Whether another folder is in this one, or is this one."""
        return f"{other.address.rstrip('/')}/".startswith(f"{self.address.rstrip('/')}/")


@cache
def _opened(address: str) -> tuple[Any, str]:
    """The store that reads an address, and the folder's path there."""
    fs = required("pyarrow.fs", _PURPOSE)
    if "://" not in address:
        return fs.LocalFileSystem(), address.rstrip("/")
    endpoint = settings.S3_ENDPOINT_URL.get()
    try:
        if address.startswith("s3://") and endpoint:
            return fs.S3FileSystem(endpoint_override=endpoint), address.removeprefix("s3://").rstrip("/")
        store, path = fs.FileSystem.from_uri(address)
    except (ValueError, OSError) as problem:
        raise InvalidParameter(f"{shown_address(address)!r} cannot be read as a folder: {problem}.") from None
    return store, path.rstrip("/")


def _found(info: Any, name: str) -> Found:
    return Found(name, info.size, info.mtime_ns or 0)


def _keep(path: Path) -> None:
    """Have the disk hold what was written, before it gets the name that says it is whole."""
    with path.open("rb") as opened:
        os.fsync(opened.fileno())
