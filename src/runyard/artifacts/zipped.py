"""A folder of artifacts as a zip file, made while it is sent: neither memory nor disk ever holds much of it."""

import io
import time
import zipfile
from collections.abc import Iterator, Sequence

from runyard.artifacts.entities import FileInfo
from runyard.artifacts.paths import joined, safe_path
from runyard.artifacts.repository import PIECE, ArtifactRepository
from runyard.exceptions import DoesNotExist, InvalidParameter

MOST_FILES = 20_000
"""Files of the largest folder that is packed."""
_PACKED = frozenset(
    (
        "7z avif bz2 gif gz jpeg jpg keras m4a mp3 mp4 npz ogg onnx parquet pdf png pt pth safetensors tgz webm webp "
        "whl xz zip"
    ).split()
)
"""Endings of files that hardly shrink: packing them would only take time."""
_EARLIEST, _LATEST = 315_619_200, 4_354_732_800
"""Seconds since 1970 of the years that a zip file can name: 1980 and 2107."""

Found = tuple[str, FileInfo, int | None]


def files_below(repository: ArtifactRepository, folder: str) -> list[Found]:
    """All files below a folder: path relative to it, entry, time of the last change.

    Raises
    ------
    DoesNotExist: It holds no file.
    InvalidParameter: It is a file, or holds too many.
    """
    root, found, folders = safe_path(folder), list[Found](), [safe_path(folder)]
    while folders:
        for info, changed in repository.dated(folders.pop()):
            if info.is_dir:
                folders.append(info.path)
            else:
                found.append((info.path[len(root) + 1 :] if root else info.path, info, changed))
        if len(found) > MOST_FILES:
            raise InvalidParameter(
                f"The folder has over {MOST_FILES:,} files, too many for one zip file. Download a folder in it, or use "
                "`runyard artifacts download`."
            )
    if not found:
        above, _, name = root.rpartition("/")
        if name and any(info.path == root and not info.is_dir for info in repository.list(above)):
            raise InvalidParameter(f"{name!r} is a file, not a folder: download the file itself.")
        raise DoesNotExist(f"There are no files to download in {name or 'this folder'!r}.")
    return sorted(found, key=lambda one: one[0])


def zip_pieces(repository: ArtifactRepository, files: Sequence[Found], folder: str) -> Iterator[bytes]:
    """The zip file of some files, piece by piece, each file at its path below a folder of this name.

    A file that was removed since the folder was listed is left out. One that cannot be read ends the stream in the
    middle, so that nobody takes it for complete.

    Parameters
    ----------
    folder: The folder that all files are in; unpacking makes it.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, info, changed in files:
            try:
                stored = repository.open(info.path)
            except DoesNotExist:
                continue
            entry = zipfile.ZipInfo(joined(folder, safe_path(name)), _moment(changed))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            entry.file_size = stored.size or 0  # says whether it takes the form for large files
            entry._compresslevel = 0 if name.rpartition(".")[2].lower() in _PACKED else 1  # type: ignore[attr-defined]
            with stored.file as file, packed.open(entry, "w") as written:
                while piece := file.read(PIECE):
                    written.write(piece)
                    if sink.size >= PIECE:
                        yield sink.taken()
    yield sink.taken()


def _moment(changed: int | None) -> tuple[int, int, int, int, int, int]:
    """A time in the form of zip files, in UTC."""
    moment = time.gmtime(max(_EARLIEST, min((changed or 0) // 1000, _LATEST)))
    return (moment.tm_year, moment.tm_mon, moment.tm_mday, moment.tm_hour, moment.tm_min, moment.tm_sec)


class _Sink(io.RawIOBase):
    """Takes what is written until it is sent."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: "bytes | bytearray | memoryview", /) -> int:  # type: ignore[override]
        self._pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        """All that was written since the last time."""
        whole = b"".join(self._pieces)
        self._pieces, self.size = [], 0
        return whole
