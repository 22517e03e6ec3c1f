"""Folders as zip files, made while they are sent."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runyard.artifacts import zipped
from runyard.artifacts.repository import PIECE, ArtifactRepository
from runyard.artifacts.schemes.local import LocalRepository
from runyard.artifacts.zipped import files_below, zip_pieces
from runyard.exceptions import DoesNotExist, InvalidParameter
from tests.artifacts.places import PLACES
from tests.artifacts.test_repositories import put

FILES = {"m/a.txt": b"a" * 100_000, "m/deep/ü b.bin": bytes(range(256)), "m/empty": b"", "other.txt": b"o"}


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> ArtifactRepository:
    """A store of each kind that a server has, with some files."""
    repository = PLACES[request.param](request)
    for path, content in FILES.items():
        put(repository, path, content)
    return repository


def unpacked(pieces: Iterator[bytes]) -> dict[str, bytes]:
    """What a zip file holds, by name; it is complete and its sums are right."""
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def test_a_folder_comes_back_as_it_was(store: ArtifactRepository) -> None:
    """All of it and a part of it, below one folder, smaller where the content allows."""
    whole, part = files_below(store, ""), files_below(store, "m")

    assert {f"run/{path}": content for path, content in FILES.items()} == unpacked(zip_pieces(store, whole, "run"))
    packed = b"".join(zip_pieces(store, part, "m"))
    assert {path: content for path, content in FILES.items() if path != "other.txt"} == unpacked(iter([packed]))
    assert len(packed) < 10_000
    with zipfile.ZipFile(io.BytesIO(packed)) as read:
        assert all(info.date_time[0] >= 2024 for info in read.infolist())


def test_what_is_no_folder_of_files_is_refused(store: ArtifactRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent: nothing there, a file, a way out, too many files."""
    with pytest.raises(DoesNotExist, match="nowhere"):
        files_below(store, "nowhere")
    with pytest.raises(InvalidParameter, match="is a file"):
        files_below(store, "m/a.txt")
    with pytest.raises(InvalidParameter):
        files_below(store, "../x")
    monkeypatch.setattr(zipped, "MOST_FILES", 2)
    with pytest.raises(InvalidParameter, match="too many"):
        files_below(store, "")


def test_names_that_lead_elsewhere_are_not_packed(tmp_path: Path) -> None:
    """Who unpacks the file of a colleague's run must get files in one folder, and nothing from outside of it."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("secret")
    for name in ("ok.txt", "a\\..\\b", "c:evil", "\u202enormal"):
        (root / name).write_text("x")
    (root / "link").symlink_to(tmp_path / "secret")
    store = LocalRepository(root, guarded=True)

    names = unpacked(zip_pieces(store, files_below(store, ""), "run"))

    assert {"run/ok.txt", "run/\u202enormal"} == set(names)


def test_a_file_that_is_removed_meanwhile_is_left_out(tmp_path: Path) -> None:
    """The rest of the folder is still wanted."""
    store = LocalRepository(tmp_path)
    for name in ("a", "b"):
        put(store, name, name.encode())
    files = files_below(store, "")
    store.delete("a")

    assert {"x/b": b"b"} == unpacked(zip_pieces(store, files, "x"))


def test_no_more_than_some_pieces_are_held_at_once(tmp_path: Path) -> None:
    """A folder may be larger than memory; what is packed already is sent as it is."""
    with (tmp_path / "big.png").open("wb") as file:
        file.truncate(64 * PIECE)
    store = LocalRepository(tmp_path)

    sizes = [len(piece) for piece in zip_pieces(store, files_below(store, ""), "x")]

    assert max(sizes) <= 3 * PIECE
    assert sum(sizes) >= 64 * PIECE
