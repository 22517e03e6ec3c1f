"""The benchmarks' program that fills big stores writes what the gate would have written."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.core.entity import Tag
from runyard.db.metadata import metadata
from runyard.entities import Metric, Param
from runyard.gate.gate import Gate
from runyard.tracking.experiments.messages import CreateExperiment
from runyard.tracking.runs.messages import LogBatch, SearchRuns, SetTag, StartRun, UpdateRun

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
SHAPE = {"params": 12, "metrics": 11, "tags": 5, "points": 3}
RUNS = 7


@pytest.fixture
def seeder(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The program, imported."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("seed_store")


def every_row(gate: Gate) -> dict[str, list[Any]]:
    """The content of every table but for times that experiments were made at."""
    found = {}
    with gate.engines.reading.connect() as connection:
        for table in metadata.sorted_tables:
            columns = [column for column in table.c if column.name not in {"creation_time", "last_update_time"}]
            found[table.name] = sorted((tuple(row) for row in connection.execute(sa.select(*columns))), key=repr)
    return found


def test_rows_are_those_of_logged_runs(gate: Gate, tmp_path: Path, seeder: ModuleType) -> None:
    """A seeded store equals one that the same runs were logged to, row for row, and takes further runs."""
    seeder.seed(gate, 4, experiments=2, shape=SHAPE)
    seeder.seed(gate, RUNS - 4, experiments=2, shape=SHAPE)
    seeded = every_row(gate)
    logged = Gate.open(f"sqlite:///{tmp_path / 'logged.db'}", artifact_root=str(tmp_path / "artifacts"))
    try:
        ids = [logged.perform(CreateExperiment(name=f"seeded-{number}"))["experiment_id"] for number in range(2)]
        for index in range(RUNS):
            create, batch = seeder.seeded_run(index, ids[index % 2], **SHAPE)
            log(logged, seeder.run_id_of(index), create, batch)
            end_time = seeder.end_of(index, create["start_time"])
            logged.perform(UpdateRun(run_id=seeder.run_id_of(index), status="FINISHED", end_time=end_time))
        assert every_row(logged) == seeded
    finally:
        logged.close()
    found = gate.perform(SearchRuns(experiment_ids=ids, filter="params.p10 = '5'"))["runs"]
    assert [run["info"]["run_id"] for run in found] == [seeder.run_id_of(5)]
    log(gate, "f" * 32, *seeder.seeded_run(RUNS, ids[0], **SHAPE))
    gate.perform(SetTag(run_id=seeder.run_id_of(1), key="t0", value="changed"))


def log(gate: Gate, run_id: str, create: dict[str, Any], batch: dict[str, Any]) -> None:
    """Send what the benchmarks send to a server."""
    tags = [Tag(**tag) for tag in create.pop("tags")]
    gate.perform(StartRun(run_id=run_id, tags=tags, **create))
    metrics = [Metric(**point) for point in batch["metrics"]]
    gate.perform(LogBatch(run_id=run_id, metrics=metrics, params=[Param(**param) for param in batch["params"]]))


def test_indexes_are_there_afterwards(gate: Gate, seeder: ModuleType) -> None:
    """Filling an empty store takes indexes away and makes them again, all of them."""
    before = indexes(gate)
    seeder.seed(gate, 3, experiments=1, shape=SHAPE)
    assert indexes(gate) == before


def indexes(gate: Gate) -> list[str]:
    """The names of all indexes."""
    catalogue = "sqlite_master WHERE type = 'index'" if gate.engines.dialect == "sqlite" else "pg_indexes"
    column = "name" if gate.engines.dialect == "sqlite" else "indexname"
    with gate.engines.reading.connect() as connection:
        return sorted(connection.scalars(sa.text(f"SELECT {column} FROM {catalogue}")))
