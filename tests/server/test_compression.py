"""Packed answers: what is packed for whom, and that it is the same answer."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server.conftest import ConfiguredServer
from tests.support.http import API, Caller
from tests.support.server import RunningServer

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts/"
SEARCH = API + "runs/search"


@pytest.fixture(scope="module")
def wide_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with a run whose answers are of several kilobytes."""
    home = tmp_path_factory.mktemp("packed")
    server = RunningServer(home, f"sqlite:///{home / 'runyard.db'}").start()
    with Caller(server.url) as caller:
        params = [{"key": f"param-{index:03}", "value": str(index)} for index in range(100)]
        caller.call("runs/log-batch", {"run_id": caller.new_run(), "params": params})
    yield server
    server.kill()


@pytest.fixture
def wide(wide_server: RunningServer) -> Iterator[Caller]:
    """A connection to that server."""
    with Caller(wide_server.url) as caller:
        yield caller


def _search(caller: Caller, **headers: str) -> tuple[int, dict[str, str], bytes]:
    body = json.dumps({"experiment_ids": ["0"]}).encode()
    return caller.request("POST", SEARCH, body, {"Content-Type": "application/json", **headers})


def test_a_page_is_packed_and_the_same(wide: Caller) -> None:
    """People at the end of a slow line get a tenth of the bytes."""
    _, headers, plain = wide.request("GET", "/experiments/0")
    _, of_packed, packed = wide.request("GET", "/experiments/0", None, GZIP)

    assert "content-encoding" not in headers
    assert "gzip" == of_packed["content-encoding"]
    assert len(packed) == int(of_packed["content-length"]) < len(plain) / 2
    assert plain == gzip.decompress(packed)


@pytest.mark.parametrize("accepted", ["gzip", "GZIP;q=0.5", "br;q=1.0, *;q=0.1", "x-gzip"])
def test_json_is_packed_for_those_who_take_it(wide: Caller, accepted: str) -> None:
    """Whatever form the header has."""
    _, headers, packed = _search(wide, **{"Accept-Encoding": accepted})

    assert "gzip" == headers["content-encoding"]
    assert json.loads(_search(wide)[2]) == json.loads(gzip.decompress(packed))


@pytest.mark.parametrize("accepted", ["identity", "gzip;q=0", "*;q=0", "gzip;q=0, *", "br, zstd", "deflate", ""])
def test_those_who_do_not_take_it_get_it_as_it_is(wide: Caller, accepted: str) -> None:
    """A client that cannot unpack would read noise."""
    _, headers, body = _search(wide, **{"Accept-Encoding": accepted})

    assert "content-encoding" not in headers
    assert json.loads(body)["runs"]


def test_caches_are_told_that_the_answer_depends_on_what_the_client_takes(wide_server: RunningServer) -> None:
    """Else a cache would give a packed page to a client that cannot unpack it."""
    for accepted in ("gzip", "identity"):
        with Caller(wide_server.url) as caller:
            caller.connection.request("GET", "/experiments/0", headers={"Accept-Encoding": accepted})
            reply = caller.connection.getresponse()
            varies = reply.headers.get_all("Vary") or []

        assert {"Accept-Encoding", "Origin"} == set(varies), accepted


def test_head_says_what_get_would(wide: Caller) -> None:
    """Monitors and download managers ask first."""
    for headers in (GZIP, {}):
        _, of_get, _ = wide.request("GET", "/experiments/0", None, headers)
        _, of_head, body = wide.request("HEAD", "/experiments/0", None, headers)

        ignored = {"date", "content-length", "x-request-id"}  # the page says how long ago things were
        assert {k: v for k, v in of_get.items() if k not in ignored} == {
            k: v for k, v in of_head.items() if k not in ignored
        }
        assert "content-length" in of_head
        assert b"" == body


def test_small_answers_go_as_they_are(wide: Caller) -> None:
    """To pack the answer of a write would cost more than it saves."""
    body = json.dumps({"experiment_id": "0", "start_time": 1}).encode()
    status, headers, answer = wide.request(
        "POST", API + "runs/create", body, {"Content-Type": "application/json", **GZIP}
    )

    assert (200, "application/json") == (status, headers["content-type"])
    assert "content-encoding" not in headers
    assert json.loads(answer)["run"]["info"]["status"] == "RUNNING"


@pytest.mark.parametrize("name", ["a.json", "a.txt", "a.html", "a.bin", "a.csv.gz"])
def test_artifacts_are_sent_byte_for_byte(wide: Caller, name: str) -> None:
    """Their tag and their ranges are of these bytes, and clients resume downloads by them."""
    content = gzip.compress(b"value\n" * 1000) if name.endswith("gz") else b"value\n" * 1000
    wide.request("PUT", ARTIFACTS + name, content)

    status, headers, body = wide.request("GET", ARTIFACTS + name, None, GZIP)
    part, of_part, some = wide.request("GET", ARTIFACTS + name, None, {**GZIP, "Range": "bytes=10-1999"})

    assert (200, content) == (status, body)
    assert (206, content[10:2000]) == (part, some)
    assert headers["etag"] == of_part["etag"]
    assert not {"content-encoding"} & (headers.keys() | of_part.keys())
    assert 304 == wide.request("GET", ARTIFACTS + name, None, {**GZIP, "If-None-Match": headers["etag"]})[0]


def test_static_files_are_packed_once(wide: Caller) -> None:
    """They lie packed in memory: packing them again would leave a browser with noise."""
    page = wide.request("GET", "/")[2].decode()
    style = next(part for part in page.split('"') if part.endswith("base.css"))

    _, of_packed, packed = wide.request("GET", style, None, GZIP)
    _, of_plain, plain = wide.request("GET", style, None, {"Accept-Encoding": "gzip;q=0"})

    assert plain == gzip.decompress(packed)
    assert "gzip" == of_packed["content-encoding"]
    assert "content-encoding" not in of_plain


def test_long_errors_are_packed_too(wide: Caller) -> None:
    """An error page has the frame of every page."""
    status, headers, body = wide.request("GET", "/experiments/987654", None, GZIP)

    assert (404, "gzip") == (status, headers["content-encoding"])
    assert b"987654" in gzip.decompress(body)


def test_it_can_be_switched_off(configured: Callable[..., ConfiguredServer]) -> None:
    """A proxy in front may do it better, or only one of both should."""
    with Caller(configured(compress=False).url) as caller:
        _, headers, body = caller.request("GET", "/", None, GZIP)

    assert "content-encoding" not in headers
    assert b"</html>" in body


def test_the_option_switches_it_off(tmp_path: Path) -> None:
    """As the guide says."""
    server = RunningServer(tmp_path, f"sqlite:///{tmp_path / 'runyard.db'}", options=("--no-compress",)).start()
    try:
        with Caller(server.url) as caller:
            assert "content-encoding" not in caller.request("GET", "/", None, GZIP)[1]
    finally:
        server.kill()
