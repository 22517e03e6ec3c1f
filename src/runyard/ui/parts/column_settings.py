"""How the columns of a table of runs are shown: in sight, how wide, under which name, and which value is the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runyard.exceptions import InvalidParameter
from runyard.search.fields import RUN_FIELDS
from runyard.search.parser import parse_order_by
from runyard.ui.parts.columns import ValueColumn
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.metric_names import Goal, goal_of
from runyard.ui.parts.own_columns import NAME_COLUMN

WIDTH_STEP, MIN_WIDTH, MAX_WIDTH = 20, 40, 600
"""Pixels. The style sheet has a class for each step: a page may hold no styles of its own."""
MAX_LABEL = 100
_GOALS: dict[str, Goal | None] = {"least": "least", "most": "most", "none": None}


@dataclass(frozen=True)
class ColumnSettings:
    """What the address says of columns.

    Attributes
    ----------
    pinned: How many of the first columns stay in sight.
    widths: Pixels, by name.
    labels: What heads show, by name.
    goals: Which value of a metric is the best, by name, where it was chosen; of other columns too.
    """

    pinned: int = 0
    widths: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    goals: Mapping[str, Goal | None] = field(default_factory=dict)

    @classmethod
    def of(cls, state: ListState, shown: Sequence[ValueColumn]) -> "ColumnSettings":
        """Read from an address; what it says of other columns, or wrongly, is left out."""
        names = sorted((NAME_COLUMN, *(column.name for column in shown)), key=len, reverse=True)
        widths = {name: int(text) for name, text in _said(state.all("width"), names).items() if _is_number(text)}
        pinned = state.text("pin")
        return cls(
            pinned=min(int(pinned), len(shown)) if _is_number(pinned) else 0,
            widths={name: _in_steps(width) for name, width in widths.items()},
            labels={name: text[:MAX_LABEL] for name, text in _said(state.all("label"), names).items()},
            goals=chosen_goals(state),
        )

    def sized(self, name: str) -> str:
        """The class of the width that was chosen for a column; empty for none."""
        width = self.widths.get(name)
        return f"px{width // WIDTH_STEP}" if width else ""

    def label(self, column: ValueColumn) -> str:
        """What the head of a column shows."""
        return self.labels.get(column.name, column.title)

    def goal(self, column: ValueColumn) -> Goal | None:
        """Which value of a column is the best: as chosen, or as the name of the metric tells."""
        return goal_among(self.goals, column.key) if column.kind == "metrics" else None


def chosen_goals(state: ListState) -> dict[str, Goal | None]:
    """Which value of a metric is the best, by the name of its column, as ``best=metrics.KEY:least`` chooses it."""
    said = [value.rpartition(":") for value in state.all("best")]
    return {name: _GOALS[text] for name, _, text in said if text in _GOALS}


def goal_among(goals: Mapping[str, Goal | None], key: str) -> Goal | None:
    """Which value of a metric is the best: as chosen, or as its name tells."""
    name = f"metrics.{key}"
    return goals[name] if name in goals else goal_of(key)


def ordered_goals(state: ListState) -> tuple[list[str], list[str]]:
    """The keys of metrics that an address orders by: those of which the least value is the best, and the greatest."""
    try:
        terms = parse_order_by(state.all("order"), RUN_FIELDS)
    except InvalidParameter:  # the search for the rows says so
        return [], []
    goals, keys = chosen_goals(state), [term.key for term in terms if term.kind == "metric"]
    return [key for key in keys if goal_among(goals, key) == "least"], [
        key for key in keys if goal_among(goals, key) == "most"
    ]


def _said(values: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """What is behind the name of a column and a colon; both may have colons in them."""
    found: dict[str, str] = {}
    for value in values:
        name = next((name for name in names if value.startswith(f"{name}:")), None)
        if name is not None and (text := value[len(name) + 1 :].strip()):
            found[name] = text
    return found


def _in_steps(width: int) -> int:
    return round(min(max(width, MIN_WIDTH), MAX_WIDTH) / WIDTH_STEP) * WIDTH_STEP


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 6
