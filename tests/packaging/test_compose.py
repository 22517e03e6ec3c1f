"""docker-compose.yml: complete, and what it runs works, here without containers."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.http import Caller
from tests.support.postgres import Cluster
from tests.support.programs import start_command
from tests.support.server import ROOT, RunningServer

PASSWORD = "p@ss/w#rd:%25?"
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def services(**environment: str) -> dict[str, Any]:
    """The services, with variables put in as Compose does."""

    def value(found: re.Match[str]) -> str:
        name, kind, text = found.groups()
        if name in environment:
            return environment[name]
        assert kind == "-", f"{name} has no default: {text}"
        return str(text)

    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(VARIABLE.sub(value, text))["services"])


def test_services_are_complete() -> None:
    """Nothing grows without bound, nothing changes by itself, and each waits for what it needs."""
    found = services(RUNYARD_DB_PASSWORD="x")

    assert {"server", "upgrade", "database", "storage"} == set(found)
    for name, service in found.items():
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert service["mem_limit"], name
    for name in ("database", "storage"):
        assert re.fullmatch(r"[\w/]+:\d+\.\d+", found[name]["image"]), name
        assert found[name]["healthcheck"]
    assert {"upgrade": {"condition": "service_completed_successfully"}} == found["server"]["depends_on"]
    assert ("no", {"database": {"condition": "service_healthy"}}) == (
        found["upgrade"]["restart"],
        found["upgrade"]["depends_on"],
    )
    with pytest.raises(AssertionError, match="set a password"):
        services()


def test_what_it_runs_works(postgres: Cluster, tmp_path: Path) -> None:
    """The upgrade makes the schema and may run again; the server takes a password of any characters."""
    uri = postgres.new_database()
    postgres.execute("postgres", "DROP ROLE IF EXISTS composed")
    postgres.execute("postgres", f"CREATE ROLE composed LOGIN SUPERUSER PASSWORD '{PASSWORD}'")
    found = services(RUNYARD_DB_PASSWORD=PASSWORD, RUNYARD_ARTIFACTS=str(tmp_path / "artifacts"))
    clean = {name: text for name, text in os.environ.items() if not name.startswith(("MLFLOW_", "RUNYARD_", "PG"))}
    place = uri.partition("@")[2]
    try:
        own = {**found["upgrade"]["environment"]}
        assert "postgresql://runyard@database/runyard" == own["RUNYARD_BACKEND_STORE_URI"]
        own["RUNYARD_BACKEND_STORE_URI"] = f"postgresql://composed@{place}"
        for _ in range(2):
            upgrading = start_command(*found["upgrade"]["command"], environment={**clean, **own}, loaded=("a_schema",))
            code, _, errors = upgrading.finish()
            assert (0, "") == (code, errors)
        given = {name: "" if value is None else str(value) for name, value in found["server"]["environment"].items()}
        settings = {**given, **own}
        server = _Server(tmp_path, own["RUNYARD_BACKEND_STORE_URI"], environment=settings)
        server.options = tuple(found["server"]["command"][1:])
        server.start()
        try:
            with Caller(server.url) as caller:
                assert caller.new_run()
        finally:
            server.kill()
    finally:
        postgres.drop_database(uri)
        postgres.execute("postgres", "DROP ROLE composed")


class _Server(RunningServer):
    """A server that knows its database from the environment."""

    def command(self) -> list[str]:
        """The command line that starts it."""
        return [sys.executable, "-m", "runyard", "server", "--port", str(self.port), *self.options]
