"""The network as it is: proxies, certificates, other programs at the address, and servers that are not there."""

import gzip
import logging
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runyard.client import RunyardClient
from runyard.client.errors import Unreachable
from runyard.client.transports import transport_to
from runyard.core.connections import proxy_for
from runyard.exceptions import InvalidParameter, RestException
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.messages import SetTag
from tests.client.scripted import Answer, ScriptedServer
from tests.support.postgres import free_port

SET_TAG = SetTag(run_id="a" * 32, key="k", value="v")
ELSEWHERE = "http://tracking.example:5000"


@pytest.fixture(autouse=True)
def no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets counts."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.endswith("_CA_BUNDLE") or name == "NETRC":
            monkeypatch.delenv(name)


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
@pytest.mark.parametrize("form", ["{place}", "http://{place}", " HTTP://u:s3#cret@{place}/ "])
def test_a_proxy_is_written_as_curl_takes_it(
    name: str, form: str, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a scheme, in small letters or capitals, with a password in it."""
    monkeypatch.setenv(name, form.format(place=scripted.url.removeprefix("http://")))

    transport_to(ELSEWHERE).send(SET_TAG)

    assert scripted.asked[0].path == f"{ELSEWHERE}/api/2.0/mlflow/runs/set-tag"
    sent = {name.lower() for name in scripted.asked[0].headers}
    assert ("proxy-authorization" in sent) == ("@" in form)


@pytest.mark.parametrize(
    ("value", "direct"),
    [
        ("tracking.example", True),
        (".example", True),
        ("*.example", True),
        ("example", True),
        ("tracking.example:5000", True),
        ("tracking.example:80", False),
        ("other, TRACKING.example", True),
        ("*", True),
        ("king.example", False),
        ("", False),
    ],
)
def test_hosts_in_no_proxy_are_asked_directly(value: str, direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every form that curl and requests take, in either spelling of the variable."""
    monkeypatch.setenv("http_proxy", "proxy:3128")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, value)
        assert (proxy_for(ELSEWHERE)[1] is None) == direct
        monkeypatch.delenv(name)


def test_networks_in_no_proxy_are_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """As requests reads them."""
    monkeypatch.setenv("http_proxy", "proxy:3128")
    monkeypatch.setenv("no_proxy", "10.0.0.0/8,fd00::/8")

    assert [proxy_for(f"http://{host}:1")[1] for host in ("10.1.2.3", "[fd00::1]")] == [None, None]
    assert proxy_for("http://11.1.2.3:1")[1] == "http://proxy:3128"


@pytest.mark.parametrize("value", ["http://", "ftp://proxy:1", "proxy:port", "http://u:s3cret@pro xy:1", "a\nb:1"])
def test_what_is_not_a_proxy_is_said_at_once(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can never work, so nothing is tried; the variable is named, its password is not."""
    monkeypatch.setenv("HTTP_PROXY", value)
    began = time.monotonic()

    with pytest.raises(InvalidParameter, match=r"HTTP_PROXY: .*http://host:port") as caught:
        transport_to(ELSEWHERE).send(SET_TAG)
    assert "s3cret" not in caught.value.message
    assert time.monotonic() - began < 4  # what may get better is tried for five seconds


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    """Otherwise one looks at the server, which is fine."""
    port = free_port()
    monkeypatch.setenv("http_proxy", f"http://u:s3cret@127.0.0.1:{port}")

    with pytest.raises(Unreachable, match=f"proxy http://127.0.0.1:{port} that http_proxy names") as caught:
        transport_to(ELSEWHERE).send(SET_TAG)
    assert "s3cret" not in caught.value.message


def test_credentials_come_from_netrc_when_nothing_else_gives_them(
    scripted: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow's client takes them from there too."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password pw\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    transport_to(scripted.url).send(SET_TAG)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc")
    transport_to(scripted.url).send(SET_TAG)

    assert [asked.headers["Authorization"] for asked in scripted.asked] == ["Basic YW5uOnB3", "Bearer abc"]


def test_a_token_read_from_a_file_works_and_a_broken_one_is_not_shown(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files end in a line break."""
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", " s3cret\n")
    transport_to(scripted.url).send(SET_TAG)
    assert scripted.asked[0].headers["Authorization"] == "Bearer s3cret"

    for broken in ("s3\ncret", "s3cret€"):
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", broken)
        with pytest.raises(InvalidParameter, match=r"TRACKING_TOKEN.*line break") as caught:
            transport_to(scripted.url).send(SET_TAG)
        assert "cret" not in repr(caught.value)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ann\n")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "pw\n")
    transport_to(scripted.url).send(SET_TAG)
    assert scripted.asked[-1].headers["Authorization"] == "Basic YW5uOnB3"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"<!doctype html><html><head><title>Sign &amp; in</title></head><body>long</body></html>", "page 'Sign & in'"),
        (b"<html>\n<h1>502 Bad Gateway</h1><hr>nginx</html>", "page '502 Bad Gateway'"),
        (b"<html><script>var x = 1</script><p>please log in</p></html>", "page 'please log in'"),
        (b"404 page not found\n", "text '404 page not found'"),
        (b'["a", "list"]', "other JSON"),
        (b"", "nothing"),
        (b"\xff\xfe\x00binary", "text "),
    ],
)
@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_is_not_ours_is_named_in_one_line(
    body: bytes, named: str, status: int, scripted: ScriptedServer
) -> None:
    """A proxy's page, a login, another program: what it is, without its HTML."""
    scripted.answers = [Answer(status, body)]

    with pytest.raises(RestException) as caught:
        transport_to(scripted.url).send(SET_TAG)

    assert f"{scripted.url} answered {status} with" in caught.value.message
    assert named in caught.value.message
    assert not any(mark in caught.value.message for mark in ("<", "\n", "var x"))


def test_a_redirect_in_circles_is_not_tried_again(scripted: ScriptedServer) -> None:
    """It is the same each time."""
    scripted.answers = [Answer(307, headers={"Location": "/round"})] * 20

    with pytest.raises(Unreachable, match=r"too many redirects .tried once"):
        transport_to(scripted.url).send(SET_TAG)


def test_a_closed_port_is_given_up_soon_and_said_sooner(caplog: pytest.LogCaptureFixture) -> None:
    """The first call of a script: what is tried and where within two seconds, once, and an error within a few."""
    url = f"http://127.0.0.1:{free_port()}"
    client = RunyardClient(url)
    began = time.monotonic()
    wall = time.time()
    for call in (lambda: client.get_experiment_by_name("x"), lambda: client.create_run("0")):
        with pytest.raises(Unreachable, match=f"{url} .*refused"):
            call()

    assert time.monotonic() - began < 11
    (warning,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert warning.message.startswith(f"Waiting for {url}: ")
    assert "refused" in warning.message
    assert warning.created - wall < 2


def test_a_host_that_swallows_everything_is_given_up_soon(caplog: pytest.LogCaptureFixture) -> None:
    """A firewall that drops packets: no refusal comes, so the attempt itself must be short."""
    with socket.socket() as full:  # a queue of connections that nobody takes from
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        began = time.monotonic()
        with pytest.raises(Unreachable, match="timed out"):
            transport_to(f"http://127.0.0.1:{port}").send(GetExperiment(experiment_id="0"))
        for one in waiting:
            one.close()

    assert time.monotonic() - began < 8
    assert "no answer yet" in caplog.text


def test_a_server_that_was_there_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart in the middle of a training stops nothing: reads are repeated as often as the settings say."""
    monkeypatch.setattr("runyard.client.remote.FIRST_CONTACT_SECONDS", 0.05)
    monkeypatch.setenv("RUNYARD_HTTP_REQUEST_BACKOFF_FACTOR", "0.2")
    before = ScriptedServer()
    port = int(before.url.rpartition(":")[2])
    transport = transport_to(before.url)
    transport.send(SET_TAG)
    before.close()
    back: list[ScriptedServer] = []
    timer = threading.Timer(1.0, lambda: back.append(ScriptedServer(port)))
    timer.start()

    assert transport.send(SET_TAG) == {}
    timer.join()
    back[0].close()


def test_a_number_of_retries_that_was_set_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who starts the server and the script together asks for more."""
    monkeypatch.setattr("runyard.client.remote.FIRST_CONTACT_SECONDS", 0.05)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0.1")

    with pytest.raises(Unreachable, match="tried 4 times"):
        transport_to(f"http://127.0.0.1:{free_port()}").send(SET_TAG)


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server with a certificate that it signed itself: its address, and that certificate."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "server.pem", folder / "key.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = ScriptedServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.encrypt(context)
    yield server.url.replace("http://", "https://"), certificate
    server.close()


def test_a_certificate_that_is_not_trusted_names_the_variables(secure: tuple[str, Path]) -> None:
    """The next step is in the message, and nothing is tried again."""
    expected = "RUNYARD_TRACKING_SERVER_CERT_PATH.*RUNYARD_TRACKING_INSECURE_TLS"
    with pytest.raises(Unreachable, match=f"certificate.*tried once.*{expected}"):
        transport_to(secure[0]).send(SET_TAG)


@pytest.mark.parametrize(
    "name",
    ["MLFLOW_TRACKING_SERVER_CERT_PATH", "RUNYARD_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"],
)
def test_certificates_are_trusted_as_the_environment_says(
    secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """By MLflow's variable, and by those that requests takes; a file that is not there is named."""
    monkeypatch.setenv(name, str(secure[1]))
    assert transport_to(secure[0]).send(SET_TAG) == {}

    monkeypatch.setenv(name, "/no/such.pem")
    with pytest.raises(InvalidParameter, match=f"{name} names '/no/such.pem'"):
        transport_to(secure[0]).send(SET_TAG)


def test_any_certificate_is_trusted_when_asked_for(secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """For a moment, on a network of one's own."""
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")

    assert transport_to(secure[0]).send(SET_TAG) == {}


def test_https_to_a_plain_server_says_so(scripted: ScriptedServer) -> None:
    """It never works, and the scheme is the mistake."""
    with pytest.raises(Unreachable, match=r"tried once.*begin with http://"):
        transport_to(scripted.url.replace("http://", "https://")).send(SET_TAG)


def test_answers_from_other_machines_come_packed(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of 100,000 runs is 280 MB of text: on this machine packing it would only take time."""
    text = gzip.compress(b'{"experiment": {"experiment_id": "7", "name": "far away"}}')
    scripted.answers = [Answer(body=text, headers={"Content-Encoding": "gzip"}), Answer()]
    monkeypatch.setenv("http_proxy", scripted.url)
    far = transport_to(ELSEWHERE).send(GetExperiment(experiment_id="7"))
    monkeypatch.delenv("http_proxy")
    transport_to(scripted.url).send(SET_TAG)

    assert "far away" == far["experiment"]["name"]
    assert ["gzip", "identity"] == [asked.headers["Accept-Encoding"] for asked in scripted.asked]
