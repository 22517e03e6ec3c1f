"""What is said about metrics."""

from runyard.core.limits import MAX_HISTORY_POINTS, MAX_HISTORY_RUNS, MAX_INTERVAL_POINTS
from runyard.exceptions import InvalidParameter
from runyard.protocol.message import Message
from runyard.tracking.experiments.messages import check_max_results
from runyard.tracking.metrics.points import MetricPoint, check_points


class LogMetric(Message, post="runs/log-metric", needs="run.edit"):
    """Log one point of a metric. The same point again is stored once."""

    key: str
    value: float
    timestamp: int
    step: int = 0
    run_id: str | None = None
    run_uuid: str | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None

    def check(self) -> None:
        if not (self.run_id or self.run_uuid):
            raise InvalidParameter("Missing value for required parameter 'run_id'.")
        point = self.point()
        check_points([point])
        self.value = point.value

    def point(self) -> MetricPoint:
        """What is logged, without the run."""
        return MetricPoint(
            key=self.key,
            value=self.value,
            timestamp=self.timestamp,
            step=self.step,
            model_id=self.model_id,
            dataset_name=self.dataset_name,
            dataset_digest=self.dataset_digest,
        )


class GetMetricHistory(Message, get="metrics/get-history", needs="run.read"):
    """Every point of one metric of a run, by timestamp, step and value."""

    metric_key: str
    run_id: str | None = None
    run_uuid: str | None = None
    max_results: int | None = None
    page_token: str | None = None

    def check(self) -> None:
        if not (self.run_id or self.run_uuid):
            raise InvalidParameter("Missing value for required parameter 'run_id'.")
        if self.max_results is not None and self.max_results < 1:
            raise InvalidParameter(f"Invalid value {self.max_results} for parameter 'max_results': use 1 or more.")


class GetMetricHistoryBulk(Message, get="metrics/get-history-bulk", family="ajax", needs="run.read"):
    """Points of one metric of several runs, by run, timestamp, step and value; at most 25,000 in all."""

    run_id: list[str]
    metric_key: str
    max_results: int = MAX_HISTORY_POINTS

    def check(self) -> None:
        check_run_count(self.run_id, "run_id")
        if self.max_results < 1:
            raise InvalidParameter(f"Invalid value {self.max_results} for parameter 'max_results': use 1 or more.")


class GetMetricHistoryBulkInterval(Message, get="metrics/get-history-bulk-interval", needs="run.read"):
    """Points of one metric of several runs, thinned to at most `max_results` a run, extremes kept, by step."""

    run_ids: list[str]
    metric_key: str
    start_step: int | None = None
    end_step: int | None = None
    max_results: int = MAX_INTERVAL_POINTS

    def check(self) -> None:
        check_run_count(self.run_ids, "run_ids")
        check_max_results(self.max_results, MAX_INTERVAL_POINTS)
        if (self.start_step is None) != (self.end_step is None):
            raise InvalidParameter("'start_step' and 'end_step' go together: give both or none.")
        if self.start_step is not None and self.end_step is not None and self.start_step > self.end_step:
            raise InvalidParameter(f"'start_step' {self.start_step} lies after 'end_step' {self.end_step}.")


def check_run_count(run_ids: list[str], name: str) -> None:
    """Refuse a request for no run or for too many."""
    if not run_ids:
        raise InvalidParameter(f"Missing value for required parameter '{name}'.")
    if len(run_ids) > MAX_HISTORY_RUNS:
        raise InvalidParameter(f"'{name}' names {len(run_ids)} runs; at most {MAX_HISTORY_RUNS} are answered at once.")


class GetMetricCurves(Message, get="metrics/curves", family="runyard", needs="run.read"):
    """One metric of several runs for a chart: arrays by step, thinned with spikes kept, within a range of steps."""

    run_ids: list[str]
    metric_key: str
    start_step: int | None = None
    end_step: int | None = None
    max_points: int = 1000

    def check(self) -> None:
        check_run_count(self.run_ids, "run_ids")
        if not 4 <= self.max_points <= 10_000:
            raise InvalidParameter(f"Invalid value {self.max_points} for parameter 'max_points': use 4 to 10000.")
