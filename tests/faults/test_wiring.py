"""The whole set-up of a team, with its outages: PostgreSQL, S3, nginx with TLS below a path, two servers.

The proxy's configuration and the servers' options are those of the documentation.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from runyard.client import RunyardClient
from tests.support.clients import real_client
from tests.support.clock import wait_until
from tests.support.http import Caller
from tests.support.postgres import Cluster, free_port
from tests.support.programs import forked_python
from tests.support.proxy import Proxy, start_proxy
from tests.support.s3 import ObjectStore, start_object_store
from tests.support.server import RunningServer

pytestmark = pytest.mark.slow

TRAINING = """
import os, sys, time
from pathlib import Path
import {package} as mlflow

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment(os.environ.get("MLFLOW_EXPERIMENT_NAME", "wired"))
with mlflow.start_run(run_name={package!r}) as run:
    mlflow.log_param("lr", 0.1)
    print(run.info.run_id, flush=True)
    for step in range(int(sys.argv[2])):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
        time.sleep(float(sys.argv[3]))
    for file in (__file__, *sys.argv[4:]):
        mlflow.log_artifact(file)
print("ended", flush=True)
"""


class Wired:
    """The parts."""

    def __init__(self, folder: Path, postgres: Cluster, objects: ObjectStore) -> None:
        self.folder, self.postgres, self.objects = folder, postgres, objects
        self.database_uri = postgres.new_database()
        self.ports = free_port(), free_port()
        self.proxy: Proxy = start_proxy(folder, self.ports, objects.port)
        self.servers = [self._server(port) for port in self.ports]
        for server in self.servers:
            server.start()
        # The proxy was asked before there were any, and for two seconds takes them for gone.
        assert wait_until(lambda: self.proxy.status("/health") == 200)

    def _server(self, port: int) -> RunningServer:
        home = self.folder / f"server-{port}"
        home.mkdir()
        options = (
            *("--static-prefix", "/tracking", "--allowed-hosts", f"localhost:{self.proxy.port}"),
            *("--artifacts-destination", "s3://models/wired", "--log-level", "info", "--log-format", "json"),
            *("--drain-seconds", "1"),
        )
        store = {**self.objects.environment(), "RUNYARD_S3_PUBLIC_ENDPOINT_URL": self.proxy.store_url}
        return _Prefixed(home, self.database_uri, port, options, store)

    def client_settings(self) -> dict[str, str]:
        """What a client needs to find and trust the set-up."""
        clean = {name: text for name, text in os.environ.items() if not name.startswith(("MLFLOW_", "RUNYARD_"))}
        return {
            **clean,
            "MLFLOW_TRACKING_URI": self.proxy.url,
            "REQUESTS_CA_BUNDLE": str(self.proxy.certificate),
            "SSL_CERT_FILE": str(self.proxy.certificate),
            "RUNYARD_SPOOL_DIR": str(self.folder / "spool"),
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "7",
            "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
            "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(5 * 2**20),
            "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * 2**20),
        }

    def store_settings(self) -> dict[str, str]:
        """What a client needs to write to the store of artifacts itself, past the servers, with TLS."""
        own = {**self.objects.environment(), "MLFLOW_S3_ENDPOINT_URL": self.proxy.store_url}
        return {**own, "AWS_CA_BUNDLE": str(self.proxy.certificate), "MLFLOW_EXPERIMENT_NAME": "direct"}

    def train(self, package: str, steps: int, pause: float, *files: Path, **more: str) -> "Training":
        """Start a training script, with our SDK or the real client, that logs files in the end.

        Parameters
        ----------
        more: Further variables of its environment.
        """
        script = self.folder / f"train_{package}.py"
        script.write_text(TRAINING.format(package=package), encoding="utf-8")
        python = real_client() if package == "mlflow" else forked_python()
        arguments = [self.proxy.url, str(steps), str(pause), *map(str, files)]
        return Training([str(python), str(script), *arguments], self.folder, {**self.client_settings(), **more})

    def count(self, server: RunningServer, name: str, **labels: str) -> float:
        """A number of a server's `/metrics`, summed over what else it is divided by."""
        with Caller(server.url) as caller:
            text = caller.request("GET", "/tracking/metrics")[2].decode()
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return sum(
            sample.value for sample in samples if sample.name == name and labels.items() <= sample.labels.items()
        )

    def has_traffic(self, server: RunningServer, before: int) -> bool:
        """Does the proxy send it requests? For two seconds after one that failed it does not."""
        self.proxy.status("/health")
        return self.said(server, "forwarded_for") > before

    def becomes(self, server: RunningServer, failing: list[str]) -> bool:
        """Does it come to be just this that a server lacks to be ready?"""

        def found() -> bool:
            with Caller(server.url) as caller:
                return bool(failing == json.loads(caller.request("GET", "/tracking/ready")[2])["failing"])

        return wait_until(found)

    def said(self, server: RunningServer, *words: str) -> int:
        """How many lines of a server's log hold all words."""
        return sum(all(word in line for word in words) for line in server.output().splitlines())

    def close(self) -> None:
        """End all of it."""
        for server in self.servers:
            server.kill()
        self.proxy.stop()
        self.postgres.drop_database(self.database_uri)


class _Prefixed(RunningServer):
    """A server below a path."""

    def answers(self) -> bool:
        """Does /health answer?"""
        try:
            with Caller(self.url) as caller:
                return caller.request("GET", "/tracking/health")[0] == 200
        except OSError:
            return False


class Training:
    """A running training script."""

    def __init__(self, command: list[str], folder: Path, settings: dict[str, str]) -> None:
        self.process = subprocess.Popen(command, env=settings, cwd=folder, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.run_id = self.process.stdout.readline().strip()

    def end(self) -> None:
        """Wait for it; it must say that it ended."""
        out, _ = self.process.communicate(timeout=120)
        assert (0, True) == (self.process.returncode, out.endswith("ended\n")), out


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """An S3 server of these tests, which bring it to a halt."""
    store = start_object_store(tmp_path_factory.mktemp("s3"))
    yield store
    store.stop()


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory, postgres: Cluster, objects: ObjectStore) -> Iterator[Wired]:
    """All parts, running."""
    parts = Wired(tmp_path_factory.mktemp("wired"), postgres, objects)
    yield parts
    parts.close()


def lossless(wired: Wired, training: Training, steps: int) -> bool:
    """Is all there that the script logged?"""
    with Caller(wired.servers[0].url) as caller:
        path = f"/tracking/api/2.0/mlflow/metrics/get-history?run_id={training.run_id}&metric_key=loss"
        history = json.loads(caller.request("GET", path)[2])["metrics"]
        run = json.loads(caller.request("GET", f"/tracking/api/2.0/mlflow/runs/get?run_id={training.run_id}")[2])["run"]
    files = wired.objects.kept("wired")
    return (
        list(range(steps)) == [point["step"] for point in history]
        and "FINISHED" == run["info"]["status"]
        and any(training.run_id in name and name.endswith(".py") for name in files)
    )


def test_every_client_works_behind_the_proxy(wired: Wired) -> None:
    """The real client, ours, curl and a browser; a large file goes straight to the store, in parts."""
    large = wired.folder / "large.bin"
    large.write_bytes(bytes(range(256)) * 48 * 1024)
    trainings = [wired.train(package, 5, 0, large) for package in ("mlflow", "runyard")]
    for training in trainings:
        training.end()
        assert lossless(wired, training, 5)
    run_id = trainings[0].run_id
    [key] = [name for name in wired.objects.kept("wired") if name.endswith(f"{run_id}/artifacts/large.bin")]
    head = wired.objects.client().head_object(Bucket="models", Key=f"wired/{key}")
    assert (large.stat().st_size, True) == (head["ContentLength"], head["ETag"].strip('"').endswith("-3"))

    api = f"{wired.proxy.url}/api/2.0/mlflow"
    post = ["curl", "--fail-with-body", "--silent", "--cacert", str(wired.proxy.certificate), "--json"]
    done = subprocess.run(
        [
            *post,
            json.dumps({"experiment_id": "0", "run_name": "by curl"}),
            "-H",
            "X-Request-ID: curl-1",
            f"{api}/runs/create",
        ],
        capture_output=True,
        check=True,
    )
    assert "by curl" == json.loads(done.stdout)["run"]["info"]["run_name"]
    said = ('"request_id": "curl-1"', "create_run")
    assert wait_until(lambda: 1 == sum(wired.said(server, *said) for server in wired.servers))
    assert (200, 404) == (wired.proxy.status("/"), wired.proxy.status("/nothing"))


def test_curl_sends_a_file_in_parts_past_the_servers(wired: Wired) -> None:
    """Begun and ended through the proxy; the parts go to signed addresses of the store, with TLS."""
    curl = ["curl", "--fail-with-body", "--silent", "--show-error", "--cacert", str(wired.proxy.certificate)]

    def call(*arguments: str) -> str:
        deadline = time.monotonic() + 60
        while True:  # a server may ask for another try, as while the store is busy
            done = subprocess.run([*curl, *arguments], capture_output=True, check=False, text=True)
            if "TEMPORARILY_UNAVAILABLE" not in done.stdout or time.monotonic() > deadline:
                assert 0 == done.returncode, done.stdout + done.stderr
                return done.stdout

    api, where = f"{wired.proxy.url}/api/2.0/mlflow-artifacts", {"path": "big.bin"}
    begun = json.loads(call("--json", json.dumps({**where, "num_parts": 2}), f"{api}/mpu/create/7/by-curl"))
    parts = []
    for part in begun["credentials"]:
        assert part["url"].startswith(wired.proxy.store_url)
        file = wired.folder / f"part-{part['part_number']}"
        file.write_bytes(bytes([part["part_number"]]) * 5 * 2**20)
        headers = call("--upload-file", str(file), "--dump-header", "-", part["url"])
        [tag] = [line.partition(":")[2].strip() for line in headers.splitlines() if line.lower().startswith("etag:")]
        parts.append({"part_number": part["part_number"], "etag": tag})
    ending = {**where, "upload_id": begun["upload_id"], "parts": parts}
    call("--json", json.dumps(ending), f"{api}/mpu/complete/7/by-curl")

    signed = json.loads(call(f"{wired.proxy.url}/api/2.0/mlflow-artifacts/presigned/7/by-curl/big.bin"))
    target = wired.folder / "read-back"
    call("--output", str(target), signed["url"])
    assert target.read_bytes() == b"\1" * 5 * 2**20 + b"\2" * 5 * 2**20


def test_clients_that_write_to_the_store_themselves(wired: Wired) -> None:
    """The real client and ours, with TLS and credentials of their own; the servers show what is there."""
    with as_client(wired):
        RunyardClient(wired.proxy.url).create_experiment("direct", artifact_location="s3://models/wired/direct")
    large = wired.folder / "large.bin"
    large.write_bytes(bytes(range(256)) * 48 * 1024)
    for package in ("mlflow", "runyard"):
        training = wired.train(package, 1, 0, large, **wired.store_settings())
        training.end()
        assert lossless(wired, training, 1)
        kept = [name for name in wired.objects.kept("wired/direct") if training.run_id in name]
        assert ["large.bin"] == [name.rpartition("/")[2] for name in kept if name.endswith("large.bin")]
        path = f"/tracking/api/2.0/mlflow/artifacts/list?run_id={training.run_id}"
        with Caller(wired.servers[0].url) as caller:
            files = json.loads(caller.request("GET", path)[2])["files"]
        assert large.stat().st_size in [int(file["file_size"]) for file in files]


def test_rolling_restart(wired: Wired) -> None:
    """One server after the other, while scripts log: no point is lost and no script fails."""
    trainings = [wired.train(package, 40, 0.1) for package in ("mlflow", "runyard")]
    for server in wired.servers:
        assert 0 == server.stop()
        assert 200 == wired.proxy.status("/health")
        before = wired.said(server, "forwarded_for")
        server.start()
        assert wait_until(lambda server=server, before=before: wired.has_traffic(server, before))  # type: ignore[misc]
    for training in trainings:
        training.end()
        assert lossless(wired, training, 40)


def test_server_that_is_killed(wired: Wired) -> None:
    """The other one takes its requests."""
    training = wired.train("runyard", 30, 0.1)
    wired.servers[0].kill()
    with as_client(wired):
        client = RunyardClient(wired.proxy.url)
        for number in range(20):
            client.set_tag(training.run_id, "last", number)
    wired.servers[0].start()
    training.end()

    assert lossless(wired, training, 30)
    assert wired.count(wired.servers[1], "runyard_requests_total", operation="set_tag", status="200") >= 20


def test_database_that_is_gone(wired: Wired) -> None:
    """It is seen in readiness, numbers and log, once; scripts log on, and lose nothing."""
    training = wired.train("runyard", 50, 0.1)
    name = wired.database_uri.rpartition("/")[2]
    before = [wired.said(server, "the database cannot be reached") for server in wired.servers]
    wired.postgres.execute("postgres", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    ended = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
    wired.postgres.execute("postgres", ended)
    for server in wired.servers:
        assert wired.becomes(server, ["database"])
        with Caller(server.url) as caller:
            path = "/tracking/api/2.0/mlflow/experiments/get?experiment_id=0"
            assert [503] * 3 == [caller.request("GET", path)[0] for _ in range(3)]
        assert wired.count(server, "runyard_requests_total", operation="get_experiment", status="503") >= 3
    wired.postgres.execute("postgres", f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    for server in wired.servers:
        assert wired.becomes(server, [])
        with Caller(server.url) as caller:
            assert 200 == caller.request("GET", path)[0]
    training.end()

    assert lossless(wired, training, 50)
    for server, earlier in zip(wired.servers, before, strict=True):
        assert 1 == wired.said(server, "the database cannot be reached") - earlier
        assert 1 == wired.said(server, "the database is back")


def test_store_of_artifacts_that_hangs(wired: Wired) -> None:
    """Metrics go on; the file is stored once the store is back."""
    words = ("the store of artifacts cannot be reached", "the store of artifacts is back")
    before = [[wired.said(server, text) for text in words] for server in wired.servers]
    wired.objects.send_signal(signal.SIGSTOP)
    try:
        training = wired.train("runyard", 20, 0)
        for server in wired.servers:
            assert wired.becomes(server, ["artifacts"])
    finally:
        wired.objects.send_signal(signal.SIGCONT)
    for server, earlier in zip(wired.servers, before, strict=True):
        assert wired.becomes(server, [])
        assert [count + 1 for count in earlier] == [wired.said(server, text) for text in words]
    training.end()

    assert lossless(wired, training, 20)


def test_proxy_that_answers_itself(wired: Wired) -> None:
    """Whatever a wrong configuration makes it say, scripts keep what they log until the server answers again."""
    training = wired.train("runyard", 75, 0.1)
    for status in (404, 401, 413, 502, 503):
        wired.proxy.answer_itself(status)
        time.sleep(0.5)  # what is logged meanwhile must find it so
        wired.proxy.answer_itself(None)
    training.end()

    assert lossless(wired, training, 75)


@contextmanager
def as_client(wired: Wired) -> Iterator[None]:
    """This process is a client of the set-up."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("REQUESTS_CA_BUNDLE", "RUNYARD_SPOOL_DIR"):
            patch.setenv(name, wired.client_settings()[name])
        yield
