"""Looks at what a store and the spool hold."""

from pathlib import Path

from runyard.client import RunyardClient
from runyard.client.journal import spool_folder
from runyard.tracking.metrics.messages import GetMetricHistory


def steps(client: RunyardClient, run_id: str, key: str = "loss") -> list[int]:
    """The steps of a metric, in the order the store gives them."""
    return [point.step for point in client.get_metric_history(run_id, key)]


def journals() -> list[Path]:
    """The journals of all processes."""
    return list(spool_folder().glob("*.spool"))


def history(run_id: str) -> GetMetricHistory:
    """The question for the points of a run, to send past the buffer."""
    return GetMetricHistory(run_id=run_id, metric_key="loss")
