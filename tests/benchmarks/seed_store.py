#!/usr/bin/env python3
"""Fill a store of Runyard with many runs, by writing rows as its server would have written them.

    python seed_store.py --store sqlite:////dev/shm/runs-100k.db --runs 100000
    python seed_store.py --store postgresql://user@127.0.0.1:5432/big --runs 100000 --experiments 5

An empty database gets its tables first; a store with runs gets more of them, numbered on. Run number i is the same in
every store: `benchkit.workload.seeded_run`. One run in a hundred goes on, the others have ended.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))
from benchkit.workload import seeded_run  # noqa: E402

from runyard.core.tags import RUN_NAME_TAG  # noqa: E402
from runyard.exceptions import DoesNotExist  # noqa: E402
from runyard.gate.gate import Gate  # noqa: E402
from runyard.tracking.experiments.messages import CreateExperiment, GetExperimentByName  # noqa: E402
from runyard.tracking.metrics import series  # noqa: E402
from runyard.tracking.metrics.tables import metric_points, metric_series  # noqa: E402
from runyard.tracking.runs.documents import document  # noqa: E402
from runyard.tracking.runs.tables import params, runs, tags  # noqa: E402

RUNS_A_PIECE, POINTS_A_PIECE = 5_000, 250_000
FILLED = (runs, params, tags, metric_series, metric_points)
COLUMNS = {
    runs: (
        "id run_uuid experiment_id name user_id status start_time end_time lifecycle_stage artifact_uri document"
    ).split(),
    params: ["run_id", "key", "value"],
    tags: ["run_id", "key", "value"],
    metric_series: "id run_id key value step timestamp document".split(),
    metric_points: ["series_id", "step", "timestamp", "value", "late"],
}
"""The columns that are written; the others have their defaults."""
Rows = dict[sa.Table, list[tuple[Any, ...]]]


def run_id_of(index: int) -> str:
    """The id of run number `index`: 32 hexadecimal digits, in no order."""
    return f"{random.Random(f'id {index}').getrandbits(128):032x}"


def end_of(index: int, start_time: int) -> int | None:
    """When run number `index` ended, in milliseconds since the epoch; None for one in a hundred, which goes on."""
    return None if index % 100 == 99 else start_time + 60_000 + index * 7_919 % 3_600_000


def rows_of(index: int, number: int, first_series: int, home: dict[str, str], shape: dict[str, int], rows: Rows) -> int:
    """Append the rows of run number `index`, whose key is `number`; returns the next free key of a series."""
    run_id = run_id_of(index)
    create, batch = seeded_run(index, home["experiment_id"], **shape)
    name = create["run_name"]
    tag_rows = sorted([*((tag["key"], tag["value"]) for tag in create["tags"]), (RUN_NAME_TAG, name)])
    param_rows = sorted((param["key"], param["value"]) for param in batch["params"])
    uri = f"{home['artifact_location'].rstrip('/')}/{run_id}/artifacts"
    text = document(param_rows, tag_rows)
    end_time = end_of(index, create["start_time"])
    columns = (
        number,
        run_id,
        int(home["experiment_id"]),
        name,
        "",
        "RUNNING" if end_time is None else "FINISHED",
        create["start_time"],
        end_time,
        "active",
        uri,
        text,
    )
    rows[runs].append(columns)
    rows[params] += [(number, *row) for row in param_rows]
    rows[tags] += [(number, *row) for row in tag_rows]
    by_key: dict[str, list[tuple[int, int, float]]] = {}
    for point in batch["metrics"]:
        by_key.setdefault(point["key"], []).append((point["step"], point["timestamp"], point["value"]))
    for place, key in enumerate(sorted(by_key), first_series):
        step, timestamp, value = latest = by_key[key][-1]
        text = series.document(key, latest)
        rows[metric_series].append((place, number, key, value, step, timestamp, text))
        rows[metric_points] += [(place, *point, None) for point in by_key[key]]
    return first_series + len(by_key)


@contextmanager
def writing_fast(gate: Gate, *, without_indexes: bool) -> Iterator[Callable[[Rows], None]]:
    """A function that writes rows of all tables in one transaction; indexes are away meanwhile, if that is asked for."""
    quick = _sqlite if gate.engines.dialect == "sqlite" else _postgresql
    # Triggers look up the tags that say what a run is nested in: without their index each run would read all of them.
    dropped = [table for table in FILLED if table is not tags] if without_indexes else []
    indexes = [index for table in dropped for index in table.indexes]
    with gate.engines.writing.begin() as connection:
        for index in indexes:
            index.drop(connection)
    try:
        with quick(gate) as write:
            yield write
    finally:
        for index in indexes:
            with gate.engines.writing.begin() as connection:
                # SQLite looks whether what it knows of the schema is still so when it reads, and not when it creates.
                connection.exec_driver_sql("SELECT 1 FROM runs LIMIT 1")
                index.create(connection)
        if gate.engines.dialect == "postgresql":  # which knows of the expressions in an index only what it has then
            with gate.engines.writing.begin() as connection:
                for table in dropped:
                    connection.exec_driver_sql(f"ANALYZE {table.name}")


@contextmanager
def _sqlite(gate: Gate) -> Iterator[Callable[[Rows], None]]:
    with gate.engines.writing.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA synchronous = OFF")
        driver.execute("PRAGMA foreign_keys = OFF")

        def write(rows: Rows) -> None:
            driver.execute("BEGIN IMMEDIATE")
            for table, some in rows.items():
                columns = COLUMNS[table]
                places = ", ".join("?" * len(columns))
                driver.executemany(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})", some)
            driver.execute("COMMIT")

        yield write
        connection.invalidate()  # the next one has the usual settings again


@contextmanager
def _postgresql(gate: Gate) -> Iterator[Callable[[Rows], None]]:
    with gate.engines.writing.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        try:
            driver.execute("SET session_replication_role = replica")  # no check of foreign keys
        except Exception:  # only a superuser may
            driver.rollback()

        def write(rows: Rows) -> None:
            cursor = driver.cursor()
            for table, some in rows.items():
                with cursor.copy(f"COPY {table.name} ({', '.join(COLUMNS[table])}) FROM STDIN") as copy:
                    for row in some:
                        copy.write_row(row)
            for table in (runs, metric_series):
                if rows[table]:
                    last = rows[table][-1][0]
                    cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last})")
            driver.commit()

        yield write
        driver.rollback()
        driver.autocommit = True
        driver.execute("INSERT INTO run_trigrams (run_id) SELECT id FROM runs ON CONFLICT DO NOTHING")  # no trigger did
        for table in FILLED:
            driver.execute(f"VACUUM ANALYZE {table.name}")  # as the database does by itself, later
        connection.invalidate()


def home(gate: Gate, name: str) -> dict[str, str]:
    """The experiment of this name, which is created if it does not exist."""
    try:
        return gate.perform(GetExperimentByName(experiment_name=name))["experiment"]
    except DoesNotExist:
        gate.perform(CreateExperiment(name=name))
        return gate.perform(GetExperimentByName(experiment_name=name))["experiment"]


def seed(
    gate: Gate,
    count: int,
    *,
    experiments: int,
    shape: dict[str, int],
    report: Callable[[int], None] = lambda done: None,
) -> None:
    """Add `count` runs, in turn to each of the experiments ``seeded-0``, ``seeded-1`` …

    Parameters
    ----------
    shape: Numbers of ``params``, ``metrics``, ``tags`` and ``points`` of each metric, as `seeded_run` takes them.
    report: Called with the number of runs written, after each piece.
    """
    homes = [home(gate, f"seeded-{number}") for number in range(experiments)]
    with gate.engines.reading.connect() as connection:
        last_run = connection.scalar(sa.select(sa.func.max(runs.c.id))) or 0
        next_series = (connection.scalar(sa.select(sa.func.max(metric_series.c.id))) or 0) + 1
        before = connection.scalar(
            sa.select(sa.func.count()).where(runs.c.experiment_id.in_([int(one["experiment_id"]) for one in homes]))
        )
    with writing_fast(gate, without_indexes=count > last_run) as write:
        rows: Rows = {table: [] for table in FILLED}
        for done in range(1, count + 1):
            index = before + done - 1
            next_series = rows_of(index, last_run + done, next_series, homes[index % experiments], shape, rows)
            if done == count or len(rows[runs]) >= RUNS_A_PIECE or len(rows[metric_points]) >= POINTS_A_PIECE:
                write(rows)
                rows = {table: [] for table in FILLED}
                report(done)


def main() -> int:
    """Fill the store, saying how far it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", required=True, help="sqlite:///file.db or postgresql://user@host/name")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--experiments", type=int, default=1, help="experiments that take turns")
    parser.add_argument(
        "--params", type=int, default=20, help="of each run; with more than ten, p10 is the run's number"
    )
    parser.add_argument("--metrics", type=int, default=20, help="of each run")
    parser.add_argument("--tags", type=int, default=8, help="of each run, with the three that the SDK sends")
    parser.add_argument("--points", type=int, default=1, help="of each metric")
    options = parser.parse_args()
    gate = Gate.open(options.store)
    began = time.perf_counter()

    def report(done: int) -> None:
        print(f"{done:,} of {options.runs:,} runs after {time.perf_counter() - began:.0f} s", file=sys.stderr)

    shape = {name: getattr(options, name) for name in ("params", "metrics", "tags", "points")}
    try:
        seed(gate, options.runs, experiments=options.experiments, shape=shape, report=report)
    finally:
        gate.close()
    print(
        f"{options.store}: {options.runs:,} runs more, {time.perf_counter() - began:.0f} s, {time.process_time():.0f} s CPU"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
