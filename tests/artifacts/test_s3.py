"""Artifacts in S3, on a real server that speaks its protocol."""

import hashlib
from pathlib import Path
from uuid import uuid4

import pytest

from runyard.artifacts.resolve import repository_for
from runyard.artifacts.schemes.s3 import PART, S3Repository
from runyard.artifacts.transfers import download_artifacts, log_artifact, walk
from runyard.exceptions import DoesNotExist, InvalidParameter, PermissionDenied, Unavailable
from tests.support.postgres import free_port
from tests.support.s3 import STRANGER, ObjectStore


@pytest.fixture
def prefix(objects: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> str:
    """A prefix nobody has used; the environment leads to the server."""
    for name, value in objects.environment().items():
        monkeypatch.setenv(name, value)
    return f"0/{uuid4().hex}/artifacts"


@pytest.fixture
def repository(prefix: str) -> S3Repository:
    """An empty repository in the bucket."""
    repository = repository_for(f"s3://models/{prefix}")
    assert isinstance(repository, S3Repository)
    return repository


def test_large_file_goes_in_parts(repository: S3Repository, objects: ObjectStore, prefix: str, tmp_path: Path) -> None:
    """Its tag counts the parts, its content is what was sent, and progress says all of it."""
    content, progress = hashlib.shake_256(b"x").digest(3 * PART + 17), list[int]()
    (tmp_path / "big.bin").write_bytes(content)

    log_artifact(repository, str(tmp_path / "big.bin"), progress=progress.append)

    tag = objects.client().head_object(Bucket="models", Key=f"{prefix}/big.bin")["ETag"]
    assert tag.strip('"').endswith("-4")
    assert len(content) == sum(progress)
    assert content == Path(download_artifacts(repository, "big.bin", str(tmp_path / "to"))).read_bytes()


def test_listing_goes_on_where_a_page_ends(repository: S3Repository, objects: ObjectStore, prefix: str) -> None:
    """One answer of the store holds a thousand names at most; deleting takes as many at once."""
    names = [f"{number:05}" for number in range(2345)]
    objects.fill(f"{prefix}/many", names)

    assert names == [info.path.rpartition("/")[2] for info in repository.list("many")]
    repository.delete("many")
    assert [] == repository.list("many")


def test_deleting(repository: S3Repository, tmp_path: Path) -> None:
    """A file, a folder, everything; this server goes on showing folders in which there was something."""
    (tmp_path / "f").write_bytes(b"1")
    for path in ("a", "deep/er/b", "deep/er/c", "d"):
        repository.put_file(tmp_path / "f", path)

    for path in ("a", "deep", "deep", "missing"):
        repository.delete(path)
    assert ["d"] == [info.path for info in walk(repository, "")]
    repository.delete()
    assert [] == list(walk(repository, ""))


def test_what_is_not_there(repository: S3Repository) -> None:
    """Is missing to a reader, and deleted already to others."""
    with pytest.raises(DoesNotExist, match=r"No artifact 'no\.txt'"):
        repository.read("no.txt")
    assert [] == repository.list("no")
    repository.delete("no")


def test_paths_are_checked(repository: S3Repository, tmp_path: Path) -> None:
    """Keys are not paths to the store, but they become paths when they are downloaded."""
    (tmp_path / "f").write_bytes(b"1")
    with pytest.raises(InvalidParameter, match="Invalid path"):
        repository.put_file(tmp_path / "f", "../f")
    with pytest.raises(InvalidParameter, match="whole bucket"):
        S3Repository("models").delete()


def test_missing_bucket_is_said(prefix: str) -> None:
    """By name. (To a write into it this server answers that access is denied.)"""
    with pytest.raises(DoesNotExist, match="no bucket 'no-such-bucket'"):
        S3Repository("no-such-bucket", prefix).list()


@pytest.mark.parametrize("keys", [STRANGER, (STRANGER[0], "a wrong secret"), ("nobody", "nothing")])
def test_denied_is_said_without_secrets(
    repository: S3Repository,
    objects: ObjectStore,
    keys: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Neither the key nor the secret is repeated."""
    (tmp_path / "f").write_bytes(b"1")
    for name, value in objects.environment(keys).items():
        monkeypatch.setenv(name, value)

    with pytest.raises(PermissionDenied, match="refused access") as refusal:
        repository.put_file(tmp_path / "f", "f")
    assert not [secret for secret in keys if secret in refusal.value.message]


def test_store_that_is_down_is_unavailable(repository: S3Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which callers may try again."""
    monkeypatch.setenv("RUNYARD_S3_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")

    with pytest.raises(Unavailable, match="did not answer"):
        repository.list()
