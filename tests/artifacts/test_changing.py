"""Files that several change at the same time."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runyard.artifacts.repository import ArtifactRepository
from runyard.artifacts.resolve import repository_for
from runyard.exceptions import InvalidParameter, RunyardException
from tests.artifacts.servers import Told, ToldServer
from tests.support.http import Caller
from tests.support.server import RunningServer


def longer(content: bytes | None) -> bytes:
    """The content with one more letter."""
    return (content or b"") + b"x"


def test_no_change_of_many_is_lost(repository: ArtifactRepository) -> None:
    """Wherever the file is, and though each change reads all of it; nothing else is left in its folder."""
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(repository.change, "deep/er/file", longer) for _ in range(40)]:
            done.result()

    assert b"x" * 40 == b"".join(repository.read("deep/er/file"))
    assert ["deep/er/file"] == [info.path for info in repository.list("deep/er")]


def test_a_change_that_fails_changes_nothing(repository: ArtifactRepository) -> None:
    """And the next one is not kept waiting."""
    repository.change("file", longer)

    def fail(_content: bytes | None) -> bytes:
        raise InvalidParameter("no")

    with pytest.raises(InvalidParameter):
        repository.change("file", fail)
    repository.change("file", longer)
    assert b"xx" == b"".join(repository.read("file"))


def test_no_lock_stays_beside_the_file(tmp_path: Path) -> None:
    """Folders of artifacts are copied and looked at by other programs."""
    repository_for(str(tmp_path / "store")).change("file", longer)

    assert ["file"] == [path.name for path in (tmp_path / "store").iterdir()]


@pytest.mark.parametrize(("found", "sent"), [(b"ax", 2), (b"ab", 3)])
def test_a_change_of_which_no_answer_came_is_made_once(
    found: bytes, sent: int, told: Callable[..., ToldServer]
) -> None:
    """A second try that meets its own first one is done; one that meets somebody else's change begins again."""
    server = told(
        Told(body=b"a", headers={"ETag": '"1"'}), Told(503), Told(412), Told(body=found), Told(body=found), Told()
    )
    repository_for(f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0").change("file", longer)

    puts = [each for each in server.asked if each.method == "PUT"]
    assert sent == len(puts)
    assert ['"1"', '"1"'] == [each.headers["If-Match"] for each in puts[:2]]
    assert found if sent == 2 else found + b"x" == puts[-1].body


def test_a_new_file_is_made_by_one(told: Callable[..., ToldServer]) -> None:
    """Two that find nothing must not both begin the file; a server without tags is taken as it is."""
    missing = Told(404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"}')
    server = told(missing, Told(412), Told(body=b"a"), Told())
    repository_for(f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0").change("file", longer)

    first, second = (each for each in server.asked if each.method == "PUT")
    assert ("*", b"x") == (first.headers["If-None-Match"], first.body)
    assert ("ax", False) == (second.body.decode(), {"If-Match", "If-None-Match"} & set(second.headers) != set())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": "*"}, 412),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": "*"}, 400),
        ({"If-Match": '"a", "b"'}, 400),
        ({"If-None-Match": '"a"'}, 400),
    ],
)
def test_an_upload_under_a_condition(headers: dict[str, str], status: int, server: RunningServer) -> None:
    """Other programs can change files safely too; what is not understood is refused instead of ignored."""
    address = f"/api/2.0/mlflow-artifacts/artifacts/0/{status}/file"
    with Caller(server.url) as caller:
        assert 200 == caller.request("PUT", address, b"kept")[0]
        refused, _, body = caller.request("PUT", address, b"lost", headers)

        assert (status, True) == (refused, "error_code" in json.loads(body))
        assert b"kept" == caller.request("GET", address)[2]


def test_a_refusal_is_not_an_overtaking(told: Callable[..., ToldServer]) -> None:
    """It is told at once."""
    server = told(Told(body=b"a"), Told(403, b'{"error_code": "PERMISSION_DENIED", "message": "no"}'))
    with pytest.raises(RunyardException, match="no"):
        repository_for(f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0").change("file", longer)
    assert 2 == len(server.asked)
