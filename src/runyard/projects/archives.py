"""Unpacks a project from a zip file, which is not trusted."""

import lzma
import re
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from runyard.core.limits import shown
from runyard.exceptions import InvalidProject

MAX_MEMBERS = 100_000
MAX_BYTES = 10 * 2**30
MAX_RATIO = 200
"""How many times larger than the file its content may be, once it is large at all."""
_LARGE = 100 * 2**20
_BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, EOFError, ValueError, OSError)
"""Errors of files that are damaged, locked, compressed in an unknown way, or have invalid names."""

_DRIVE = re.compile("[A-Za-z]:")


def unpack(archive: Path, folder: Path) -> None:
    """Put the files of a zip archive into a folder.

    Raises
    ------
    InvalidProject: It is not a zip file, a member would land outside of the folder, or it unpacks to too much. Nothing
        is written then.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            _check(archive, members)
            for member in members:
                _place(opened, member, folder)
    except _BROKEN as problem:
        raise InvalidProject(f"{archive.name} cannot be unpacked: {problem}.") from None


def _check(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_MEMBERS:
        raise InvalidProject(f"{archive.name} has {len(members):,} members; at most {MAX_MEMBERS:,} are unpacked.")
    size = sum(member.file_size for member in members)
    if size > MAX_BYTES or (size > _LARGE and size > MAX_RATIO * archive.stat().st_size):
        raise InvalidProject(f"{archive.name} would unpack to {size:,} bytes, which no project has.")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if not path.name or path.is_absolute() or ".." in path.parts or _DRIVE.match(str(path)) or _is_special(member):
            raise InvalidProject(f"{archive.name} holds {shown(member.filename)}, which is not a file inside of it.")


def _is_special(member: zipfile.ZipInfo) -> bool:
    """Whether it is a link or a device."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    return kind not in (0, stat.S_IFREG, stat.S_IFDIR)


def _place(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / PurePosixPath(member.filename.replace("\\", "/"))
    if member.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(member) as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    mode = stat.S_IMODE(member.external_attr >> 16)
    if mode & stat.S_IXUSR:
        target.chmod(0o755)


def packed(folder: Path, files: list[Path], archive: Path) -> None:
    """Put files of a folder into a new zip archive."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as opened:
        for file in files:
            opened.write(file, file.relative_to(folder).as_posix())
