"""Metrics, params, tags and inputs."""

import math
from decimal import Decimal
from fractions import Fraction
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from runyard.entities import Metric
from runyard.exceptions import DoesNotExist, InvalidParameter
from runyard.fluent.configure import enable_async_logging


def test_logging_starts_a_run_when_there_is_none(mlflow: ModuleType) -> None:
    """A notebook's first line may be log_param."""
    mlflow.log_param("lr", 0.1)

    run = mlflow.get_run(mlflow.active_run().info.run_id)
    assert run.data.params == {"lr": "0.1"}


def test_metrics_params_and_tags_are_read_back(mlflow: ModuleType) -> None:
    """All forms of logging, one run."""
    with mlflow.start_run() as run:
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metric("loss", 0.25, step=2)
        mlflow.log_metrics({"a": 1, "b": True}, step=3)
        assert mlflow.log_param("optimizer", {"name": "adam"}) == {"name": "adam"}
        mlflow.log_params({"depth": 3, "none": None})
        mlflow.set_tag("stage", 1)
        mlflow.set_tags({"x": 2.5, "y": "z"})
        mlflow.set_tag("gone", "soon")
        mlflow.delete_tag("gone")

    data = mlflow.get_run(run.info.run_id).data
    assert data.metrics == {"loss": 0.25, "a": 1.0, "b": 1.0}
    assert data.params == {"optimizer": "{'name': 'adam'}", "depth": "3", "none": "None"}
    assert {"stage": "1", "x": "2.5", "y": "z"}.items() <= data.tags.items()
    assert "gone" not in data.tags
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert [(1, 0.5), (2, 0.25)] == [(point.step, point.value) for point in history]


class Eager:
    """A tensor of a library that gives arrays of numpy, and no numbers itself."""

    def numpy(self) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """Its one value."""
        return np.array([1.5])


@pytest.mark.parametrize(
    "value",
    [
        np.float32(1.5),
        np.array(1.5),
        np.array([1.5]),
        np.array([[[1.5]]], dtype=np.float16),
        pd.Series([1.5], index=[7]),
        Decimal("1.5"),
        Fraction(3, 2),
        Eager(),
        "1.5",
        1.5,
    ],
)
def test_numbers_of_other_libraries_are_numbers(mlflow: ModuleType, value: object) -> None:
    """Scalars, arrays of one value, tensors and numbers as text; metrics come as all of these."""
    with mlflow.start_run() as run:
        mlflow.log_metric("m", value)
        mlflow.log_metrics({"n": value})
        mlflow.MlflowClient().log_metric(run.info.run_id, "o", value)
        mlflow.MlflowClient().log_batch(run.info.run_id, [Metric("p", value, 1, 0)])  # type: ignore[arg-type]

    assert mlflow.get_run(run.info.run_id).data.metrics == dict.fromkeys("mnop", 1.5)


@pytest.mark.parametrize("three", [np.int8(3), np.array([3]), np.array([[3.0]]), Decimal(3), pd.Series([3])])
def test_steps_and_times_of_other_libraries_are_whole_numbers(mlflow: ModuleType, three: object) -> None:
    """Counters are arrays as often as values are."""
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1, three, timestamp=three)
        mlflow.log_metrics({"n": 1}, three, timestamp=three)
        mlflow.log_metric("true", np.array([True]))

    client = mlflow.MlflowClient()
    points = [client.get_metric_history(run.info.run_id, key)[0] for key in "mn"]
    assert [(3, 3)] * 2 == [(point.step, point.timestamp) for point in points]
    assert 1.0 == client.get_run(run.info.run_id).data.metrics["true"]


@pytest.mark.parametrize(
    "step", [np.array([1, 2]), np.array([]), 1.5, math.nan, "x", np.datetime64("2026-01-01", "ns")]
)
def test_a_step_that_is_not_a_whole_number_is_refused(mlflow: ModuleType, step: object) -> None:
    """Never cut to one, and never the library's own error."""
    with mlflow.start_run():
        with pytest.raises(InvalidParameter, match="Invalid step"):
            mlflow.log_metric("m", 1, step)
        with pytest.raises(InvalidParameter, match="Invalid step"):
            mlflow.log_metrics({"m": 1}, step)


@pytest.mark.parametrize(
    "value", ["abc", None, [1, 2], np.array([1, 2]), np.array([]), 1j, b"1", np.datetime64("2026-01-01", "ns")]
)
def test_what_is_not_a_number_is_refused_by_the_call(mlflow: ModuleType, value: object) -> None:
    """The traceback points at the line that logs it."""
    with mlflow.start_run():
        with pytest.raises(InvalidParameter, match="'m'"):
            mlflow.log_metric("m", value)
        with pytest.raises(InvalidParameter, match="'m'"):
            mlflow.log_metrics({"m": value})


def test_nan_is_kept(mlflow: ModuleType) -> None:
    """A diverged loss is a result."""
    with mlflow.start_run() as run:
        mlflow.log_metric("m", math.nan)

    assert math.isnan(mlflow.get_run(run.info.run_id).data.metrics["m"])


def test_a_param_does_not_change(mlflow: ModuleType) -> None:
    """The same value again is fine; the message for another names both."""
    with mlflow.start_run():
        mlflow.log_param("lr", 1)
        mlflow.log_param("lr", 1)
        with pytest.raises(InvalidParameter, match="lr"):
            mlflow.log_param("lr", 2)


def test_more_than_a_batch_of_params_and_metrics_fits_one_call(mlflow: ModuleType) -> None:
    """The protocol's batches are limited, calls are not."""
    with mlflow.start_run() as run:
        mlflow.log_params({f"p{number}": number for number in range(250)})
        mlflow.log_metrics({f"m{number}": number for number in range(1200)})

    data = mlflow.get_run(run.info.run_id).data
    assert (len(data.params), len(data.metrics)) == (250, 1200)


def test_a_run_can_be_named_instead_of_the_active_one(mlflow: ModuleType) -> None:
    """Nothing becomes active by that."""
    with mlflow.start_run() as run:
        pass
    mlflow.log_metric("late", 1.0, run_id=run.info.run_id)
    mlflow.log_metrics({"later": 2.0}, run_id=run.info.run_id)
    mlflow.log_params({"p": 3}, run_id=run.info.run_id)

    assert mlflow.active_run() is None
    mlflow.flush_async_logging()
    data = mlflow.get_run(run.info.run_id).data
    assert (data.metrics, data.params) == ({"late": 1.0, "later": 2.0}, {"p": "3"})


def test_removing_a_tag_that_is_not_there_fails(mlflow: ModuleType) -> None:
    """As MLflow."""
    with mlflow.start_run(), pytest.raises(DoesNotExist, match="nope"):
        mlflow.delete_tag("nope")


@pytest.mark.parametrize("call", ["log_metric", "log_param", "set_tag"])
def test_a_call_that_does_not_wait_returns_something_to_wait_for(mlflow: ModuleType, call: str) -> None:
    """Code written for MLflow's asynchronous mode calls .wait()."""
    with mlflow.start_run() as run:
        getattr(mlflow, call)("k", 1, synchronous=False).wait()

    data = mlflow.get_run(run.info.run_id).data
    assert "k" in {**data.metrics, **data.params, **data.tags}


def test_asynchronous_logging_can_be_switched_on_for_all_calls(mlflow: ModuleType) -> None:
    """Everything is there after a flush."""
    enable_async_logging()
    try:
        with mlflow.start_run() as run:
            mlflow.log_param("p", 1)
            mlflow.flush_async_logging()
            assert mlflow.get_run(run.info.run_id).data.params == {"p": "1"}
    finally:
        enable_async_logging(False)


def test_a_dataset_is_noted_with_its_use(mlflow: ModuleType) -> None:
    """The context is a tag of the input."""
    table = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), source="x.csv", name="points")
    with mlflow.start_run() as run:
        mlflow.log_input(table, context="train", tags={"split": "a"})
        mlflow.log_metric("m", 1.0, dataset=table)

    (used,) = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("points", table.digest)
    assert {tag.key: tag.value for tag in used.tags} == {"mlflow.data.context": "train", "split": "a"}


def test_several_datasets_are_noted_at_once(mlflow: ModuleType) -> None:
    """Each with its context; a missing context is refused."""
    tables = [mlflow.data.from_numpy(np.array([number]), name=f"d{number}") for number in range(2)]
    with mlflow.start_run() as run:
        mlflow.log_inputs(tables, contexts=["train", "eval"], tags_list=[None, {"a": "b"}])
        with pytest.raises(InvalidParameter, match="'contexts' has 1 entries for 2 datasets"):
            mlflow.log_inputs(tables, contexts=["train"])

    assert {"d0", "d1"} == {used.dataset.name for used in mlflow.get_run(run.info.run_id).inputs.dataset_inputs}


def test_a_dataset_of_a_found_run_can_be_measured_on_and_logged(mlflow: ModuleType) -> None:
    """A later run is compared on the data of an earlier one, which it has only as the store shows it."""
    data = mlflow.data.from_pandas(pd.DataFrame({"x": [1]}), name="held out")
    with mlflow.start_run() as first:
        mlflow.log_input(data)
    found = mlflow.get_run(first.info.run_id).inputs.dataset_inputs[0].dataset

    with mlflow.start_run() as second:
        mlflow.log_metric("m", 1.0, dataset=found)
        mlflow.log_metrics({"n": 2.0}, dataset=found)
    with mlflow.start_run() as third:
        mlflow.log_input(found, context="testing")
        mlflow.log_inputs([found], ["testing"], [{"a": "b"}])

    for run in (second, third):
        (used,) = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
        assert ("held out", found.digest) == (used.dataset.name, used.dataset.digest)
