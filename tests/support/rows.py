"""Fills tables by a few statements, for tests that need more rows than operations write in a moment."""

import sqlalchemy as sa

from runyard.gate.gate import Gate

_NUMBERS = (
    "WITH RECURSIVE numbers(i) AS (SELECT CAST(:first AS bigint) UNION ALL SELECT i + 1 FROM numbers WHERE i < :last)"
)
_VALUE = "((start_time * 37 + i) % 101 / 100.0)"
_DOCUMENT = f"""'{{"key"\\:"m' || i || '","value"\\:' || {_VALUE} || ',"timestamp"\\:0,"step"\\:0}}'"""
_IDS = {"sqlite": "printf('%032x', i)", "postgresql": "lpad(to_hex(i), 32, '0')"}


def add_runs(gate: Gate, experiment_id: str, runs: int, metrics: int = 0, params: int = 0, *, first: int = 1) -> None:
    """Add runs to an experiment that has none; a higher number in the name is a later start.

    Each has metrics ``m1``, ``m2``, … of values from 0 to 1 and params ``p1``, ``p2``, …, all with the same value.
    The latest points and the params are in their tables; documents of runs are empty.

    Parameters
    ----------
    first: Number of the first run. Numbers are in the runs' ids, so that they must differ between experiments.
    """
    with gate.engines.writing.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO runs (run_uuid, experiment_id, name, user_id, status, start_time, lifecycle_stage,"
                f" artifact_uri, document) {_NUMBERS} SELECT {_IDS[gate.engines.dialect]}, :experiment, 'run ' || i,"
                " '', 'FINISHED', i, 'active', '', '' FROM numbers"
            ),
            {"first": first, "last": first + runs - 1, "experiment": int(experiment_id)},
        )
        given = {"experiment": int(experiment_id)}
        if metrics:
            connection.execute(
                sa.text(
                    "INSERT INTO metric_series (run_id, key, value, step, timestamp, document)"
                    f" {_NUMBERS} SELECT id, 'm' || i, {_VALUE}, 0, 0, {_DOCUMENT}"
                    " FROM runs, numbers WHERE experiment_id = :experiment"
                ),
                {"first": 1, "last": metrics, **given},
            )
        if params:
            connection.execute(
                sa.text(
                    f"INSERT INTO run_params (run_id, key, value) {_NUMBERS} SELECT id, 'p' || i, 'same'"
                    " FROM runs, numbers WHERE experiment_id = :experiment"
                ),
                {"first": 1, "last": params, **given},
            )
        if gate.engines.dialect == "postgresql":
            # All tables of the database, its own too, take a twentieth of a second.
            connection.execute(sa.text("ANALYZE experiments, runs, metric_series, run_params"))
