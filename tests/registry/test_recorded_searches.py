"""Searches of the registry recorded against real MLflow, asked of ours on both databases."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from runyard.exceptions import RunyardException
from runyard.gate.gate import Gate
from runyard.protocol.message import OPERATIONS, AnyMessage
from tests.support.recordings import Exchange, load

DIFFERENT = {
    **dict.fromkeys((45, 47, 49, 52, 91), "a key named twice or a page of no size is the caller's mistake: 400"),
    **dict.fromkeys((30, 35, 65, 79, 84), "part of our language, not of MLflow's"),
    **dict.fromkeys((25, 76), "IS NULL works for tags of the registry, too"),
    44: "attribute.name is a name in order_by as in a filter",
}
"""Where we answer otherwise on purpose: numbers of the exchanges in probe-6."""

RECORDING = "probe-6-search-registry"
PREFIX = "/api/2.0/mlflow/"
RELEVANT = (f"{PREFIX}registered-models/", f"{PREFIX}model-versions/")
LISTS = ("order_by", "stages")


def message_of(exchange: Exchange) -> AnyMessage | None:
    """The message a recorded request stands for; None when it is about something else."""
    path = urlsplit(exchange.path)
    kinds = {route: kind for kind in OPERATIONS.values() for route in kind.operation.routes()}
    kind = kinds.get((exchange.method, path.path))
    if kind is None or not path.path.startswith(RELEVANT):
        return None
    query = parse_qs(path.query, keep_blank_values=True)
    fields: Any = {key: values if key in LISTS else values[-1] for key, values in query.items()}
    if "max_results" in fields:
        fields["max_results"] = int(fields["max_results"])
    return kind.from_wire(exchange.request if isinstance(exchange.request, dict) else fields)


def outcome(gate: Gate, message: AnyMessage) -> tuple[int, Any]:
    """Status and answer of ours; of an error its code."""
    try:
        return 200, gate.perform(message)
    except RunyardException as error:
        return error.http_status, {"error_code": error.error_code}


def found(answer: dict[str, Any], known: set[str]) -> list[tuple[str, str]]:
    """Names and versions an answer holds, those of models both servers have."""
    entries = [*answer.get("registered_models", []), *answer.get("model_versions", [])]
    return [(entry["name"], entry.get("version", "")) for entry in entries if entry["name"] in known]


def differs(exchange: Exchange, status: int, answer: dict[str, Any], known: set[str]) -> bool:
    """Is our answer another one than the recorded one?"""
    if status != exchange.status or status >= 400:
        return (status, answer.get("error_code")) != (exchange.status, exchange.answer.get("error_code"))
    # The recorded server had other models besides: pages of a search without a filter are cut elsewhere.
    if "filter" not in exchange.path and "max_results" in exchange.path:
        return False
    return found(answer, known) != found(exchange.answer, known)


def test_searches_are_answered_as_recorded(gate: Gate) -> None:
    """Status, error code, models and versions in their order, apart from the differences listed above."""
    asked, known, differences = 0, set[str](), []
    for exchange in load(RECORDING):
        try:
            message = message_of(exchange)
        except RunyardException as error:
            status, answer = error.http_status, {"error_code": error.error_code}
        else:
            if message is None:
                continue
            status, answer = outcome(gate, message)
        if exchange.path.endswith("registered-models/create") and status == 200:
            known.add(answer["registered_model"]["name"])  # type: ignore[index]
        if exchange.seq in DIFFERENT or exchange.method != "GET":
            continue
        asked += 1
        if differs(exchange, status, answer, known):
            differences.append(f"{exchange}\n   {status} {found(answer, known)} {answer.get('error_code')}")
    assert asked > 70
    assert not differences, "\n".join(differences)
