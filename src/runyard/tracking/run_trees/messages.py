"""The message that searches for a level of the tree of runs, and what it is answered with."""

from dataclasses import dataclass, field

from runyard.core.entity import Entity
from runyard.core.limits import check_between, check_count, check_run_id, check_run_ids, check_storable
from runyard.exceptions import InvalidParameter
from runyard.protocol.answer import Answer
from runyard.protocol.message import Message
from runyard.protocol.types import ExperimentId, ViewType
from runyard.tracking.runs.entities import Run
from runyard.tracking.runs.messages import RunsDescribed

MAX_RESULTS = 1_000
"""Runs in one answer."""
MAX_PARENTS = 5_000
"""Runs with nested ones in an experiment up to which a filter leaves children below parents that it finds too."""
MAX_ASKED, MAX_KEYS = 100, 60
"""Parents and metrics that are asked about at once."""
MAX_VALUES = 10_000
"""Values of children that are looked at in all."""
MOST_COUNTED, MOST_MATCHES = 1_000, 100
"""Children of a run are counted up to these numbers, without a filter and with one."""


class TreeRow(Answer):
    """The place of a run in the tree.

    Attributes
    ----------
    children: How many of the runs that are nested in it match: up to 1,000, or up to 100 when there is a filter.
    more: There are more than were counted.
    parent_run_id, parent_name: The run it is nested in, if there is one.
    """

    run_id: str
    children: int = 0
    more: bool = False
    parent_run_id: str = ""
    parent_name: str = ""


class RunTree(Answer):
    """A page of a level of the tree.

    Attributes
    ----------
    rows: The places of the runs, in the same order.
    nested: There are nested runs in the experiments.
    own_only: The order goes by the runs' own values of metrics: too many runs are nested to stand for what others lack.
    total: How many runs the level has, counted as `DescribeRuns` counts; None where it has all that match.
    more: There may be more than were counted.
    described: What all runs that match have, where that was asked for.
    """

    runs: list[Run] = field(default_factory=list)
    rows: list[TreeRow] = field(default_factory=list)
    nested: bool = False
    own_only: bool = False
    total: int | None = None
    more: bool = False
    next_page_token: str | None = None
    described: RunsDescribed | None = None


class SearchRunTree(
    Message[RunTree], post="runs/search-tree", kind="read", family="runyard", needs="run.read", dear=True
):
    """One level of runs as a tree: those at the top, or those that are nested in one run.

    A run is nested in the run that its tag `mlflow.parentRunId` names when that is in the same experiment, and both are
    active or both are deleted. Without a filter the top are all other runs. A filter asks about each run for itself:
    what matches stands below its parent when the parent matches too, and else at the top, so that each run that matches
    is in one place. Where more than 5,000 runs have nested ones, all that a filter finds is at the top.

    Attributes
    ----------
    parent_run_id: The run whose children are wanted; those at the top without one.
    flat: Every run that matches, nested ones too, as a plain search finds them.
    nested_least, nested_greatest: Keys of metrics. Where `order_by` has one, a run that lacks it is ordered by the
        least, or the greatest, value of the runs directly nested in it, as long as up to 5,000 runs are nested.
    max_results: Up to 1,000.
    describe: Say too what all runs that match have, as `DescribeRuns` does.
    """

    experiment_ids: list[ExperimentId] = field(default_factory=list)
    filter: str | None = None
    run_view_type: ViewType = "ACTIVE_ONLY"
    order_by: list[str] = field(default_factory=list)
    parent_run_id: str = ""
    flat: bool = False
    nested_least: list[str] = field(default_factory=list)
    nested_greatest: list[str] = field(default_factory=list)
    max_results: int = 100
    page_token: str | None = None
    describe: bool = False

    def check(self) -> None:
        check_between("max_results", self.max_results, MAX_RESULTS)
        if self.parent_run_id:
            check_run_id(self.parent_run_id)
        if self.parent_run_id and self.flat:
            raise InvalidParameter("Give 'parent_run_id' or 'flat', not both: a flat list has no level below a run.")
        for name, keys in (("nested_least", self.nested_least), ("nested_greatest", self.nested_greatest)):
            check_count(name, keys, MAX_KEYS, least=0)
            for key in keys:
                check_storable(name, key)


@dataclass(frozen=True)
class ChildrenRange(Entity):
    """The least and the greatest latest value that a metric has in the runs that are directly nested in a run.

    Attributes
    ----------
    run_id: The run that they are nested in.
    runs: How many of them have the metric; NaN counts as none.
    """

    run_id: str
    key: str
    least: float
    greatest: float
    runs: int


class ChildrenRanges(Answer):
    """Ranges of metrics of nested runs; a run without nested ones that have a metric is left out."""

    ranges: list[ChildrenRange] = field(default_factory=list)


class MeasureChildren(
    Message[ChildrenRanges], post="runs/measure-children", kind="read", family="runyard", needs="run.read"
):
    """Between which values metrics are in the runs that are directly nested in some runs.

    At most 100 runs and 60 metrics. Of one metric 10,000 nested runs are looked at, of two 5,000, and so on. A run
    that has any beyond these is left out.
    """

    run_ids: list[str]
    metric_keys: list[str]

    def check(self) -> None:
        check_run_ids(self.run_ids, MAX_ASKED)
        check_count("metric_keys", self.metric_keys, MAX_KEYS)
        for key in self.metric_keys:
            check_storable("metric_keys", key)
