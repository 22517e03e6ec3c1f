"""What the address of a comparison says: its runs, the baseline, the tab, and how its tables are shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from runyard.tracking.runs.entities import Run
from runyard.ui.navigation import QueryValue, Urls
from runyard.ui.parts.chart_runs import SETTINGS
from runyard.ui.parts.column_settings import chosen_goals, goal_among
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.metric_names import Goal
from runyard.ui.parts.presentation import names_of
from runyard.ui.parts.run_names import cut_apart

TABS = (
    ("overview", "Overview"),
    ("why", "Why they differ"),
    ("groups", "Groups"),
    ("metrics", "Metrics"),
    ("params", "Params"),
    ("artifacts", "Artifacts"),
    ("code", "Code"),
    ("packages", "Packages"),
    ("hardware", "Hardware"),
    ("data", "Data"),
    ("models", "Models"),
)
"""The parts of the page: the name in the address, and what the tab says."""
_OF_ALL_TABS = ("runs", "baseline", "with", "by", "differences", "find", "best", *SETTINGS)
"""Parameters that go along to another tab."""


@dataclass(frozen=True)
class Comparison:
    """The runs that are compared, and how.

    Attributes
    ----------
    names: A name for each run, in their order.
    baseline: The place of the run that the others are compared with.
    other: The place of the run that is compared with the baseline where only two can be; the baseline's when alone.
    tab: The tab that is open.
    differences: ``only``, ``all``, or empty where the address leaves it open.
    find: What keys must hold.
    goals: Which value of a metric is the best, by the name of its column, where the table it came from chose that.
    """

    urls: Urls
    state: ListState
    runs: tuple[Run, ...]
    names: tuple[str, ...]
    baseline: int
    other: int
    tab: str
    differences: str
    find: str
    goals: Mapping[str, Goal | None]

    @classmethod
    def of(cls, urls: Urls, state: ListState, runs: Sequence[Run]) -> "Comparison":
        """Read it from an address; a baseline that is not among the runs is left out."""
        names, ids = names_of(runs), [run.info.run_id for run in runs]
        baseline = _place(ids, state.text("baseline"), 0)
        other = _place(ids, state.text("with"), baseline)
        if other == baseline and len(ids) > 1:
            other = next(place for place in range(len(ids)) if place != baseline)
        return cls(
            urls=urls,
            state=state,
            runs=tuple(runs),
            names=tuple(names[run_id] for run_id in ids),
            baseline=baseline,
            other=other,
            tab=state.choice("tab", [name for name, _ in TABS]),
            differences=state.text("differences") if state.text("differences") in ("only", "all") else "",
            find=state.text("find"),
            goals=chosen_goals(state),
        )

    @cached_property
    def short_names(self) -> tuple[str, ...]:
        """The names, cut such that they still tell the runs apart."""
        short = cut_apart({run.info.run_id: name for run, name in zip(self.runs, self.names, strict=True)})
        return tuple(short[run.info.run_id] for run in self.runs)

    @property
    def by_rows(self) -> bool:
        """Whether runs are rows."""
        return self.state.text("by") == "rows"

    def goal(self, key: str) -> Goal | None:
        """Which value of a metric is the best."""
        return goal_among(self.goals, key)

    @property
    def is_several(self) -> bool:
        """Whether there are runs to compare with each other."""
        return len(self.runs) > 1

    @property
    def ids(self) -> str:
        """The ids of the runs, as addresses have them."""
        return ",".join(run.info.run_id for run in self.runs)

    @property
    def pair(self) -> tuple[Run, Run]:
        """The baseline and the run that is compared with it."""
        return self.runs[self.baseline], self.runs[self.other]

    @property
    def pair_names(self) -> tuple[str, str]:
        """Their names."""
        return self.names[self.baseline], self.names[self.other]

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Ids and short names, to choose a run."""
        return tuple((run.info.run_id, name) for run, name in zip(self.runs, self.short_names, strict=True))

    @property
    def path(self) -> str:
        """The page's path."""
        return self.urls("compare")

    def href(self, **changes: QueryValue) -> str:
        """This address with some changes."""
        return self.state.href(self.path, **({"at": None} | changes))

    def tabs(self) -> tuple[tuple[str, str, str], ...]:
        """The name, the words and the address of each tab; what only one tab has stays behind."""
        kept: dict[str, QueryValue] = {name: self.state.all(name) for name in _OF_ALL_TABS if self.state.all(name)}
        return tuple(
            (name, label, self.urls("compare", **{**kept, "tab": None if name == "overview" else name}))
            for name, label in TABS
        )

    def kept(self, *without: str) -> tuple[tuple[str, str], ...]:
        """What a form that changes the page must carry along."""
        return tuple((name, value) for name, value in self.state.query if name not in (*without, "at"))

    def leaving_out(self, run_ids: Collection[str]) -> str:
        """The address without some of the runs; with all of them where none would be left."""
        left = [run.info.run_id for run in self.runs if run.info.run_id not in run_ids]
        return self.href(runs=",".join(left) or self.ids, without=None)


def _place(ids: Sequence[str], run_id: str, otherwise: int) -> int:
    return ids.index(run_id) if run_id in ids else otherwise
