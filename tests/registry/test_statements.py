"""What reading the registry costs: a fixed number of SQL statements, however many models and versions there are."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.gate.gate import Gate
from runyard.protocol.message import AnyMessage
from runyard.registry.model_versions.messages import (
    DescribeModelVersion,
    DescribeModelVersions,
    GetModelVersion,
    GetModelVersionDownloadUri,
    SearchModelVersions,
)
from runyard.registry.registered_models.messages import (
    GetLatestVersions,
    GetModelVersionByAlias,
    GetRegisteredModel,
    SearchRegisteredModels,
)
from tests.registry.building import MODEL, a_model, a_version, move, point

pytestmark = pytest.mark.parametrize("cluster", ["sqlite"], indirect=True)
"""SQLite tells every statement it executes, also those that bypass SQLAlchemy's own execution."""


@pytest.fixture
def count(gate: Gate) -> Callable[[AnyMessage], int]:
    """Counts the statements that performing a message takes."""
    seen: list[str] = []

    def listen(connection: Any, *_: object) -> None:
        connection.set_trace_callback(seen.append)

    sa.event.listen(gate.engines.reading, "checkout", listen)

    def statements(message: AnyMessage) -> int:
        gate.perform(message)
        seen.clear()
        gate.perform(message)
        return sum(not text.startswith(("BEGIN", "COMMIT", "ROLLBACK")) for text in seen)

    return statements


def test_reading_costs_the_same_for_one_model_and_for_many(gate: Gate, count: Callable[[AnyMessage], int]) -> None:
    """Neither models, versions, tags nor aliases are asked for one by one."""
    a_model(gate, tags={"team": "red"})
    a_version(gate, tags={"t": "x"})
    point(gate, "champion", "1")
    messages = [
        GetRegisteredModel(name=MODEL),
        GetModelVersion(name=MODEL, version="1"),
        GetModelVersionByAlias(name=MODEL, alias="champion"),
        GetModelVersionDownloadUri(name=MODEL, version="1"),
        GetLatestVersions(name=MODEL),
        SearchRegisteredModels(),
        SearchRegisteredModels(filter="name LIKE '%' AND tags.team = 'red'", order_by=["timestamp DESC"]),
        SearchModelVersions(),
        SearchModelVersions(filter="name LIKE '%' AND tags.t LIKE 'x%' AND version_number > 0", order_by=["name"]),
        DescribeModelVersion(name=MODEL, version="1"),
        DescribeModelVersion(name=MODEL, alias="champion"),
        DescribeModelVersions(),
        DescribeModelVersions(filter="name LIKE '%' AND tags.t LIKE 'x%'", order_by=["name"]),
    ]
    for_one = [count(message) for message in messages]
    for number in range(20):
        a_model(gate, f"m{number}", {"team": "red", "b": "c"})
        for _ in range(3):
            a_version(gate, f"m{number}", tags={"t": "x", "u": "y"})
    for _ in range(5):
        a_version(gate, tags={"t": "x"})
    for version, stage in (("2", "Staging"), ("3", "Production")):
        move(gate, version, stage)
        point(gate, f"alias-{version}", version)

    assert for_one == [count(message) for message in messages]
    assert [7, 5, 6, 2, 5, 7, 7, 3, 3, 5, 6, 4, 4] == for_one
