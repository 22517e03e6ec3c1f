"""How messages travel to a server: retries, errors, credentials, connections."""

import os
import time
from pathlib import Path

import pytest

from runyard.client.errors import Unreachable
from runyard.client.remote import RemoteTransport
from runyard.client.transports import transport_to
from runyard.exceptions import InvalidParameter, RestException
from runyard.tracking.experiments.messages import GetExperiment
from runyard.tracking.runs.messages import CreateRun, SetTag
from tests.client.scripted import Answer, ScriptedServer
from tests.support.postgres import free_port

SET_TAG = SetTag(run_id="a" * 32, key="k", value="v")
CREATE_RUN = CreateRun(experiment_id="0")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 507])
def test_a_message_is_sent_again_when_the_server_cannot_serve_now(
    status: int, scripted: ScriptedServer, impatient: None
) -> None:
    """Every status that MLflow's client repeats, and a full disk."""
    scripted.answers = [Answer(status), Answer(status), Answer(body=b'{"fine": true}')]

    assert transport_to(scripted.url).send(SET_TAG) == {"fine": True}
    assert len(scripted.asked) == 3


def test_the_server_says_how_long_to_wait(scripted: ScriptedServer, impatient: None) -> None:
    """Retry-After is honoured even when our own pause would be shorter."""
    scripted.answers = [Answer(503, headers={"Retry-After": "1"})]
    began = time.monotonic()

    transport_to(scripted.url).send(SET_TAG)

    assert time.monotonic() - began >= 1


def test_giving_up_names_the_server_and_the_cause(scripted: ScriptedServer, impatient: None) -> None:
    """After the configured number of retries."""
    scripted.answers = [Answer.error(503, "TEMPORARILY_UNAVAILABLE", "closed for lunch")] * 10

    with pytest.raises(Unreachable) as caught:
        transport_to(scripted.url).send(SET_TAG)

    assert scripted.url in caught.value.message
    assert "closed for lunch" in caught.value.message
    assert len(scripted.asked) == 3


def test_a_server_that_is_not_there_is_named(impatient: None) -> None:
    """The address and the reason are in the message; the repr of an object is not."""
    port = free_port()

    with pytest.raises(Unreachable, match=f"http://127.0.0.1:{port} .*refused") as caught:
        transport_to(f"http://127.0.0.1:{port}").send(CREATE_RUN)

    assert "object at 0x" not in caught.value.message


def test_a_run_is_not_made_twice_when_the_answer_is_lost(scripted: ScriptedServer, impatient: None) -> None:
    """The server may have made it: a second request would make another."""
    scripted.answers = [Answer(0)]

    with pytest.raises(Unreachable):
        transport_to(scripted.url).send(CREATE_RUN)
    assert len(scripted.asked) == 1


def test_a_run_is_asked_for_again_when_the_server_did_not_look(scripted: ScriptedServer, impatient: None) -> None:
    """Busy and "backend not there" mean that nothing was made."""
    scripted.answers = [Answer(503), Answer(502), Answer(body=b'{"run": {}}')]

    assert transport_to(scripted.url).send(CREATE_RUN) == {"run": {}}


def test_a_write_is_sent_again_when_the_answer_is_lost(scripted: ScriptedServer, impatient: None) -> None:
    """Writes to a run are stored once however often they are sent."""
    scripted.answers = [Answer(0), Answer(0)]

    transport_to(scripted.url).send(SET_TAG)

    assert len(scripted.asked) == 3


def test_a_refusal_becomes_an_error_with_its_code_and_status(scripted: ScriptedServer) -> None:
    """Nothing is repeated."""
    scripted.answers = [Answer.error(404, "RESOURCE_DOES_NOT_EXIST", "no such run")]

    with pytest.raises(RestException, match="no such run") as caught:
        transport_to(scripted.url).send(SET_TAG)

    assert (caught.value.error_code, caught.value.http_status) == ("RESOURCE_DOES_NOT_EXIST", 404)
    assert len(scripted.asked) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "INTERNAL_ERROR"), (401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED"), (404, "ENDPOINT_NOT_FOUND")],
)
def test_an_answer_that_is_not_an_envelope_is_named(status: int, code: str, scripted: ScriptedServer) -> None:
    """Such as the page of a proxy."""
    scripted.answers = [Answer(status, b"<h1>not here</h1>")]

    with pytest.raises(
        RestException, match=f"{status} with the page .not here.: no answer of a tracking server"
    ) as caught:
        transport_to(scripted.url).send(SET_TAG)
    assert (caught.value.error_code, caught.value.http_status) == (code, status)


def test_a_refused_login_names_the_settings(scripted: ScriptedServer) -> None:
    """A proxy with passwords says 401 and nothing else."""
    scripted.answers = [Answer(401, b"<h1>Authorization Required</h1>")]

    with pytest.raises(RestException, match="RUNYARD_TRACKING_TOKEN, or RUNYARD_TRACKING_USERNAME"):
        transport_to(scripted.url).send(SET_TAG)


def test_a_page_answered_with_200_is_an_error(scripted: ScriptedServer) -> None:
    """A login page is not an answer."""
    scripted.answers = [Answer(200, b"<html>please log in</html>")]

    with pytest.raises(RestException, match="please log in"):
        transport_to(scripted.url).send(SET_TAG)


def test_redirects_are_followed_with_the_body(scripted: ScriptedServer) -> None:
    """A server that moved still gets what was sent."""
    scripted.answers = [Answer(307, headers={"Location": "/elsewhere"})]

    transport_to(scripted.url).send(SET_TAG)

    assert [asked.path for asked in scripted.asked] == ["/api/2.0/mlflow/runs/set-tag", "/elsewhere"]
    assert scripted.asked[1].body == SET_TAG.to_wire()


def test_reads_carry_their_fields_in_the_query(scripted: ScriptedServer) -> None:
    """GET has no body."""
    transport_to(scripted.url).send(GetExperiment(experiment_id="7"))

    assert (scripted.asked[0].method, scripted.asked[0].path) == (
        "GET",
        "/api/2.0/mlflow/experiments/get?experiment_id=7",
    )


def test_connections_are_kept_open(scripted: ScriptedServer) -> None:
    """One connection for many messages."""
    transport = transport_to(scripted.url)
    for _ in range(5):
        transport.send(SET_TAG)

    assert len({asked.client for asked in scripted.asked}) == 1


def test_a_forked_child_opens_its_own_connection(scripted: ScriptedServer) -> None:
    """Two processes on one socket would read each other's answers."""
    transport = RemoteTransport(scripted.url)
    transport.send(SET_TAG)
    child = os.fork()
    if child == 0:
        transport.after_fork()
        transport.send(SET_TAG)
        os._exit(0)
    os.waitpid(child, 0)
    transport.send(SET_TAG)

    first, forked, again = (asked.client for asked in scripted.asked)
    assert first == again != forked


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"MLFLOW_TRACKING_TOKEN": "abc"}, "Bearer abc"),
        ({"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "pw"}, "Basic YW5uOnB3"),
        (
            {
                "MLFLOW_TRACKING_USERNAME": "ann",
                "MLFLOW_TRACKING_PASSWORD": "pw",
                "RUNYARD_TRACKING_PASSWORD": "own",
                "MLFLOW_TRACKING_TOKEN": "abc",
            },
            "Basic YW5uOm93bg==",
        ),
    ],
)
def test_credentials_come_from_the_environment(
    environment: dict[str, str], expected: str | None, scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Basic wins over the token; our variables win over MLflow's."""
    monkeypatch.setenv("HOME", "/nonexistent")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    transport_to(scripted.url).send(SET_TAG)

    assert scripted.asked[0].headers.get("Authorization") == expected


def test_credentials_come_from_the_file(
    scripted: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one MLflow reads; a percent sign is not an interpolation."""
    (tmp_path / ".mlflow").mkdir()
    (tmp_path / ".mlflow" / "credentials").write_text(
        "[mlflow]\nmlflow_tracking_username = ann\nmlflow_tracking_password = 100%pw\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))

    transport_to(scripted.url).send(SET_TAG)

    assert scripted.asked[0].headers["Authorization"] == "Basic YW5uOjEwMCVwdw=="


def test_credentials_come_from_the_address_and_are_never_shown(impatient: None, scripted: ScriptedServer) -> None:
    """Neither the name nor the password is in an address or an error."""
    transport = transport_to(scripted.url.replace("http://", "http://ann:p%40w@"))
    transport.send(SET_TAG)

    assert scripted.asked[0].headers["Authorization"] == "Basic YW5uOnBAdw=="
    assert transport.address == scripted.url


def test_a_proxy_of_the_environment_is_used(scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """And hosts named in no_proxy are spoken to directly."""
    monkeypatch.setenv("http_proxy", scripted.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    transport_to("http://tracking.example:5000").send(SET_TAG)
    transport_to(scripted.url).send(SET_TAG)

    assert [asked.path for asked in scripted.asked] == [
        "http://tracking.example:5000/api/2.0/mlflow/runs/set-tag",
        "/api/2.0/mlflow/runs/set-tag",
    ]


def test_a_scheme_that_is_not_a_store_is_refused() -> None:
    """The message says what can be used."""
    with pytest.raises(InvalidParameter, match="sqlite:///"):
        transport_to("ftp://example.org/runs")


def test_a_relative_database_stays_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the working directory changes, and for `runyard sync` from anywhere."""
    transport = transport_to("sqlite:///here.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert transport.send(GetExperiment(experiment_id="0"))["experiment"]["name"] == "Default"
    assert transport.address == f"sqlite:///{tmp_path / 'here.db'}"
    assert (tmp_path / "here.db").exists()
    transport.close()
