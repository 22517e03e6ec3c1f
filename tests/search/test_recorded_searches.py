"""Searches recorded against real MLflow: taken or refused alike, and answered with the same runs in the same order."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from runyard.exceptions import RunyardException
from runyard.gate.gate import Gate
from runyard.protocol.message import OPERATIONS, AnyMessage
from runyard.tracking.runs.tables import runs
from tests.support.checked_gate import CheckedGate
from tests.support.recordings import Exchange, load

DIFFERENT = {
    ("probe-4-search-runs", 147): "a key named twice is the caller's mistake: 400, not 500",
    ("probe-4-search-runs", 171): "a view that does not exist is refused",
    ("probe-4-search-runs", 178): "integers are taken as experiment ids",
    **{
        ("probe-4-search-runs", number): "part of our language, not of MLflow's"
        for number in (23, 25, 34, 43, 47, 51, 66, 73, 89, 91, 113, 114, 120, 123)
    },
    **{
        ("probe-5-search-experiments-and-registry", number): "part of our language, not of MLflow's"
        for number in (12, 24, 38)
    },
    ("probe-5-search-experiments-and-registry", 36): "LIKE may be in lower case everywhere",
    ("probe-5-search-experiments-and-registry", 37): "LIKE may be in lower case everywhere",
}
"""Where we answer otherwise on purpose."""

RELEVANT = ("/api/2.0/mlflow/experiments/", "/api/2.0/mlflow/runs/")


@pytest.fixture
def gate(new_store: str, tmp_path: Path) -> Iterator[Gate]:
    """A gate of one recording alone: ids are made to be the recorded ones."""
    opened = CheckedGate.open(new_store, artifact_root=str(tmp_path / "artifacts"))
    yield opened
    opened.close()


def message_of(exchange: Exchange) -> AnyMessage | None:
    """The message a recorded request stands for; None when it is about something else."""
    kinds = {route: kind for kind in OPERATIONS.values() for route in kind.operation.routes()}
    kind = kinds.get((exchange.method, exchange.path))
    relevant = exchange.path.startswith(RELEVANT) and isinstance(exchange.request, dict)
    return kind.from_wire(exchange.request) if kind and relevant else None


def outcome(gate: Gate, exchange: Exchange) -> tuple[int, Any] | None:
    """Status and answer of ours to a recorded request."""
    try:
        message = message_of(exchange)
        return None if message is None else (200, gate.perform(message))
    except RunyardException as error:
        return error.http_status, {"error_code": error.error_code}


def count_from(gate: Gate, experiment_id: int) -> None:
    """Make the next experiment's id the recorded one: the recorded server had made others before."""
    sqlite = gate.engines.dialect == "sqlite"
    counter = (
        "UPDATE sqlite_sequence SET seq = :number - 1 WHERE name = 'experiments'"
        if sqlite
        else "SELECT setval(pg_get_serial_sequence('experiments', 'experiment_id'), :number, false)"
    )
    with gate.engines.writing.begin() as connection:
        connection.execute(sa.text(counter), {"number": experiment_id})


def take_recorded_id(gate: Gate, recorded: dict[str, Any], own: dict[str, Any]) -> None:
    """Give a run just made the id it had in the recording: later requests name it, and ties go by it."""
    changed = sa.update(runs).where(runs.c.run_uuid == own["run_id"])
    with gate.engines.writing.begin() as connection:
        connection.execute(changed.values(run_uuid=recorded["run_id"], artifact_uri=recorded["artifact_uri"]))


def found(answer: dict[str, Any]) -> list[str]:
    """Ids of the runs an answer holds, or names of the experiments that both servers have."""
    names = [experiment["name"] for experiment in answer.get("experiments", [])]
    return [run["info"]["run_id"] for run in answer.get("runs", [])] + [
        name for name in names if name.startswith("x17")
    ]


@pytest.mark.parametrize("recording", ["probe-4-search-runs", "probe-5-search-experiments-and-registry"])
def test_searches_are_answered_as_recorded(gate: Gate, recording: str) -> None:
    """Status, error code, runs and their order, apart from the differences listed above."""
    asked, differences = 0, []
    for exchange in load(recording):
        if exchange.path.endswith("experiments/create") and exchange.status == 200:
            count_from(gate, int(exchange.answer["experiment_id"]))
        own = outcome(gate, exchange)
        if own is None:
            continue
        status, answer = own
        if exchange.path.endswith("runs/create") and exchange.status == 200:
            assert status == 200, f"{exchange} was refused: {answer}"
            take_recorded_id(gate, exchange.answer["run"]["info"], answer["run"]["info"])
        if "search" not in exchange.path or (recording, exchange.seq) in DIFFERENT:
            continue
        asked += 1
        recorded = exchange.answer if exchange.status == 200 else {"error_code": exchange.answer["error_code"]}
        if (status, found(answer)) != (exchange.status, found(recorded)) or (
            answer.get("error_code") != recorded.get("error_code")
            or ("next_page_token" in answer) != ("next_page_token" in recorded)
        ):
            differences.append(f"{exchange}\n   {status} {json.dumps(answer)[:300]}")
    assert asked > 40
    assert not differences, "\n".join(differences)
