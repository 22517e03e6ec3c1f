"""Finding logged models: filters, datasets, orders and pages."""

import base64
import json
from typing import Any

import pytest

from runyard.core.entity import Tag
from runyard.exceptions import InvalidParameter
from runyard.gate.gate import Gate
from runyard.tracking.logged_models.messages import (
    CreateLoggedModel,
    DatasetFilter,
    DeleteLoggedModel,
    FinalizeLoggedModel,
    ModelOrder,
    SearchLoggedModels,
)
from runyard.tracking.metrics.messages import LogMetric
from runyard.tracking.runs.entities import Param
from tests.factories import NOW, a_run, an_experiment
from tests.support.clock import wait_for_the_clock


@pytest.fixture(scope="module")
def experiment(gate: Gate) -> str:
    """An experiment with the models alpha, Beta, gamma and a deleted one."""
    experiment_id = an_experiment(gate)
    run_id = a_run(gate, experiment_id)
    for number, name in enumerate(("alpha", "Beta", "gamma", "gone")):
        message = CreateLoggedModel(
            experiment_id=experiment_id,
            name=name,
            model_type="forest" if number else "tree",
            source_run_id=run_id if number == 1 else "",
            params=[Param(key="depth", value=str(number))],
            tags=[Tag(key="team", value="red")] if number < 2 else [],
        )
        model_id = gate.perform(message)["model"]["info"]["model_id"]
        wait_for_the_clock()
        if number == 1:
            gate.perform(FinalizeLoggedModel(model_id=model_id, status="LOGGED_MODEL_READY"))
        if number < 2:
            for step, dataset in ((0, "train"), (1, "test")):
                point = LogMetric(
                    run_id=run_id,
                    key="f1",
                    value=0.5 + number / 10 + step / 100,
                    timestamp=NOW + step,
                    step=step,
                    model_id=model_id,
                    dataset_name=dataset,
                    dataset_digest="d",
                )
                gate.perform(point)
        if name == "gone":
            gate.perform(DeleteLoggedModel(model_id=model_id))
    return experiment_id


def names(gate: Gate, experiment_id: str, **fields: Any) -> list[str]:
    """Names of the models a search finds."""
    answer = gate.perform(SearchLoggedModels(experiment_ids=[experiment_id], **fields))
    return [model["info"]["name"] for model in answer.get("models", [])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ["gamma", "Beta", "alpha"]),
        ("name = 'alpha'", ["alpha"]),
        ("attributes.name != 'alpha'", ["gamma", "Beta"]),
        ("name LIKE 'b%'", []),
        ("name ILIKE 'b%'", ["Beta"]),
        ("name IN ('alpha', 'gamma', 'x')", ["gamma", "alpha"]),
        ("name NOT IN ('alpha')", ["gamma", "Beta"]),
        ("model_type = tree", ["alpha"]),
        ("status = 2", ["Beta"]),
        ("status = '2'", ["Beta"]),
        ("status = 'READY'", ["Beta"]),
        ("status != 'LOGGED_MODEL_READY'", ["gamma", "alpha"]),
        ("creation_time > 1 AND creation_timestamp_ms > 1", ["gamma", "Beta", "alpha"]),
        ("last_updated_timestamp < 5", []),
        ("params.depth = '2'", ["gamma"]),
        ("params.depth = 2", ["gamma"]),
        ("params.depth != '2'", ["Beta", "alpha"]),
        ("tags.team = 'red'", ["Beta", "alpha"]),
        ("tags.team != 'blue'", ["Beta", "alpha"]),
        ("metrics.f1 > 0.55", ["Beta"]),
        ("metrics.f1 = 0.5", ["alpha"]),  # any logged point, not only the latest
        ("metrics.f1 > 0.1 AND params.depth = '0'", ["alpha"]),
        ("metrics.none > 0", []),
        ("metrics.none IS NULL AND metrics.f1 IS NOT NULL", ["Beta", "alpha"]),
        ("metrics.f1 BETWEEN 0.6 AND 0.7", ["Beta"]),
        ("name = 'alpha' OR model_type = forest", ["gamma", "Beta", "alpha"]),
        ("NOT (status = READY OR tags.team = red)", ["gamma"]),
        ("tags.team IS NULL", ["gamma"]),
        ("params.depth > 0", ["gamma", "Beta"]),
        ("params.depth ~ '[12]'", ["gamma", "Beta"]),
        ("name NOT LIKE '%a'", []),
        ("creation_timestamp > now() - 1h", ["gamma", "Beta", "alpha"]),
        ("creation_timestamp = '2020-01-01'", []),
        ("BET", ["Beta"]),
        ("red AND NOT alpha", ["Beta"]),
    ],
)
def test_filters(gate: Gate, experiment: str, text: str | None, expected: list[str]) -> None:
    """The newest first, deleted ones never."""
    assert expected == names(gate, experiment, filter=text)


@pytest.mark.parametrize(
    "text",
    [
        "foo = 'x'",
        "param.depth = '1'",
        "attribute.name = 'x'",
        "params.depth > '1'",
        "metrics.f1 LIKE 'x'",
        "status LIKE '2'",
        "name =",
    ],
)
def test_mistaken_filters_are_refused(gate: Gate, experiment: str, text: str) -> None:
    """With an error that points at them, never with a wrong answer."""
    with pytest.raises(InvalidParameter):
        names(gate, experiment, filter=text)


def test_datasets_narrow_what_metrics_count(gate: Gate, experiment: str) -> None:
    """A model is found by what was measured on those datasets."""
    test, train = (DatasetFilter(dataset_name=name, dataset_digest="d") for name in ("test", "train"))

    assert ["Beta"] == names(gate, experiment, datasets=[test], filter="metrics.f1 > 0.6")
    assert [] == names(gate, experiment, datasets=[train], filter="metrics.f1 > 0.6")
    assert ["Beta", "alpha"] == names(gate, experiment, datasets=[train, test])
    assert ["Beta", "alpha"] == names(gate, experiment, datasets=[DatasetFilter(dataset_name="test")])  # any digest
    assert [] == names(gate, experiment, datasets=[DatasetFilter(dataset_name="test", dataset_digest="")])


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (ModelOrder(field_name="name"), ["Beta", "alpha", "gamma"]),
        (ModelOrder(field_name="name", ascending=False), ["gamma", "alpha", "Beta"]),
        (ModelOrder(field_name="creation_time"), ["alpha", "Beta", "gamma"]),
        (ModelOrder(field_name="status", ascending=False), ["Beta", "gamma", "alpha"]),
        (ModelOrder(field_name="metrics.f1"), ["alpha", "Beta", "gamma"]),
        (ModelOrder(field_name="metrics.f1", ascending=False), ["Beta", "alpha", "gamma"]),
        (ModelOrder(field_name="metrics.f1", dataset_name="train", dataset_digest="d"), ["alpha", "Beta", "gamma"]),
        (ModelOrder(field_name="metrics.none"), ["gamma", "Beta", "alpha"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 50])
def test_orders_hold_across_pages(
    gate: Gate, experiment: str, order: ModelOrder, expected: list[str], size: int
) -> None:
    """Models without the metric come last either way; pages of any size show the same."""
    found: list[str] = []
    token: str | None = None
    while True:
        message = SearchLoggedModels(experiment_ids=[experiment], order_by=[order], max_results=size, page_token=token)
        answer = gate.perform(message)
        found += [model["info"]["name"] for model in answer.get("models", [])]
        token = answer.get("next_page_token")
        if not token:
            break

    assert expected == found


@pytest.mark.parametrize("field", ["bogus", "params.depth", "tags.team", "metrics.", "metrics.a;b", ""])
def test_unknown_orders_are_refused(gate: Gate, experiment: str, field: str) -> None:
    """Rather than ignored."""
    with pytest.raises(InvalidParameter):
        names(gate, experiment, order_by=[ModelOrder(field_name=field)])


def test_tokens_of_mlflow_are_taken_for_the_same_search_only(gate: Gate, experiment: str) -> None:
    """A client may have got its token from the server we replaced."""
    fields = {"experiment_ids": [experiment], "filter_string": None, "order_by": None, "offset": 1}
    token = base64.b64encode(json.dumps(fields).encode()).decode()

    assert ["Beta", "alpha"] == names(gate, experiment, page_token=token)
    with pytest.raises(InvalidParameter, match="another search"):
        names(gate, experiment, page_token=token, filter="name = 'x'")
    for junk in ("zz", base64.b64encode(b"{}").decode(), base64.b64encode(b'{"experiment_ids": 1}').decode()):
        with pytest.raises(InvalidParameter):
            names(gate, experiment, page_token=junk)


def test_limits(gate: Gate, experiment: str) -> None:
    """No experiments is a mistake; 0 results means the default, as MLflow has it."""
    assert 3 == len(names(gate, experiment, max_results=0))
    assert 3 == len(names(gate, experiment, max_results=100_000))
    with pytest.raises(InvalidParameter, match="max_results"):
        names(gate, experiment, max_results=-1)
    with pytest.raises(InvalidParameter, match="experiment_ids"):
        gate.perform(SearchLoggedModels(experiment_ids=[]))
