"""The hot path: bodies of the busiest messages are decoded in one pass, and mean what they mean on the other way."""

import json
import math
from collections.abc import Callable
from typing import Any, get_args

import pytest

from runyard.core.wire import is_declared, wire_fields
from runyard.exceptions import RunyardException
from runyard.protocol.codec import decode_body, fast_decoder
from runyard.protocol.message import OPERATIONS, AnyMessage
from runyard.tracking.metrics.messages import LogMetric
from runyard.tracking.runs.messages import LogBatch

POINT = {"key": "loss", "value": 0.5, "timestamp": 1_700_000_000_000, "step": 3}
MEASURED = {"model_id": "m-1", "dataset_name": "iris", "dataset_digest": "abc", "run_id": "r"}
BODIES: dict[str, dict[str, Any]] = {
    "log_metric": {"run_uuid": "r", **POINT, **MEASURED},
    "log_batch": {
        "run_id": "r",
        "metrics": [POINT, {**POINT, **MEASURED}, {**POINT, "value": "NaN"}, {**POINT, "value": 2}],
        "params": [{"key": "rate", "value": "0.1"}],
        "tags": [{"key": "team", "value": "red"}],
    },
    "create_run": {
        "experiment_id": "1",
        "user_id": "ada",
        "run_name": "first",
        "start_time": 1_700_000_000_000,
        "tags": [{"key": "mlflow.user", "value": "ada"}, {"key": "empty", "value": ""}, {"key": "none"}],
    },
    "update_run": {"run_id": "r", "run_uuid": "r", "status": "FINISHED", "end_time": 3, "run_name": "last"},
    "set_tag": {"run_id": "r", "run_uuid": "r", "key": "team", "value": "red"},
    "log_param": {"run_id": "r", "run_uuid": "r", "key": "rate", "value": "0.1"},
}
"""What clients of MLflow 2 and 3 send, every field that they know."""


def hot_decoder(kind: Any) -> Callable[[bytes], AnyMessage]:
    """The one-pass decoder of a message, which must have one."""
    decode = fast_decoder(kind)
    assert decode is not None
    return decode


def test_the_busiest_operations_are_hot() -> None:
    """Renaming or moving one cannot quietly make it slow."""
    assert {name for name, kind in OPERATIONS.items() if kind.hot} == set(BODIES)
    assert LogMetric.hot
    assert LogBatch.hot


@pytest.mark.parametrize("name", BODIES)
def test_what_clients_send_is_decoded_in_one_pass(name: str) -> None:
    """And reads as the lenient way reads it."""
    kind, body = OPERATIONS[name], BODIES[name]
    message = hot_decoder(kind)(json.dumps(body).encode())

    assert plain(kind.from_wire(body), kind) == plain(message, kind)


ODD: list[tuple[str, dict[str, Any]]] = [
    ("create_run", {"experiment_id": 1, "start_time": "3"}),
    ("create_run", {"experimentId": "1", "runName": "camel"}),
    ("create_run", {"experiment_id": "1", "tags": [{"key": "", "value": "x"}]}),
    ("create_run", {"experiment_id": "1", "tags": [{"value": "x"}], "start_time": None}),
    ("create_run", {"experiment_id": "1", "run_name": "NUL \0"}),
    ("update_run", {"run_id": "r", "status": 3}),
    ("update_run", {"run_id": "r", "status": "3", "end_time": None}),
    ("update_run", {"run_id": "r", "status": "DONE"}),
    ("update_run", {"run_id": "\0", "status": "FAILED"}),
    ("set_tag", {"run_id": "r", "key": ""}),
    ("set_tag", {"run_id": "\ud800", "key": "a", "value": None}),
    ("log_param", {"run_id": "r", "key": "a", "value": 3}),
    ("log_metric", {**POINT, "run_id": "\0"}),
]
"""What old clients send, and what is wrong."""


@pytest.mark.parametrize(("name", "body"), ODD)
def test_the_one_pass_takes_and_refuses_what_the_lenient_way_does(name: str, body: dict[str, Any]) -> None:
    """With the same values or the same error."""
    kind = OPERATIONS[name]

    def outcome(decode: Callable[[], AnyMessage]) -> Any:
        try:
            return plain(decode(), kind)
        except RunyardException as error:
            return error.to_wire()

    assert outcome(lambda: kind.from_wire(body)) == outcome(lambda: decode_body(kind, json.dumps(body).encode()))


def plain(value: Any, kind: Any) -> Any:
    """Objects as the values of their declared fields, whatever their class."""
    if isinstance(value, list):
        return [plain(one, kind) for one in value]
    if not is_declared(kind):
        return repr(value)
    inner = {field.name: (get_args(field.kind) or [field.kind])[0] for field in wire_fields(kind)}
    return {name: plain(getattr(value, name), one) for name, one in inner.items()}


def test_texts_that_spell_doubles_are_doubles() -> None:
    """Infinities have no other form in JSON."""
    body = json.dumps({"run_id": "r", "metrics": [{**POINT, "value": "-Infinity"}]})
    batch: Any = decode_body(LogBatch, body.encode())

    assert [-math.inf] == [metric.value for metric in batch.metrics]


@pytest.mark.parametrize("extra", [{"modelId": "m-1"}, {"datasetName": "iris"}])
def test_other_spellings_are_not_passed_over(extra: dict[str, str]) -> None:
    """The one pass leaves them to the lenient way, which takes them."""
    message: Any = decode_body(LogMetric, json.dumps({"run_id": "r", **POINT, **extra}).encode())

    assert (message.model_id, message.dataset_name) == (extra.get("modelId"), extra.get("datasetName"))
