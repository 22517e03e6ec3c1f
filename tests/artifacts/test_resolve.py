"""From a URI to the place it names."""

from pathlib import Path

import pytest

from runyard.artifacts.resolve import repository_for
from runyard.artifacts.schemes.local import LocalRepository
from runyard.artifacts.schemes.proxy import ProxyRepository
from runyard.exceptions import InvalidParameter, RunyardException

SERVER = "http://tracking.example:5000"


@pytest.mark.parametrize(
    ("uri", "folder"),
    [
        ("/srv/a b", "/srv/a b"),
        ("/srv/a#b?c%20", "/srv/a#b?c%20"),
        ("file:///srv/a%20b", "/srv/a b"),
        ("file:/srv/x", "/srv/x"),
        ("file://localhost/srv/x", "/srv/x"),
        ("FILE:///srv/x", "/srv/x"),
    ],
)
def test_folders_of_this_machine(uri: str, folder: str) -> None:
    """By path or by URI."""
    repository = repository_for(uri, SERVER)

    assert isinstance(repository, LocalRepository)
    assert Path(folder) == repository.root


def test_relative_folder_is_one_of_the_working_directory(tmp_path: Path) -> None:
    """And stays so when the program goes elsewhere."""
    repository = repository_for("some/where")

    assert isinstance(repository, LocalRepository)
    assert tmp_path / "some/where" == repository.root


@pytest.mark.parametrize(
    "uri",
    [
        "mlflow-artifacts:/0/x",
        "mlflow-artifacts://other.example:80/0/x",
        f"{SERVER}/api/2.0/mlflow-artifacts/artifacts/0/x",
        "https://other.example/prefix/api/2.0/mlflow-artifacts/artifacts/0/x",
    ],
)
def test_servers(uri: str) -> None:
    """Their own addresses, and the scheme that stands for the tracking server."""
    assert isinstance(repository_for(uri, SERVER), ProxyRepository)


def test_proxied_location_without_a_server_is_its_folder(tmp_path: Path) -> None:
    """Runs that a server logged are read from its database and its folder."""
    repository = repository_for("mlflow-artifacts:/0/x%20y", "sqlite:///x.db", str(tmp_path))

    assert isinstance(repository, LocalRepository)
    assert tmp_path / "0" / "x y" == repository.root


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("s3://user@bucket/x", "names no place in S3"),
        ("s3:///x", "names no place in S3"),
        ("s3://bucket?versionId=1", "names no place in S3"),
        ("s3://bucket/a/../b", "Invalid path"),
        ("wasbs://bucket/x", "'wasbs' is not known"),
        ("gs://bucket/x", "pip install gcsfs"),
        ("gopher://x/y", "'gopher' is not known"),
        ("runs:/x/y", "'runs' is not known"),
        ("file://host/share", "names a host"),
        ("http://example.com/x.csv", "not the address of a server's artifacts"),
        ("mlflow-artifacts:/0/x", "set the tracking URI"),
    ],
)
def test_others_are_refused_with_a_reason(uri: str, said: str) -> None:
    """What is wrong, and what would do."""
    with pytest.raises(RunyardException, match=said):
        repository_for(uri, "sqlite:///x.db")


@pytest.mark.parametrize("path", ["/../../etc", "/%2e%2e/etc", "/a/..%2f..", "/%252e%252e/x", "//etc/passwd/../x"])
def test_proxied_location_never_leaves_the_folder(tmp_path: Path, path: str) -> None:
    """Whatever the database says: `runyard gc` deletes what such a location names."""
    for tracking_uri in ("sqlite:///x.db", SERVER):
        with pytest.raises(InvalidParameter, match="Invalid path"):
            repository_for(f"mlflow-artifacts:{path}", tracking_uri, str(tmp_path))
