"""System metrics: what is sampled, under which names."""

import time
from collections.abc import Iterator
from types import ModuleType

import pytest

from runyard import RunyardClient
from runyard.entities import Metric
from runyard.exceptions import InvalidParameter
from tests.support.clock import wait_until

NAMES = {
    "cpu_utilization_percentage",
    "disk_available_megabytes",
    "disk_usage_megabytes",
    "disk_usage_percentage",
    "system_memory_usage_megabytes",
    "system_memory_usage_percentage",
}


@pytest.fixture
def quick(mlflow: ModuleType) -> Iterator[ModuleType]:
    """A sample every few milliseconds."""
    mlflow.set_system_metrics_sampling_interval(0.05)
    yield mlflow
    mlflow.set_system_metrics_sampling_interval(None)
    mlflow.set_system_metrics_samples_before_logging(None)
    mlflow.set_system_metrics_node_id(None)
    mlflow.disable_system_metrics_logging()


def sampled(mlflow: ModuleType, quiet: bool = False, **options: object) -> dict[str, float]:
    """The metrics of a run that ends as soon as it was sampled, or after a moment."""
    with mlflow.start_run(**options) as run:
        wait_until(lambda: bool(mlflow.get_run(run.info.run_id).data.metrics), seconds=0.5 if quiet else 30)
    return dict(mlflow.get_run(run.info.run_id).data.metrics)


def points(run_id: str) -> list[Metric]:
    """The points of one of its metrics."""
    return list(RunyardClient().get_metric_history(run_id, "system/disk_usage_percentage"))


def test_a_run_that_asks_for_it_is_sampled(quick: ModuleType) -> None:
    """Under MLflow's names."""
    metrics = sampled(quick, log_system_metrics=True)

    assert {f"system/{name}" for name in NAMES} <= set(metrics)
    assert 0 < metrics["system/system_memory_usage_percentage"] <= 100


def test_the_first_sample_tells_how_busy_the_machine_is(quick: ModuleType) -> None:
    """What is measured before it is of the thread that measures: a first zero would bend the curve and its mean."""
    quick.set_system_metrics_sampling_interval(0.3)
    client, key = RunyardClient(), "system/cpu_utilization_percentage"
    with quick.start_run(log_system_metrics=True) as run:
        wait_until(lambda: sum(range(200_000)) > 0 and bool(client.get_metric_history(run.info.run_id, key)))

    assert 0 < client.get_metric_history(run.info.run_id, key)[0].value


def test_by_default_nothing_is_sampled(quick: ModuleType) -> None:
    """It is switched on for all runs by a call, and off for one."""
    assert sampled(quick, quiet=True) == {}
    quick.enable_system_metrics_logging()
    assert sampled(quick) != {}
    assert sampled(quick, quiet=True, log_system_metrics=False) == {}


def test_a_node_id_is_part_of_the_names(quick: ModuleType) -> None:
    """So that the machines of one run are told apart."""
    quick.set_system_metrics_node_id("node-1")

    assert "system/node-1/cpu_utilization_percentage" in sampled(quick, log_system_metrics=True)


def test_steps_count_samples_and_go_on_when_a_run_is_resumed(quick: ModuleType) -> None:
    """The curve continues."""
    with quick.start_run(log_system_metrics=True) as run:
        assert wait_until(lambda: len(points(run.info.run_id)) > 1)
    before = len(points(run.info.run_id))
    with quick.start_run(run_id=run.info.run_id, log_system_metrics=True):
        assert wait_until(lambda: len(points(run.info.run_id)) > before)

    history = points(run.info.run_id)
    assert list(range(len(history))) == [point.step for point in history]


def test_samples_are_averaged_into_points(quick: ModuleType) -> None:
    """Fewer points than samples."""
    quick.set_system_metrics_samples_before_logging(1000)
    with quick.start_run(log_system_metrics=True) as run:
        time.sleep(0.3)

    assert [0] == [point.step for point in points(run.info.run_id)]


@pytest.mark.parametrize("value", [0, -1])
def test_an_interval_must_be_positive(quick: ModuleType, value: float) -> None:
    """The message shows the value."""
    with pytest.raises(InvalidParameter, match=f"Invalid value {value}"):
        quick.set_system_metrics_sampling_interval(value)
