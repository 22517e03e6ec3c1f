"""The message that reads values of many runs as columns, and what it is answered with."""

import re
from dataclasses import dataclass, field

from runyard.core.limits import check_between, check_count, check_named_once, check_storable, shown
from runyard.exceptions import InvalidParameter
from runyard.protocol.answer import Answer
from runyard.protocol.message import Message
from runyard.protocol.types import ExperimentId, ViewType

MAX_COLUMNS = 32
MAX_VALUES = 32_000
"""Values in one answer: with ids and names they stay under a megabyte of JSON."""
MAX_SAMPLED = 4_000
"""Runs in one answer."""
MAX_TEXTS, MAX_TEXT = 200, 100
"""Different texts of a column, those that most runs have, and characters of each."""
TIMES = ("start_time", "duration")
ATTRIBUTES = ("status", "user_id", "experiment_id", *TIMES)
_KEYED = re.compile(r"(metrics|params|tags)\.(.+)", re.DOTALL)


@dataclass(frozen=True)
class ValueName:
    """What a column holds.

    Attributes
    ----------
    kind: ``metrics``, ``params``, ``tags`` or ``attribute``.
    key: Of the metric, param or tag, or which attribute.
    """

    kind: str
    key: str


def value_name(name: str) -> ValueName:
    """What a text names.

    Raises
    ------
    InvalidParameter: It names nothing.
    """
    check_storable("columns", name)
    if name in ATTRIBUTES:
        return ValueName("attribute", name)
    found = _KEYED.fullmatch(name)
    if not found:
        raise InvalidParameter(
            f"Runs have no values {shown(name)}. Give metrics.KEY, params.KEY, tags.KEY, or one of "
            f"{', '.join(ATTRIBUTES)}."
        )
    return ValueName(found[1], found[2])


class ValuesOfRuns(Answer):
    """One column: a value for each run that has one, in the order of the runs.

    Attributes
    ----------
    name: As it was asked for: ``params.lr``.
    missing: Places of the runs without a value, counted from 0.
    numbers: The values, where all of them are numbers; latest values of a metric, NaN and infinities included.
    texts: Else the different texts, at most 200: those that most runs have, in alphabetical order.
    codes: For each value its place in `texts`; -1 for the texts that have none there.
    others: How many different texts have no place there.
    cut: Some texts are longer than 100 characters; these have an ellipsis at their end.
    """

    name: str
    missing: list[int] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)
    others: int = 0
    cut: bool = False


class RunValues(Answer):
    """Values of runs, newest run first.

    Attributes
    ----------
    run_ids: The runs.
    run_names: Their names, cut to 40 characters.
    runs: How many matching runs these were chosen from.
    more: There are more matching runs that were not looked at: these were chosen from the newest.
    """

    run_ids: list[str] = field(default_factory=list)
    run_names: list[str] = field(default_factory=list)
    columns: list[ValuesOfRuns] = field(default_factory=list)
    runs: int = 0
    more: bool = False


class GetRunValues(
    Message[RunValues], post="runs/get-values", kind="read", family="runyard", needs="run.read", dear=True
):
    """Chosen values of the runs that match a filter, as columns.

    Where more runs match than are answered, the answer has a sample of these: runs at equal distances in the order of
    their start, and those with the least and greatest values of the first metrics.

    Attributes
    ----------
    columns: One to 32 of ``metrics.KEY``, ``params.KEY``, ``tags.KEY``, ``status``, ``user_id``, ``experiment_id``,
        ``start_time`` (milliseconds since the epoch) and ``duration`` (milliseconds).
    max_runs: Runs in the answer, up to 4,000; fewer for more than eight columns, so that it has at most 32,000 values.
    """

    experiment_ids: list[ExperimentId] = field(default_factory=list)
    filter: str | None = None
    run_view_type: ViewType = "ACTIVE_ONLY"
    columns: list[str]
    max_runs: int = MAX_SAMPLED

    def check(self) -> None:
        check_count("columns", self.columns, MAX_COLUMNS)
        check_between("max_runs", self.max_runs, MAX_SAMPLED)
        for name in self.columns:
            value_name(name)
        check_named_once("columns", self.columns)
