"""Zip files of strangers: what would leave the folder or fill the disk is refused before anything is written."""

import stat
import struct
import zipfile
from pathlib import Path

import pytest

from runyard.exceptions import InvalidProject
from runyard.projects.archives import MAX_MEMBERS, packed, unpack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where archives are unpacked to."""
    place = tmp_path / "deep" / "folder"
    place.mkdir(parents=True)
    return place


def refused(archive: Path, folder: Path, problem: str) -> None:
    """Unpacking says what is wrong, and has written nothing."""
    with pytest.raises(InvalidProject, match=problem):
        unpack(archive, folder)
    assert [] == list(folder.iterdir())
    assert ["deep", archive.name] == sorted(path.name for path in folder.parent.parent.iterdir())


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "a/../../evil",
        "/evil",
        "..\\evil",
        "\\evil",
        "C:\\evil",
        "C:/evil",
        "c:evil",
        "a/..",
        "//host/evil",
        "",
    ],
)
def test_a_member_that_leaves_the_folder_is_refused(folder: Path, name: str) -> None:
    """Nothing of an archive overwrites files of the user, on any system."""
    archive = folder.parent.parent / "x.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("MLproject", "name: first")
        opened.writestr(zipfile.ZipInfo(name), "evil")

    refused(archive, folder, "which is not a file inside of it")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_devices_are_refused(folder: Path, kind: int) -> None:
    """A link would lead later members elsewhere."""
    archive = folder.parent.parent / "x.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        member = zipfile.ZipInfo("link")
        member.external_attr = (kind | 0o777) << 16
        opened.writestr(member, "/etc")
        opened.writestr("link/evil", "evil")

    refused(archive, folder, "'link', which is not a file")


def test_ten_gigabytes_of_zeros_are_refused(folder: Path) -> None:
    """A file that fits into a message must not fill the disk."""
    archive = folder.parent.parent / "x.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("zeros", b"\0" * 1000)
        opened.filelist[0].file_size = 10 * 2**30 + 1

    refused(archive, folder, "would unpack to 10,737,418,241 bytes")


def test_a_member_with_a_false_size_is_refused(folder: Path) -> None:
    """What the list of members says is held against what comes."""
    archive = folder.parent.parent / "x.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("zeros", b"\0" * 50_000_000)
        opened.filelist[0].file_size = 10
    with pytest.raises(InvalidProject, match="cannot be unpacked"):
        unpack(archive, folder)

    assert sum(path.stat().st_size for path in folder.iterdir()) <= 10


def test_too_many_members_are_refused(folder: Path) -> None:
    """A disk has a limited number of files."""
    archive = folder.parent.parent / "x.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("a", "")
        opened.filelist *= MAX_MEMBERS + 1

    refused(archive, folder, "has 100,001 members")


def broken(archive: Path, at: bytes, patch: bytes, offset: int) -> None:
    """Overwrite some bytes after a mark."""
    content = bytearray(archive.read_bytes())
    place = content.index(at) + offset
    content[place : place + len(patch)] = patch
    archive.write_bytes(bytes(content))


def test_a_file_that_is_damaged_is_told(folder: Path) -> None:
    """The same error as for every other mistake, whatever the damage."""
    archive = folder.parent.parent / "x.zip"
    for content in (b"", b"no zip", b"PK\x03\x04", b"PK\x05\x06" + b"\xff" * 18):
        archive.write_bytes(content)
        refused(archive, folder, "cannot be unpacked")
    for compression in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(archive, "w", compression) as opened:
            opened.writestr("abcd", "x" * 1000)
        broken(archive, b"abcd", b"\xff" * 12, 8)
        with pytest.raises(InvalidProject, match="cannot be unpacked"):
            unpack(archive, folder)


def test_a_file_that_is_encrypted_or_packed_oddly_is_told(folder: Path) -> None:
    """There is nobody to type a password."""
    archive = folder.parent.parent / "x.zip"
    for place, number, problem in ((8, 1, "encrypted"), (10, 97, "compression")):
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("abcd", "content")
        broken(archive, b"PK\x01\x02", struct.pack("<H", number), place)
        with pytest.raises(InvalidProject, match=f"cannot be unpacked.*{problem}"):
            unpack(archive, folder)


@pytest.mark.parametrize("names", [("a", "a/b"), ("x" * 300,), ("a/b", "a")])
def test_names_that_no_folder_can_hold_are_told(folder: Path, names: tuple[str, ...]) -> None:
    """Not with a traceback."""
    archive = folder.parent.parent / "x.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in names:
            opened.writestr(zipfile.ZipInfo(name), "")

    with pytest.raises(InvalidProject, match="cannot be unpacked"):
        unpack(archive, folder)


def test_what_is_packed_is_unpacked_again(folder: Path, tmp_path: Path) -> None:
    """Folders, unusual names, empty files and programs come through."""
    source = tmp_path / "source"
    for name in ("MLproject", "a b/ünï.py", "a b/empty", "run.sh", ".hidden", "..c"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name * (name != "a b/empty"))
    (source / "run.sh").chmod(0o755)
    files = sorted(path for path in source.rglob("*") if path.is_file())
    packed(source, files, tmp_path / "x.zip")
    unpack(tmp_path / "x.zip", folder)

    assert {path.relative_to(source): path.read_text() for path in files} == {
        path.relative_to(folder): path.read_text() for path in folder.rglob("*") if path.is_file()
    }
    assert (folder / "run.sh").stat().st_mode & stat.S_IXUSR
