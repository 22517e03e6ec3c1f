"""What runs are grouped by, what their metrics come to, and what groups are ordered by, as texts name it."""

import re
from dataclasses import dataclass

from runyard.core.limits import check_storable, shown
from runyard.exceptions import InvalidParameter
from runyard.search.writing import key_text, value_text

STATISTICS = ("mean", "sd", "min", "max")
_ATTRIBUTES = {"status": "status", "user": "user_id", "user_id": "user_id"}
_DATASETS = {"dataset": "", "dataset.name": "name", "dataset.digest": "digest"}
_KEYED = re.compile(r"(params|tags)\.(.+)", re.DOTALL)
_ORDER = re.compile(r"(?:(group|runs)|(mean|sd|min|max)\(metrics\.(.+)\))(?:\s+(ASC|DESC))?", re.DOTALL | re.IGNORECASE)
_DATASET = re.compile(r"(.*) \(([^()]*)\)", re.DOTALL)


@dataclass(frozen=True)
class GroupKey:
    """What runs are grouped by.

    Attributes
    ----------
    kind: ``params``, ``tags``, ``attribute`` or ``dataset``.
    key: Of a param or tag; the column of an attribute; ``name``, ``digest`` or nothing, for both, of a dataset.
    """

    name: str
    kind: str
    key: str

    def condition(self, value: str | None) -> str:
        """What the runs of a group have in common, in the search language; None stands for what they lack."""
        if self.kind == "attribute":
            return f"{self.key} = {value_text(value or '')}"
        if self.kind == "dataset":
            return self._of_dataset(value)
        name = key_text(self.kind, self.key)
        return f"{name} IS NULL" if value is None else f"{name} = {value_text(value)}"

    def _of_dataset(self, value: str | None) -> str:
        if value is None:
            return "NOT dataset.name LIKE '%'"
        both = None if self.key else _DATASET.fullmatch(value)
        if both:
            return f"dataset.name = {value_text(both[1])} AND dataset.digest = {value_text(both[2])}"
        return f"dataset.{self.key or 'name'} = {value_text(value)}"


@dataclass(frozen=True)
class GroupOrder:
    """What groups are ordered by.

    Attributes
    ----------
    what: ``group``, ``runs``, or a statistic.
    metric: The metric that the statistic is of.
    """

    what: str
    metric: str
    ascending: bool


def group_key(name: str) -> GroupKey:
    """What a text names to group by.

    Raises
    ------
    InvalidParameter: It names nothing.
    """
    check_storable("group_by", name)
    if name in _ATTRIBUTES:
        return GroupKey(name, "attribute", _ATTRIBUTES[name])
    if name in _DATASETS:
        return GroupKey(name, "dataset", _DATASETS[name])
    found = _KEYED.fullmatch(name)
    if not found:
        raise InvalidParameter(
            f"Runs cannot be grouped by {shown(name)}. Give params.KEY, tags.KEY, dataset, dataset.name, "
            "dataset.digest, status or user."
        )
    return GroupKey(name, found[1], found[2])


def group_order(text: str) -> GroupOrder:
    """What a text orders groups by.

    Raises
    ------
    InvalidParameter: It is not an order of groups.
    """
    found = _ORDER.fullmatch(text.strip())
    if not found:
        raise InvalidParameter(
            f"Groups cannot be ordered by {shown(text)}. Give group, runs, or one of mean(metrics.KEY), "
            "sd(metrics.KEY), min(metrics.KEY) and max(metrics.KEY), with ASC or DESC behind it."
        )
    return GroupOrder((found[1] or found[2]).lower(), found[3] or "", (found[4] or "ASC").upper() == "ASC")


def with_condition(text: str | None, condition: str) -> str:
    """A filter that asks for a condition too."""
    return f"({text}) AND {condition}" if text and text.strip() else condition
