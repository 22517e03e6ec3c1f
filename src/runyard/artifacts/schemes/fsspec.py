"""Artifacts in other clouds and on other servers, through fsspec, which is optional."""

import posixpath
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import can_be_named, joined, named, safe_path
from runyard.artifacts.repository import PARTIAL, ArtifactRepository, Location, OpenFile, StoredFile, Upload
from runyard.core.credentials import shown_address
from runyard.core.libraries import required
from runyard.core.model_uri import with_small_scheme
from runyard.exceptions import (
    DoesNotExist,
    InvalidParameter,
    PermissionDenied,
    RunyardException,
    Unavailable,
)

_WHOLE = frozenset("gs gcs abfs abfss az oci oss".split())
"""Object stores: an object appears when it is complete."""
_MOVING = frozenset("ftp sftp hdfs webhdfs smb memory".split())
"""File stores: a file is written under another name and moved."""
FSSPEC_SCHEMES = _WHOLE | _MOVING

_PACKAGES = {
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("abfs", "abfss", "az"), "adlfs"),
    "oci": "ocifs",
    "oss": "ossfs",
    "sftp": "paramiko",
    "smb": "smbprotocol",
    "hdfs": "pyarrow",
}


class FsspecRepository(ArtifactRepository, schemes=tuple(FSSPEC_SCHEMES)):
    """Artifacts below a location of any scheme in `FSSPEC_SCHEMES`. Credentials are found as its package finds them.

    These stores have no common way to say "only if it is still the same": files have no tags.

    Parameters
    ----------
    uri: The location.
    inside: A checked path below it.

    Raises
    ------
    InvalidParameter: It is not a plain location: a chain of file systems, or with a query.
    MissingPackage: fsspec, or the package for this scheme, is not installed.
    """

    def __init__(self, uri: str, inside: str = "") -> None:
        parts = urlsplit(uri)
        self.uri, self._scheme = shown_address(uri), parts.scheme.lower()
        if "::" in uri or parts.query or parts.fragment:
            raise InvalidParameter(f"{self.uri!r} is not a plain location. Write {self._scheme}://place/folder.")
        self._location, self._inside = with_small_scheme(uri), inside
        self._address = self._location if self._location.endswith("/") else f"{self._location}/"
        self._open()

    @classmethod
    def at(cls, location: Location) -> "FsspecRepository":
        """The repository of a location."""
        return cls(location.uri)

    def below(self, path: str) -> "FsspecRepository":
        """A folder of this one."""
        return FsspecRepository(self._location, joined(self._inside, safe_path(path)))

    def list(self, path: str = "") -> list[FileInfo]:
        """The direct contents of a folder, by name; empty for a file or a missing folder."""
        checked = safe_path(path)
        with self.explained(checked):
            system, root = self._open()
            folder = joined(root, checked)
            if not system.isdir(folder):
                return []
            entries = system.ls(folder, detail=True)
        found = []
        for entry in entries:
            name = posixpath.basename(entry["name"].rstrip("/"))
            inside = posixpath.dirname(entry["name"].rstrip("/")).strip("/") == folder.strip("/")
            if inside and can_be_named(name) and not name.startswith(PARTIAL):
                is_dir = entry["type"] == "directory"
                found.append(FileInfo(joined(checked, name), is_dir, None if is_dir else int(entry["size"])))
        return sorted(found, key=lambda info: info.path)

    def open(self, path: str) -> StoredFile:
        """Open a file for reading."""
        checked = named(path)
        with self.explained(checked):
            system, root = self._open()
            file = system.open(joined(root, checked), "rb")
        size = getattr(file, "size", None)
        return StoredFile(_FsspecFile(self, checked, file), size if isinstance(size, int) else None, None)

    def put(self, path: str) -> Upload:
        """Begin to write a file."""
        checked = named(path)
        with self.explained(checked):
            system, root = self._open()
            return _FsspecUpload(self, system, root, checked, self._scheme in _WHOLE)

    def delete(self, path: str = "") -> None:
        """Remove a file, or a folder with all it holds."""
        checked = safe_path(path)
        with self.explained(checked):
            system, root = self._open()
            target = joined(root, checked)
            if not target.strip("/"):
                raise InvalidParameter(f"All of {self.uri!r} is not deleted. Name what is in it.")
            if system.isdir(target):
                system.rm(target, recursive=True)
            elif system.exists(target):
                system.rm_file(target)

    def _open(self) -> tuple[Any, str]:
        """The file system and the path of the location in it. One belongs to one thread, for most are not shared."""
        core = required("fsspec.core", f"Keeping artifacts at {self._scheme}:")
        try:
            system, root = core.url_to_fs(self._address)
        except ImportError:
            package = _PACKAGES.get(self._scheme, self._scheme)
            raise RunyardException(
                f"Keeping artifacts at {self._scheme}: needs the package {package!r}, which is not installed. "
                f"Install it with: pip install {package}"
            ) from None
        except RunyardException:
            raise
        except Exception as problem:  # noqa: BLE001  (an edge: each package has errors of its own)
            raise self._unavailable(problem) from None
        system.invalidate_cache()
        root = str(root).rstrip("/")
        return system, f"{root}/{self._inside}" if self._inside else root

    @contextmanager
    def explained(self, path: str) -> Iterator[None]:
        """Convert the package's errors to ours, without their text, which may hold credentials."""
        try:
            yield
        except RunyardException:
            raise
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise DoesNotExist(f"No artifact {path!r} is stored at {self.uri!r}.") from None
        except PermissionError:
            raise PermissionDenied(f"{self.uri!r} refused access to {path!r}. Check the credentials.") from None
        except Exception as problem:  # noqa: BLE001  (an edge: each package has errors of its own)
            raise self._unavailable(problem) from None

    def _unavailable(self, problem: Exception) -> Unavailable:
        return Unavailable(
            f"{self.uri!r} could not be reached or did not do this ({type(problem).__name__}). Check the address, the "
            "credentials and that it runs."
        )


class _FsspecFile(OpenFile):
    """An open file whose errors are ours."""

    def __init__(self, repository: FsspecRepository, path: str, file: Any) -> None:
        self._repository, self._path, self._file = repository, path, file

    def read(self, size: int = -1, /) -> bytes:
        with self._repository.explained(self._path):
            return bytes(self._file.read(size))

    def seek(self, offset: int, /) -> int:
        with self._repository.explained(self._path):
            return int(self._file.seek(offset))

    def close(self) -> None:
        self._file.close()


class _FsspecUpload(Upload):
    """A file being written: at its place in a store of objects, which appear when they are whole, or moved there."""

    def __init__(self, repository: FsspecRepository, system: Any, root: str, path: str, whole: bool) -> None:
        self._repository, self._system, self._shown, self._target = repository, system, path, joined(root, path)
        folder = posixpath.dirname(self._target)
        self._partial = self._target if whole else posixpath.join(folder, PARTIAL + secrets.token_hex(8))
        _make_folder(system, folder)
        self._file = system.open(self._partial, "wb")
        self._is_there = False

    def write(self, piece: bytes) -> None:
        with self._repository.explained(self._shown):
            self._file.write(piece)

    def finish(self, expected: str | None = None) -> None:
        with self._repository.explained(self._shown):
            self._file.close()
            if self._partial != self._target:
                _replace(self._system, self._partial, self._target)
        self._is_there = True

    def abandon(self) -> None:
        """Remove what was written. Errors are ignored: the first one is reported."""
        if self._is_there:
            return
        if self._partial == self._target:
            with suppress(Exception):
                self._file.discard()
            with suppress(Exception):
                self._file.closed = True  # closing it would store it
            return
        with suppress(Exception):
            self._file.close()
        with suppress(Exception):
            self._system.rm_file(self._partial)


def _make_folder(system: Any, folder: str) -> None:
    """Make a folder and those above it, which other transfers may be making at the same moment."""
    for last in (False, False, False, True):
        try:
            system.makedirs(folder, exist_ok=True)
        except Exception:  # how a folder that is there is refused differs
            system.invalidate_cache()
            if system.isdir(folder):
                return
            if last:
                raise
        else:
            return


def _replace(system: Any, partial: str, target: str) -> None:
    """Move a file into its place. Some servers do not replace what is there."""
    try:
        system.mv(partial, target)
    except Exception:  # noqa: BLE001  (the error differs between stores; the second attempt shows any other error)
        system.rm_file(target)
        system.mv(partial, target)
