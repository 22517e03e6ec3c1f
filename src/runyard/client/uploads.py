"""Files on their way to a run's or a logged model's artifacts: kept while the store is away, delivered afterwards."""

import errno
import fcntl
import os
import secrets
import shutil
import threading
from contextlib import suppress
from pathlib import Path

from runyard import settings
from runyard.artifacts.paths import safe_path
from runyard.artifacts.repository import ArtifactRepository, Change, Progress
from runyard.artifacts.resolve import repository_for
from runyard.client.errors import Unreachable
from runyard.client.journal import COPIES, Upload, spool_folder
from runyard.client.local import artifact_folder
from runyard.client.table_files import addition_of_file
from runyard.client.transports import Transport
from runyard.core.store_address import is_database
from runyard.exceptions import InvalidParameter, StorageFull, Unavailable
from runyard.protocol.message import AnyMessage
from runyard.tracking.logged_models.messages import GetLoggedModel
from runyard.tracking.runs.messages import GetRun

MODEL, RUN, TABLE = "model", "run", "table"
"""Kinds of owners of a file. Rows of a run's table are appended to it."""
PARTIAL = ".partial"
"""Suffix of a copy that no journal refers to yet."""
_FICLONE = 0x40049409
_ADVICE = "What was logged before is kept."


def artifacts_of(transport: Transport, owner: str, owner_id: str, timeout: float | None = None) -> ArtifactRepository:
    """The artifact repository of a run or a logged model.

    Raises
    ------
    Unreachable: The store cannot say where they are.
    RunyardException: There is no such run or model.
    """
    question: AnyMessage = GetLoggedModel(model_id=owner_id) if owner == MODEL else GetRun(run_id=owner_id)
    answer = transport.send(question, timeout, timeout or None)["model" if owner == MODEL else "run"]
    return repository_at(answer["info"]["artifact_uri"], transport.uri)


def repository_at(artifact_uri: str, tracking_uri: str) -> ArtifactRepository:
    """The artifact repository for a URI."""
    local = str(artifact_folder(tracking_uri)) if is_database(tracking_uri) else None
    return repository_for(artifact_uri, tracking_uri, local)


class Copies:
    """Stands in for a repository while the store is unreachable: files are copied into the spool as they are now.

    Attributes
    ----------
    made: The copies so far, each with its artifact path.
    """

    def __init__(self, ours: bool) -> None:
        """Files that are `ours`, temporary ones that will not change, are linked, not copied."""
        self.made: list[tuple[Path, str]] = []
        self._ours, self._folder = ours, spool_folder()
        self._making_room = threading.Lock()
        self._promised = 0
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put_file(self, local_file: Path, path: str, progress: Progress | None = None) -> None:
        """Copy a file.

        Raises
        ------
        StorageFull: The spool's limit or the disk does not allow it.
        """
        self._require_room(local_file)
        copy = self._named(path)
        try:
            _copy(local_file, copy, self._ours)
        except OSError as problem:
            if problem.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise StorageFull(f"{self._lost(local_file)}: the disk of {self._folder} is full. {_ADVICE}") from None

    def change(self, path: str, change: Change) -> None:
        """Keep what a change makes of an absent file: the rows to append to a table."""
        copy = self._named(path)
        with os.fdopen(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(change(None))
        self._require_room(copy)

    def make_folder(self, path: str) -> None:
        """Nothing is kept of empty folders."""

    def _named(self, path: str) -> Path:
        """The path of a new copy, for this artifact path."""
        copy = self._folder / (secrets.token_hex(8) + PARTIAL)
        self.made.append((copy, safe_path(path)))
        return copy

    def forget(self) -> None:
        """Remove the copies: journals have links to them, or do not refer to them."""
        for copy, _ in self.made:
            copy.unlink(missing_ok=True)

    def _require_room(self, file: Path) -> None:
        size, limit = file.stat().st_size, settings.SPOOL_FILES_LIMIT.get()
        with self._making_room:
            self._promised += size
            held = sum(_size(kept) for place in self._folder.glob(f"*{COPIES}") for kept in place.iterdir())
            if held + self._promised > limit:
                raise StorageFull(
                    f"{self._lost(file)}: with the {held:,} bytes of files that wait there, {self._promised:,} bytes "
                    f"are more than RUNYARD_SPOOL_FILES_LIMIT allows ({limit:,}). Raise it, or make room. {_ADVICE}"
                )

    def _lost(self, file: Path) -> str:
        return f"The store is away, and {str(file)!r} cannot be kept in {self._folder}"


def _size(file: Path) -> int:
    with suppress(FileNotFoundError):
        return file.stat().st_size
    return 0


def _copy(file: Path, copy: Path, ours: bool) -> None:
    if ours and file.lstat().st_nlink == 1 and not file.is_symlink():
        with suppress(OSError):
            os.link(file, copy)
            copy.chmod(0o600)
            return
    with file.open("rb") as source, os.fdopen(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        try:
            fcntl.ioctl(target, _FICLONE, source.fileno())  # shares the blocks, on file systems that can
        except OSError:
            shutil.copyfileobj(source, target, 1 << 20)


def deliver_upload(transport: Transport, entry: Upload, timeout: float) -> None:
    """Store a copied file among its owner's artifacts. Idempotent, except for rows of a table.

    Raises
    ------
    Unreachable: The store of the run or of its artifacts cannot take it now.
    RunyardException: There is no such run, or the file was rejected.
    """
    if not entry.source.exists():
        raise InvalidParameter(f"The copy of the file for {entry.path!r} is not in {entry.source.parent} any more.")
    try:
        repository = artifacts_of(transport, entry.owner, entry.owner_id, timeout)
        if entry.owner == TABLE:
            repository.change(entry.path, addition_of_file(entry.source.read_bytes(), entry.path))
        else:
            repository.put_file(entry.source, entry.path)
    except Unreachable:
        raise
    except (Unavailable, StorageFull, OSError) as problem:
        what = f"{entry.path!r} of {entry.owner} {entry.owner_id}"
        raise Unreachable(f"{transport.address} did not take the file {what}: {problem}") from problem
