"""Large files past the server: signed addresses of its bucket, by hand and by MLflow's own client."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import urllib3

from tests.support.clients import real_client
from tests.support.http import Caller
from tests.support.s3 import ObjectStore
from tests.support.server import RunningServer

PROXY = "/api/2.0/mlflow-artifacts"
SIGNING = "/api/2.0/mlflow/artifacts/presigned"
PART = 5 * 2**20
SCRIPT = Path(__file__).parent.parent / "compat" / "multipart_script.py"


def sent(url: str, body: bytes) -> str:
    """The tag of a part sent to a signed address."""
    reply = urllib3.request("PUT", url, body=body)
    assert reply.status == 200, reply.data
    return reply.headers["ETag"]


def test_upload_in_parts(s3_caller: Caller, objects: ObjectStore, s3_prefix: str) -> None:
    """Parts go to the bucket in any order; the file is there when they are put together, and not before."""
    where = {"path": "/home/somebody/data/big.bin"}
    status, begun = s3_caller.ask("POST", f"{PROXY}/mpu/create/0/mpu", {**where, "num_parts": "3"})
    assert (200, [1, 2, 3]) == (status, [part["part_number"] for part in begun["credentials"]])
    content = [b"a" * PART, b"b" * PART, b"c"]
    parts = [
        {"part_number": part["part_number"], "etag": sent(part["url"], content[part["part_number"] - 1]), "url": ""}
        for part in reversed(begun["credentials"])
    ]
    assert [] == objects.kept(f"{s3_prefix}/0/mpu")

    ending = {**where, "upload_id": begun["upload_id"], "parts": parts}
    assert (200, {}) == s3_caller.ask("POST", f"{PROXY}/mpu/complete/0/mpu", ending)

    assert b"".join(content) == s3_caller.request("GET", f"{PROXY}/artifacts/0/mpu/big.bin")[2]


def test_upload_that_is_given_up(s3_caller: Caller, objects: ObjectStore, s3_prefix: str) -> None:
    """Its parts are forgotten, also when somebody says so twice."""
    _, begun = s3_caller.ask("POST", f"{PROXY}/mpu/create/0/given-up", {"path": "big.bin", "num_parts": 2})
    sent(begun["credentials"][0]["url"], b"a" * PART)
    ending = {"path": "big.bin", "upload_id": begun["upload_id"]}
    for _ in range(2):
        assert (200, {}) == s3_caller.ask("POST", f"{PROXY}/mpu/abort/0/given-up", ending)

    assert [] == objects.unfinished(f"{s3_prefix}/0/given-up") == objects.kept(f"{s3_prefix}/0/given-up")


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("create/0/x", {"path": "a", "num_parts": 10_001}),
        ("create/0/x", {"path": "a", "num_parts": -1}),
        ("create/0/x", {"path": "a", "num_parts": "many"}),
        ("create/0/x", {"path": "..", "num_parts": 1}),
        ("create/0/x", {"path": "folder/", "num_parts": 1}),
        ("create/%2e%2e/x", {"path": "a", "num_parts": 1}),
        ("create/0/x", {"num_parts": 1}),
        ("create/0/x", []),
        ("complete/0/x", {"path": "a", "upload_id": "u"}),
        ("complete/0/x", {"path": "a", "parts": [{"part_number": 1, "etag": "e"}]}),
        ("complete/0/x", {"path": "a", "upload_id": "u", "parts": [{"part_number": "one", "etag": "e"}]}),
    ],
)
def test_bad_requests_are_refused(s3_caller: Caller, action: str, message: object) -> None:
    """As INVALID_PARAMETER_VALUE, with a message that names what is wrong."""
    status, answer = s3_caller.ask("POST", f"{PROXY}/mpu/{action}", message)

    assert (400, "INVALID_PARAMETER_VALUE") == (status, answer["error_code"]), answer


def test_unknown_upload_and_missing_file(s3_caller: Caller) -> None:
    """Both are missing, not failures."""
    ending = {"path": "a", "upload_id": "nothing", "parts": [{"part_number": 1, "etag": "e"}]}
    for method, path, message in (
        ("POST", "mpu/complete/0/x", ending),
        ("GET", "presigned/0/x/missing", None),
    ):
        status, answer = s3_caller.ask(method, f"{PROXY}/{path}", message)
        assert (404, "RESOURCE_DOES_NOT_EXIST") == (status, answer["error_code"]), answer


def test_download_past_the_server(s3_caller: Caller) -> None:
    """A signed address gives the bytes, whole or a range, and no other object's."""
    s3_caller.request("PUT", f"{PROXY}/artifacts/0/signed/ten.txt", b"0123456789")
    status, answer = s3_caller.ask("GET", f"{PROXY}/presigned/0/signed/ten.txt")

    assert (200, 10, {}) == (status, answer["file_size"], answer["headers"])
    assert b"0123456789" == urllib3.request("GET", answer["url"]).data
    assert b"34" == urllib3.request("GET", answer["url"], headers={"Range": "bytes=3-4"}).data
    assert 403 == urllib3.request("GET", answer["url"].replace("ten.txt", "eleven.txt")).status
    assert 403 == urllib3.request("PUT", answer["url"], body=b"other").status


def test_server_says_what_it_offers(s3_caller: Caller, caller: Caller) -> None:
    """Signed addresses with S3; with a folder the routes say that there are none."""
    flags = ("multipart_uploads_enabled", "multipart_downloads_enabled")
    for asked, offered in ((s3_caller, True), (caller, False)):
        info = asked.ask("GET", "/api/3.0/mlflow/server-info")[1]
        assert [offered, offered] == [info[flag] for flag in flags]
    for method, path in (("POST", "mpu/create/0/x"), ("GET", "presigned/0/x")):
        status, answer = caller.ask(method, f"{PROXY}/{path}", {"path": "x"} if method == "POST" else None)
        assert (501, "NOT_IMPLEMENTED") == (status, answer["error_code"])


@pytest.mark.compat
def test_mlflow_client_sends_and_reads_large_files_past_the_server(
    s3_server: RunningServer, objects: ObjectStore, s3_prefix: str, tmp_path: Path
) -> None:
    """In three parts, as the tag of the object counts; through the server they would be four."""
    done = subprocess.run(
        [real_client(), SCRIPT, s3_server.url],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    saw = json.loads(done.stdout.splitlines()[-1])

    assert saw["same"]
    key = f"{s3_prefix}/0/{saw['run_id']}/artifacts/folder/big.bin"
    assert objects.client().head_object(Bucket="models", Key=key)["ETag"].endswith('-3"')


@pytest.fixture
def direct(start_server: Callable[..., RunningServer], objects: ObjectStore) -> RunningServer:
    """A server whose clients write to the bucket themselves."""
    options = ("--default-artifact-root", f"s3://models/direct/{uuid4().hex}", "--no-serve-artifacts")
    return start_server(*options, **objects.environment())


def signed(caller: Caller, action: str, message: dict[str, Any]) -> tuple[int, Any]:
    """The answer to a request for a signed address."""
    return caller.ask("POST", f"{SIGNING}-{action}-url", message)


def test_clients_without_credentials_ask_for_addresses(direct: RunningServer) -> None:
    """Of a run's or a logged model's artifacts, one at a time; what they sent is listed and read."""
    with Caller(direct.url) as caller:
        run_id = caller.new_run()
        model = caller.call("logged-models", {"experiment_id": "0", "name": "m"})["model"]["info"]["model_id"]
        for owner, path in (({"run_id": run_id}, "sub/a.txt"), ({"model_id": model}, "MLmodel")):
            status, answer = signed(caller, "upload", {**owner, "path": path, "expiration": 60})
            assert (200, {}) == (status, answer["headers"])
            sent(answer["presigned_url"], b"hello")

        status, answer = signed(caller, "download", {"run_id": run_id, "path": "sub/a.txt"})
        assert (200, 5) == (status, answer["file_size"])
        assert b"hello" == urllib3.request("GET", answer["presigned_url"]).data
        assert b"hello" == caller.request("GET", f"/get-artifact?run_id={run_id}&path=sub/a.txt")[2]
        listed = caller.get(f"logged-models/{model}/artifacts/directories")[1]
        assert ["MLmodel"] == [file["path"] for file in listed["files"]]


def test_bad_requests_for_addresses(direct: RunningServer, caller: Caller) -> None:
    """Nobody's, both owners', unknown ones', bad paths and times, missing files; folders have none to sign."""
    with Caller(direct.url) as owner:
        run_id = owner.new_run()
        one = {"run_id": run_id, "path": "a"}
        for action, message, status in (
            ("upload", {"path": "a"}, 400),
            ("upload", {**one, "model_id": "m-1"}, 400),
            ("upload", {"run_id": "f" * 32, "path": "a"}, 404),
            ("upload", {"model_id": "m-" + "f" * 32, "path": "a"}, 404),
            ("upload", {**one, "path": "../a"}, 400),
            ("upload", {**one, "path": ""}, 400),
            ("upload", {**one, "expiration": 0}, 400),
            ("download", {**one, "expiration": 604_801}, 400),
            ("download", one, 404),
            ("download", {"path": "a"}, 400),
        ):
            assert status == signed(owner, action, message)[0], (action, message)
    proxied = {"run_id": caller.new_run(), "path": "a"}
    for action in ("upload", "download"):
        status, answer = signed(caller, action, proxied)
        assert (400, True) == (status, "through the server" in answer["message"])


def test_addresses_name_the_host_that_clients_reach(
    start_server: Callable[..., RunningServer], objects: ObjectStore
) -> None:
    """Where the server reaches the store under another name than its clients do."""
    public = {"RUNYARD_S3_PUBLIC_ENDPOINT_URL": "https://files.example.org"}
    place = f"s3://models/public/{uuid4().hex}"
    server = start_server("--artifacts-destination", place, **objects.environment(), **public)
    with Caller(server.url) as caller:
        caller.request("PUT", f"{PROXY}/artifacts/0/f", b"1")
        answer = caller.ask("GET", f"{PROXY}/presigned/0/f")[1]

    assert "files.example.org" == urlsplit(answer["url"]).netloc
