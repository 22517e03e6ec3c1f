"""Artifacts through the server: what goes in comes out, whole or in part, whatever its size."""

import hashlib
import http.client
import json
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.http import Caller
from tests.support.server import RunningServer, pieces

ROOT = "/api/2.0/mlflow-artifacts/artifacts"
AJAX = "/ajax-api/2.0/mlflow-artifacts/artifacts"
MB = 2**20
TEN = b"0123456789"


@pytest.fixture
def ten(caller: Caller) -> str:
    """The address of a file of ten bytes."""
    address = f"{ROOT}/0/ten.txt"
    assert 200 == caller.request("PUT", address, TEN)[0]
    return address


def put(caller: Caller, path: str, body: bytes = b"x") -> None:
    """Store a file that must be taken."""
    status, _, answer = caller.request("PUT", f"{ROOT}/{path}", body)
    assert (200, b"") == (status, answer)


def listed(caller: Caller, address: str) -> object:
    """The JSON of a listing."""
    status, _, body = caller.request("GET", address)
    assert status == 200, body
    return json.loads(body)


def test_files_come_back_as_they_were(caller: Caller) -> None:
    """Empty, binary, with spaces and any letters in their name, and replaced."""
    files = {"a.txt": b"hello", "sub/b%20c.txt": b"hello2", "e.txt": b"", "sub/deep/x.bin": bytes(range(256)) * 9000}
    for name, content in {**files, "%C3%BC/%E6%97%A5.txt": b"3"}.items():
        put(caller, f"0/back/{name}", b"what was there before")
        put(caller, f"0/back/{name}", content)
        assert content == caller.request("GET", f"{ROOT}/0/back/{name}")[2]
        assert content == caller.request("GET", f"{AJAX}/0/back/{name}")[2]


def test_listings_of_the_store_and_of_a_run(caller: Caller) -> None:
    """The proxy names files by their last part, the run's own list by the path in the run; one level each."""
    run_id = caller.new_run()
    for name in ("a.txt", "sub/b%20c.txt", "sub/deep/x.json"):
        put(caller, f"0/{run_id}/artifacts/{name}", b"hello")
    put(caller, f"0/{run_id}/artifacts/e.txt", b"")
    of_run = f"/api/2.0/mlflow/artifacts/list?run_id={run_id}"
    root_uri = f"mlflow-artifacts:/0/{run_id}/artifacts"
    top = [{"path": "a.txt", "is_dir": False, "file_size": 5}, {"path": "e.txt", "is_dir": False}]
    top.append({"path": "sub", "is_dir": True})

    assert {"files": top} == listed(caller, f"{ROOT}?path=0/{run_id}/artifacts")
    assert {"files": top} == listed(caller, f"{AJAX}?path=0%2F{run_id}%2Fartifacts")
    assert {"root_uri": root_uri, "files": top} == listed(caller, of_run)
    below = [{"path": "b c.txt", "is_dir": False, "file_size": 5}, {"path": "deep", "is_dir": True}]
    assert {"files": below} == listed(caller, f"{ROOT}?path=0/{run_id}/artifacts/sub")
    in_run = [{**file, "path": f"sub/{file['path']}"} for file in below]
    assert {"root_uri": root_uri, "files": in_run} == listed(caller, of_run + "&path=sub")
    for nothing in ("a.txt", "missing", "a.txt/below"):
        assert {} == listed(caller, f"{ROOT}?path=0/{run_id}/artifacts/{nothing}")
        assert {"root_uri": root_uri} == listed(caller, f"{of_run}&path={nothing}")


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("bytes=0-3", "0-3"),
        ("bytes=2-", "2-9"),
        ("bytes=-3", "7-9"),
        ("bytes=0-", "0-9"),
        ("bytes=9-9", "9-9"),
        ("bytes=5-100", "5-9"),
        ("bytes=-100", "0-9"),
        (" bytes=1-2 ", "1-2"),
    ],
)
def test_part_of_a_file(caller: Caller, ten: str, wanted: str, got: str) -> None:
    """As browsers, video players and resumed downloads ask for it."""
    status, headers, body = caller.request("GET", ten, headers={"Range": wanted})

    first, last = map(int, got.split("-"))
    assert (206, TEN[first : last + 1]) == (status, body)
    assert (f"bytes {got}/10", str(len(body))) == (headers["content-range"], headers["content-length"])


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=100-200", "bytes=-0", "bytes=999999999999999999-"])
def test_part_that_is_not_there(caller: Caller, ten: str, wanted: str) -> None:
    """416 says how long the file is."""
    status, headers, body = caller.request("GET", ten, headers={"Range": wanted})

    assert (416, "bytes */10") == (status, headers["content-range"])
    assert "INVALID_PARAMETER_VALUE" == json.loads(body)["error_code"]


@pytest.mark.parametrize(
    "wanted", ["bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=0-1,3-4", "lines=1-2", "bytes=" + "9" * 5000 + "-"]
)
def test_range_that_is_not_understood(caller: Caller, ten: str, wanted: str) -> None:
    """The whole file, as the standard has it."""
    status, headers, body = caller.request("GET", ten, headers={"Range": wanted})

    assert (200, TEN) == (status, body)
    assert "content-range" not in headers


def test_range_of_an_empty_file(caller: Caller) -> None:
    """It has no first byte."""
    put(caller, "0/empty", b"")

    assert 416 == caller.request("GET", f"{ROOT}/0/empty", headers={"Range": "bytes=0-"})[0]
    assert (200, b"") == caller.request("GET", f"{ROOT}/0/empty")[::2]


def test_etag_changes_with_the_content(caller: Caller, ten: str) -> None:
    """What did not change is not sent again, and a resumed download never mixes two versions."""
    tag = caller.request("GET", ten)[1]["etag"]

    assert (304, b"") == caller.request("GET", ten, headers={"If-None-Match": tag})[::2]
    assert 206 == caller.request("GET", ten, headers={"Range": "bytes=5-", "If-Range": tag})[0]
    caller.request("PUT", ten, TEN[::-1])
    assert 200 == caller.request("GET", ten, headers={"If-None-Match": tag})[0]
    assert (200, TEN[::-1]) == caller.request("GET", ten, headers={"Range": "bytes=5-", "If-Range": tag})[::2]


def test_head_tells_without_sending(caller: Caller, ten: str) -> None:
    """For tools that ask before they download."""
    status, headers, body = caller.request("HEAD", ten)

    assert (200, "10", b"") == (status, headers["content-length"], body)
    assert "bytes" == headers["accept-ranges"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text/plain"),
        ("a.json", "text/plain"),
        ("a.yaml", "text/plain"),
        ("a.csv", "text/plain"),
        ("MLmodel", "text/plain"),
        ("a.py", "text/plain"),
        ("a.png", "image/png"),
        ("a.html", "text/html"),
        ("a.pkl", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_content_types(caller: Caller, name: str, kind: str) -> None:
    """What people read is text; the rest by its name."""
    put(caller, f"0/types/{name}")

    _, headers, _ = caller.request("GET", f"{ROOT}/0/types/{name}")

    assert kind == headers["content-type"].partition(";")[0]
    assert f"attachment; filename={name}" == headers["content-disposition"]


def test_folder_is_not_a_file(caller: Caller) -> None:
    """400 for the proxy and for a run."""
    run_id = caller.new_run()
    put(caller, f"0/{run_id}/artifacts/sub/a.txt")

    for address in (f"{ROOT}/0/{run_id}/artifacts/sub", f"/get-artifact?run_id={run_id}&path=sub", f"{ROOT}/"):
        status, _, body = caller.request("GET", address)
        assert (400, "INVALID_PARAMETER_VALUE") == (status, json.loads(body)["error_code"])


def test_file_of_a_run_by_both_names_of_its_id(caller: Caller) -> None:
    """Old clients say run_uuid."""
    run_id = caller.new_run()
    put(caller, f"0/{run_id}/artifacts/b%20c.txt", b"hello")

    for name in ("run_id", "run_uuid"):
        assert (200, b"hello") == caller.request("GET", f"/get-artifact?{name}={run_id}&path=b%20c.txt")[::2]
    assert 400 == caller.request("GET", f"/get-artifact?run_id={run_id}")[0]
    assert 400 == caller.request("GET", "/get-artifact?path=b%20c.txt")[0]
    assert 404 == caller.request("GET", f"/get-artifact?run_id={'0' * 32}&path=x")[0]


def test_browser_upload_has_a_limit(caller: Caller) -> None:
    """10 MiB and not a byte more; what was there stays."""
    run_id = caller.new_run()
    address = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=x/y.bin"

    assert 200 == caller.request("POST", address, b"a" * 10 * MB)[0]
    status, _, body = caller.request("POST", address, b"b" * (10 * MB + 1))

    assert (413, "BAD_REQUEST") == (status, json.loads(body)["error_code"])
    assert b"a" * 10 * MB == caller.request("GET", f"/get-artifact?run_id={run_id}&path=x/y.bin")[2]


@pytest.mark.parametrize("action", ["mpu/create", "mpu/complete", "mpu/abort", "presigned"])
def test_uploads_in_parts_are_not_offered(caller: Caller, action: str) -> None:
    """Clients ask for them only when told that they are there, and get a code they know."""
    method = "GET" if action == "presigned" else "POST"
    status, _, body = caller.request(
        method, f"/api/2.0/mlflow-artifacts/{action}/0/x", b"{}" if method == "POST" else None
    )

    assert (501, "NOT_IMPLEMENTED") == (status, json.loads(body)["error_code"])


def test_server_that_serves_no_artifacts(start_server: Callable[..., RunningServer]) -> None:
    """All of the proxy answers 503; runs keep their files in a local folder, which may be listed and read."""
    server = start_server("--no-serve-artifacts")
    with Caller(server.url) as caller:
        for method, path in (("GET", ""), ("GET", "/a"), ("PUT", "/a"), ("DELETE", "/a")):
            status, _, body = caller.request(method, ROOT + path, b"x" if method == "PUT" else None)
            assert (503, "TEMPORARILY_UNAVAILABLE") == (status, json.loads(body)["error_code"])
        run = caller.call("runs/create", {"experiment_id": "0"})["run"]["info"]
        folder = Path(run["artifact_uri"])
        assert folder.is_relative_to(server.folder)
        (folder / ".hidden").mkdir(parents=True)
        (folder / ".hidden" / "a.txt").write_text("hello")

        assert [".hidden"] == [
            file["path"] for file in caller.get(f"artifacts/list?run_id={run['run_id']}")[1]["files"]
        ]
        found = caller.request("GET", f"/get-artifact?run_id={run['run_id']}&path=.hidden/a.txt")
        assert (200, b"hello") == found[::2]
    assert not (server.folder / "a").exists()


@pytest.mark.parametrize("destination", ["gs://bucket/x", "s3://", "s3://user:secret@bucket/x", "http://127.0.0.1/x"])
def test_destination_that_no_server_can_keep_is_refused_at_start(
    start_server: Callable[..., RunningServer], destination: str
) -> None:
    """Better than a folder named gs: in the working directory, or a password in the address of every run."""
    reasons = r"in a folder or in S3|names no place in S3|may hold no password"
    with pytest.raises(RuntimeError, match=reasons) as refusal:
        start_server("--artifacts-destination", destination)
    assert "secret" not in str(refusal.value)


def test_memory_does_not_grow_with_the_file(start_server: Callable[..., RunningServer]) -> None:
    """300 MB up and down, in all, chunked, and to a reader that is slow at first: 50 MB at most."""
    server = start_server()
    size, address = 300 * MB, f"{ROOT}/0/big.bin"
    with Caller(server.url, timeout=100) as caller:
        put(caller, "0/small.bin")
        caller.request("GET", f"{ROOT}/0/small.bin")
        before = server.peak_memory()
        with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=100)) as connection:
            connection.request("PUT", address, pieces(size), {"Content-Length": str(size)})
            reply = connection.getresponse()
            assert (200, b"") == (reply.status, reply.read())
            connection.request("GET", address)
            reply, sent, received = connection.getresponse(), hashlib.sha256(), hashlib.sha256()
            threading.Event().wait(1)
            while piece := reply.read(MB):
                received.update(piece)
        for piece in pieces(size):
            sent.update(piece)

    assert sent.digest() == received.digest()
    assert server.peak_memory() - before < 50


def test_many_clients_at_once(server: RunningServer) -> None:
    """Files of one folder, made at the same moment, are all there; nobody waits for ever."""
    problems: list[object] = []

    def upload(client: int) -> None:
        with Caller(server.url) as caller:
            for number in range(25):
                status, _, body = caller.request("PUT", f"{ROOT}/0/many/new/{client}-{number}.bin", b"x" * 4096)
                if status != 200:
                    problems.append(body)

    threads = [threading.Thread(target=upload, args=(client,)) for client in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not problems
    with Caller(server.url) as caller:
        found = json.loads(caller.request("GET", f"{ROOT}?path=0/many/new")[2])["files"]
    assert 200 == len(found)


def test_readers_see_one_version_or_the_other(server: RunningServer) -> None:
    """Never the beginning of one and the end of another, while the file is replaced again and again."""
    versions = [bytes([letter]) * (MB + letter) for letter in b"ab"]
    address, done = f"{ROOT}/0/replaced.bin", threading.Event()

    def replace() -> None:
        with Caller(server.url) as caller:
            while not done.is_set():
                for version in versions:
                    caller.request("PUT", address, version)

    with Caller(server.url) as caller:
        put(caller, "0/replaced.bin", versions[0])
        writer = threading.Thread(target=replace)
        writer.start()
        try:
            seen = [caller.request("GET", address)[2] for _ in range(40)]
        finally:
            done.set()
            writer.join(30)

    assert all(content in versions for content in seen)
