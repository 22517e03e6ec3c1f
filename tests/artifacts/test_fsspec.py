"""Artifacts through fsspec: on a real FTP server, and in the file system that stands for stores of objects."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from runyard.artifacts.fsspec_repository import FsspecRepository
from runyard.artifacts.repository import download_artifacts, log_artifacts
from runyard.artifacts.resolve import repository_for
from runyard.exceptions import DoesNotExist, InvalidParameter, PermissionDenied, RunyardException, Unavailable
from tests.support.postgres import free_port

SERVER = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer

who = DummyAuthorizer()
who.add_user("writer", "ftp-secret", sys.argv[1], perm="elradfmwMT")
who.add_user("reader", "ftp-secret", sys.argv[1], perm="elr")
FTPHandler.authorizer = who
ThreadedFTPServer(("127.0.0.1", int(sys.argv[2])), FTPHandler).serve_forever()
"""


@pytest.fixture(scope="module")
def ftp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The port of an FTP server, and the folder it serves."""
    folder, port = tmp_path_factory.mktemp("ftp"), free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder), str(port)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    while process.poll() is None and not _listens(port):
        time.sleep(0.05)
    yield port, folder
    process.kill()
    process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=["ftp", "memory"])
def repository(request: pytest.FixtureRequest) -> FsspecRepository:
    """An empty repository."""
    place = uuid4().hex
    if request.param == "ftp":
        port, _ = request.getfixturevalue("ftp")
        found = repository_for(f"ftp://writer:ftp-secret@127.0.0.1:{port}/{place}/artifacts")
    else:
        found = repository_for(f"memory://{place}/artifacts")
    assert isinstance(found, FsspecRepository)
    return found


def test_folder_comes_back_as_it_was(repository: FsspecRepository, tmp_path: Path) -> None:
    """Names of all kinds, empty files, folders in folders, a file of several megabytes, and replaced."""
    names = ("a.txt", "sub/b c.txt", "sub/deeper/x+%.txt", "empty", "big")
    contents = {name: name.encode() for name in names} | {"empty": b"", "big": b"0123456789" * 300_000}
    for name, content in contents.items():
        (tmp_path / "from" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "from" / name).write_bytes(content)

    for _ in range(2):
        log_artifacts(repository, str(tmp_path / "from"), "model")

    assert [
        ("model/a.txt", False, 5),
        ("model/big", False, 3_000_000),
        ("model/empty", False, 0),
        ("model/sub", True, None),
    ] == [(info.path, info.is_dir, info.file_size) for info in repository.list_artifacts("model")]
    copy = Path(download_artifacts(repository, "model", str(tmp_path / "to")))
    assert contents == {name: (copy / name).read_bytes() for name in names}


def test_what_is_not_there(repository: FsspecRepository, tmp_path: Path) -> None:
    """Is missing to a reader, lists as nothing, and is deleted already."""
    (tmp_path / "f").write_bytes(b"1")
    repository.put(tmp_path / "f", "f")
    with pytest.raises(DoesNotExist, match=r"No artifact 'no\.txt'"):
        b"".join(repository.read("no.txt"))
    assert [] == repository.list_artifacts("no") == repository.list_artifacts("f")
    repository.delete_artifacts("no")


def test_folder_is_deleted_whole_and_its_neighbours_stay(repository: FsspecRepository, tmp_path: Path) -> None:
    """A name that begins alike is another."""
    (tmp_path / "f").write_bytes(b"1")
    for path in ("a/f", "a/b/f", "ab/f"):
        repository.put(tmp_path / "f", path)

    repository.delete_artifacts("a")

    assert ["ab"] == [info.path for info in repository.list_artifacts()]


def test_upload_that_fails_shows_nothing(ftp: tuple[int, Path], tmp_path: Path) -> None:
    """Neither a piece of the file nor the name it had meanwhile."""
    port, folder = ftp
    place = uuid4().hex
    repository = FsspecRepository(f"ftp://writer:ftp-secret@127.0.0.1:{port}/{place}")
    (tmp_path / "f").write_bytes(b"0" * 3_000_000)

    def give_up(size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repository.put(tmp_path / "f", "f", give_up)

    assert [] == repository.list_artifacts()
    assert [] == list((folder / place).iterdir())


def test_denied_and_down_are_said_without_secrets(ftp: tuple[int, Path], tmp_path: Path) -> None:
    """With the address, but not the password in it."""
    port, _ = ftp
    (tmp_path / "f").write_bytes(b"1")
    for address, kinds in (
        (f"ftp://reader:ftp-secret@127.0.0.1:{port}/x", (PermissionDenied, Unavailable)),
        (f"ftp://writer:wrong-secret@127.0.0.1:{port}/x", (PermissionDenied, Unavailable)),
        (f"ftp://writer:ftp-secret@127.0.0.1:{free_port()}/x", (Unavailable,)),
    ):
        with pytest.raises(kinds) as refused:
            repository_for(address).put(tmp_path / "f", "f")
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize("uri", ["memory://a::http://127.0.0.1/x", "memory://a?x=1", "memory://a#x"])
def test_chains_of_file_systems_are_refused(uri: str) -> None:
    """They would lead anywhere, this machine's disk and inner addresses too."""
    with pytest.raises(InvalidParameter, match="not a plain location"):
        repository_for(uri)


def test_paths_are_checked(repository: FsspecRepository, tmp_path: Path) -> None:
    """What leads out is refused before anything is asked."""
    (tmp_path / "f").write_bytes(b"1")
    for attempt in (
        lambda: repository.put(tmp_path / "f", "../f"),
        lambda: repository.list_artifacts("../.."),
        lambda: repository.delete_artifacts(".."),
    ):
        with pytest.raises(InvalidParameter, match="Invalid path"):
            attempt()


def test_everything_is_not_deleted() -> None:
    """Somebody else's files may lie beside ours."""
    with pytest.raises(InvalidParameter, match="is not deleted"):
        FsspecRepository("memory://").delete_artifacts()


def test_missing_package_is_named() -> None:
    """The one to install for the scheme."""
    with pytest.raises(ImportError):
        fsspec.filesystem("oss")
    with pytest.raises(RunyardException, match="pip install ossfs"):
        repository_for("oss://bucket/x")
