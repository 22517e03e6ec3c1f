"""The table of runs: its heads, its columns of values, the names of its runs, and what its forms carry along."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from runyard.tracking.run_trees.messages import MAX_ASKED, MAX_KEYS, ChildrenRange, MeasureChildren
from runyard.tracking.runs.entities import Run
from runyard.ui.parts.cells import ShownColumn, shown_columns
from runyard.ui.parts.column_settings import ColumnSettings
from runyard.ui.parts.columns import ColumnChoice
from runyard.ui.parts.html import joined
from runyard.ui.parts.list_state import ListState
from runyard.ui.parts.own_columns import NAME_COLUMN, around
from runyard.ui.parts.run_names import short_names
from runyard.ui.parts.run_tree import RunRow, runs_of
from runyard.ui.parts.sorting import Column, OrderChip, column_of, order_chips
from runyard.ui.site import Site


@dataclass(frozen=True)
class RunsTable:
    """What a table of runs shows besides its rows.

    Attributes
    ----------
    name: The head of the names.
    name_class: The class of the width that was chosen for them; empty for none.
    columns: The columns behind it.
    pinned: How many of the columns stay in sight: of those of values, where the address names only such.
    orders: What the rows are sorted by.
    names: What the rows show as names, by run id.
    kept, kept_by_columns: The parts of the address that the form of the filter carries along, and that of the columns.
    """

    name: Column
    name_class: str
    columns: tuple[ShownColumn, ...]
    pinned: int
    orders: tuple[OrderChip, ...]
    names: Mapping[str, str]
    kept: tuple[tuple[str, str], ...]
    kept_by_columns: tuple[tuple[str, str], ...]

    def cells(self, run: Run) -> Markup:
        """The cells of a run behind its name."""
        return joined(*[column.cell(run) for column in self.columns])

    @property
    def first_pinned(self) -> int:
        """How many of the first columns reach the last one that stays in sight."""
        return max((place for place, column in enumerate(self.columns, 1) if column.pinned), default=0)


def runs_table(
    site: Site,
    choice: ColumnChoice,
    rows: Sequence[RunRow],
    state: ListState,
    path: str,
    experiments: Mapping[str, str],
) -> RunsTable:
    """The table of the runs of these rows, with the columns of a choice, as the address of `path` has it.

    Parameters
    ----------
    experiments: Names of experiments, by id.
    """
    runs = runs_of(rows)
    orders, settings = state.all("order"), ColumnSettings.of(state, choice.shown)
    beside = around(site, [column.name for column in choice.shown], runs, experiments)
    name = column_of(NAME_COLUMN, "Run", orders, state, path)
    heads = tuple(
        column_of(
            column.order_key,
            column.title,
            orders,
            state,
            path,
            numeric=column.kind == "metrics",
            goal=settings.goal(column),
        )
        for column in choice.shown
    )
    counted = [column for column in choice.shown if choice.named or not column.is_own]
    return RunsTable(
        name=name,
        columns=shown_columns(
            choice.shown,
            heads,
            runs,
            settings,
            pinned=counted[: settings.pinned],
            around=replace(beside, below=_below(site, choice, rows, settings)),
        ),
        pinned=settings.pinned,
        orders=order_chips(orders, (name, *heads), state, path),
        name_class=settings.sized(NAME_COLUMN),
        names=short_names(runs, settings.widths.get(NAME_COLUMN)),
        kept=state.kept("filter"),
        kept_by_columns=state.kept("col", "equal", "pin"),
    )


def _below(
    site: Site, choice: ColumnChoice, rows: Sequence[RunRow], settings: ColumnSettings
) -> dict[tuple[str, str], ChildrenRange]:
    """What metrics that have a goal come to in the runs nested in those that lack them, by run id and key."""
    metrics = [column.key for column in choice.shown if column.kind == "metrics" and settings.goal(column)][:MAX_KEYS]
    parents = [
        row.run.info.run_id for row in rows if row.children and any(key not in row.run.data.metrics for key in metrics)
    ][:MAX_ASKED]
    if not parents or not metrics:
        return {}
    found = site.ask(MeasureChildren(run_ids=parents, metric_keys=metrics)).ranges
    return {(one.run_id, one.key): one for one in found}
