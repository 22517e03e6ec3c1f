"""Fixtures every folder of tests may use. Real parts only: databases, server processes, browsers."""

import atexit
import gc
import importlib
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from runyard.client.active_model import active
from runyard.client.connection import _connections
from runyard.exceptions import RunyardException
from runyard.gate.gate import Gate
from tests.support import families, programs, sqlite
from tests.support.checked_gate import CheckedGate
from tests.support.postgres import Cluster, start_cluster
from tests.support.s3 import ObjectStore, shared_object_store
from tests.support.server import RunningServer

# shap's compiled code has brought a worker down. It runs as plain Python here, which is faster than to compile it.
os.environ["NUMBA_DISABLE_JIT"] = "1"

# Threads of numeric libraries wait for each other in loops, which on a busy machine takes longer than the work.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
threadpool_limits(1)  # those of numpy, which pytest-randomly has loaded

# Every server and program that tests start would compile the whole package again, and every worker all tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# While tests are collected nothing becomes garbage, and to look for it again and again takes a fifth of the time.
gc.disable()

# Runs of tests do not read packages and git each time, and send no beats. The tests of that turn it on.
_quiet = {"RUNYARD_LOG_ORIGIN": "false", "RUNYARD_HEARTBEATS": "false"}
os.environ.update(_quiet)

# A shell that starts the suite in the background makes it ignore Ctrl-C, and so would every program that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


pytest_plugins = ["tests.support.fluent", "tests.support.workers"]

collect_ignore = families.folders_of_others(families.current())
if "RUNYARD_TEST_SCALE" not in os.environ:  # `make test-scale`: a store of 100,000 runs takes most of a minute to fill
    collect_ignore.append("browser/scale")


def pytest_configure(config: pytest.Config) -> None:
    """Let libraries of a family warn of their own code."""
    for line in families.FAMILIES[families.current()].warnings if families.current() else ():
        config.addinivalue_line("filterwarnings", line)


_LONG = ("browser", "compat", "packaging", "slow")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Have what many programs of the whole suite are forks of get ready while its tests are collected."""
    if session.config.option.workers and session.config.args_source is pytest.Config.ArgsSource.TESTPATHS:
        programs.get_ready()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that wait long at the one end and those that compute most at the other: workers begin at both.

    So no processor has nothing to do on the way, nor in the end, when one waits for the file that begins last.
    """
    long = {item.path for item in items if any(item.get_closest_marker(name) for name in _LONG)}
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (0, -tests[item.path]) if item.path in long else (1, tests[item.path]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Modules and tests stay; from here on there is garbage, and to look for it often takes long."""
    if session.config.option.workers and not session.config.option.collectonly:
        if any(item.get_closest_marker("compat") for item in session.items):
            importlib.import_module("tests.support.environments").make_all()
        importlib.import_module("skops.io")  # all of scikit-learn, which each would load when it logs the first model
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def spool() -> None:
    """Fixtures of modules and sessions run before those of a test, and must not write to the user's own journals."""
    os.environ["RUNYARD_SPOOL_DIR"] = folder = tempfile.mkdtemp(prefix="runyard-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def no_active_model() -> None:
    """A model that a test of any folder logged is neither active nor the last one in the next test."""
    active.model_id = active.last_model_id = None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL cluster of this test process."""
    cluster = start_cluster()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def objects() -> ObjectStore:
    """The S3 server of this run, with a bucket ``models``."""
    return shared_object_store()


@pytest.fixture(params=["sqlite", "postgresql"])
def cluster(request: pytest.FixtureRequest) -> Cluster | None:
    """What a test with a database is for, in turn: SQLite, which is None, and PostgreSQL."""
    return request.getfixturevalue("postgres") if request.param == "postgresql" else None


@pytest.fixture
def database(cluster: Cluster | None, tmp_path: Path) -> Iterator[str]:
    """The URI of an empty database, on SQLite and on PostgreSQL in turn."""
    uri = cluster.new_database() if cluster else f"sqlite:///{tmp_path / 'store.db'}"
    yield uri
    if cluster:
        cluster.drop_database(uri)


@pytest.fixture
def new_store(cluster: Cluster | None, tmp_path: Path) -> Iterator[str]:
    """The URI of a new store with artifacts in ``artifacts``, on SQLite and on PostgreSQL in turn."""
    artifacts = tmp_path / "artifacts"
    uri = cluster.store(str(artifacts)) if cluster else sqlite.new_store(tmp_path / "store.db", artifacts)
    yield uri
    if cluster:
        cluster.give_back(uri)


@pytest.fixture
def gate(new_store: str, tmp_path: Path) -> Iterator[Gate]:
    """A gate on a new store, on SQLite and on PostgreSQL in turn."""
    opened = CheckedGate.open(new_store, artifact_root=str(tmp_path / "artifacts"))
    yield opened
    opened.close()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Starts server processes; they are ended after the test."""
    started: list[RunningServer] = []

    def start(
        *options: str, database_uri: str | None = None, folder: Path | None = None, **environment: str
    ) -> RunningServer:
        home = folder or tmp_path / f"server-{len(started)}"
        home.mkdir(exist_ok=True)
        uri = database_uri or f"sqlite:///{home / 'runyard.db'}"
        server = RunningServer(home, uri, options=options, environment=environment)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server process on SQLite, shared by the tests of a module."""
    home = tmp_path_factory.mktemp("server")
    running = RunningServer(home, f"sqlite:///{home / 'runyard.db'}").start()
    yield running
    running.kill()


@pytest.fixture
def forked_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that a project's commands start as ``python FILE`` are forks, which start sooner."""
    monkeypatch.setattr(sys, "executable", str(programs.forked_python()))


@pytest.fixture
def forked_inference(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that find out what models need are forks too, in our own environment: its libraries allow that."""
    if not families.current():
        monkeypatch.setattr(sys, "executable", str(programs.forked_inference()))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No setting of the machine reaches a test, no test writes outside of its folder or hears of another's refusals."""
    for name in list(os.environ):
        if name.startswith(("MLFLOW_", "RUNYARD_")) and name != families.VARIABLE:
            monkeypatch.delenv(name)
    for name, value in _quiet.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RUNYARD_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.chdir(tmp_path)
    yield
    for uri, connection in list(_connections.items()):
        with suppress(RunyardException):
            connection.raise_rejected()
        if connection._buffer.offline is not None:  # its server is gone: what it did not take concerns no other test
            del _connections[uri]
        elif str(tmp_path) in uri:  # each has files and threads open
            with suppress(RunyardException, OSError):
                connection.close()
            del _connections[uri]
