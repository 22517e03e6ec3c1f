"""Files and folders of every legal name go in and come back by every door there is."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest

import runyard
from runyard.artifacts.paths import safe_path
from runyard.cli.main import run as runyard_command
from runyard.client import RunyardClient
from runyard.exceptions import InvalidParameter
from runyard.mlflow.tracking.artifact_utils import get_artifact_uri
from tests.support.fluent import forget_everything
from tests.support.http import Caller
from tests.support.s3 import ObjectStore
from tests.support.server import RunningServer
from tests.support.sqlite import new_store

NAMES = [
    "50%20off",
    "a%41b%3f",
    "100%",
    "q?d",
    "h#d",
    "a b ",
    "ü 日本 👩‍🔬",
    "a+b",
    "a;b",
    "a=b&c=d",
    'it\'s "quoted"',
    "[x]{y}(z)",
    "~$HOME*!",
    "<b>a@b,c:d",
    "..a",
    "-dash",
    "a|b^c`d",
]


@dataclass
class Place:
    """A store, and how it is reached.

    Attributes
    ----------
    web: The server's address; empty without one.
    """

    uri: str
    web: str
    experiment: str


@pytest.fixture(scope="module")
def in_s3(objects: ObjectStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that keeps its artifacts in S3."""
    home = tmp_path_factory.mktemp("server-in-s3")
    options = ("--artifacts-destination", f"s3://models/{uuid4().hex}")
    environment = objects.environment()
    running = RunningServer(home, f"sqlite:///{home / 'runyard.db'}", options=options, environment=environment).start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store without a server."""
    folder = tmp_path_factory.mktemp("names")
    return new_store(folder / "store.db", folder / "artifacts")


@pytest.fixture(params=["database", "server", "S3", "server with S3"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, on_disk: str) -> Iterator[Place]:
    """Each kind of store in turn, with an experiment for each test; functions and the command line use it."""
    kind, web, location = request.param, "", None
    if kind.startswith("server"):
        server: RunningServer = request.getfixturevalue("in_s3" if "S3" in kind else "server")
        uri = web = server.url
    else:
        uri = on_disk
        if kind == "S3":
            for name, value in request.getfixturevalue("objects").environment().items():
                monkeypatch.setenv(name, value)
            location = f"s3://models/{uuid4().hex}"
    monkeypatch.setenv("RUNYARD_TRACKING_URI", uri)
    experiment = RunyardClient(uri).create_experiment(f"names {uuid4().hex}", artifact_location=location)
    yield Place(uri, web, experiment)
    forget_everything()


def content(path: str) -> str:
    """What a local file holds."""
    return Path(path).read_text()


@pytest.mark.parametrize("name", NAMES)
def test_files_of_a_run_come_back(name: str, place: Place, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A folder and a file in it, by the functions, the client, addresses of both kinds and the command line."""
    client = RunyardClient(place.uri)
    run_id = client.create_run(place.experiment).info.run_id
    folder, path = f"deep/{name}", f"deep/{name}/{name}.txt"
    client.log_text(run_id, name, path)
    (tmp_path / f"{name}.txt").write_text(name)
    client.log_artifact(run_id, tmp_path / f"{name}.txt", f"sent/{name}")
    client.log_table(run_id, {"a": [1]}, f"deep/{name}/{name}.json")
    named, addressed = f"runs:/{run_id}", get_artifact_uri(run_id, path)

    def at_command(*options: str) -> str:
        assert 0 == runyard_command(("artifacts", *options))
        return capfd.readouterr()[0].strip()

    got = {
        "load_text of runs:/": runyard.artifacts.load_text(f"{named}/{path}"),
        "load_text of an address": runyard.artifacts.load_text(addressed),
        "download of a file": content(runyard.artifacts.download_artifacts(run_id=run_id, artifact_path=path)),
        "download of a folder": content(f"{runyard.artifacts.download_artifacts(f'{named}/{folder}')}/{name}.txt"),
        "client": content(client.download_artifacts(run_id, path)),
        "client, folder": content(f"{client.download_artifacts(run_id, folder, str(tmp_path / 'a'))}/{name}.txt"),
        "client, sent": content(client.download_artifacts(run_id, f"sent/{name}/{name}.txt")),
        "command of runs:/": content(at_command("download", "-u", f"{named}/{path}")),
        "command of an address": content(at_command("download", "-u", addressed)),
        "command of a run": content(at_command("download", "-r", run_id, "-a", path)),
    }
    assert dict.fromkeys(got, name) == got
    listed = {
        "client": [file.path for file in client.list_artifacts(run_id, folder)],
        "run": [file.path for file in runyard.artifacts.list_artifacts(run_id=run_id, artifact_path=folder)],
        "command": [file["path"] for file in json.loads(at_command("list", "-r", run_id, "-a", folder))],
    }
    assert [[f"{folder}/{name}.json", path]] * 3 == list(listed.values()), listed
    spelled = {
        uri: [file.path for file in runyard.artifacts.list_artifacts(uri)]
        for uri in (f"{named}/{folder}", get_artifact_uri(run_id, folder))
    }
    assert [[f"{name}/{name}.json", f"{name}/{name}.txt"]] * 2 == list(spelled.values()), spelled
    assert [1] == list(client.load_table(place.experiment, f"deep/{name}/{name}.json")["a"])


@pytest.mark.parametrize("name", NAMES)
def test_files_of_models_come_back(name: str, place: Place, tmp_path: Path) -> None:
    """Those of a logged model, and those of a registered version whose folder has such a name."""
    client = RunyardClient(place.uri)
    run_id = client.create_run(place.experiment).info.run_id
    model = client.create_logged_model(place.experiment, "m", run_id)
    (tmp_path / f"{name}.txt").write_text(name)
    client.log_model_artifact(model.model_id, tmp_path / f"{name}.txt", name)
    client.log_text(run_id, name, f"{name}/{name}.txt")
    registered = f"names-{uuid4().hex}"
    client.create_registered_model(registered)
    root = get_artifact_uri(run_id)
    client.create_model_version(registered, f"runs:/{run_id}/{name}", run_id)
    client.create_model_version(registered, get_artifact_uri(run_id, name) if place.web else root, run_id)
    below = "" if place.web else f"{name}/"

    got = {
        "models:/m-": runyard.artifacts.load_text(f"models:/{model.model_id}/{name}/{name}.txt"),
        "models:/ of runs:/": runyard.artifacts.load_text(f"models:/{registered}/1/{name}.txt"),
        "models:/ of an address": runyard.artifacts.load_text(f"models:/{registered}/2/{below}{name}.txt"),
    }
    assert dict.fromkeys(got, name) == got
    assert [f"{name}/{name}.txt"] == [f.path for f in client.list_logged_model_artifacts(model.model_id, name)]
    if place.web:
        ask = urlencode({"artifact_file_path": f"{name}/{name}.txt"})
        version = urlencode({"name": registered, "version": 2, "path": f"{name}.txt"})
        with Caller(place.web) as caller:
            files = f"/ajax-api/2.0/mlflow/logged-models/{model.model_id}/artifacts/files?{ask}"
            assert name.encode() == caller.request("GET", files)[2]
            assert name.encode() == caller.request("GET", f"/model-versions/get-artifact?{version}")[2]


@pytest.mark.parametrize("kind", ["server", "in_s3"])
@pytest.mark.parametrize("name", NAMES)
def test_files_are_reached_on_the_web(name: str, kind: str, request: pytest.FixtureRequest) -> None:
    """By the routes that clients use, and by the links of the page that shows them."""
    server: RunningServer = request.getfixturevalue(kind)
    with Caller(server.url) as caller:
        run_id = caller.new_run()
        path, stored = f"{name}/{name}.txt", f"/0/{run_id}/artifacts"
        proxy = "/api/2.0/mlflow-artifacts/artifacts"
        assert 200 == caller.request("PUT", f"{proxy}{stored}/{quote(path)}", name.encode())[0]

        got = {
            "proxy": caller.request("GET", f"{proxy}{stored}/{quote(path)}")[2],
            "run": caller.request("GET", f"/get-artifact?{urlencode({'run_id': run_id, 'path': path})}")[2],
        }
        page = f"/runs/{run_id}/artifacts"
        for wanted in (name, path):  # as a reader clicks: the folder, then the file
            shown = caller.request("GET", page)[2].decode()
            links = [html.unescape(link) for link in re.findall(r'href="([^"]+)"', shown)]
            page = next(link for link in links if link.endswith(f"artifacts?path={quote(wanted, safe=',/:')}"))
        shown = caller.request("GET", page)[2].decode()
        (download,) = {html.unescape(link) for link in re.findall(r'href="([^"]*get-artifact[^"]*)"', shown)}
        got["link of the page"] = caller.request("GET", download)[2]
        assert dict.fromkeys(got, name.encode()) == got
        assert html.escape(name) in shown.replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
        _, found = caller.get(f"artifacts/list?{urlencode({'run_id': run_id, 'path': name})}")
        assert [path] == [file["path"] for file in found["files"]]
        _, _, listed = caller.request("GET", f"{proxy}?{urlencode({'path': f'{stored[1:]}/{name}'})}")
        assert [f"{name}.txt"] == [file["path"] for file in json.loads(listed)["files"]]
        assert 200 == caller.request("DELETE", f"{proxy}{stored}/{quote(path)}")[0]
        assert 404 == caller.request("GET", f"{proxy}{stored}/{quote(path)}")[0]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("50%25/a", "'%25' in it is how web addresses write '%'"),
        ("a%2Fb", "'%2F' in it is how web addresses write '/'"),
        ("a\\b", "backslash"),
        ("/a", "begins with '/'"),
        ("a//b", "a name in it is empty"),
        ("a/../b", "'..' in it can mean another folder"),
        ("..;x/a", "'..;x' in it can mean another folder"),
        ("C:a", "address of a file"),
        ("file:a", "address of a file"),
        ("a\nb", "control character"),
        ("x" * 256, "longer than 255 bytes"),
        ("/".join(["x" * 200] * 6), "longer than 1024 bytes"),
    ],
)
def test_a_refusal_says_what_is_wrong(path: str, reason: str) -> None:
    """Who has such files must know what to rename."""
    with pytest.raises(InvalidParameter) as refusal:
        safe_path(path)
    assert reason in refusal.value.message


def test_listings_by_address_include_the_folder_around(place: Place) -> None:
    """As MLflow's: from the folder around the one that is named, or from that one if the address ends in a slash."""
    client = RunyardClient(place.uri)
    run_id = client.create_run(place.experiment).info.run_id
    client.log_text(run_id, "x", "p/q/r.txt")

    def paths(uri: str) -> list[str]:
        return [file.path for file in runyard.artifacts.list_artifacts(uri)]

    for root in (f"runs:/{run_id}", get_artifact_uri(run_id)):
        assert ["q/r.txt"] == paths(f"{root}/p/q")
        assert ["r.txt"] == paths(f"{root}/p/q/")
        assert ["p/q"] == paths(f"{root}/p")
        assert ["p"] == paths(f"{root}/")
        assert [] == paths(f"{root}/p/q/r.txt")
