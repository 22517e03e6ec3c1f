"""Messages of metrics."""

from dataclasses import field

from runyard.core.limits import (
    MAX_HISTORY_POINTS,
    MAX_HISTORY_RUNS,
    MAX_INTERVAL_POINTS,
    check_between,
    check_count,
    shown,
)
from runyard.exceptions import InvalidParameter
from runyard.protocol.answer import Answer, Nothing
from runyard.protocol.message import MANY, Message
from runyard.tracking.metrics.entities import Metric, Point
from runyard.tracking.metrics.points import check_points
from runyard.tracking.runs.messages import OfRun

MAX_MEAN_GROUPS, MAX_MEAN_RUNS = 50, 500
"""Groups, and runs of all of them, in one request for means."""
MEAN_AXES = ("step", "relative", "time")


class LogMetric(OfRun, Message[Nothing], Point, post="runs/log-metric", needs="run.edit", hot=True):
    """Log one point of a metric. The same point again is stored once."""

    def check(self) -> None:
        super().check()
        check_points([self])


class MetricsFound(Answer):
    """Points of metrics, a page of them where pages were asked for."""

    metrics: list[Metric] = field(default_factory=list)
    next_page_token: str | None = None


class GetMetricHistory(OfRun, Message[MetricsFound], get="metrics/get-history", needs="run.read"):
    """Every point of one metric of a run, by timestamp, step and value."""

    metric_key: str
    max_results: int | None = None
    page_token: str | None = None

    def check(self) -> None:
        super().check()
        if self.max_results is not None and self.max_results < 1:
            raise InvalidParameter(f"Invalid value {self.max_results} for parameter 'max_results': use 1 or more.")

    def is_dear(self) -> bool:
        """A whole history, or a large part of one."""
        return self.max_results is None or self.max_results > MANY


class GetMetricHistoryBulk(
    Message[MetricsFound], get="metrics/get-history-bulk", family="ajax", needs="run.read", dear=True
):
    """Points of one metric of several runs, by run, timestamp, step and value; at most 25,000 in all."""

    run_id: list[str]
    metric_key: str
    max_results: int = MAX_HISTORY_POINTS

    def check(self) -> None:
        check_run_count(self.run_id, "run_id")
        if self.max_results < 1:
            raise InvalidParameter(f"Invalid value {self.max_results} for parameter 'max_results': use 1 or more.")


class GetMetricHistoryBulkInterval(
    Message[MetricsFound], get="metrics/get-history-bulk-interval", needs="run.read", dear=True
):
    """Points of one metric of several runs, thinned to at most `max_results` a run, extremes kept, by step."""

    run_ids: list[str]
    metric_key: str
    start_step: int | None = None
    end_step: int | None = None
    max_results: int = MAX_INTERVAL_POINTS

    def check(self) -> None:
        check_run_count(self.run_ids, "run_ids")
        check_between("max_results", self.max_results, MAX_INTERVAL_POINTS)
        if (self.start_step is None) != (self.end_step is None):
            raise InvalidParameter("'start_step' and 'end_step' go together: give both or none.")
        if self.start_step is not None and self.end_step is not None and self.start_step > self.end_step:
            raise InvalidParameter(f"'start_step' {self.start_step} is after 'end_step' {self.end_step}.")


def check_run_count(run_ids: list[str], name: str) -> None:
    """Check the number of runs in a request."""
    if not run_ids:
        raise InvalidParameter(f"Missing value for required parameter '{name}'.")
    if len(run_ids) > MAX_HISTORY_RUNS:
        raise InvalidParameter(f"'{name}' names {len(run_ids)} runs; at most {MAX_HISTORY_RUNS} are answered at once.")


class MetricCurve(Answer):
    """One metric of one run for a chart: arrays by step, of equal length.

    Attributes
    ----------
    points: Number of points in the range of steps, before thinning.
    timestamps: Milliseconds since the epoch.
    x_values: Where `x_metric_key` was given: its value at each step, else the last one before; NaN before its first.
    """

    run_id: str
    points: int
    steps: list[int]
    timestamps: list[int]
    values: list[float]
    x_values: list[float] = field(default_factory=list)


class CurvesFound(Answer):
    """The curves of one metric; runs that lack it have none."""

    key: str
    curves: list[MetricCurve]


class GetMetricCurves(Message[CurvesFound], get="metrics/curves", family="runyard", needs="run.read", dear=True):
    """One metric of several runs for a chart: arrays by step, thinned with spikes kept, within a range of steps.

    Another metric of the same runs can be joined by step, as the horizontal axis of the chart.
    """

    run_ids: list[str]
    metric_key: str
    x_metric_key: str | None = None
    start_step: int | None = None
    end_step: int | None = None
    max_points: int = 1000

    def check(self) -> None:
        check_run_count(self.run_ids, "run_ids")
        if not 4 <= self.max_points <= 10_000:
            raise InvalidParameter(f"Invalid value {self.max_points} for parameter 'max_points': use 4 to 10000.")


class MeanCurve(Answer):
    """What a metric of several runs comes to: arrays by x, of equal length.

    Attributes
    ----------
    runs: How many of the runs have the metric.
    points: At how many places of x they have points; where these are more than were asked for, evenly spread ones are
        answered.
    xs: Steps, seconds, milliseconds since the epoch, or values of a metric.
    n: How many runs count at each place: those that reach over it. Between the points of a run lie straight lines.
    mean, sd, sem, min, max: Of these runs: ``sd`` is that of a sample, with n - 1, and ``sem`` that by the square root
        of n; both are NaN for one run.
    """

    runs: int
    points: int
    xs: list[float]
    n: list[int]
    mean: list[float]
    sd: list[float]
    sem: list[float]
    min: list[float]
    max: list[float]


class MeanCurvesFound(Answer):
    """The curves of one metric, one a group, in the order of the groups."""

    key: str
    curves: list[MeanCurve]


class GetMeanCurves(
    Message[MeanCurvesFound], post="metrics/mean-curves", kind="read", family="runyard", needs="run.read", dear=True
):
    """One metric of groups of runs for a chart: mean, standard deviation and error, least and greatest along x.

    Up to 240,000 points are read as they are, each run its share of them. A run with more is thinned, to a level
    between the least and the greatest of each stretch; a shorter range of steps is exact again.

    Attributes
    ----------
    groups: The ids of the runs of each, 1 to 50 groups of up to 500 runs in all.
    x: ``step``, ``relative`` (seconds since a run's first point), ``time``, or ``metrics.KEY``, the value that this
        metric of a run has at the step.
    best: ``min`` or ``max``: of each run counts the best value so far; ``none`` for the values themselves.
    start_step, end_step: Only points of these steps, both included.
    max_points: Places of x of each group, 2 to 2,000.
    """

    groups: list[list[str]]
    metric_key: str
    x: str = "step"
    best: str = "none"
    start_step: int | None = None
    end_step: int | None = None
    max_points: int = 300

    def check(self) -> None:
        check_count("groups", self.groups, MAX_MEAN_GROUPS)
        runs = sum(map(len, self.groups))
        if runs > MAX_MEAN_RUNS:
            raise InvalidParameter(f"'groups' names {runs:,} runs; at most {MAX_MEAN_RUNS} are answered at once.")
        if self.x not in MEAN_AXES and not self.x.startswith("metrics."):
            raise InvalidParameter(
                f"Invalid value {shown(self.x)} for parameter 'x': use step, relative, time or metrics.KEY."
            )
        if self.best not in ("none", "min", "max"):
            raise InvalidParameter(f"Invalid value {shown(self.best)} for parameter 'best': use none, min or max.")
        check_between("max_points", self.max_points, 2_000, least=2)
