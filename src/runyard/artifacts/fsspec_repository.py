"""Artifacts that the client itself keeps in other clouds and on other servers, through fsspec, which is optional."""

import posixpath
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runyard.artifacts.changing import PARTIAL, Change, changed
from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import PathText, joined, safe_path
from runyard.artifacts.repository import PIECE, Progress
from runyard.core.credentials import shown_address
from runyard.core.model_uri import with_small_scheme
from runyard.exceptions import (
    DoesNotExist,
    InvalidParameter,
    MissingPackage,
    PermissionDenied,
    RunyardException,
    Unavailable,
)

_WHOLE = frozenset("gs gcs abfs abfss az oci oss".split())
"""Stores of objects: an object appears when it is whole."""
_MOVING = frozenset("ftp sftp hdfs webhdfs smb memory".split())
"""Stores of files: a file is written under another name and moved."""
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


class FsspecRepository:
    """Artifacts below a location of any scheme in `FSSPEC_SCHEMES`. Credentials are found as its package finds them.

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

    def put(self, local_file: Path, path: str, progress: Progress | None = None) -> None:
        """Store a file at a path; it appears whole."""
        checked = safe_path(path)
        with self._explained(checked):
            system, root = self._open()
            target = joined(root, checked)
            _make_folder(system, posixpath.dirname(target))
            if self._scheme in _WHOLE:
                _send(system, local_file, target, progress)
                return
            partial = posixpath.join(posixpath.dirname(target), PARTIAL + secrets.token_hex(8))
            try:
                _send(system, local_file, partial, progress)
                _replace(system, partial, target)
            except BaseException:
                _forget(system, partial)
                raise

    def change(self, path: str, change: Change) -> None:
        """Replace a file by what is made of it.

        No change of another thread is lost. One that another process makes in the same moment may be: these stores
        have no common way to say "only if it is still the same".
        """

        def read() -> tuple[bytes | None, None]:
            try:
                return b"".join(self.read(path)), None
            except DoesNotExist:
                return None, None

        def write(content: bytes, _tag: str | None) -> None:
            with tempfile.TemporaryDirectory(prefix="runyard-") as folder:
                local = Path(folder, "file")
                local.write_bytes(content)
                self.put(local, path)

        changed(f"{self.uri}/{path}", read, write, change)

    def below(self, path: str) -> "FsspecRepository":
        """A folder of this one."""
        return FsspecRepository(self._location, joined(self._inside, safe_path(path)))

    def list_artifacts(self, path: PathText | None = None) -> list[FileInfo]:
        """The direct contents of a folder; empty for a file or a missing folder."""
        checked = safe_path(path)
        with self._explained(checked):
            system, root = self._open()
            folder = joined(root, checked)
            if not system.isdir(folder):
                return []
            entries = system.ls(folder, detail=True)
        found = []
        for entry in entries:
            name = posixpath.basename(entry["name"].rstrip("/"))
            inside = posixpath.dirname(entry["name"].rstrip("/")).strip("/") == folder.strip("/")
            if inside and _can_be_named(name):
                is_dir = entry["type"] == "directory"
                found.append(FileInfo(joined(checked, name), is_dir, None if is_dir else int(entry["size"])))
        return sorted(found, key=lambda info: info.path)

    def read(self, path: str) -> Iterator[bytes]:
        """The content of a file, piece by piece."""
        checked = safe_path(path)
        if not checked:
            raise InvalidParameter("The path of a file is needed; this is the folder of all artifacts.")
        with self._explained(checked):
            system, root = self._open()
            file = system.open(joined(root, checked), "rb")
        return self._pieces(file, checked)

    def delete_artifacts(self, path: PathText | None = None) -> None:
        """Remove a file, or a folder with all it holds. What is not there is removed already."""
        checked = safe_path(path)
        with self._explained(checked):
            system, root = self._open()
            target = joined(root, checked)
            if not target.strip("/"):
                raise InvalidParameter(f"All of {self.uri!r} is not deleted. Name what is in it.")
            if system.exists(target):
                system.rm(target, recursive=True)

    def _open(self) -> tuple[Any, str]:
        """The file system and the path of the location in it. One belongs to one thread, for most are not shared."""
        try:
            import fsspec  # noqa: PLC0415  (optional)
        except ImportError:
            raise MissingPackage("fsspec", "fsspec", f"Keeping artifacts at {self._scheme}:") from None
        try:
            system, root = fsspec.core.url_to_fs(self._address)
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

    def _pieces(self, file: Any, path: str) -> Iterator[bytes]:
        with file, self._explained(path):
            while piece := file.read(PIECE):
                yield piece

    @contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        """Turn the package's errors into ours. What they say of others' files may hold credentials: not repeated."""
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


def _send(system: Any, local_file: Path, target: str, progress: Progress | None) -> None:
    with local_file.open("rb") as source, system.open(target, "wb") as file:
        while piece := source.read(PIECE):
            file.write(piece)
            if progress:
                progress(len(piece))


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
    except Exception:  # noqa: BLE001  (how this is refused differs; the second try tells when it was something else)
        system.rm_file(target)
        system.mv(partial, target)


def _forget(system: Any, partial: str) -> None:
    with suppress(Exception):  # report the first error, not this one
        system.rm_file(partial)


def _can_be_named(name: str) -> bool:
    try:
        return bool(name) and not name.startswith(PARTIAL) and "/" not in safe_path(name)
    except InvalidParameter:
        return False
