"""Messages about groups of runs, and what they are answered with."""

from dataclasses import field

from runyard.core.limits import check_between, check_count, check_named_once, check_storable
from runyard.protocol.answer import Answer
from runyard.protocol.message import Message
from runyard.protocol.types import ExperimentId, ViewType
from runyard.tracking.run_groups.keys import group_key, group_order

MAX_KEYS = 5
"""Keys to group by at once."""
MAX_METRICS = 60
MAX_GROUPS = 1_000
"""Groups in one answer."""
MAX_LOOKED_AT = 1_000_000
DEFAULT_LOOKED_AT = 100_000


class GroupValue(Answer):
    """What the runs of a group share.

    Attributes
    ----------
    key: As it was asked for: ``params.lr``.
    value: Left out for the group of runs that have none.
    """

    key: str
    value: str | None = None


class MetricOfGroup(Answer):
    """What the latest values of a metric come to in a group.

    Attributes
    ----------
    key: The metric.
    runs: How many runs of the group have a value that is a number, or infinite: those that the rest is of.
    nan: How many have NaN.
    missing: How many do not have the metric.
    mean: Left out where no run has a number, as `min` and `max`. NaN where there are infinities of both signs.
    sd: Standard deviation of the sample, with n - 1; left out for fewer than two runs, NaN where a value is infinite or
        beyond 1e140.
    """

    key: str
    runs: int = 0
    nan: int = 0
    missing: int = 0
    mean: float | None = None
    sd: float | None = None
    min: float | None = None
    max: float | None = None


class RunGroup(Answer):
    """A group of runs.

    Attributes
    ----------
    values: What they share, in the order of ``group_by``.
    runs: How many they are.
    filter: The filter that finds them, the search's own in it.
    """

    values: list[GroupValue]
    runs: int
    filter: str
    metrics: list[MetricOfGroup] = field(default_factory=list)


class RunsGrouped(Answer):
    """A page of groups.

    Attributes
    ----------
    total: How many groups there are on all pages.
    runs: How many runs are in them. A run that used several datasets counts in the group of each.
    more: There are more runs than were looked at: groups are of the newest.
    """

    groups: list[RunGroup] = field(default_factory=list)
    total: int = 0
    runs: int = 0
    more: bool = False
    next_page_token: str | None = None


class GroupRuns(Message[RunsGrouped], post="runs/group", kind="read", family="runyard", needs="run.read", dear=True):
    """Groups of the runs that match a filter, with mean, standard deviation, minimum and maximum of metrics.

    Attributes
    ----------
    group_by: One to five of ``params.KEY``, ``tags.KEY``, ``dataset`` (name and digest), ``dataset.name``,
        ``dataset.digest``, ``status`` and ``user``.
    metrics: Keys of the metrics, up to 60; latest values count.
    order_by: ``group``, ``runs`` or ``mean(metrics.KEY)``, ``sd(…)``, ``min(…)``, ``max(…)``, with ASC or DESC. By
        default the largest groups come first. Groups without the value come last in both directions; texts that are
        numbers are ordered as such, before the others.
    max_results: Groups in the answer, up to 1,000.
    max_runs: Runs that are looked at, the newest of the experiments, up to 1,000,000.
    """

    experiment_ids: list[ExperimentId] = field(default_factory=list)
    filter: str | None = None
    run_view_type: ViewType = "ACTIVE_ONLY"
    group_by: list[str]
    metrics: list[str] = field(default_factory=list)
    order_by: str = "runs DESC"
    max_results: int = 100
    max_runs: int = DEFAULT_LOOKED_AT
    page_token: str | None = None

    def check(self) -> None:
        check_count("group_by", self.group_by, MAX_KEYS)
        check_count("metrics", self.metrics, MAX_METRICS, least=0)
        check_between("max_results", self.max_results, MAX_GROUPS)
        check_between("max_runs", self.max_runs, MAX_LOOKED_AT)
        for key in self.metrics:
            check_storable("metrics", key)
        check_named_once("group_by", [group_key(each) for each in self.group_by])
        check_named_once("metrics", self.metrics)
        order = group_order(self.order_by)
        check_storable("order_by", order.metric)
