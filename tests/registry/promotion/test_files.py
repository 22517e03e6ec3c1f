"""A version without files cannot be promoted: loading it afterwards would fail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from runyard.artifacts.locations import every_form
from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.registry.model_versions.messages import CreateModelVersion, DescribeModelVersion
from runyard.registry.promotion.messages import PromoteModelVersion
from runyard.registry.promotion.tables import moves as moves_table
from runyard.registry.registered_models.messages import SetRegisteredModelAlias
from runyard.tracking.logged_models.messages import CreateLoggedModel
from runyard.tracking.metrics.messages import LogMetric
from tests.factories import NOW, a_run, shown_run
from tests.registry.promotion.building import MODEL, a_model, a_version, moves, promote
from tests.support.checked_gate import CheckedGate
from tests.support.http import Caller
from tests.support.server import RunningServer

GOOD = "metrics.f1 > 0.5"


@pytest.fixture
def gate(new_store: str, tmp_path: Path) -> Iterator[Gate]:
    """A gate that may open the artifacts of its runs, with the model."""
    root = tmp_path / "artifacts"
    opened = CheckedGate.open(new_store, artifact_root=str(root), artifact_places=every_form([root]))
    a_model(opened)
    yield opened
    opened.close()


def stored(location: str, name: str = "MLmodel") -> None:
    """Store a file at a location."""
    folder = Path(urlsplit(location).path)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("flavors: {}")


def has_files(gate: Gate, version: str) -> bool:
    """What is said of a version's files."""
    message = DescribeModelVersion(name=MODEL, version=version, look_for_files=True)
    return bool(gate.perform(message)["model_version"]["has_files"])


def version_of(gate: Gate, source: str, run_id: str, **fields: Any) -> str:
    """Register a source as a version whose run has the metric; returns its number."""
    gate.perform(LogMetric(run_id=run_id, key="f1", value=0.9, timestamp=NOW))
    made = gate.perform(CreateModelVersion(name=MODEL, source=source, run_id=run_id, **fields))
    return str(made["model_version"]["version"])


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_version_without_files_is_refused(gate: Gate, dry_run: bool) -> None:
    """The reason names the place; once the files are there the same call works."""
    version = a_version(gate, {"f1": 0.9})

    with pytest.raises(InvalidParameter, match=r"has no files: nothing is stored at .*/artifacts/model\."):
        promote(gate, version, GOOD, dry_run=dry_run)
    assert ([], False) == (moves(gate), has_files(gate, version))

    run_id = gate.perform(DescribeModelVersion(name=MODEL, version=version))["model_version"]["run_id"]
    stored(f"{shown_run(gate, run_id)['info']['artifact_uri']}/model")
    assert (not dry_run, True) == (promote(gate, version, GOOD, dry_run=dry_run)["promoted"], has_files(gate, version))


def test_every_kind_of_source_is_looked_at(gate: Gate) -> None:
    """A logged model, a copy of a version, a single file; files elsewhere are not known to be missing."""
    run_id = a_run(gate, "0")
    logged = gate.perform(CreateLoggedModel(experiment_id="0", name="net", source_run_id=run_id))["model"]["info"]
    root = shown_run(gate, run_id)["info"]["artifact_uri"]
    sources = (f"models:/{logged['model_id']}", f"models:/{MODEL}/1", f"runs:/{run_id}/net", f"runs:/{run_id}/one.pkl")
    numbers = [version_of(gate, source, run_id) for source in sources]

    assert [False] * 4 == [has_files(gate, number) for number in numbers]
    stored(logged["artifact_uri"])
    stored(root, "one.pkl")
    assert [True] * 4 == [has_files(gate, number) for number in numbers]
    assert promote(gate, version_of(gate, "s3://elsewhere/model", run_id), GOOD)["promoted"]


def test_times_of_the_history_never_run_backwards(gate: Gate) -> None:
    """Whatever the clock of the server says that made the move before."""
    for _ in range(3):
        a_version(gate, {})
    gate.perform(SetRegisteredModelAlias(name=MODEL, alias="a", version="1"))
    with gate.engines.writing.begin() as connection:
        connection.execute(sa.update(moves_table).values(moved_time=moves_table.c.moved_time + 60_000))
    for version in ("2", "3"):
        gate.perform(SetRegisteredModelAlias(name=MODEL, alias="a", version=version))

    times = [move["timestamp"] for move in reversed(moves(gate))]
    assert times == sorted(times)


def test_a_server_refuses_it_too(server: RunningServer) -> None:
    """A pipeline reads the reason in the answer."""
    with Caller(server.url) as caller:
        run_id = caller.new_run()
        caller.call("registered-models/create", {"name": "without files"})
        caller.call("model-versions/create", {"name": "without files", "source": f"runs:/{run_id}/model"})
        status, answer = caller.ask(
            "POST",
            PromoteModelVersion.operation.main_path,
            {"name": "without files", "version": "1", "alias": "champion", "condition": GOOD},
        )

    assert (400, "INVALID_PARAMETER_VALUE") == (status, answer["error_code"])
    assert "has no files" in answer["message"]
