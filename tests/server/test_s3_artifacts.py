"""A server that keeps artifacts in S3, on a real server that speaks its protocol."""

import hashlib
import http.client
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

import runyard
from tests.support.http import Caller
from tests.support.postgres import free_port
from tests.support.s3 import STRANGER, ObjectStore
from tests.support.server import RunningServer, pieces

PROXY = "/api/2.0/mlflow-artifacts"
ROOT = f"{PROXY}/artifacts"
MB = 2**20
TEN = b"0123456789"

pytestmark = pytest.mark.slow

StartServer = Callable[..., RunningServer]


def test_files_come_back_as_they_were(s3_caller: Caller, objects: ObjectStore, s3_prefix: str) -> None:
    """Empty, binary, with spaces and any letters in their name, and replaced."""
    files = {"a.txt": b"hello", "sub/b%20c.txt": b"hello2", "e": b"", "%C3%BC/%E6%97%A5%2B.txt": bytes(range(256)) * 99}
    for name, content in files.items():
        for sent in (b"what was there before", content):
            assert (200, b"") == s3_caller.request("PUT", f"{ROOT}/0/back/{name}", sent)[::2]
        status, headers, received = s3_caller.request("GET", f"{ROOT}/0/back/{name}")
        assert (200, content, str(len(content))) == (status, received, headers["content-length"])

    assert ["a.txt", "e", "sub/b c.txt", "ü/日+.txt"] == sorted(objects.kept(f"{s3_prefix}/0/back"))


def test_parts_of_a_file_and_unchanged_files(s3_caller: Caller) -> None:
    """Ranges, HEAD and tags work as they do with a folder."""
    s3_caller.request("PUT", f"{ROOT}/0/parts/ten.txt", TEN)
    address = f"{ROOT}/0/parts/ten.txt"
    _, headers, _ = s3_caller.request("GET", address)

    for asked, content in (("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-2", b"89")):
        assert (206, content) == s3_caller.request("GET", address, headers={"Range": asked})[::2]
    assert 416 == s3_caller.request("GET", address, headers={"Range": "bytes=10-"})[0]
    assert 304 == s3_caller.request("GET", address, headers={"If-None-Match": headers["etag"]})[0]
    assert (200, b"") == s3_caller.request("HEAD", address)[::2]
    s3_caller.request("PUT", address, b"other")
    status, changed, content = s3_caller.request("GET", address, headers={"If-None-Match": headers["etag"]})
    assert (200, b"other", True) == (status, content, changed["etag"] != headers["etag"])


def test_run_shows_its_files(s3_caller: Caller) -> None:
    """In lists of the API, on its page, and for the browser; the page of a missing file says so."""
    run_id = s3_caller.new_run()
    for name, content in (("notes.txt", b"hello"), ("sub/deep.txt", b"deep")):
        s3_caller.request("PUT", f"{ROOT}/0/{run_id}/artifacts/{name}", content)

    files = s3_caller.get(f"artifacts/list?run_id={run_id}")[1]["files"]
    assert [("notes.txt", False, 5), ("sub", True, None)] == [
        (file["path"], file["is_dir"], file.get("file_size")) for file in files
    ]
    assert "sub/deep.txt" == s3_caller.get(f"artifacts/list?run_id={run_id}&path=sub")[1]["files"][0]["path"]
    assert b"deep" == s3_caller.request("GET", f"/get-artifact?run_id={run_id}&path=sub/deep.txt")[2]
    page = s3_caller.request("GET", f"/runs/{run_id}/artifacts?path=notes.txt")
    assert (200, True) == (page[0], b"hello" in page[2])
    assert b"nothing-here" in s3_caller.request("GET", f"/runs/{run_id}/artifacts?path=nothing-here.txt")[2]


def test_what_is_not_a_file_is_said(s3_caller: Caller, s3_server: RunningServer) -> None:
    """Missing: 404. A folder, a path that leads out, everything at once: 400. Never a 500."""
    s3_caller.request("PUT", f"{ROOT}/0/no/folder/file", b"1")

    for path, expected in (("0/no/missing", 404), ("0/no/folder", 400), ("0/%2e%2e/x", 400), ("", 400), ("a%00b", 400)):
        status, _, body = s3_caller.request("GET", f"{ROOT}/{path}")
        assert expected == status, (path, body)
    for path in ("", "0", "%2e%2e"):
        assert 400 == s3_caller.request("DELETE", f"{ROOT}/{path}")[0]
    assert 400 == s3_caller.request("PUT", f"{ROOT}/0/a/%2e%2e/%2e%2e/%2e%2e/x", b"1")[0]
    assert (200, {}) == s3_caller.ask("GET", f"{ROOT}?path=0/no/nothing")
    assert "Traceback" not in s3_server.output()


def test_folder_is_deleted_whole(s3_caller: Caller, objects: ObjectStore, s3_prefix: str) -> None:
    """And nothing beside it."""
    for name in ("a/x", "a/b/y", "ab"):
        s3_caller.request("PUT", f"{ROOT}/0/gone/{name}", b"1")

    assert (200, {}) == s3_caller.ask("DELETE", f"{ROOT}/0/gone/a")
    assert (200, {}) == s3_caller.ask("DELETE", f"{ROOT}/0/gone/a")
    assert ["ab"] == objects.kept(f"{s3_prefix}/0/gone")


def test_three_thousand_files_are_listed(s3_caller: Caller, objects: ObjectStore, s3_prefix: str) -> None:
    """However many answers of the store that takes: one holds a thousand names at most."""
    names = [f"{number:05}" for number in range(3001)]
    objects.fill(f"{s3_prefix}/0/many", names)

    _, answer = s3_caller.ask("GET", f"{ROOT}?path=0/many")

    assert names == [file["path"] for file in answer["files"]]


def test_memory_does_not_grow_with_the_file(start_server: StartServer, objects: ObjectStore, tmp_path: Path) -> None:
    """128 MB up and down: 60 MB at most. The object is one, and its parts are forgotten."""
    prefix = f"memory/{uuid4().hex}"
    server = start_server("--artifacts-destination", f"s3://models/{prefix}", **objects.environment())
    size, address = 128 * MB, f"{ROOT}/0/big.bin"
    with Caller(server.url, timeout=100) as caller:
        caller.request("PUT", f"{ROOT}/0/small.bin", b"1")
        caller.request("GET", f"{ROOT}/0/small.bin")
    before = server.peak_memory()
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=100)) as connection:
        connection.request("PUT", address, pieces(size), {"Content-Length": str(size)})
        reply = connection.getresponse()
        assert (200, b"") == (reply.status, reply.read())
        connection.request("GET", address)
        reply, sent, received = connection.getresponse(), hashlib.sha256(), hashlib.sha256()
        while piece := reply.read(MB):
            received.update(piece)
    for piece in pieces(size):
        sent.update(piece)

    assert sent.digest() == received.digest()
    assert server.peak_memory() - before < 60
    assert [] == objects.unfinished(prefix)


def test_upload_that_breaks_off_leaves_nothing(s3_caller: Caller, objects: ObjectStore, s3_prefix: str) -> None:
    """Neither an object nor parts of one; what was there before stays."""
    s3_caller.request("PUT", f"{ROOT}/0/broken/old.bin", b"old")
    for name in ("old.bin", "new.bin"):
        with socket.create_connection(caller_address(s3_caller)) as line:
            head = f"PUT {ROOT}/0/broken/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {40 * MB}\r\n\r\n"
            line.sendall(head.encode())
            for piece in pieces(20 * MB):
                line.sendall(piece)
            wait_until(lambda: objects.unfinished(f"{s3_prefix}/0/broken"))
            assert ["old.bin"] == objects.kept(f"{s3_prefix}/0/broken")
        wait_until(lambda: not objects.unfinished(f"{s3_prefix}/0/broken"))

    assert ["old.bin"] == objects.kept(f"{s3_prefix}/0/broken")
    assert b"old" == s3_caller.request("GET", f"{ROOT}/0/broken/old.bin")[2]


def caller_address(caller: Caller) -> tuple[str, int]:
    """Host and port a caller speaks to."""
    return str(caller.connection.host), int(caller.connection.port)


def wait_until(holds: Callable[[], object]) -> None:
    """Wait until something holds; the test's time limit ends what never does."""
    while not holds():
        time.sleep(0.05)


def test_missing_bucket_denied_and_down(start_server: StartServer, objects: ObjectStore) -> None:
    """Each is said with its own code, names what to check, and repeats no secret."""
    down = {**objects.environment(), "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    cases = (
        ("s3://no-such-bucket/x", objects.environment(), 404, "no bucket 'no-such-bucket'"),
        ("s3://models/x", objects.environment((STRANGER[0], "wrong-secret")), 403, "refused access"),
        ("s3://models/x", down, 503, "did not answer"),
    )
    for destination, surroundings, status, words in cases:
        server = start_server("--artifacts-destination", destination, **surroundings)
        with Caller(server.url, timeout=100) as caller:
            run_id = caller.new_run()
            for path in (f"{ROOT}?path=0/x", f"/api/2.0/mlflow/artifacts/list?run_id={run_id}"):
                found, answer = caller.ask("GET", path)
                assert (status, True) == (found, words in answer["message"]), answer
            assert caller.request("GET", f"{ROOT}/0/x/file")[0] == (404 if status == 404 else status)
            assert caller.request("PUT", f"{ROOT}/0/x/file", b"1")[0] in (403, 404, 503)
            assert 200 == caller.request("GET", "/health")[0]
        assert "wrong-secret" not in server.output()
        assert "Traceback" not in server.output()


def test_clients_that_write_to_the_bucket_themselves(
    start_server: StartServer, objects: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server lists and shows what they wrote, and opens no other place of the bucket."""
    prefix = f"direct/{uuid4().hex}"
    options = ("--default-artifact-root", f"s3://models/{prefix}", "--no-serve-artifacts")
    server = start_server(*options, **objects.environment())
    for name, value in objects.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    (tmp_path / "f.txt").write_text("hello")
    with runyard.start_run() as run:
        runyard.log_artifact(str(tmp_path / "f.txt"), "sub")
    client = runyard.MlflowClient()
    objects.client().put_object(Bucket="models", Key=f"{prefix}-other/secret.txt", Body=b"secret")
    model = client.create_logged_model("0", name="m")
    client.log_model_artifacts(model.model_id, str(tmp_path))

    assert run.info.artifact_uri == f"s3://models/{prefix}/0/{run.info.run_id}/artifacts"
    assert [f"0/{run.info.run_id}/artifacts/sub/f.txt"] == [key for key in objects.kept(prefix) if "sub" in key]
    with Caller(server.url) as caller:
        listed = caller.get(f"artifacts/list?run_id={run.info.run_id}&path=sub")[1]
        assert ["sub/f.txt"] == [file["path"] for file in listed["files"]]
        assert b"hello" == caller.request("GET", f"/get-artifact?run_id={run.info.run_id}&path=sub/f.txt")[2]
        of_model = caller.get(f"logged-models/{model.model_id}/artifacts/directories")[1]
        assert "f.txt" in [file["path"] for file in of_model["files"]]
        for number, location in enumerate((f"s3://models/{prefix}-other", "s3://models", "s3://other/x")):
            made = caller.call("experiments/create", {"name": str(number), "artifact_location": location})
            foreign = caller.new_run(str(made["experiment_id"]))
            assert 400 == caller.get(f"artifacts/list?run_id={foreign}")[0]
            assert 400 == caller.request("GET", f"/get-artifact?run_id={foreign}&path=secret.txt")[0]
