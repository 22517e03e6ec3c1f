"""What real MLflow clients said to a real MLflow server is said to ours, and the answers are compared."""

import json
from collections.abc import Callable

import pytest

from tests.support.recordings import Exchange, Replay, comparable, leaves, load
from tests.support.server import RunningServer

LATER = ("/registered-models", "/model-versions", "/logged-models", "/runs/outputs", "/mpu/", "/presigned")
"""Parts of the protocol that this server does not have yet."""

RECORDINGS = (
    "client-2.22.5-a-tracking",
    "client-2.22.5-d-projects",
    "client-2.22.5-f-errors",
    "client-3.17.2-a-tracking",
    "client-3.17.2-d-projects",
    "client-3.17.2-f-errors",
    "probe-1-experiments",
    "probe-2-runs-params-metrics-tags",
    "probe-3-batch-inputs-artifacts",
    "probe-4-search-runs",
    "probe-5-search-experiments-and-registry",
)


def difference(exchange: Exchange, replay: Replay) -> str | None:
    """What our server answered differently, or None."""
    status, content_type, body = replay.send(exchange)
    own = json.loads(body) if content_type and content_type.startswith("application/json") and body else None
    if status != exchange.status:
        return f"status {status} instead of {exchange.status}: {body[:300]!r}"
    if status >= 400:
        recorded_code = exchange.answer.get("error_code") if isinstance(exchange.answer, dict) else None
        if recorded_code and (own or {}).get("error_code") != recorded_code:
            return f"error {(own or {}).get('error_code')} instead of {recorded_code}"
        return None
    if not isinstance(exchange.answer, dict) or exchange.answer_type != "application/json":
        return None
    replay.learn(exchange.answer, own)
    expected, found = replay.expected(exchange.answer), comparable(own)
    return "\n   ".join(list(leaves(expected, found))[:6]) or None


@pytest.mark.parametrize("recording", RECORDINGS)
def test_recorded_exchanges_are_answered_alike(recording: str, start_server: Callable[..., RunningServer]) -> None:
    """Status, error code and JSON, apart from the deliberate differences listed below."""
    server = start_server()
    replay = Replay(server.url, server.folder / "runyard.db")
    differences = []
    for exchange in load(recording):
        if any(part in exchange.endpoint for part in LATER):
            continue
        found = difference(exchange, replay)
        if found:
            differences.append(f"{exchange}\n   {found}")

    assert not differences, f"{len(differences)} differences\n" + "\n".join(differences)
