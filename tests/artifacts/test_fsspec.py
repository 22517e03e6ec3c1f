"""Artifacts through fsspec: on a real FTP server, and in the file system that stands for stores of objects."""

from pathlib import Path
from uuid import uuid4

import fsspec
import pytest

from runyard.artifacts.resolve import repository_for
from runyard.artifacts.schemes.fsspec import FsspecRepository
from runyard.exceptions import DoesNotExist, InvalidParameter, PermissionDenied, RunyardException, Unavailable
from tests.support.postgres import free_port


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


def test_what_is_not_there(repository: FsspecRepository, tmp_path: Path) -> None:
    """Is missing to a reader, lists as nothing, and is deleted already."""
    (tmp_path / "f").write_bytes(b"1")
    repository.put_file(tmp_path / "f", "f")
    with pytest.raises(DoesNotExist, match=r"No artifact 'no\.txt'"):
        b"".join(repository.read("no.txt"))
    assert [] == repository.list("no") == repository.list("f")
    repository.delete("no")


def test_upload_that_fails_shows_nothing(ftp: tuple[int, Path], tmp_path: Path) -> None:
    """Neither a piece of the file nor the name it had meanwhile."""
    port, folder = ftp
    place = uuid4().hex
    repository = FsspecRepository(f"ftp://writer:ftp-secret@127.0.0.1:{port}/{place}")
    (tmp_path / "f").write_bytes(b"0" * 3_000_000)

    def give_up(size: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repository.put_file(tmp_path / "f", "f", give_up)

    assert [] == repository.list()
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
            repository_for(address).put_file(tmp_path / "f", "f")
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize("uri", ["memory://a::http://127.0.0.1/x", "memory://a?x=1", "memory://a#x"])
def test_chains_of_file_systems_are_refused(uri: str) -> None:
    """They would lead anywhere, this machine's disk and inner addresses too."""
    with pytest.raises(InvalidParameter, match="not a plain location"):
        repository_for(uri)


def test_everything_is_not_deleted() -> None:
    """Somebody else's files may lie beside ours."""
    with pytest.raises(InvalidParameter, match="is not deleted"):
        FsspecRepository("memory://").delete()


def test_missing_package_is_named() -> None:
    """The one to install for the scheme."""
    with pytest.raises(ImportError):
        fsspec.filesystem("oss")
    with pytest.raises(RunyardException, match="pip install ossfs"):
        repository_for("oss://bucket/x")
