"""Artifacts and those who want something else from them: hostile paths, links, cut uploads, active content."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.artifacts import hostile
from tests.support.http import Caller
from tests.support.raw import Answer, Connection
from tests.support.server import RunningServer

ROOT = "/api/2.0/mlflow-artifacts/artifacts"
SECRET = b"the secret"
HOSTILE = [*hostile.DOTDOT, *hostile.ABSOLUTE, *hostile.CONTROL, *hostile.OVERLONG]
FOLDER = "runyard-artifacts"

Connect = Callable[[RunningServer], Connection]


def encoded(path: str) -> str:
    """A path in a form that the server decodes once to get it."""
    return quote(path.encode("utf-8", "surrogatepass"), safe="")


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder with its content; the database and the log, which change by themselves, left out."""
    found = (path for path in folder.rglob("*") if not path.name.startswith(("runyard.db", "server.log")))
    contents = {}
    for path in found:
        with suppress(FileNotFoundError):  # removed since
            contents[str(path.relative_to(folder))] = path.read_bytes() if path.is_file() else None
    return contents


def refused(answer: Answer, statuses: tuple[int, ...] = (400, 404)) -> str:
    """The message of a refusal that gives nothing away."""
    assert answer.status in statuses, (answer.status, answer.body[:300])
    assert "application/json" == answer.headers["content-type"]
    message = answer.json
    bad = ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")  # the latter for queries that are not UTF-8
    assert message["error_code"] in (bad if answer.status == 400 else ("RESOURCE_DOES_NOT_EXIST",))
    assert SECRET not in answer.body
    assert b"/tmp/" not in answer.body
    return str(message["message"])


@pytest.fixture
def secret(server: RunningServer) -> Iterator[Path]:
    """A file beside the server's store, and one in it that is not to be touched either."""
    path = server.folder / "secret.txt"
    path.write_bytes(SECRET)
    kept = server.folder / FOLDER / "0" / "run" / "artifacts" / "kept.txt"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"kept")
    yield path
    assert SECRET == path.read_bytes()
    assert b"kept" == kept.read_bytes()


def ask(raw: Connection, method: str, target: str, body: bytes = b"") -> Answer:
    """Send a request whose target is taken as it is."""
    head = f"{method} {target} HTTP/1.1\r\nHost: {raw.host}\r\nContent-Length: {len(body)}\r\n\r\n"
    raw.send(head.encode("latin-1") + body)
    return raw.answer()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_hostile_paths_reach_nothing(server: RunningServer, raw: Connection, secret: Path, method: str) -> None:
    """The proxy refuses each of them, and no file anywhere is read, made, changed or removed."""
    below = [f"0/run/artifacts/{path}" for path in (*hostile.DOTDOT, *hostile.ANYWHERE, *hostile.CONTROL)]
    before = tree(server.folder)

    for path in (*HOSTILE, *below):
        refused(ask(raw, method, f"{ROOT}/{encoded(path)}", b"new"))

    assert before == tree(server.folder)


@pytest.mark.parametrize("prefix", ["/api/2.0", "/ajax-api/2.0"])
def test_hostile_paths_as_they_are_reach_nothing(
    server: RunningServer, raw: Connection, secret: Path, prefix: str
) -> None:
    """Not every client encodes: dots and slashes in the request's own path, where some servers would resolve them."""
    before = tree(server.folder)

    for path in ("../secret.txt", "../../secret.txt", "0/../../secret.txt", "0/run/artifacts/../../../../secret.txt"):
        for spelling in (path, path.replace("..", "%2e%2e"), path.replace("/", "%2f"), path.replace("..", ".%2E")):
            for method in ("GET", "PUT", "DELETE"):
                answer = ask(raw, method, f"{prefix}/mlflow-artifacts/artifacts/{spelling}", b"new")
                refused(answer)

    assert before == tree(server.folder)


def test_hostile_paths_in_queries_reach_nothing(
    server: RunningServer, caller: Caller, raw: Connection, secret: Path
) -> None:
    """Listings, and the routes for a run's artifacts."""
    run_id = caller.new_run()
    before = tree(server.folder)

    for path in HOSTILE:
        refused(ask(raw, "GET", f"{ROOT}?path={encoded(path)}"))
        refused(ask(raw, "GET", f"/api/2.0/mlflow/artifacts/list?run_id={run_id}&path={encoded(path)}"))
        refused(ask(raw, "GET", f"/get-artifact?run_id={run_id}&path={encoded(path)}"))
        refused(ask(raw, "POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path={encoded(path)}", b"x"))

    assert before == tree(server.folder)


def test_a_name_that_is_not_text_is_refused(server: RunningServer, raw: Connection) -> None:
    """Decoded leniently, two different names would be one file."""
    for path in ("a%ff", "%c0%ae%c0%ae/x", "a%80b"):
        refused(ask(raw, "PUT", f"{ROOT}/0/{path}", b"x"), (400,))


def test_put_conflicts(server: RunningServer, caller: Caller) -> None:
    """Onto a folder, and below a file."""
    assert 200 == caller.request("PUT", f"{ROOT}/0/conflict/file.txt", b"1")[0]

    for path in ("0/conflict", "0/conflict/file.txt/below", "0/conflict/file.txt/far/below"):
        status, _, body = caller.request("PUT", f"{ROOT}/{path}", b"2")
        assert (400, "INVALID_PARAMETER_VALUE") == (status, json.loads(body)["error_code"])

    assert b"1" == caller.request("GET", f"{ROOT}/0/conflict/file.txt")[2]
    assert ["file.txt"] == [path.name for path in (server.folder / FOLDER / "0" / "conflict").iterdir()]


@pytest.mark.parametrize("path", ["", ".", "./", "%2e", "%2e/", "%2E%2E", "0", "0/"])
def test_delete_root_is_refused(server: RunningServer, raw: Connection, secret: Path, path: str) -> None:
    """All there is, or all of an experiment, is not removed by one request."""
    before = tree(server.folder)

    refused(ask(raw, "DELETE", f"{ROOT}/{path}"), (400,))

    assert before == tree(server.folder)


def test_a_folder_is_deleted_with_all_it_holds(server: RunningServer, caller: Caller) -> None:
    """And deleting it again, as a client does that saw no answer, is fine."""
    for name in ("a.txt", "deep/er/b.txt"):
        caller.request("PUT", f"{ROOT}/0/doomed/{name}", b"x")

    assert (200, b"{}") == caller.request("DELETE", f"{ROOT}/0/doomed")[::2]
    assert (200, b"{}") == caller.request("DELETE", f"{ROOT}/0/doomed")[::2]

    assert not (server.folder / FOLDER / "0" / "doomed").exists()


@pytest.fixture
def links(server: RunningServer, secret: Path) -> Path:
    """A folder of the store with links that lead out of it, one to a file, one to a folder, one through a parent."""
    outside = server.folder / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "inner.txt").write_bytes(SECRET)
    folder = server.folder / FOLDER / "0" / "links"
    folder.mkdir(parents=True, exist_ok=True)
    targets = {"file": str(secret), "folder": str(outside), "up": "../../..", "nothing": "/no/such/thing"}
    for name, target in targets.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)
    return folder


def test_symlinks_are_not_followed(server: RunningServer, raw: Connection, links: Path) -> None:
    """Not to read, write, list or delete, and neither are they replaced."""
    before = tree(server.folder)
    inside = ("file", "folder", "folder/inner.txt", "up", "up/secret.txt", "nothing", "folder/new/file.txt")

    for method in ("GET", "PUT", "DELETE"):
        for path in inside:
            answer = ask(raw, method, f"{ROOT}/0/links/{path}", b"new")
            refused(answer)
    for path in ("", "/folder", "/up", "/file"):
        assert {} == ask(raw, "GET", f"{ROOT}?path=0/links{path}").json

    assert before == tree(server.folder)
    assert all((links / name).is_symlink() for name in ("file", "folder", "up", "nothing"))


def test_deleting_a_folder_removes_its_links_and_not_their_targets(
    server: RunningServer, caller: Caller, links: Path
) -> None:
    """What they point to belongs to somebody else."""
    assert 200 == caller.request("DELETE", f"{ROOT}/0/links")[0]

    assert not links.exists()
    assert SECRET == (server.folder / "outside" / "inner.txt").read_bytes()
    assert SECRET == (server.folder / "secret.txt").read_bytes()


def test_what_is_neither_file_nor_folder_is_not_there(server: RunningServer, caller: Caller) -> None:
    """Opening a pipe would wait for ever."""
    folder = server.folder / FOLDER / "0" / "special"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe")

    assert 404 == caller.request("GET", f"{ROOT}/0/special/pipe")[0]
    assert b"{}" == caller.request("GET", f"{ROOT}?path=0/special")[2]


CUTS = {
    "in the middle": ("Content-Length: 3000000", b"n" * 2_500_000),
    "before the first byte": ("Content-Length: 3000000", b""),
    "small": ("Content-Length: 10", b"nine byte"),
    "chunked": ("Transfer-Encoding: chunked", b"200000\r\n" + b"n" * 0x200000 + b"\r\n10\r\n"),
    "chunked without its end": ("Transfer-Encoding: chunked", b"5\r\nhello\r\n"),
    "broken chunks": ("Transfer-Encoding: chunked", b"5\r\nhello\r\nno number\r\n"),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_cut_upload_leaves_old_file(
    server: RunningServer, connect: Connect, cut: tuple[str, bytes], reset: bool
) -> None:
    """The old file stays as it was, and of a new one nothing appears, its folders and temporary names included."""
    with Caller(server.url) as caller:
        caller.request("PUT", f"{ROOT}/0/cut/old.bin", b"old")
    before = tree(server.folder)
    header, body = cut

    for target in ("0/cut/old.bin", "0/cut/new.bin", "0/brand/new/folders/new.bin"):
        raw = connect(server)
        raw.send(f"PUT {ROOT}/{target} HTTP/1.1\r\nHost: {raw.host}\r\n{header}\r\n\r\n".encode() + body)
        time.sleep(0.1)
        if reset:
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        raw.socket.close()

    deadline = time.monotonic() + 10
    while tree(server.folder) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert before == tree(server.folder)


def test_upload_that_stops_flowing_is_given_up(configured: Callable[..., RunningServer], connect: Connect) -> None:
    """A chunked body that never ends does not hold its temporary file for ever."""
    server = configured(limits={"body_window": 1})
    raw = connect(server)
    before = tree(server.folder)
    raw.send(f"PUT {ROOT}/0/x.bin HTTP/1.1\r\nHost: {raw.host}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    raw.send(b"200000\r\n" + b"n" * 0x200000 + b"\r\n")

    assert raw.is_closed_within(10)
    deadline = time.monotonic() + 10
    while any("partial" in name for name in tree(server.folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert before.items() <= tree(server.folder).items()
    assert {FOLDER, *before} >= set(tree(server.folder))


def test_missing_is_404(caller: Caller) -> None:
    """Also below a file, and for a run that has none."""
    run_id = caller.new_run()
    caller.request("PUT", f"{ROOT}/0/there.txt", b"x")

    for path in (f"{ROOT}/0/nothing", f"{ROOT}/0/there.txt/below", f"/get-artifact?run_id={run_id}&path=nothing"):
        status, headers, body = caller.request("GET", path)
        assert (404, "application/json") == (status, headers["content-type"])
        assert "RESOURCE_DOES_NOT_EXIST" == json.loads(body)["error_code"]


ACTIVE = {
    "x.html": b"<script>alert(1)</script>",
    "x.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "x.xml": b"<?xml-stylesheet href='x.xsl'?><x/>",
    "x.js": b"alert(1)",
    "x.xhtml": b"<html xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></html>",
    "x.pdf": b"%PDF-1.7",
    "x.swf": b"FWS",
    "no suffix": b"<html><script>alert(1)</script>",
    "MLmodel": b"<script>alert(1)</script>",
}


@pytest.mark.parametrize("name", ACTIVE)
def test_active_content_is_inert(caller: Caller, name: str) -> None:
    """Saved, not shown; and if shown, in a sandbox without scripts, with no guessing at its type."""
    run_id = caller.new_run()
    path = f"0/{run_id}/artifacts/{quote(name)}"
    caller.request("PUT", f"{ROOT}/{path}", ACTIVE[name])

    for address in (f"{ROOT}/{path}", f"/get-artifact?run_id={run_id}&path={quote(name)}"):
        status, headers, body = caller.request("GET", address)
        assert (200, ACTIVE[name]) == (status, body)
        assert headers["content-disposition"].startswith("attachment; filename")
        assert "nosniff" == headers["x-content-type-options"]
        assert "sandbox; default-src 'none'" == headers["content-security-policy"]


@pytest.mark.parametrize(
    "name", ["a\r\nSet-Cookie: x=1", "a\nb", 'a"b.txt', 'a"; filename="b.exe', "a;b.txt", "ü ö.txt", "a,b", "日本.txt"]
)
def test_no_header_injection(raw: Connection, name: str) -> None:
    """Refused, or spelled so that no name can end the header or begin another parameter."""
    target = f"{ROOT}/0/headers/{encoded(name)}"
    if any(character in name for character in "\r\n"):
        refused(ask(raw, "PUT", target, b"x"), (400,))
        refused(ask(raw, "GET", target), (400,))
        return

    assert 200 == ask(raw, "PUT", target, b"x").status
    answer = ask(raw, "GET", target)

    assert f"attachment; filename*=UTF-8''{encoded(name)}" == answer.headers["content-disposition"]
    assert "set-cookie" not in answer.headers


def test_nothing_is_loaded(server: RunningServer, caller: Caller) -> None:
    """Pickles and YAML with object tags, sent, listed, shown on a page and sent back: they stay bytes."""
    run_id = caller.new_run()
    mark = server.folder / "it ran"
    command = f"touch '{mark}'"
    payloads = {
        "model.pkl": b"cos\nsystem\n(S'" + command.replace("'", "\\'").encode() + b"'\ntR.",
        "MLmodel": f'!!python/object/apply:os.system ["{command}"]\n'.encode(),
        "conda.yaml": f'!!python/object/apply:os.system ["{command}"]\n'.encode(),
        "x.json": b'{"__class__": "os.system"}',
    }
    for name, content in payloads.items():
        assert 200 == caller.request("PUT", f"{ROOT}/0/{run_id}/artifacts/{name}", content)[0]

    for name, content in payloads.items():
        assert 200 == caller.request("GET", f"/runs/{run_id}/artifacts?path={name}")[0]
        assert content == caller.request("GET", f"/get-artifact?run_id={run_id}&path={name}")[2]

    assert not mark.exists()
