"""Messages of runs, their params and tags."""

import functools
import json
import re
from dataclasses import dataclass, field
from typing import Any

from runyard.core.entity import Tag
from runyard.core.limits import (
    MAX_BATCH_ENTRIES,
    MAX_BATCH_METRICS,
    MAX_BATCH_PARAMS,
    MAX_BATCH_TAGS,
    MAX_KEY,
    MAX_RUN_NAME,
    MAX_SEARCH_RESULTS,
    MAX_TEXT_VALUE,
    check_between,
    check_key,
    check_made_id,
    check_run_id,
    check_storable,
    check_text,
    is_key,
    is_plain,
)
from runyard.core.tags import RUN_NAME_TAG
from runyard.exceptions import BadRequest, InvalidParameter
from runyard.protocol.answer import Answer, Nothing
from runyard.protocol.message import MANY, Message
from runyard.protocol.types import ExperimentId, ViewType
from runyard.search.errors import InvalidSearch
from runyard.search.fields import PATTERN, RUN_FIELDS
from runyard.search.nodes import Comparison, Condition
from runyard.search.parser import parse_filter
from runyard.tracking.experiments.messages import check_home, experiment_number
from runyard.tracking.metrics.entities import Metric
from runyard.tracking.metrics.points import check_points
from runyard.tracking.runs.entities import Param, Run, RunInfo, StatusName

MAX_READ = 2_000
"""Characters of a filter that is read to find out whether it is dear; longer ones are lists of ids."""
_SCANNING = re.compile(r"!=|~|\b(?:LIKE|ILIKE|NOT|OR)\b", re.IGNORECASE)
_DEAR = {"!=", "NOT IN"} | PATTERN


def tables_of(text: str | None) -> list[Any]:
    """The entries of the tag that lists tables; none when it is something else."""
    try:
        entries = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return entries if isinstance(entries, list) else []


def _is_plain(entry: Param | Tag) -> bool:
    """Whether a param or tag surely passes `check_param` or `check_tag`."""
    key, value = entry.key, entry.value
    return type(key) is type(value) is str and is_key(key) and is_plain(value, MAX_TEXT_VALUE)


def check_param(path: str, param: Param) -> None:
    """Refuse a param whose key or value breaks the rules."""
    check_key(f"{path}key", param.key)
    check_text(f"The value of param {param.key!r}", param.value, MAX_TEXT_VALUE)


def check_tag(path: str, tag: Tag) -> None:
    """Refuse a tag whose key or value breaks the rules."""
    check_key(f"{path}key", tag.key)
    check_text(f"The value of tag {tag.key!r}", tag.value, MAX_TEXT_VALUE)


class RunFound(Answer):
    """One run."""

    run: Run


class RunUpdated(Answer):
    """A run after a change."""

    run_info: RunInfo


class RunsFound(Answer):
    """A page of runs; the token leads to the next, if there is one."""

    runs: list[Run] = field(default_factory=list)
    next_page_token: str | None = None


class RunsCounted(Answer):
    """A number of runs."""

    count: int


class MetricKey(Answer):
    """A metric that some of the described runs have, and how many do."""

    key: str
    runs: int


class ParamKey(Answer):
    """A param that some of the described runs have, how many do, and how many values it has among them.

    Values are compared by their first 200 characters.

    Attributes
    ----------
    differing: Of a thousand pairs of runs that have it, how many differ in it; of a hundred of the described runs.
    example: The least of these runs' values as a text, up to 40 characters of it.
    """

    key: str
    runs: int
    distinct: int
    differing: int = 0
    example: str = ""


class RunsDescribed(Answer):
    """How many runs a search finds, and which metrics and params the newest of them have.

    Attributes
    ----------
    runs: Number of matching runs, counted up to 100,000, or up to 5,000 when there is a filter. Where runs have to be
        tested one by one, the newest 10,000 are.
    more: There may be more than were counted.
    described: How many of them, the newest, the keys are of: up to 1,000, or up to 300 when there is a filter; fewer
        where runs have many keys.
    further_metric_keys, further_param_keys: Names of up to 300 other keys in the store, by name, when not all matching
        runs are described. Older runs of the search may have them, or other runs only.
    """

    runs: int
    described: int
    metric_keys: list[MetricKey]
    param_keys: list[ParamKey]
    more: bool = False
    further_metric_keys: list[str] = field(default_factory=list)
    further_param_keys: list[str] = field(default_factory=list)


class CreateRun(Message[RunFound], post="runs/create", needs="experiment.edit", hot=True):
    """Start a run. Its status is RUNNING; without a name it gets a random one, without a start time the present one."""

    experiment_id: ExperimentId = ""
    user_id: str = ""
    run_name: str = ""
    start_time: int | None = None
    tags: list[Tag] = field(default_factory=list)

    def check(self) -> None:
        experiment_number(self.experiment_id)
        self.check_description()

    def check_description(self) -> None:
        """Check the fields that describe the run."""
        check_text("Run name", self.run_name, MAX_RUN_NAME)
        check_text("User id", self.user_id, 256)
        seen: dict[str, str] = {}
        for tag in self.tags:
            # MLflow checks no charset here, so neither do we: run names with any characters come as tags.
            check_text("A tag key", tag.key, MAX_KEY)
            if not is_plain(tag.value, MAX_TEXT_VALUE):
                check_text(f"The value of tag {tag.key!r}", tag.value, MAX_TEXT_VALUE)
            if tag.key in seen:
                raise BadRequest(f"Tag {tag.key!r} is given twice in 'tags'. Send each key once.")
            seen[tag.key] = tag.value
        tagged = seen.get(RUN_NAME_TAG)
        if self.run_name and tagged and tagged != self.run_name:
            raise InvalidParameter(
                f"The run is named twice: 'run_name' is {self.run_name!r}, tag '{RUN_NAME_TAG}' is {tagged!r}. "
                "Send one of them, or the same in both."
            )


class StartRun(Message[RunFound], post="runs/start", family="runyard", needs="experiment.edit"):
    """Start a run with an id made by the caller, as programs do that began while the server was away.

    Its experiment is given by id, or by name and created if it does not exist. Repeating it changes nothing.
    """

    run_id: str
    experiment_id: ExperimentId = ""
    experiment_name: str = ""
    user_id: str = ""
    run_name: str = ""
    start_time: int
    tags: list[Tag] = field(default_factory=list)

    def check(self) -> None:
        check_made_id("run_id", self.run_id)
        check_home(self.experiment_id, self.experiment_name)
        self.described("0").check_description()

    def described(self, experiment_id: str) -> CreateRun:
        """The run as one of this experiment."""
        return CreateRun(
            experiment_id=experiment_id,
            user_id=self.user_id,
            run_name=self.run_name,
            start_time=self.start_time,
            tags=self.tags,
        )


@dataclass(kw_only=True)
class OfRun:
    """Base of messages about one run: its id, which old clients send as `run_uuid`."""

    run_id: str | None = None
    run_uuid: str | None = None

    def check(self) -> None:
        """Check that the message names a run.

        Raises
        ------
        InvalidParameter: It does not.
        """
        if not self.wanted_id:
            raise InvalidParameter("Missing value for required parameter 'run_id'.")

    @property
    def wanted_id(self) -> str:
        """The id under either name; empty when there is none."""
        return self.run_id or self.run_uuid or ""


class GetRun(OfRun, Message[RunFound], get="runs/get", needs="run.read"):
    """One run with its latest metrics, params, tags and inputs; deleted ones too."""


class UpdateRun(OfRun, Message[RunUpdated], post="runs/update", needs="run.edit", hot=True):
    """Change status, end time or name of an active run; what is not given stays.

    A run that ends without an end time ended now; one that runs has none.
    """

    status: StatusName | None = None
    end_time: int | None = None
    run_name: str | None = None

    def check(self) -> None:
        super().check()
        check_text("Run name", self.run_name or "", MAX_RUN_NAME)


class DeleteRun(Message[Nothing], post="runs/delete", needs="run.delete"):
    """Mark a run as deleted. Repeating it changes nothing."""

    run_id: str


class RestoreRun(Message[Nothing], post="runs/restore", needs="run.delete"):
    """Bring back a deleted run. Repeating it changes nothing."""

    run_id: str


class SetTag(OfRun, Message[Nothing], post="runs/set-tag", needs="run.edit", hot=True):
    """Set or replace a tag of an active run."""

    key: str
    value: str = ""

    def check(self) -> None:
        check_tag("", Tag(key=self.key, value=self.value))
        super().check()


class DeleteTag(Message[Nothing], post="runs/delete-tag", needs="run.edit"):
    """Remove a tag from an active run."""

    run_id: str
    key: str


class LogParam(OfRun, Message[Nothing], post="runs/log-parameter", needs="run.edit", hot=True):
    """Log a param once: the same value again is fine, another value is refused."""

    key: str
    value: str = ""

    def check(self) -> None:
        check_param("", Param(key=self.key, value=self.value))
        super().check()


class LogBatch(Message[Nothing], post="runs/log-batch", needs="run.edit", hot=True):
    """Log metrics, params and tags of one run: all of them or, if one breaks a rule, nothing."""

    run_id: str
    metrics: list[Metric] = field(default_factory=list)
    params: list[Param] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)

    def check(self) -> None:
        check_run_id(self.run_id)
        for name, given, most in (
            ("metrics", len(self.metrics), MAX_BATCH_METRICS),
            ("params", len(self.params), MAX_BATCH_PARAMS),
            ("tags", len(self.tags), MAX_BATCH_TAGS),
            ("metrics, params and tags", len(self.metrics) + len(self.params) + len(self.tags), MAX_BATCH_ENTRIES),
        ):
            if given > most:
                raise InvalidParameter(f"A batch may hold at most {most} {name}; this one has {given}. Send several.")
        check_points(self.metrics)
        for index, param in enumerate(self.params):
            if not _is_plain(param):
                check_param(f"params[{index}].", param)
        for index, tag in enumerate(self.tags):
            if not _is_plain(tag):
                check_tag(f"tags[{index}].", tag)
        if self.params:
            self._refuse_two_values()

    def _refuse_two_values(self) -> None:
        seen: dict[str, str] = {}
        for param in self.params:
            if param.key in seen:
                raise InvalidParameter(f"Param {param.key!r} is given twice in 'params'. Send each key once.")
            seen[param.key] = param.value


class SearchRuns(Message[RunsFound], post="runs/search", kind="read", needs="run.read"):
    """Runs of some experiments that match a filter, a page at a time; newest first unless ordered otherwise."""

    experiment_ids: list[ExperimentId] = field(default_factory=list)
    filter: str | None = None
    run_view_type: ViewType = "ACTIVE_ONLY"
    max_results: int = 1000
    order_by: list[str] = field(default_factory=list)
    page_token: str | None = None

    def check(self) -> None:
        check_between("max_results", self.max_results, MAX_SEARCH_RESULTS)

    def is_dear(self) -> bool:
        """Many runs, or a filter that may look at every run."""
        return self.max_results > MANY or _scans(self.filter)


@functools.lru_cache(512)
def _scans(filter_text: str | None) -> bool:
    """Whether a filter may have to look at every run: no index finds what differs from a text."""
    if not filter_text:
        return False
    if len(filter_text) > MAX_READ:
        return _SCANNING.search(filter_text) is not None
    try:
        return any(map(_reads_all, parse_filter(filter_text, RUN_FIELDS)))
    except InvalidSearch:
        return False  # nothing is read


def _reads_all(condition: Condition) -> bool:
    """Whether no index surely finds the runs of a condition."""
    if not isinstance(condition, Comparison):
        return True
    number = isinstance(condition.value, int | float | tuple) and condition.kind in ("param", "tag")
    return number or condition.key == "duration" or condition.operator in _DEAR


class CountRuns(Message[RunsCounted], post="runs/count", kind="read", family="runyard", needs="run.read"):
    """The number of runs that a search finds."""

    experiment_ids: list[ExperimentId] = field(default_factory=list)
    filter: str | None = None
    run_view_type: ViewType = "ACTIVE_ONLY"

    def is_dear(self) -> bool:
        """To count what a filter finds, all of it is found."""
        return bool(self.filter)


class DescribeRuns(
    Message[RunsDescribed], post="runs/describe", kind="read", family="runyard", needs="run.read", dear=True
):
    """How many runs a search finds, which metrics and params the newest of them have, and how much they differ."""

    experiment_ids: list[ExperimentId] = field(default_factory=list)
    filter: str | None = None
    run_view_type: ViewType = "ACTIVE_ONLY"


class LogModel(Message[Nothing], post="runs/log-model", needs="run.edit"):
    """Note a saved model in the run's history of models, as 2.x clients do."""

    run_id: str
    model_json: str

    def check(self) -> None:
        check_storable("model_json", self.model_json)
