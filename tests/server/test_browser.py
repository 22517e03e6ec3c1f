"""A page elsewhere on the web, in the browser of somebody who can reach this server, gets nothing done."""

from collections.abc import Callable

import pytest

from tests.server import route_walk as walk
from tests.support.http import Caller
from tests.support.raw import Connection
from tests.support.server import RunningServer

CREATE = "/api/2.0/mlflow/experiments/create"
ELSEWHERE = (
    "https://evil.example",
    "null",
    "http://localhost:1",
    "http://127.0.0.1",
    "file://",
    "http://[::1]:5000",
    "",
)

# Besides the operations: forms of pages, artifacts, and paths that lead nowhere.
STATE_CHANGING = [
    *walk.BODY_ROUTES,
    ("POST", "/ui/experiments/create"),
    ("POST", "/ui/experiments/0/delete"),
    ("POST", "/ui/runs/x/set-tag"),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/x.txt"),
    ("DELETE", "/api/2.0/mlflow-artifacts/artifacts/0/x.txt"),
    ("PUT", "/ajax-api/2.0/mlflow-artifacts/artifacts/0/x.txt"),
    ("POST", "/ajax-api/2.0/mlflow/upload-artifact"),
    ("PATCH", "/api/2.0/mlflow/experiments/create"),
    ("POST", "/"),
    ("POST", "/health"),
    ("DELETE", "/no/such/thing"),
]


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
        "json",
    ],
)
def test_content_type(server: RunningServer, caller: Caller, kind: str) -> None:
    """Forms of other sites can send these without asking; JSON they cannot."""
    before = walk.stored(server)

    for method, path in walk.BODY_ROUTES:
        status, headers, body = caller.request(
            method, path, b'{"name": "stolen"}', {"Content-Type": kind} if kind else {}
        )
        untyped_delete = not kind and method == "DELETE"  # browsers ask before they send one, whatever its type
        assert status in (400, 404 if untyped_delete else 415, 415), path
        assert untyped_delete or "application/json" in walk.answer_of(status, headers, body)

    assert before == walk.stored(server)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_by_any_spelling_is_taken(caller: Caller, kind: str) -> None:
    """Clients add a charset, and media types know no case."""
    body = b'{"max_results": 1}'

    assert 200 == caller.request("POST", "/api/2.0/mlflow/experiments/search", body, {"Content-Type": kind})[0]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "10.evil.example:{port}",
        "127.0.0.1.evil.example:{port}",
        "localhost.evil.example:{port}",
        "localhost@evil.example:{port}",
        "localhost:{port}@evil.example",
        "localhost.:{port}",
        "notlocalhost:{port}",
        "evil.example.localhost.example:{port}",
        "127.0.0.1:99999",
        "127.1:{port}",
        "0.0.0.0:{port}",
        "10.0.0.1:{port}",
        "[::2]:{port}",
        "[::1",
        "localhost:{port}:{port}",
        "localhost:{port}, evil.example",
        "localhost:{port}/",
        "",
        "\xe4:{port}",
    ],
)
def test_host_header(server: RunningServer, host: str) -> None:
    """A name that its owner lets point here must not make his page one of ours."""
    with Connection(server.url) as raw:
        for path in ("/", "/api/2.0/mlflow/experiments/get?experiment_id=0", "/api/3.0/mlflow/server-info"):
            line = f"Host: {host.format(port=server.port)}"
            raw.send(f"GET {path} HTTP/1.1\r\n{line}\r\n\r\n".encode("latin-1"))
            assert raw.answer().status in (400, 403), path


@pytest.mark.parametrize("hosts", [(), ("localhost:{port}", "localhost:{port}"), ("localhost:{port}", "evil.example")])
def test_host_must_come_once(server: RunningServer, raw: Connection, hosts: tuple[str, ...]) -> None:
    """Two parsers may each believe another one of two."""
    lines = "".join(f"Host: {host.format(port=server.port)}\r\n" for host in hosts)

    raw.send(f"GET /api/2.0/mlflow/experiments/get?experiment_id=0 HTTP/1.1\r\n{lines}\r\n".encode())

    assert 400 == raw.answer().status


@pytest.mark.parametrize(
    "host",
    [
        "localhost:{port}",
        "LocalHost:{port}",
        "127.0.0.1:{port}",
        "127.0.0.1",
        "[::1]:{port}",
        "[0:0::1]:{port}",
        "[::1]",
        "localhost",
        "localhost:8080",
        "app.localhost:8080",
        "127.0.0.1:18999",
        "127.0.0.2:{port}",
        "[::1]:8080",
        "[::ffff:127.0.0.1]:8080",
    ],
)
def test_own_hosts_are_answered(server: RunningServer, raw: Connection, host: str) -> None:
    """Names know no case, an address is what it says however it is written, and a tunnel has a port of its own."""
    raw.send(f"GET /api/3.0/mlflow/server-info HTTP/1.1\r\nHost: {host.format(port=server.port)}\r\n\r\n".encode())

    assert 200 == raw.answer().status


@pytest.mark.parametrize("path", ["/health", "/ready", "/version"])
def test_health_and_version_answer_to_any_host(raw: Connection, path: str) -> None:
    """Load balancers ask by address, and there is nothing to learn."""
    raw.send(f"GET {path} HTTP/1.1\r\nHost: balancer.example\r\n\r\n".encode())

    assert 200 == raw.answer().status


def test_allowed_hosts(configured: Callable[..., RunningServer]) -> None:
    """The operator's own names work with our port and without one, and networks are compared as addresses."""
    server = configured(allowed_hosts=["runyard.example", "proxy.example:8443", "10.1.0.0/16", "*.lab.example"])
    expected = {
        "runyard.example": 200,
        f"runyard.example:{server.port}": 200,
        "runyard.example:1": 403,
        "proxy.example:8443": 200,
        "proxy.example": 403,
        "10.1.200.3": 200,
        f"10.1.200.3:{server.port}": 200,
        "10.10.0.1": 403,
        "10.1.evil.example": 403,
        "a.lab.example": 200,
        "lab.example": 403,
        "evillab.example": 403,
    }

    with Connection(server.url) as raw:
        found = {}
        for host in expected:
            raw.send(f"GET /api/3.0/mlflow/server-info HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            found[host] = raw.answer().status

    assert expected == found


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_origin_on_every_route(server: RunningServer, caller: Caller, origin: str) -> None:
    """Not even a page of this machine on another port may change anything."""
    before = walk.stored(server)

    for method, path in STATE_CHANGING:
        status, headers, body = caller.request(method, path, b"{}", {**walk.JSON, "Origin": origin})
        assert (403, path) == (status, path), body
        assert not [name for name in headers if name.startswith("access-control-")]

    assert before == walk.stored(server)


@pytest.mark.parametrize("site", ["localhost:{port}", "127.0.0.1:{port}", "localhost:8080", "127.0.0.1:8080"])
def test_own_pages_may_change_things(server: RunningServer, caller: Caller, site: str) -> None:
    """The check must not stop our own forms, nor those that are reached through a forwarded port."""
    host = site.format(port=server.port)
    headers = {**walk.JSON, "Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}

    assert 200 == caller.request("POST", CREATE, f'{{"name": "from {site}"}}'.encode(), headers)[0]


def test_a_page_of_another_port_may_change_nothing(server: RunningServer, caller: Caller) -> None:
    """That this machine's names are taken on any port makes no neighbour there one of our pages."""
    headers = {**walk.JSON, "Host": f"localhost:{server.port}", "Origin": "http://localhost:8080"}
    for site in ("same-site", "cross-site", "same-origin"):
        status, _, _ = caller.request("POST", CREATE, b'{"name": "theirs"}', {**headers, "Sec-Fetch-Site": site})
        assert 403 == status
    forwarded = {**headers, "Host": "localhost:8080", "Origin": f"http://localhost:{server.port}"}
    assert 403 == caller.request("POST", CREATE, b'{"name": "theirs"}', forwarded)[0]


def test_fetch_metadata(server: RunningServer, caller: Caller) -> None:
    """Browsers say that another site's page is asking, also where they send no Origin."""
    before = walk.stored(server)

    for method, path in STATE_CHANGING:
        assert 403 == caller.request(method, path, b"{}", {**walk.JSON, "Sec-Fetch-Site": "cross-site"})[0], path

    assert before == walk.stored(server)


@pytest.mark.parametrize("origin", [*ELSEWHERE, "http://127.0.0.1:{port}"])
def test_no_cors(server: RunningServer, caller: Caller, origin: str) -> None:
    """A browser that asks whether a page may is never told yes."""
    asking = {"Origin": origin.format(port=server.port), "Access-Control-Request-Method": "POST"}

    for path in (CREATE, "/", "/health", "/api/2.0/mlflow-artifacts/artifacts/x"):
        status, headers, _ = caller.request("OPTIONS", path, None, asking)
        assert status >= 400
        assert not [name for name in headers if name.startswith("access-control-")]
        _, headers, _ = caller.request("GET", path, None, {"Origin": asking["Origin"]})
        assert not [name for name in headers if name.startswith("access-control-")]


def test_a_named_origin_may_call_the_api(configured: Callable[..., RunningServer]) -> None:
    """Only that one, by its full name, and never a star."""
    server = configured(cors_allowed_origins=["https://notebooks.example"])
    named = {"Origin": "https://notebooks.example", "Sec-Fetch-Site": "cross-site"}
    asking = {**named, "Access-Control-Request-Method": "POST"}

    with Caller(server.url) as caller:
        preflight, headers, _ = caller.request("OPTIONS", CREATE, None, asking)
        status, answered, _ = caller.request("POST", CREATE, b'{"name": "a"}', {**walk.JSON, **named})
        other, _, _ = caller.request(
            "POST", CREATE, b'{"name": "b"}', {**walk.JSON, "Origin": "https://a.notebooks.example"}
        )

    assert (204, 200, 403) == (preflight, status, other)
    assert (
        "https://notebooks.example" == headers["access-control-allow-origin"] == answered["access-control-allow-origin"]
    )
    assert "Origin" in answered["vary"]


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/api/docs", "/no/such/page", "/api/2.0/mlflow/nothing", "/health", CREATE]
)
def test_security_headers_on_every_answer(caller: Caller, path: str) -> None:
    """Errors are answers too."""
    _, headers, _ = caller.request("GET", path)

    assert "nosniff" == headers["x-content-type-options"]
    assert "SAMEORIGIN" == headers["x-frame-options"]
    assert "same-origin" == headers["referrer-policy"]
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/", "/docs", "/api/docs", "/no/such/page"])
def test_pages_run_only_our_own_scripts(caller: Caller, path: str) -> None:
    """What somebody smuggles into a page must stay dead text."""
    _, headers, body = caller.request("GET", path)
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))

    assert ("'self'", "'self'", "'self'") == (policy["default-src"], policy["script-src"], policy["frame-ancestors"])
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["content-type"].startswith("text/html")
    assert b"<script>" not in body
