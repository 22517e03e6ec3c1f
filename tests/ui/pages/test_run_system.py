"""What the machine did while a run went on has a page of its own."""

import pytest

from runyard.gate.gate import Gate
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.runs.messages import LogBatch
from runyard.ui.parts.system_metrics import measures_of
from tests.factories import a_point, a_run
from tests.ui.asking import Reader
from tests.ui.pages.test_wide_runs import a_wide_run


@pytest.mark.parametrize(
    ("key", "value", "caption", "shown"),
    [
        ("system/cpu_utilization_percentage", 57.34, "Processor · Utilization, %", "57.34 %"),
        ("system/system_memory_usage_megabytes", 12345.6, "Memory · Usage, MB", "12.35 GB"),
        ("system/disk_available_megabytes", 512.0, "Disk · Available, MB", "512 MB"),
        ("system/network_receive_megabytes", 0.25, "Network · Receive, MB", "0.25 MB"),
        ("system/gpu_11_power_usage_watts", 231.0, "GPU 11 · Power usage, W", "231 W"),
        ("system/node-1/gpu_0_memory_usage_percentage", 99.5, "node-1 · GPU 0 · Memory usage, %", "99.5 %"),
        ("system/rack/a/cpu_utilization_percentage", 1.0, "rack/a · Processor · Utilization, %", "1 %"),
        ("system/fans", 3.0, "Fans", "3"),
        ("system/percentage", 3.0, "Percentage", "3"),
        ("system/gpu_0_temperature", 61.0, "GPU 0 · Temperature", "61"),
        ("system/disk_usage_megabytes", float("nan"), "Disk · Usage, MB", "NaN MB"),
        ("system/", 1.0, "", "1"),
    ],
)
def test_names_and_units_are_readable(key: str, value: float, caption: str, shown: str) -> None:
    """MLflow's keys say the unit at their end."""
    (measure,) = measures_of([Metric(key, value, 0, 0), Metric("loss", 1.0, 0, 0)])

    assert (caption, shown) == (measure.caption, measure.value)


def test_system_metrics_stand_apart(gate: Gate, reader: Reader) -> None:
    """The run's own metrics are what one looks for first; a run without system metrics has no tab."""
    run_id, plain = a_run(gate), a_run(gate)
    keys = ("loss", "system/gpu_10_utilization_percentage", "system/gpu_9_utilization_percentage", "system/cpu_x")
    gate.perform(LogBatch(run_id=run_id, metrics=[a_point(key, 50) for key in keys]))

    own, page = reader.get(f"/runs/{run_id}"), reader.get(f"/runs/{run_id}/system")

    assert f"/runs/{run_id}/system" in own.attributes("a", "href")
    assert f"/runs/{plain}/system" not in reader.get(f"/runs/{plain}").attributes("a", "href")
    assert ["loss"] == [source.split("key=")[1].split("&")[0] for source in own.attributes("line-chart", "source")]
    assert "Processor X 50 " in page.words
    places = [page.words.index(f"{device} Utilization 50 %") for device in ("GPU 9", "GPU 10")]
    assert sorted(places) == places
    assert 3 == len(page.attributes("line-chart", "source"))
    assert "The machine was not measured." in reader.get(f"/runs/{plain}/system").words


def test_many_of_them_are_searched(gate: Gate, reader: Reader) -> None:
    """Eight nodes of eight GPUs are hundreds."""
    run_id = a_wide_run(gate)

    assert "The first 200 of 1,000 system metrics. Find others" in reader.get(f"/runs/{run_id}/system").words
    found = reader.get(f"/runs/{run_id}/system?find=S0098")
    assert "10 of 1,000" in found.words
    assert len(found.body) < 60_000
