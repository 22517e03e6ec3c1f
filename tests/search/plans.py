"""What statements are executed, and how the databases perform them."""

import contextlib
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa


@contextlib.contextmanager
def listening(connection: sa.Connection) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are executed, with their values."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_others: Any) -> None:
        statements.append((statement, values))

    sa.event.listen(connection, "before_cursor_execute", note)
    yield statements
    sa.event.remove(connection, "before_cursor_execute", note)


def plan_of(connection: sa.Connection, statement: str, values: Any) -> list[str]:
    """The lines of a plan."""
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    return [row[-1] for row in connection.exec_driver_sql(f"{explain} {statement}", values)]


def read_by(connection: sa.Connection, statement: str, values: Any) -> Iterator[Any]:
    """The steps of SQLite's plan, or the rows that each scan of PostgreSQL's has read."""
    if connection.dialect.name == "sqlite":
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
            yield row.detail
        return
    for node in nodes_of(connection, statement, values):
        if "Scan" in node["Node Type"]:
            yield (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]


def nodes_of(connection: sa.Connection, statement: str, values: Any) -> Iterator[dict[str, Any]]:
    """The nodes of PostgreSQL's plan, with what they did."""
    [plan] = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values).scalar_one()
    nodes = [plan["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        yield node
