"""Ships a model to other processes and machines: one archive, named after its content and unpacked once on each."""

import atexit
import fcntl
import hashlib
import os
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path

from runyard.exceptions import RunyardException

_PACKED_AT = (1980, 1, 1, 0, 0, 0)
"""Always: the same files make the same archive."""
_CHUNK = 1 << 20


def digest_of(folder: Path) -> str:
    """A name for the content of a model's folder: 20 letters and digits, the same for the same files."""
    digest = hashlib.sha256()
    for path in _files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as opened:
            while chunk := opened.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()[:20]


def archive_name(digest: str) -> str:
    """What the archive of a model with this digest is called."""
    return f"runyard-model-{digest}.zip"


def packed(folder: Path) -> Path:
    """An archive of the files in a model's folder. It lasts as long as this process, and is made once for a content."""
    archive = _scratch() / archive_name(digest_of(folder))
    if not archive.exists():
        partial = archive.with_suffix(f".{os.getpid()}")
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as opened:  # weights do not compress
            for path in _files(folder):
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _PACKED_AT)
                entry.file_size = path.stat().st_size
                with path.open("rb") as source, opened.open(entry, "w") as target:
                    shutil.copyfileobj(source, target, _CHUNK)
        partial.replace(archive)
    return archive


def unpacked(archive: Path, place: Path) -> Path:
    """The folder with what is in an archive: in `place`, under the archive's name. It appears whole or not at all.

    Raises
    ------
    RunyardException: The archive is damaged.
    """
    folder = place / archive.stem
    place.mkdir(parents=True, exist_ok=True)
    with (place / f"{archive.stem}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = Path(tempfile.mkdtemp(prefix=f"{archive.stem}-", dir=place))
            try:
                with zipfile.ZipFile(archive) as opened:
                    opened.extractall(partial)
            except (zipfile.BadZipFile, OSError) as problem:
                shutil.rmtree(partial, ignore_errors=True)
                raise RunyardException(f"The model did not arrive whole in {str(archive)!r}: {problem}.") from problem
            partial.rename(folder)
    return folder


def model_store() -> Path:
    """Where this user's processes on this machine keep models that were sent to them.

    Raises
    ------
    RunyardException: Another user has taken the place.
    """
    place = Path(tempfile.gettempdir()) / f"runyard-models-{os.getuid()}"
    place.mkdir(mode=0o700, exist_ok=True)
    if place.stat().st_uid != os.getuid() or place.is_symlink():  # what is there would be run
        raise RunyardException(
            f"{str(place)!r} belongs to another user. Remove it, or set TMPDIR to a folder of yours."
        )
    return place


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


@cache
def _scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="runyard-shipped-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
